//! Arithmetic coding of coefficients (T.81, Annexes D, F.2.4 and G.2).

use super::coefficients::{Band, Block, Fault, Step, ZIGZAG};

/// What is known of a decision: an index into [`STATES`], and in the highest bit the more probable answer.
type Bin = u8;

/// Table D.3: the probability of the less probable answer, the states after it and after the other, and whether the two
/// change places after it.
const STATES: [(u16, u8, u8, bool); 113] = [
    (0x5a1d, 1, 1, true),
    (0x2586, 14, 2, false),
    (0x1114, 16, 3, false),
    (0x080b, 18, 4, false),
    (0x03d8, 20, 5, false),
    (0x01da, 23, 6, false),
    (0x00e5, 25, 7, false),
    (0x006f, 28, 8, false),
    (0x0036, 30, 9, false),
    (0x001a, 33, 10, false),
    (0x000d, 35, 11, false),
    (0x0006, 9, 12, false),
    (0x0003, 10, 13, false),
    (0x0001, 12, 13, false),
    (0x5a7f, 15, 15, true),
    (0x3f25, 36, 16, false),
    (0x2cf2, 38, 17, false),
    (0x207c, 39, 18, false),
    (0x17b9, 40, 19, false),
    (0x1182, 42, 20, false),
    (0x0cef, 43, 21, false),
    (0x09a1, 45, 22, false),
    (0x072f, 46, 23, false),
    (0x055c, 48, 24, false),
    (0x0406, 49, 25, false),
    (0x0303, 51, 26, false),
    (0x0240, 52, 27, false),
    (0x01b1, 54, 28, false),
    (0x0144, 56, 29, false),
    (0x00f5, 57, 30, false),
    (0x00b7, 59, 31, false),
    (0x008a, 60, 32, false),
    (0x0068, 62, 33, false),
    (0x004e, 63, 34, false),
    (0x003b, 32, 35, false),
    (0x002c, 33, 9, false),
    (0x5ae1, 37, 37, true),
    (0x484c, 64, 38, false),
    (0x3a0d, 65, 39, false),
    (0x2ef1, 67, 40, false),
    (0x261f, 68, 41, false),
    (0x1f33, 69, 42, false),
    (0x19a8, 70, 43, false),
    (0x1518, 72, 44, false),
    (0x1177, 73, 45, false),
    (0x0e74, 74, 46, false),
    (0x0bfb, 75, 47, false),
    (0x09f8, 77, 48, false),
    (0x0861, 78, 49, false),
    (0x0706, 79, 50, false),
    (0x05cd, 48, 51, false),
    (0x04de, 50, 52, false),
    (0x040f, 50, 53, false),
    (0x0363, 51, 54, false),
    (0x02d4, 52, 55, false),
    (0x025c, 53, 56, false),
    (0x01f8, 54, 57, false),
    (0x01a4, 55, 58, false),
    (0x0160, 56, 59, false),
    (0x0125, 57, 60, false),
    (0x00f6, 58, 61, false),
    (0x00cb, 59, 62, false),
    (0x00ab, 61, 63, false),
    (0x008f, 61, 32, false),
    (0x5b12, 65, 65, true),
    (0x4d04, 80, 66, false),
    (0x412c, 81, 67, false),
    (0x37d8, 82, 68, false),
    (0x2fe8, 83, 69, false),
    (0x293c, 84, 70, false),
    (0x2379, 86, 71, false),
    (0x1edf, 87, 72, false),
    (0x1aa9, 87, 73, false),
    (0x174e, 72, 74, false),
    (0x1424, 72, 75, false),
    (0x119c, 74, 76, false),
    (0x0f6b, 74, 77, false),
    (0x0d51, 75, 78, false),
    (0x0bb6, 77, 79, false),
    (0x0a40, 77, 48, false),
    (0x5832, 80, 81, true),
    (0x4d1c, 88, 82, false),
    (0x438e, 89, 83, false),
    (0x3bdd, 90, 84, false),
    (0x34ee, 91, 85, false),
    (0x2eae, 92, 86, false),
    (0x299a, 93, 87, false),
    (0x2516, 86, 71, false),
    (0x5570, 88, 89, true),
    (0x4ca9, 95, 90, false),
    (0x44d9, 96, 91, false),
    (0x3e22, 97, 92, false),
    (0x3824, 99, 93, false),
    (0x32b4, 99, 94, false),
    (0x2e17, 93, 86, false),
    (0x56a8, 95, 96, true),
    (0x4f46, 101, 97, false),
    (0x47e5, 102, 98, false),
    (0x41cf, 103, 99, false),
    (0x3c3d, 104, 100, false),
    (0x375e, 99, 93, false),
    (0x5231, 105, 102, false),
    (0x4c0f, 106, 103, false),
    (0x4639, 107, 104, false),
    (0x415e, 103, 99, false),
    (0x5627, 105, 106, true),
    (0x50e7, 108, 107, false),
    (0x4b85, 109, 103, false),
    (0x5597, 110, 109, false),
    (0x504f, 111, 107, false),
    (0x5a10, 110, 111, true),
    (0x5522, 112, 109, false),
    (0x59eb, 112, 111, true),
];

/// Conditioning (F.1.4.4.1.2 and F.1.4.4.2): the bounds of small and large differences, and where high frequencies begin.
#[derive(Clone, Copy, Debug)]
pub struct Conditioning {
    pub low: u8,
    pub high: u8,
    pub split: u8,
}

impl Default for Conditioning {
    fn default() -> Self {
        Self {
            low: 0,
            high: 1,
            split: 5,
        }
    }
}

const WRONG: Fault = "its arithmetic coding is wrong";

/// The decisions of one stretch between restart markers.
#[derive(Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    code: u32,
    interval: u32,
    /// Bits to shift before another byte is needed.
    shifts: i32,
    direct: [[Bin; 64]; 4],
    others: [[Bin; 256]; 4],
    before: [i32; 4],
    /// Where the bins for the next difference of each component begin: by the sign and the size of the one before.
    context: [usize; 4],
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            bytes,
            at: 0,
            code: 0,
            interval: 0x1_0000,
            shifts: 0,
            direct: [[0; 64]; 4],
            others: [[0; 256]; 4],
            before: [0; 4],
            context: [0; 4],
        };
        // Figure D.22.
        decoder.code = decoder.byte() << 24;
        decoder.code |= decoder.byte() << 16;
        decoder
    }

    /// Zeros follow the end: the encoder leaves them out.
    fn byte(&mut self) -> u32 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += if byte == 0xff { 2 } else { 1 };
        u32::from(byte)
    }

    /// Figures D.18 to D.21: one decision, and what is learnt from it.
    fn decide(&mut self, bin: &mut Bin) -> bool {
        let (size, after_less, after_more, changes) = STATES[usize::from(*bin & 0x7f)];
        let size = u32::from(size);
        let likely = *bin >> 7;
        self.interval -= size;
        let is_lower = self.code >> 16 < self.interval;
        if is_lower && self.interval >= 0x8000 {
            return likely == 1;
        }
        // The smaller part of the interval is that of the less probable answer, or was meant to be.
        let is_less = is_lower == (self.interval < size);
        if !is_lower {
            self.code -= self.interval << 16;
            self.interval = size;
        }
        let answer = likely ^ u8::from(is_less);
        *bin = match is_less {
            true => (likely ^ u8::from(changes)) << 7 | after_less,
            false => likely << 7 | after_more,
        };
        while self.interval < 0x8000 {
            if self.shifts == 0 {
                self.code |= self.byte() << 8;
                self.shifts = 8;
            }
            self.interval <<= 1;
            self.code <<= 1;
            self.shifts -= 1;
        }
        answer == 1
    }

    /// A decision with even odds.
    fn toss(&mut self) -> bool {
        // The first state has even odds; what is learnt is forgotten.
        self.decide(&mut 0)
    }

    /// One block's part of a scan.
    pub fn block(
        &mut self,
        block: &mut Block,
        band: Band,
        component: usize,
        tables: (usize, usize),
        conditioning: &[Conditioning; 4],
    ) -> Result<(), Fault> {
        let (dc, ac) = tables;
        match band.step() {
            Step::Whole => {
                self.first_direct(block, band, component, dc, conditioning[dc])?;
                let whole = Band { first: 1, ..band };
                self.with_bins(ac, |this, bins| {
                    this.first(block, whole, bins, conditioning[ac])
                })
            }
            Step::FirstDirect => self.first_direct(block, band, component, dc, conditioning[dc]),
            Step::RefineDirect => {
                block[0] |= i16::from(self.toss()) << band.low;
                Ok(())
            }
            Step::First => self.with_bins(ac, |this, bins| {
                this.first(block, band, bins, conditioning[ac])
            }),
            Step::Refine => self.with_bins(ac, |this, bins| this.refine(block, band, bins)),
        }
    }

    /// Lends out the bins of a table for AC coefficients.
    fn with_bins(
        &mut self,
        table: usize,
        read: impl FnOnce(&mut Self, &mut [Bin; 256]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut bins = self.others[table];
        let result = read(self, &mut bins);
        self.others[table] = bins;
        result
    }

    /// Figures F.20 to F.24: the category of a magnitude less 1, then its lower bits. `next` are the bins of categories
    /// above the first, or above the second where `is_direct` is false.
    fn magnitude(
        &mut self,
        bins: &mut [Bin],
        first: usize,
        next: usize,
        is_direct: bool,
    ) -> Result<(i32, i32), Fault> {
        let (mut bit, mut at) = (0, first);
        if self.decide(&mut bins[first]) {
            bit = 1;
            if is_direct || self.decide(&mut bins[first]) {
                bit = if is_direct { 1 } else { 2 };
                at = next;
                while self.decide(&mut bins[at]) {
                    bit <<= 1;
                    at += 1;
                    if bit == 0x8000 {
                        return Err(WRONG);
                    }
                }
            }
        }
        let category = bit;
        let mut value = bit;
        while bit > 1 {
            bit >>= 1;
            if self.decide(&mut bins[at + 14]) {
                value |= bit;
            }
        }
        Ok((value + 1, category))
    }

    fn first_direct(
        &mut self,
        block: &mut Block,
        band: Band,
        component: usize,
        table: usize,
        conditioning: Conditioning,
    ) -> Result<(), Fault> {
        let mut bins = self.direct[table];
        let first = self.context[component];
        self.context[component] = 0;
        if self.decide(&mut bins[first]) {
            let is_negative = self.decide(&mut bins[first + 1]);
            let sign = usize::from(is_negative);
            let (size, category) = self.magnitude(&mut bins, first + 2 + sign, 20, true)?;
            self.context[component] = if category < (1 << conditioning.low) >> 1 {
                0
            } else if category > (1 << conditioning.high) >> 1 {
                12 + 4 * sign
            } else {
                4 + 4 * sign
            };
            let difference = if is_negative { -size } else { size };
            self.before[component] = self.before[component].wrapping_add(difference);
        }
        self.direct[table] = bins;
        block[0] = (self.before[component] << band.low) as i16;
        Ok(())
    }

    fn first(
        &mut self,
        block: &mut Block,
        band: Band,
        bins: &mut [Bin; 256],
        conditioning: Conditioning,
    ) -> Result<(), Fault> {
        let mut at = band.first;
        while at <= band.last {
            if self.decide(&mut bins[3 * (at - 1)]) {
                break;
            }
            while !self.decide(&mut bins[3 * (at - 1) + 1]) {
                at += 1;
                if at > band.last {
                    return Err(WRONG);
                }
            }
            let is_negative = self.toss();
            let next = if at <= usize::from(conditioning.split) {
                189
            } else {
                217
            };
            let (size, _) = self.magnitude(bins, 3 * (at - 1) + 2, next, false)?;
            let value = if is_negative { -size } else { size };
            block[ZIGZAG[at]] = (value << band.low) as i16;
            at += 1;
        }
        Ok(())
    }

    fn refine(
        &mut self,
        block: &mut Block,
        band: Band,
        bins: &mut [Bin; 256],
    ) -> Result<(), Fault> {
        let one = 1_i16 << band.low;
        // Up to the last that is known not to be zero, the block cannot end.
        let known = (1..=band.last).rev().find(|at| block[ZIGZAG[*at]] != 0);
        let mut at = band.first;
        while at <= band.last {
            if known.is_none_or(|known| at > known) && self.decide(&mut bins[3 * (at - 1)]) {
                break;
            }
            loop {
                let value = &mut block[ZIGZAG[at]];
                if *value != 0 {
                    if self.decide(&mut bins[3 * (at - 1) + 2]) {
                        *value = value.wrapping_add(if *value > 0 { one } else { -one });
                    }
                    break;
                }
                if self.decide(&mut bins[3 * (at - 1) + 1]) {
                    *value = if self.toss() { -one } else { one };
                    break;
                }
                at += 1;
                if at > band.last {
                    return Err(WRONG);
                }
            }
            at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoder of Annex D.1, for decisions alone.
    struct Encoder {
        bytes: Vec<u8>,
        code: u32,
        interval: u32,
        shifts: u32,
        stacked: usize,
    }

    impl Encoder {
        fn new() -> Self {
            Self {
                // A byte before the first, to which nothing is ever carried.
                bytes: vec![0],
                code: 0,
                interval: 0x1_0000,
                shifts: 11,
                stacked: 0,
            }
        }

        fn encode(&mut self, bin: &mut Bin, answer: bool) {
            let (size, after_less, after_more, changes) = STATES[usize::from(*bin & 0x7f)];
            let (size, likely) = (u32::from(size), *bin >> 7);
            self.interval -= size;
            let is_less = answer != (likely == 1);
            if !is_less && self.interval >= 0x8000 {
                return;
            }
            if is_less != (self.interval < size) {
                self.code += self.interval;
                self.interval = size;
            }
            *bin = match is_less {
                true => (likely ^ u8::from(changes)) << 7 | after_less,
                false => likely << 7 | after_more,
            };
            while self.interval < 0x8000 {
                self.interval <<= 1;
                self.shift(1);
            }
        }

        fn shift(&mut self, count: u32) {
            for _ in 0..count {
                self.code <<= 1;
                self.shifts -= 1;
                if self.shifts == 0 {
                    self.put();
                    self.shifts = 8;
                }
            }
        }

        fn put(&mut self) {
            let byte = self.code >> 19;
            self.code &= 0x7_ffff;
            if byte > 0xff {
                let last = self.bytes.last_mut().expect("one at least");
                *last += 1;
                if *last == 0xff {
                    self.bytes.push(0);
                }
                self.bytes.extend(std::iter::repeat_n(0, self.stacked));
            } else if byte == 0xff {
                self.stacked += 1;
                return;
            } else {
                let stacked = [0xff, 0].repeat(self.stacked);
                self.bytes.extend(stacked);
            }
            self.stacked = 0;
            self.bytes.push(byte as u8);
        }

        fn finish(mut self) -> Vec<u8> {
            let end = (self.code + self.interval - 1) & 0xffff_0000;
            self.code = if end < self.code { end + 0x8000 } else { end };
            // Enough to bring out every bit that matters.
            self.shift(self.shifts + 24);
            self.bytes.split_off(1)
        }
    }

    #[test]
    fn decisions_of_any_odds_come_back() {
        let mut state = 7_u32;
        // xorshift32 (Marsaglia 2003).
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state >> 8
        };
        // Every hundredth decision differs in the first bin, every second in the last.
        let odds = [1, 3, 8, 20, 50];
        let decisions: Vec<(usize, bool)> = (0..40_000)
            .map(|_| {
                let bin = random() as usize % odds.len();
                (bin, random() % 100 < odds[bin])
            })
            .collect();
        let mut encoder = Encoder::new();
        let mut bins = [0; 5];
        for (bin, answer) in &decisions {
            encoder.encode(&mut bins[*bin], *answer);
        }
        let bytes = encoder.finish();
        assert!(bytes.len() < 40_000 / 8, "{}", bytes.len());
        let mut decoder = Decoder::new(&bytes);
        let mut bins = [0; 5];
        for (index, (bin, answer)) in decisions.iter().enumerate() {
            assert_eq!(decoder.decide(&mut bins[*bin]), *answer, "decision {index}");
        }
    }
}
