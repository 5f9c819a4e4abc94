//! The person's hands in the scenarios: keys that are pressed, and pointers on the stage.

use super::event::Event;
use super::gestures::{Pointer, PointerPhase};
use super::keys::{KeyPress, Place};
use super::rig::Rig;

impl Rig {
    /// Presses a key alone, with the focus on the page.
    pub fn press(&mut self, key: &str) {
        self.press_with(key, false, false);
    }

    /// Presses a key with Control, Shift or both held.
    pub fn press_with(&mut self, key: &str, control: bool, shift: bool) {
        self.tell(Event::Key(KeyPress {
            key: key.to_owned(),
            control,
            shift,
            alt: false,
            repeat: false,
            place: Place::Page,
        }));
    }

    /// The mouse, with its main button, does something at a point of the canvas.
    pub fn mouse(&mut self, phase: PointerPhase, at: (f64, f64)) {
        self.point(phase, 1, at, false);
    }

    /// A pointer does something at a point of the canvas.
    pub fn point(&mut self, phase: PointerPhase, id: i32, at: (f64, f64), is_finger: bool) {
        self.tell(Event::Pointer(Pointer {
            phase,
            id,
            at,
            is_main: true,
            is_finger,
        }));
    }
}
