//! The stage: its canvas, the tool in hand, and what the pointers do there.

use delineo::mask::StrokeKind;
use delineo::measure::Axis;

use super::edits::Ends;
use super::gestures::Gesture;
use super::viewport::Size;

/// The canvas: its size in device pixels and how many of them make a CSS pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Device pixels.
    pub width: u32,
    /// Device pixels.
    pub height: u32,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
}

impl Default for Canvas {
    fn default() -> Self {
        Self {
            width: 0,
            height: 0,
            ratio: 1.0,
        }
    }
}

impl Canvas {
    /// Its size in device pixels.
    pub fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    /// Its middle.
    pub fn middle(&self) -> (f64, f64) {
        (f64::from(self.width) / 2.0, f64::from(self.height) / 2.0)
    }
}

/// What the main pointer does on the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Moves the image.
    #[default]
    Move,
    /// Draws lesion.
    Add,
    /// Draws background.
    Erase,
    /// Draws around lesion, or around background.
    Lasso(StrokeKind),
    /// Fills a hole or a hollow.
    Fill,
    /// Drops an island.
    Drop,
    /// Draws a box with a threshold of its own.
    Box,
    /// Draws a line of known length.
    Scale,
}

impl Tool {
    /// The lasso that adds.
    pub const LASSO: Self = Self::Lasso(StrokeKind::Add);
    /// The lasso that erases.
    pub const LASSO_ERASE: Self = Self::Lasso(StrokeKind::Erase);

    /// The word for it in the styles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Add => "add",
            Self::Erase => "erase",
            Self::Lasso(_) => "lasso",
            Self::Fill => "fill",
            Self::Drop => "drop",
            Self::Box => "box",
            Self::Scale => "scale",
        }
    }

    /// What it does and how, as a sentence; empty for moving the image.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Move => "",
            Self::Add => "Brush: adds to the mask.",
            Self::Erase => "Eraser: erases from the mask.",
            Self::Lasso(StrokeKind::Add) => {
                "Lasso: draw around what to add, or click its corners; Enter closes."
            }
            Self::Lasso(StrokeKind::Erase) => {
                "Lasso: draw around what to erase, or click its corners; Enter closes."
            }
            Self::Fill => "Fill region: press on a hole of the mask.",
            Self::Drop => "Drop region: press on an island of the mask.",
            Self::Box => "Threshold box: draw a box, then move its threshold.",
            Self::Scale => "Set scale: draw a line of known length.",
        }
    }

    /// Whether it corrects the mask.
    pub fn corrects(self) -> bool {
        !matches!(self, Self::Move | Self::Scale)
    }

    /// What it draws with the brush.
    pub fn stroke_kind(self) -> Option<StrokeKind> {
        match self {
            Self::Add => Some(StrokeKind::Add),
            Self::Erase => Some(StrokeKind::Erase),
            _ => None,
        }
    }
}

/// A line over something of known length, its ends in image pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruler {
    /// Where it begins.
    pub from: [f64; 2],
    /// Where it ends, once that was set.
    pub to: Option<[f64; 2]>,
}

/// A lasso that is not closed yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Its corners in image pixels.
    pub corners: Vec<[f64; 2]>,
    /// How many there were when the pointer touched last.
    pub before_press: usize,
    /// Whether the pointer that touched last has moved: then it is drawn freely.
    pub is_free: bool,
    /// Whether the keyboard sets the corners: then Enter sets another one, and closes only on the last.
    pub is_by_keyboard: bool,
}

/// An end of a diameter that a pointer holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// The pointer.
    pub pointer: i32,
    /// The diameter.
    pub axis: Axis,
    /// Which of its ends: 0 or 1.
    pub end: usize,
    /// Where both are.
    pub ends: Ends,
    /// Whether it was moved already.
    pub has_moved: bool,
}

/// The stage.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// The canvas.
    pub canvas: Canvas,
    /// The tool in hand.
    pub tool: Tool,
    /// Whether the plain image is shown for comparison.
    pub is_comparing: bool,
    /// Where mask and truth are shown beside each other: the per cent of the image's width up to which it is the mask.
    pub wipe: Option<u8>,
    /// Where the brush hovers, in canvas pixels.
    pub hover: Option<(f64, f64)>,
    /// Where the keyboard holds the brush, in canvas pixels; in the middle unless it was moved.
    keyboard_brush: Option<(f64, f64)>,
    /// Pointers that are down.
    pub gesture: Gesture,
    /// Whether frames follow one another by themselves.
    pub is_playing: bool,
    /// The pointer that draws.
    pub drawing: Option<i32>,
    /// The line of known length.
    pub ruler: Option<Ruler>,
    /// The end of a diameter that is being dragged.
    pub held: Option<Held>,
    /// The lasso that is being drawn.
    pub outline: Option<Outline>,
    /// Where the threshold box that is being drawn begins, in image pixels.
    pub box_from: Option<[f64; 2]>,
}

impl Stage {
    /// Another image comes on the stage, or none: nothing is drawn or dragged on the one before any more.
    pub fn let_go(&mut self) {
        self.drawing = None;
        self.ruler = None;
        self.held = None;
        self.outline = None;
        self.box_from = None;
    }

    /// Where the keyboard's brush is, in canvas pixels.
    pub fn keyboard_brush(&self) -> (f64, f64) {
        let (x, y) = self.keyboard_brush.unwrap_or_else(|| self.canvas.middle());
        self.within((x, y))
    }

    /// Moves the keyboard's brush and says by how much it would have left the canvas.
    pub fn move_keyboard_brush(&mut self, dx: f64, dy: f64) -> (f64, f64) {
        let from = self.keyboard_brush();
        let to = (from.0 + dx, from.1 + dy);
        let kept = self.within(to);
        self.keyboard_brush = Some(kept);
        (to.0 - kept.0, to.1 - kept.1)
    }

    fn within(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            x.clamp(0.0, f64::from(self.canvas.width)),
            y.clamp(0.0, f64::from(self.canvas.height)),
        )
    }
}
