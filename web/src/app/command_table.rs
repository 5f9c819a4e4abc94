//! The table of commands. Each that has a key or a button of its own stands once, in [`COMMANDS`]; the keyboard, the
//! buttons and the sheet of shortcuts read it there.

use delineo::export;

use super::command::{Command, Sheet};
use super::stage::Tool;

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
    Pause,
    Play,
    Stop,
    Ruler,
    Lasso,
    LassoErase,
    Fill,
    Drop,
    Box,
    Folder,
    Accept,
    Reject,
    Flag,
    Pen,
    List,
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
    /// Measuring.
    Measure,
    /// Going through many pictures.
    Review,
    /// The app.
    App,
}

impl Group {
    /// All, in order, with their headings.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Mask, "Mask"),
        (Self::Image, "Picture"),
        (Self::Correct, "Correct by hand"),
        (Self::Measure, "Measure"),
        (Self::Review, "Review"),
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
    row(Command::NextMode, Group::Mask, Icon::Auto, (&[key("v")], 1), "Tint, contour, both", "Tint, contour, both, uncertainty, difference"),
    row(Command::Compare(true), Group::Mask, Icon::Compare, (&[key("h"), key(" ")], 2), "Compare", "Hold to see the plain image"),
    row(Command::ToggleLargestRegion, Group::Mask, Icon::Clear, (&[key("l")], 1), "Largest region only", "Largest region only"),
    row(Command::ShowLikeliest, Group::Mask, Icon::Fill, (&[], 0), "Show the likeliest region", "Lower the threshold until the likeliest region shows"),
    row(Command::ToggleFillHoles, Group::Mask, Icon::Clear, (&[key("f")], 1), "Fill holes", "Fill holes"),
    row(Command::ToggleIslands, Group::Mask, Icon::Clear, (&[], 0), "Remove small islands", "Remove small islands"),
    row(Command::Zoom(1.25, None), Group::Image, Icon::Plus, (&[key("+"), key("=")], 1), "Zoom in", "Zoom in"),
    row(Command::Zoom(0.8, None), Group::Image, Icon::Minus, (&[key("-"), key("−"), key("_")], 1), "Zoom out", "Zoom out"),
    row(Command::Fit, Group::Image, Icon::Fit, (&[key("0")], 1), "Fit", "Show the whole image"),
    row(Command::ActualSize, Group::Image, Icon::Fit, (&[key("1")], 1), "Actual size", "Actual size, 100 %"),
    row(Command::Step(1), Group::Image, Icon::Next, (&[key("n"), key("pagedown")], 2), "Next picture", "Next picture"),
    row(Command::Step(-1), Group::Image, Icon::Previous, (&[key("p"), key("pageup")], 2), "Previous picture", "Previous picture"),
    row(Command::PauseProcessing, Group::Image, Icon::Pause, (&[], 0), "Pause", "Pause segmenting the other pictures"),
    row(Command::ResumeProcessing, Group::Image, Icon::Play, (&[], 0), "Resume", "Go on segmenting the other pictures"),
    row(Command::StopProcessing, Group::Image, Icon::Stop, (&[], 0), "Stop", "Segment only the pictures next to this one"),
    row(Command::StepFrame(-1), Group::Image, Icon::Previous, (&[key("j")], 1), "Previous frame", "Previous frame"),
    row(Command::StepFrame(1), Group::Image, Icon::Next, (&[key("k")], 1), "Next frame", "Next frame"),
    row(Command::TogglePlay, Group::Image, Icon::Play, (&[key("r")], 1), "Play", "Play or stop the frames"),
    row(Command::SetWindow(None), Group::Image, Icon::Auto, (&[], 0), "Reset window", "The window that the file proposes"),
    row(Command::Take(Tool::Add), Group::Correct, Icon::Brush, (&[key("b")], 1), "Add", "Add to the mask with the brush"),
    row(Command::Take(Tool::Erase), Group::Correct, Icon::Eraser, (&[key("e")], 1), "Erase", "Erase from the mask with the brush"),
    row(Command::Take(Tool::LASSO), Group::Correct, Icon::Lasso, (&[key("2")], 1), "Lasso", "Draw around what to add to the mask"),
    row(Command::Take(Tool::LASSO_ERASE), Group::Correct, Icon::LassoErase, (&[key("3")], 1), "Erase lasso", "Draw around what to erase from the mask"),
    row(Command::Take(Tool::Fill), Group::Correct, Icon::Fill, (&[key("4")], 1), "Fill region", "Fill the hole of the mask that is pressed"),
    row(Command::Take(Tool::Drop), Group::Correct, Icon::Drop, (&[key("5")], 1), "Drop region", "Drop the island of the mask that is pressed"),
    row(Command::Take(Tool::Box), Group::Correct, Icon::Box, (&[key("6")], 1), "Threshold box", "Draw a box with a threshold of its own"),
    row(Command::Take(Tool::Move), Group::Correct, Icon::Hand, (&[key("m"), key("escape")], 2), "Move", "Put the tool down, move the picture"),
    row(Command::ScaleBrush(1.0 / 1.2), Group::Correct, Icon::Minus, (&[key("[")], 1), "Smaller brush", "Smaller brush"),
    row(Command::ScaleBrush(1.2), Group::Correct, Icon::Plus, (&[key("]")], 1), "Larger brush", "Larger brush"),
    row(Command::Dab, Group::Correct, Icon::Brush, (&[key("enter")], 1), "Dab", "Use the tool once; close the lasso"),
    row(Command::Undo, Group::Correct, Icon::Undo, (&[control("z")], 1), "Undo", "Undo"),
    row(Command::Redo, Group::Correct, Icon::Redo, (&[control_shift("z"), control("y")], 1), "Redo", "Redo"),
    row(Command::ClearEdits, Group::Correct, Icon::Clear, (&[], 0), "Clear", "Remove all corrections"),
    row(Command::Take(Tool::Scale), Group::Measure, Icon::Ruler, (&[key("u")], 1), "Set scale", "Draw a line of known length to set the scale"),
    row(Command::RemoveScale, Group::Measure, Icon::Clear, (&[], 0), "Remove scale", "Forget the scale that was set by hand"),
    row(Command::UseDepthMarks, Group::Measure, Icon::Ruler, (&[], 0), "Use depth marks", "Draw the line between two depth marks, and type how far they are apart"),
    row(Command::IgnoreDepthMarks, Group::Measure, Icon::Close, (&[], 0), "Ignore depth marks", "Do not propose these depth marks for this picture"),
    row(Command::ToggleDiameters, Group::Measure, Icon::Ruler, (&[key("d")], 1), "Show diameters", "Show or hide the diameters"),
    row(Command::ToggleBox, Group::Measure, Icon::Ruler, (&[], 0), "Show bounding box", "Show or hide the bounding box"),
    row(Command::ResetDiameters, Group::Measure, Icon::Undo, (&[], 0), "Reset diameters", "Let the computed diameters count again"),
    row(Command::CopyReport, Group::Measure, Icon::Copy, (&[key("t")], 1), "Copy report", "Copy the report as text"),
    row(Command::Export(export::REPORT), Group::Measure, Icon::Save, (&[], 0), "Report", "Save the report as a page to print"),
    row(Command::StartFromTruth, Group::Measure, Icon::Brush, (&[], 0), "Start from this mask", "Correct the true mask in the place of the model's"),
    row(Command::ToggleWipe, Group::Measure, Icon::Compare, (&[], 0), "Mask and truth side by side", "Mask and truth side by side"),
    row(Command::RemoveTruth, Group::Measure, Icon::Clear, (&[], 0), "Stop comparing", "Compare with the true mask no longer"),
    row(Command::Accept, Group::Review, Icon::Accept, (&[key("a")], 1), "Accept", "Accept, and on to the next without a decision"),
    row(Command::Reject, Group::Review, Icon::Reject, (&[key("x")], 1), "Reject", "Reject, and on to the next without a decision"),
    row(Command::Flag, Group::Review, Icon::Flag, (&[key("g")], 1), "Flag", "Flag, or no longer"),
    row(Command::WriteNote, Group::Review, Icon::Pen, (&[key("w")], 1), "Note", "Write a note"),
    row(Command::NextUndecided, Group::Review, Icon::Next, (&[key("q")], 1), "Next", "Next picture without a decision"),
    row(Command::UndoReview, Group::Review, Icon::Undo, (&[key("z")], 1), "Take back", "Take the last decision, flag or note back"),
    row(Command::ExportAll, Group::Review, Icon::Save, (&[key("y")], 1), "Export all", "Export all pictures as one archive"),
    row(Command::ExportAllToFile, Group::Review, Icon::Save, (&[], 0), "Export to a file…", "Export all pictures into a file that you choose, of any size"),
    row(Command::ToggleList, Group::Review, Icon::List, (&[key("i")], 1), "List", "Show or hide the list of pictures"),
    row(Command::OpenFiles, Group::App, Icon::Open, (&[key("o"), control("o")], 1), "Open image", "Open images"),
    row(Command::OpenFolder, Group::App, Icon::Folder, (&[control_shift("o")], 1), "Open folder", "Open a folder of images"),
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
        "With a brush: move it, with Shift draw; with another tool: move its cross",
        Group::Correct,
    ),
    (
        &["←", "↑", "↓", "→"],
        "Setting the scale, or on an end of a diameter: move it, with Shift finely",
        Group::Measure,
    ),
    (
        &["↑", "↓"],
        "In the list: previous and next picture",
        Group::Review,
    ),
    (&["Delete"], "In the list: close the picture", Group::Review),
    (
        &["Enter"],
        "Setting the scale: begin and end the line",
        Group::Measure,
    ),
    (
        &["Alt", "Wheel"],
        "With a brush: its size, also with Shift",
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_title_of_a_button_names_its_key() {
        let title = row_of(&Command::Undo).map(CommandRow::title_with_key);
        assert_eq!(title.as_deref(), Some("Undo (Ctrl Z)"));
    }
}
