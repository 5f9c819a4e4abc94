//! The overlay: which frame is wanted, which was asked for, and which the stage has.
//!
//! One frame is asked for at a time. What the person wants meanwhile needs no list: the next frame is worked out anew
//! from the state when the answer comes, so that a slider never queues up work. The shell moves the last frame with the
//! image until then.

use crate::protocol::{Frame, MaskSpec};

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
    /// The mask whose exact area is known or was asked for.
    pub measured: Option<MaskSpec>,
    /// Whether nothing has changed for a while.
    pub is_quiet: bool,
}

impl Overlay {
    /// Forgets what the engine was asked: it has other probability maps now, or none.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether a frame is not what was asked for last.
    pub fn is_new(&self, wish: &Wish) -> bool {
        self.asked.as_ref() != Some(wish)
    }

    /// Whether the exact area of a mask is wanted and neither known nor asked for.
    pub fn wants_measure(&self, mask: &MaskSpec) -> bool {
        self.is_quiet && self.measured.as_ref() != Some(mask)
    }
}
