//! Scans of a JPEG: which blocks of coefficients come when, and which part of them (T.81, Annexes A.2 and G.1.1).

use super::arithmetic::{self, Conditioning};
use super::coefficients::{Band, Block, CUT, Component, Fault};
use super::huffman::{self, Table};

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
