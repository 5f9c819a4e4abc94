//! Frames of a file that holds several pictures in time: one is on the stage, and they can follow one another by
//! themselves. While they do, no border is looked for: the network would have to keep up.

use std::time::Duration;

use crate::app::effect::Effect;
use crate::app::event::Timer;
use crate::app::state::App;

/// Milliseconds from frame to frame where the file does not tell, and the least.
const USUAL_TIME: f64 = 66.0;
const LEAST_TIME: f64 = 16.0;

impl App {
    /// Wants another frame on the stage. It comes as soon as the engine has it; what was wanted meanwhile is skipped.
    pub(super) fn set_frame(&mut self, frame: impl FnOnce(u32) -> u32) {
        self.stage.is_playing = false;
        if let Some(shown) = self.documents.shown_mut() {
            let last = shown.image.frames.saturating_sub(1);
            shown.wanted.frame = frame(shown.wanted.frame).min(last);
        }
    }

    /// Lets the frames follow one another, or stops them.
    pub(super) fn toggle_play(&mut self) {
        self.stage.is_playing = !self.stage.is_playing;
        if self.stage.is_playing {
            self.next_frame();
        }
    }

    /// The next frame is due; after the last comes the first. Where the engine is not done with the one before, none is
    /// asked for, so that slow machines show fewer of them in the same time.
    pub(super) fn next_frame(&mut self) {
        if !self.stage.is_playing {
            return;
        }
        let Some(shown) = self.documents.shown_mut() else {
            self.stage.is_playing = false;
            return;
        };
        if shown.wanted.frame == shown.rendering.frame {
            shown.wanted.frame = (shown.wanted.frame + 1) % shown.image.frames.max(1);
        }
        let time = shown.image.frame_time.unwrap_or(USUAL_TIME).max(LEAST_TIME);
        self.effects.push(Effect::SetTimer {
            timer: Timer::NextFrame,
            after: Duration::from_secs_f64(time.min(10_000.0) / 1000.0),
        });
    }
}
