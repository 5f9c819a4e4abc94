//! What scans bring and frames hold: blocks of coefficients, and which part of them comes when (T.81, Annexes A and G).

/// Why a file cannot be decoded, as part of a sentence.
pub type Fault = &'static str;
/// The coefficients of 8 by 8 pixels, row by row.
pub type Block = [i16; 64];

pub const CUT: Fault = "it ends too early";

/// The place of each coefficient in the order of the file (Figure A.6).
pub const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The coefficients and the bits of them that a scan brings.
#[derive(Clone, Copy, Debug)]
pub struct Band {
    pub first: usize,
    /// Included.
    pub last: usize,
    /// The lowest bit that was known before; 0 where nothing was.
    pub high: u32,
    /// The lowest bit that is known after.
    pub low: u32,
    pub is_progressive: bool,
}

/// What a band is decoded as.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Whole,
    FirstDirect,
    RefineDirect,
    First,
    Refine,
}

impl Band {
    pub const fn step(self) -> Step {
        match (self.is_progressive, self.first, self.high) {
            (false, ..) => Step::Whole,
            (true, 0, 0) => Step::FirstDirect,
            (true, 0, _) => Step::RefineDirect,
            (true, _, 0) => Step::First,
            (true, ..) => Step::Refine,
        }
    }

    /// As a scan's header says, if it makes sense.
    pub fn read(bytes: &[u8], is_progressive: bool) -> Option<Self> {
        let [first, last, bits, ..] = *bytes else {
            return None;
        };
        if !is_progressive {
            return Some(Self {
                first: 0,
                last: 63,
                high: 0,
                low: 0,
                is_progressive,
            });
        }
        let band = Self {
            first: first.into(),
            last: last.into(),
            high: u32::from(bits >> 4),
            low: u32::from(bits & 15),
            is_progressive,
        };
        let is_right = match band.first {
            0 => band.last == 0,
            first => first <= band.last && band.last < 64,
        };
        (is_right && band.low <= 13).then_some(band)
    }
}

/// A colour channel.
#[derive(Debug)]
pub struct Component {
    /// Its name, by which scans call it.
    pub id: u8,
    /// Blocks across and down in each unit of the frame.
    pub h: usize,
    pub v: usize,
    /// Blocks in a row, whole units.
    pub across: usize,
    /// Blocks across and down that are needed for the image.
    pub shown_across: usize,
    pub shown_down: usize,
    pub blocks: Vec<Block>,
    pub quantisation: usize,
    /// Steps of the coefficients, row by row.
    pub steps: [u16; 64],
    pub has_steps: bool,
    /// The lowest bit that is known of each coefficient.
    pub known: [u8; 64],
}
