//! Huffman coding of coefficients (T.81, Annexes F.2.2 and G.2).

use super::coefficients::{Band, Block, CUT, Fault, Step, ZIGZAG};

/// The codes of one kind of symbol.
#[derive(Clone, Debug)]
pub struct Table {
    /// How many codes of 1 to 16 bits there are.
    counts: [u8; 16],
    symbols: Vec<u8>,
}

const WRONG: Fault = "its Huffman coding is wrong";

impl Table {
    /// From a segment's 16 counts and symbols, and what follows them.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (counts, rest) = bytes.split_first_chunk::<16>()?;
        let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, rest) = rest.split_at_checked(total)?;
        let table = Self {
            counts: *counts,
            symbols: symbols.to_vec(),
        };
        Some((table, rest))
    }
}

/// The bits of one stretch between restart markers.
#[derive(Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u8,
    count: u32,
    /// The last DC value of each component of the scan.
    before: [i32; 4],
    /// Blocks that hold nothing more in this band.
    empty: u32,
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            held: 0,
            count: 0,
            before: [0; 4],
            empty: 0,
        }
    }

    /// Bytes that were not looked at.
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn bit(&mut self) -> Result<u32, Fault> {
        if self.count == 0 {
            self.held = *self.bytes.get(self.at).ok_or(CUT)?;
            // A byte of ones is followed by one of zeros that means nothing.
            self.at += if self.held == 0xff { 2 } else { 1 };
            self.count = 8;
        }
        self.count -= 1;
        Ok(u32::from(self.held >> self.count) & 1)
    }

    fn bits(&mut self, count: u32) -> Result<u32, Fault> {
        (0..count).try_fold(0, |value, _| Ok(value << 1 | self.bit()?))
    }

    /// Figure F.12: a number of this many bits, negative if it begins with 0.
    fn extended(&mut self, count: u32) -> Result<i32, Fault> {
        let value = self.bits(count)? as i32;
        Ok(match count {
            0 => 0,
            _ if value < 1 << (count - 1) => value - (1 << count) + 1,
            _ => value,
        })
    }

    fn symbol(&mut self, table: Option<&Table>) -> Result<u32, Fault> {
        let table = table.ok_or(WRONG)?;
        let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in table.counts {
            code = code << 1 | self.bit()?;
            let count = u32::from(count);
            if code < first + count {
                let symbol = table.symbols.get((index + code - first) as usize);
                return symbol.map(|symbol| u32::from(*symbol)).ok_or(WRONG);
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(WRONG)
    }

    /// One block's part of a scan.
    pub fn block(
        &mut self,
        block: &mut Block,
        band: Band,
        component: usize,
        tables: (Option<&Table>, Option<&Table>),
    ) -> Result<(), Fault> {
        let (dc, ac) = tables;
        match band.step() {
            Step::Whole => {
                self.direct(block, band, component, dc)?;
                let whole = Band { first: 1, ..band };
                self.first(block, whole, ac, false)
            }
            Step::FirstDirect => self.direct(block, band, component, dc),
            Step::RefineDirect => {
                block[0] |= (self.bit()? << band.low) as i16;
                Ok(())
            }
            Step::First => self.first(block, band, ac, true),
            Step::Refine => self.refine(block, band, ac),
        }
    }

    fn direct(
        &mut self,
        block: &mut Block,
        band: Band,
        component: usize,
        table: Option<&Table>,
    ) -> Result<(), Fault> {
        let size = self.symbol(table)?;
        if size > 16 {
            return Err(WRONG);
        }
        let difference = self.extended(size)?;
        let value = self.before[component].wrapping_add(difference);
        self.before[component] = value;
        block[0] = (value << band.low) as i16;
        Ok(())
    }

    fn first(
        &mut self,
        block: &mut Block,
        band: Band,
        table: Option<&Table>,
        has_runs: bool,
    ) -> Result<(), Fault> {
        if self.empty > 0 {
            self.empty -= 1;
            return Ok(());
        }
        let mut at = band.first;
        while at <= band.last {
            let symbol = self.symbol(table)?;
            let (run, size) = ((symbol >> 4) as usize, symbol & 15);
            if size > 0 {
                at += run;
                let place = *ZIGZAG.get(at).filter(|_| at <= band.last).ok_or(WRONG)?;
                block[place] = (self.extended(size)? << band.low) as i16;
                at += 1;
            } else if run == 15 {
                at += 16;
            } else {
                if has_runs {
                    self.empty = (1 << run) + self.bits(run as u32)? - 1;
                }
                break;
            }
        }
        Ok(())
    }

    fn refine(
        &mut self,
        block: &mut Block,
        band: Band,
        table: Option<&Table>,
    ) -> Result<(), Fault> {
        let one = 1_i16 << band.low;
        let mut at = band.first;
        while self.empty == 0 && at <= band.last {
            let symbol = self.symbol(table)?;
            let (mut run, size) = (symbol >> 4, symbol & 15);
            let mut value = 0;
            match size {
                0 if run < 15 => {
                    self.empty = (1 << run) + self.bits(run)?;
                    break;
                }
                0 => {}
                _ => value = if self.bit()? == 1 { one } else { -one },
            }
            // Past `run` coefficients that were zero, refining those that were not.
            while at <= band.last {
                let place = ZIGZAG[at];
                if block[place] != 0 {
                    self.correct(&mut block[place], one)?;
                } else if run == 0 {
                    block[place] = value;
                    at += 1;
                    break;
                } else {
                    run -= 1;
                }
                at += 1;
            }
        }
        if self.empty > 0 {
            self.empty -= 1;
            for place in ZIGZAG.iter().take(band.last + 1).skip(at) {
                if block[*place] != 0 {
                    self.correct(&mut block[*place], one)?;
                }
            }
        }
        Ok(())
    }

    fn correct(&mut self, value: &mut i16, one: i16) -> Result<(), Fault> {
        if self.bit()? == 1 && *value & one == 0 {
            *value = value.wrapping_add(if *value > 0 { one } else { -one });
        }
        Ok(())
    }
}
