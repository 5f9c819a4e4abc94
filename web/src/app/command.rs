//! Commands: what a key, a button or a menu entry does. Each that has a key or a button of its own stands once, in
//! [`COMMANDS`]; the keyboard, the buttons and the sheet of shortcuts read it there.

use delineo::export;
use delineo::imaging::Window;
use delineo::modality::Modality;

use super::preferences::Mode;
use super::stage::Tool;
use crate::protocol::{DocumentId, ModelKey};

/// What the person wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Choose files.
    OpenFiles,
    /// Make a synthetic image.
    MakeSample(Modality),
    /// Show a document.
    Show(DocumentId),
    /// Show the document so many places further.
    Step(isize),
    /// Close a document.
    Close(DocumentId),
    /// Save a file of the document: the id of one of the library's export formats.
    Export(&'static str),
    /// Copy a file of the document, likewise.
    Copy(&'static str),
    /// Show a frame of the file, from 0.
    SetFrame(u32),
    /// Show the frame so many places further.
    StepFrame(i32),
    /// Let the frames follow one another, or stop them.
    TogglePlay,
    /// Look through a window, or the one that the file proposes.
    SetWindow(Option<Window>),
    /// Set the threshold, 0.01 to 0.99.
    SetThreshold(f32),
    /// Change it by so much.
    StepThreshold(f32),
    /// Choose the class by its index.
    SetClass(u32),
    /// Run another one of the networks in a file of weights, by its name.
    ChooseNetwork(ModelKey, String),
    /// Keep the largest region only, or no longer.
    ToggleLargestRegion,
    /// Fill holes, or no longer.
    ToggleFillHoles,
    /// Take a tool.
    Take(Tool),
    /// Set the brush's diameter on the screen, in CSS pixels.
    SetBrush(f64),
    /// Multiply it.
    ScaleBrush(f64),
    /// Take the last correction back.
    Undo,
    /// Repeat the correction that was taken back last.
    Redo,
    /// Remove all corrections.
    ClearEdits,
    /// Zoom by a factor, about a canvas point or the middle.
    Zoom(f64, Option<(f64, f64)>),
    /// Move the image by so many canvas pixels.
    Pan(f64, f64),
    /// Show the whole image.
    Fit,
    /// Show an image pixel as a device pixel.
    ActualSize,
    /// Fit, or actual size where it is fitted.
    ToggleFit,
    /// An arrow key: across and down, and whether the brush draws.
    Arrow(f64, f64, bool),
    /// Put the brush down once.
    Dab,
    /// Show the plain image, or the mask again.
    Compare(bool),
    /// How the mask is drawn.
    SetMode(Mode),
    /// The next way to draw it.
    NextMode,
    /// Opacity of the tint in per cent.
    SetOpacity(u8),
    /// Index into the colours.
    SetColour(usize),
    /// Show or hide the controls.
    ToggleControls,
    /// The next theme.
    NextTheme,
    /// Whether single keys are shortcuts.
    SetSingleKeys(bool),
    /// Leave the choice of the model to the app, or choose one.
    ChooseModel(Option<ModelKey>),
    /// Average flipped and turned views.
    AverageViews(bool),
    /// Keep a person's own model on this device.
    RememberModel(ModelKey),
    /// Delete it from this device.
    ForgetModel(ModelKey),
    /// Try again what failed: model or segmentation.
    Retry,
    /// Start the engine again.
    RestartEngine,
    /// Open the document that was closed last.
    Reopen,
    /// Let the new version take over.
    Update,
    /// Take a notice off the screen.
    Dismiss(u32),
    /// Show a sheet.
    OpenSheet(Sheet),
    /// Close the sheet.
    CloseSheet,
}

impl Command {
    /// Whether it is about the document on the stage, and so void when another one is there by now.
    pub fn is_about_document(&self) -> bool {
        use Command::*;
        matches!(
            self,
            Export(_)
                | Copy(_)
                | SetThreshold(_)
                | StepThreshold(_)
                | SetClass(_)
                | ToggleLargestRegion
                | ToggleFillHoles
                | Undo
                | Redo
                | ClearEdits
                | Dab
                | SetFrame(_)
                | StepFrame(_)
                | TogglePlay
                | SetWindow(_)
        )
    }
}

/// The sheets that cover the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Model, device, privacy.
    About,
    /// Keys.
    Shortcuts,
}

/// Whether a command can be carried out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Enabled,
    /// It cannot, and everybody sees why.
    Disabled,
    /// It cannot for now, for this reason, as a sentence.
    Waits(&'static str),
}

impl Availability {
    /// Enabled where a condition holds.
    pub fn when(condition: bool) -> Self {
        if condition {
            Self::Enabled
        } else {
            Self::Disabled
        }
    }

    /// Whether it can be carried out.
    pub fn is_enabled(self) -> bool {
        self == Self::Enabled
    }
}

/// What a button looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is called what it shows
pub enum Icon {
    Open,
    Sample,
    Save,
    Down,
    Keyboard,
    Info,
    Sun,
    Moon,
    Auto,
    Plus,
    Minus,
    Fit,
    Compare,
    Previous,
    Next,
    Close,
    Hand,
    Brush,
    Eraser,
    Undo,
    Redo,
    Clear,
    Controls,
    Warning,
    Note,
    Copy,
    Lock,
    Play,
}

/// Under which heading the sheet of shortcuts lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The mask.
    Mask,
    /// The image.
    Image,
    /// Correcting by hand.
    Correct,
    /// The app.
    App,
}

impl Group {
    /// All, in order, with their headings.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Mask, "Mask"),
        (Self::Image, "Picture"),
        (Self::Correct, "Correct by hand"),
        (Self::App, "App"),
    ];
}

/// A key, alone or with the control key (on a Mac the command key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// As `KeyboardEvent.key` has it, in lower case; punctuation already says whether Shift is held.
    pub key: &'static str,
    /// Whether control is held.
    pub control: bool,
    /// Whether Shift is held; only looked at with control.
    pub shift: bool,
}

const fn key(key: &'static str) -> Key {
    Key {
        key,
        control: false,
        shift: false,
    }
}

const fn control(key: &'static str) -> Key {
    Key {
        key,
        control: true,
        shift: false,
    }
}

const fn control_shift(key: &'static str) -> Key {
    Key {
        key,
        control: true,
        shift: true,
    }
}

impl Key {
    /// What is printed on the keys to press.
    pub fn caps(self) -> Vec<String> {
        let cap = match self.key {
            " " => "Space".to_owned(),
            "escape" => "Esc".to_owned(),
            "pagedown" => "Page Down".to_owned(),
            "pageup" => "Page Up".to_owned(),
            "-" => "−".to_owned(),
            other => {
                let mut letters = other.chars();
                letters.next().map_or_else(String::new, |first| {
                    first.to_uppercase().chain(letters).collect()
                })
            }
        };
        let modifiers = [(self.control, "Ctrl"), (self.shift, "Shift")];
        modifiers
            .into_iter()
            .filter(|(is_held, _)| *is_held)
            .map(|(_, name)| name.to_owned())
            .chain([cap])
            .collect()
    }
}

/// A command with all that buttons and keys need to know of it.
#[derive(Clone, Debug)]
pub struct CommandRow {
    /// What it does.
    pub command: Command,
    /// Keys that do it; the first is named in the button's title, and all those of [`CommandRow::shown_keys`] in the sheet.
    pub keys: &'static [Key],
    /// How many of the keys the sheet of shortcuts lists; the others are spellings of the same.
    pub shown_keys: usize,
    /// On the button.
    pub label: &'static str,
    /// In the sheet of shortcuts, and in the button's title.
    pub title: &'static str,
    /// On the button.
    pub icon: Icon,
    /// In the sheet of shortcuts.
    pub group: Group,
}

impl CommandRow {
    /// The title with the first key: `Undo (Ctrl Z)`.
    pub fn title_with_key(&self) -> String {
        match self.keys.first() {
            Some(key) => format!("{} ({})", self.title, key.caps().join(" ")),
            None => self.title.to_owned(),
        }
    }
}

const fn row(
    command: Command,
    group: Group,
    icon: Icon,
    (keys, shown_keys): (&'static [Key], usize),
    label: &'static str,
    title: &'static str,
) -> CommandRow {
    CommandRow {
        command,
        keys,
        shown_keys,
        label,
        title,
        icon,
        group,
    }
}

/// All commands with a key or a button of their own, in the order of the sheet of shortcuts. Adding one is a variant of
/// [`Command`], a line here and its arm in `App::carry_out`.
#[rustfmt::skip] // a table reads by its columns
pub static COMMANDS: &[CommandRow] = &[
    row(Command::StepThreshold(-0.01), Group::Mask, Icon::Minus, (&[key(",")], 1), "Lower", "Lower the threshold"),
    row(Command::StepThreshold(0.01), Group::Mask, Icon::Plus, (&[key(".")], 1), "Raise", "Raise the threshold"),
    row(Command::StepThreshold(-0.1), Group::Mask, Icon::Minus, (&[key("<"), key(";")], 1), "Lower", "Lower the threshold by 0.1"),
    row(Command::StepThreshold(0.1), Group::Mask, Icon::Plus, (&[key(">"), key(":")], 1), "Raise", "Raise the threshold by 0.1"),
    row(Command::NextMode, Group::Mask, Icon::Auto, (&[key("v")], 1), "Tint, contour, both", "Tint, contour, both"),
    row(Command::Compare(true), Group::Mask, Icon::Compare, (&[key("h"), key(" ")], 2), "Compare", "Hold to see the plain image"),
    row(Command::ToggleLargestRegion, Group::Mask, Icon::Clear, (&[key("l")], 1), "Largest region only", "Largest region only"),
    row(Command::ToggleFillHoles, Group::Mask, Icon::Clear, (&[key("f")], 1), "Fill holes", "Fill holes"),
    row(Command::Zoom(1.25, None), Group::Image, Icon::Plus, (&[key("+"), key("=")], 1), "Zoom in", "Zoom in"),
    row(Command::Zoom(0.8, None), Group::Image, Icon::Minus, (&[key("-"), key("−"), key("_")], 1), "Zoom out", "Zoom out"),
    row(Command::Fit, Group::Image, Icon::Fit, (&[key("0")], 1), "Fit", "Show the whole image"),
    row(Command::ActualSize, Group::Image, Icon::Fit, (&[key("1")], 1), "Actual size", "Actual size, 100 %"),
    row(Command::Step(1), Group::Image, Icon::Next, (&[key("n"), key("pagedown")], 2), "Next picture", "Next picture"),
    row(Command::Step(-1), Group::Image, Icon::Previous, (&[key("p"), key("pageup")], 2), "Previous picture", "Previous picture"),
    row(Command::StepFrame(-1), Group::Image, Icon::Previous, (&[key("j")], 1), "Previous frame", "Previous frame"),
    row(Command::StepFrame(1), Group::Image, Icon::Next, (&[key("k")], 1), "Next frame", "Next frame"),
    row(Command::TogglePlay, Group::Image, Icon::Play, (&[key("r")], 1), "Play", "Play or stop the frames"),
    row(Command::SetWindow(None), Group::Image, Icon::Auto, (&[], 0), "Reset window", "The window that the file proposes"),
    row(Command::Take(Tool::Add), Group::Correct, Icon::Brush, (&[key("b")], 1), "Add", "Add to the mask with the brush"),
    row(Command::Take(Tool::Erase), Group::Correct, Icon::Eraser, (&[key("e")], 1), "Erase", "Erase from the mask with the brush"),
    row(Command::Take(Tool::Move), Group::Correct, Icon::Hand, (&[key("m"), key("escape")], 2), "Move", "Put the brush down, move the picture"),
    row(Command::ScaleBrush(1.0 / 1.2), Group::Correct, Icon::Minus, (&[key("[")], 1), "Smaller brush", "Smaller brush"),
    row(Command::ScaleBrush(1.2), Group::Correct, Icon::Plus, (&[key("]")], 1), "Larger brush", "Larger brush"),
    row(Command::Dab, Group::Correct, Icon::Brush, (&[key("enter")], 1), "Dab", "Put the brush down once"),
    row(Command::Undo, Group::Correct, Icon::Undo, (&[control("z")], 1), "Undo", "Undo"),
    row(Command::Redo, Group::Correct, Icon::Redo, (&[control_shift("z"), control("y")], 1), "Redo", "Redo"),
    row(Command::ClearEdits, Group::Correct, Icon::Clear, (&[], 0), "Clear", "Remove all corrections"),
    row(Command::OpenFiles, Group::App, Icon::Open, (&[key("o"), control("o")], 1), "Open image", "Open images"),
    row(Command::ToggleControls, Group::App, Icon::Controls, (&[key("c")], 1), "Controls", "Show or hide the controls"),
    row(Command::OpenSheet(Sheet::Shortcuts), Group::App, Icon::Keyboard, (&[key("?")], 1), "Keyboard shortcuts", "Keyboard shortcuts"),
    row(Command::OpenSheet(Sheet::About), Group::App, Icon::Info, (&[], 0), "About Delineo", "About: model, device, privacy"),
];

/// Keys that the sheet lists beside those of [`COMMANDS`]: what arrows do depends on the tool, pasting is the browser's,
/// and the format that is exported first is the library's.
pub static OTHER_KEYS: &[(&[&str], &str, Group)] = &[
    (&["←", "↑", "↓", "→"], "Move the picture", Group::Image),
    (
        &["←", "↑", "↓", "→"],
        "With a brush: move it, with Shift draw",
        Group::Correct,
    ),
    (&["S"], "Export the mask", Group::App),
    (
        &["Ctrl", "V"],
        "Open an image from the clipboard",
        Group::App,
    ),
];

/// The row of a command; none for those that only a control of its own gives.
pub fn row_of(command: &Command) -> Option<&'static CommandRow> {
    COMMANDS.iter().find(|row| row.command == *command)
}

/// The export that the main button and its key make.
pub fn default_export() -> Option<Command> {
    export::FORMATS
        .first()
        .map(|format| Command::Export(format.id))
}

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
            "escape" => has_brush.then_some(Command::Take(Tool::Move)),
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
    fn no_key_means_two_commands() {
        let mut keys: Vec<Key> = COMMANDS.iter().flat_map(|row| row.keys.to_vec()).collect();
        let all = keys.len();
        keys.dedup_by_key(|key| (key.key, key.control, key.shift));
        keys.sort_by_key(|key| (key.key, key.control, key.shift));
        keys.dedup();
        assert_eq!(keys.len(), all);
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

    #[test]
    fn the_title_of_a_button_names_its_key() {
        let title = row_of(&Command::Undo).map(CommandRow::title_with_key);
        assert_eq!(title.as_deref(), Some("Undo (Ctrl Z)"));
    }
}
