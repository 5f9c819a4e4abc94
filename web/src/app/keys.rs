//! What a key means: the table of commands, and the keys whose meaning depends on where they are pressed.

use super::command::Command;
use super::command_table::{COMMANDS, Key, default_export};

/// Where a key was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the page or the stage.
    Page,
    /// On a button or a link, which Space and Enter press.
    Button,
    /// On a slider or a choice, which the arrows move.
    Field,
    /// In a text, which takes all keys.
    Text,
}

/// A key that was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPress {
    /// `KeyboardEvent.key`.
    pub key: String,
    /// Control, or command on a Mac.
    pub control: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
    /// Whether it is a repetition of a held key.
    pub repeat: bool,
    /// Where.
    pub place: Place,
}

impl KeyPress {
    /// The command that the key means, if any. `may_type` says whether single keys are shortcuts, `has_brush` whether
    /// Escape has something to put down.
    pub fn command(&self, may_type: bool, has_brush: bool) -> Option<Command> {
        let key = self.key.to_lowercase();
        if self.place == Place::Text || self.alt {
            return None;
        }
        if self.control {
            if key == "s" && !self.shift {
                return default_export();
            }
            return find(|row| row.control && row.key == key && row.shift == self.shift);
        }
        let on_page = self.place == Place::Page;
        let not_in_field = self.place != Place::Field;
        match key.as_str() {
            "escape" => has_brush.then_some(Command::PutDown),
            "arrowleft" if not_in_field => Some(Command::Arrow(-1.0, 0.0, self.shift)),
            "arrowright" if not_in_field => Some(Command::Arrow(1.0, 0.0, self.shift)),
            "arrowup" if not_in_field => Some(Command::Arrow(0.0, -1.0, self.shift)),
            "arrowdown" if not_in_field => Some(Command::Arrow(0.0, 1.0, self.shift)),
            " " | "enter" if !on_page => None,
            "pagedown" | "pageup" if !not_in_field => None,
            " " | "h" if self.repeat => None,
            " " | "enter" | "pagedown" | "pageup" => find_single(&key),
            _ if !may_type => None,
            "s" => default_export(),
            _ => find_single(&key),
        }
    }
}

fn find_single(key: &str) -> Option<Command> {
    find(|row| !row.control && row.key == key)
}

fn find(matches: impl Fn(&Key) -> bool) -> Option<Command> {
    COMMANDS
        .iter()
        .find(|row| row.keys.iter().any(&matches))
        .map(|row| row.command.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::stage::Tool;

    fn press(key: &str, place: Place) -> KeyPress {
        KeyPress {
            key: key.to_owned(),
            control: false,
            shift: false,
            alt: false,
            repeat: false,
            place,
        }
    }

    fn meaning(press: KeyPress) -> Option<Command> {
        press.command(true, true)
    }

    #[test]
    fn a_slider_keeps_its_arrows_and_a_text_all_its_keys() {
        assert_eq!(meaning(press("ArrowLeft", Place::Field)), None);
        assert_eq!(
            meaning(press("ArrowLeft", Place::Page)),
            Some(Command::Arrow(-1.0, 0.0, false))
        );
        assert_eq!(meaning(press("b", Place::Text)), None);
        assert_eq!(
            meaning(press("B", Place::Field)),
            Some(Command::Take(Tool::Add))
        );
    }

    #[test]
    fn space_and_enter_press_a_button_that_has_the_focus() {
        assert_eq!(meaning(press(" ", Place::Button)), None);
        assert_eq!(meaning(press("Enter", Place::Button)), None);
        assert_eq!(
            meaning(press(" ", Place::Page)),
            Some(Command::Compare(true))
        );
    }

    #[test]
    fn who_turns_single_keys_off_keeps_control_keys_and_page_keys() {
        let quiet = |press: KeyPress| press.command(false, false);
        assert_eq!(quiet(press("b", Place::Page)), None);
        assert_eq!(
            quiet(press("PageDown", Place::Page)),
            Some(Command::Step(1))
        );
        let undo = KeyPress {
            control: true,
            ..press("z", Place::Page)
        };
        assert_eq!(quiet(undo.clone()), Some(Command::Undo));
        assert_eq!(
            quiet(KeyPress {
                shift: true,
                ..undo
            }),
            Some(Command::Redo)
        );
    }

    #[test]
    fn escape_is_the_browsers_while_there_is_no_brush_to_put_down() {
        assert_eq!(press("Escape", Place::Page).command(true, false), None);
    }
}
