//! Scans of a JPEG: which blocks of coefficients come when, and which part of them (T.81, Annexes A.2 and G.1.1).

use super::arithmetic::{self, Conditioning};
use super::frame::Component;
use super::huffman::{self, Table};

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

/// Tables that segments before a scan defined.
#[derive(Debug, Default)]
pub struct Tables {
    pub direct: [Option<Table>; 4],
    pub others: [Option<Table>; 4],
    pub conditioning: [Conditioning; 4],
    pub is_arithmetic: bool,
    /// Units between restart markers; 0 for none.
    pub restart: usize,
}

/// A component in a scan: which, and its tables.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub component: usize,
    pub direct: usize,
    pub others: usize,
}

/// Blocks of a scan in order.
struct Walk {
    /// Units across, units in all.
    across: usize,
    units: usize,
    is_interleaved: bool,
}

enum Decoder<'a> {
    Huffman(huffman::Decoder<'a>),
    Arithmetic(Box<arithmetic::Decoder<'a>>),
}

/// Decodes a scan into the components' blocks, from the stretches between restart markers. Tells how many bytes were
/// left over.
pub fn decode(
    stretches: &[&[u8]],
    components: &mut [Component],
    units: (usize, usize),
    members: &[Member],
    band: Band,
    tables: &Tables,
) -> Result<usize, Fault> {
    let walk = match members {
        [only] => {
            let component = &components[only.component];
            Walk {
                across: component.shown_across,
                units: component.shown_across * component.shown_down,
                is_interleaved: false,
            }
        }
        _ => Walk {
            across: units.0,
            units: units.0 * units.1,
            is_interleaved: true,
        },
    };
    let interval = match tables.restart {
        0 => walk.units,
        restart => restart,
    };
    let needed = walk.units.div_ceil(interval.max(1));
    if stretches.len() < needed {
        return Err(CUT);
    }
    let mut left = 0;
    for (index, bytes) in stretches.iter().take(needed).enumerate() {
        let mut decoder = match tables.is_arithmetic {
            false => Decoder::Huffman(huffman::Decoder::new(bytes)),
            true => Decoder::Arithmetic(Box::new(arithmetic::Decoder::new(bytes))),
        };
        let first = index * interval;
        for unit in first..(first + interval).min(walk.units) {
            for (place, member) in members.iter().enumerate() {
                let component = &mut components[member.component];
                let (h, v) = match walk.is_interleaved {
                    true => (component.h, component.v),
                    false => (1, 1),
                };
                let (left, top) = (unit % walk.across * h, unit / walk.across * v);
                for at in 0..h * v {
                    let (x, y) = (left + at % h, top + at / h);
                    let block = &mut component.blocks[y * component.across + x];
                    decoder.block(block, band, place, *member, tables)?;
                }
            }
        }
        left = match &decoder {
            Decoder::Huffman(decoder) => decoder.left(),
            Decoder::Arithmetic(_) => 0,
        };
    }
    Ok(left)
}

impl Decoder<'_> {
    fn block(
        &mut self,
        block: &mut Block,
        band: Band,
        place: usize,
        member: Member,
        tables: &Tables,
    ) -> Result<(), Fault> {
        match self {
            Self::Huffman(decoder) => {
                let direct = tables.direct[member.direct].as_ref();
                let others = tables.others[member.others].as_ref();
                decoder.block(block, band, place, (direct, others))
            }
            Self::Arithmetic(decoder) => {
                let each = (member.direct, member.others);
                decoder.block(block, band, place, each, &tables.conditioning)
            }
        }
    }
}
