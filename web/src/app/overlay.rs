//! The overlay: which frame is wanted, which was asked for, and which the stage has.
//!
//! One frame is asked for at a time. What the person wants meanwhile needs no list: the next frame is worked out anew
//! from the state when the answer comes, so that a slider never queues up work. The shell moves the last frame with the
//! image until then.
//!
//! While things move, a large canvas gets coarse frames, half as wide and high: what a frame costs is the copying of its
//! pixels, and the difference shows only once the hand stops. Then the fine one follows.

use delineo::mask::{Style, View};

use crate::protocol::{Frame, MaskSpec, MeasureSpec};

/// Frames of more pixels than this are coarse while things move.
const LARGE: u64 = 1_000_000;
/// Frames that are asked for within so many milliseconds of each other are of something that moves.
const MOVING: f64 = 200.0;

/// A frame of the overlay.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The mask.
    pub mask: MaskSpec,
    /// What of it is visible, and how.
    pub frame: Frame,
}

/// How far the overlay is.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The frame that the engine was asked for last, whether it came or not.
    pub asked: Option<Wish>,
    /// When that was, in milliseconds of the page's clock.
    asked_at: Option<f64>,
    /// What was asked to be measured last, whether the answer came or not.
    pub measured: Option<MeasureSpec>,
    /// Whether nothing has changed for a while.
    pub is_quiet: bool,
}

impl Overlay {
    /// Forgets what the engine was asked: it has other probability maps now, or none.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The frame to ask for, coarse or as it is wanted; none where it has been asked for.
    pub fn due(&self, wish: Wish, now: f64) -> Option<Wish> {
        if self.asked.as_ref() == Some(&wish) {
            return None;
        }
        let is_moving = self.asked_at.is_some_and(|asked| now - asked < MOVING);
        let coarse = Wish {
            mask: wish.mask.clone(),
            frame: coarse(&wish.frame),
        };
        let has_coarse = self.asked.as_ref() == Some(&coarse);
        match (has_coarse, is_moving && is_large(&wish.frame)) {
            (true, _) => self.is_quiet.then_some(wish),
            (false, true) => Some(coarse),
            (false, false) => Some(wish),
        }
    }

    /// A frame is asked for.
    pub fn ask(&mut self, wish: Wish, now: f64) {
        self.asked = Some(wish);
        self.asked_at = Some(now);
        self.is_quiet = false;
    }

    /// Whether something is to be measured and was not asked for.
    pub fn wants_measure(&self, what: &MeasureSpec) -> bool {
        self.is_quiet && self.measured.as_ref() != Some(what)
    }
}

fn is_large(frame: &Frame) -> bool {
    u64::from(frame.width) * u64::from(frame.height) > LARGE
}

/// The same frame at half the width and height.
fn coarse(frame: &Frame) -> Frame {
    Frame {
        width: frame.width.div_ceil(2),
        height: frame.height.div_ceil(2),
        view: View {
            scale: frame.view.scale / 2.0,
            ..frame.view
        },
        style: Style {
            line: frame.style.line / 2.0,
            ..frame.style
        },
        band: frame.band,
        truths: frame.truths,
        wipe: frame.wipe,
    }
}
