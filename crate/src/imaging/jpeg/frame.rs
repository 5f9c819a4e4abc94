//! The segments of a JPEG up to its end: what is needed to decode, and the coefficients that were decoded.

use super::arithmetic::Conditioning;
use super::coefficients::{Band, CUT, Component, Fault, ZIGZAG};
use super::huffman::Table;
use super::scan::{Member, Tables, decode};

/// Scans after which no more are read: each can cost much time and few bytes.
const MAX_SCANS: usize = 200;
/// A coefficient of which nothing is known yet.
const UNKNOWN: u8 = 255;
/// Zero bytes at the end of a file that is not whole: a transfer that broke off left them, no encoder.
const ZEROS: usize = 64;
/// Bytes that may be left over after the last block of a file that is not whole.
const LEFT: usize = 1;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Frame {
    pub width: usize,
    pub height: usize,
    /// Bits a value, 8 or 12.
    pub precision: u32,
    pub components: Vec<Component>,
    /// What Adobe's segment says of the colours: 0 as they are, 1 YCbCr, 2 YCCK.
    pub adobe: Option<u8>,
    /// Whether there is a JFIF segment, after which three components are YCbCr.
    pub is_jfif: bool,
    /// Whether the end marker is there.
    pub ends: bool,
    tables: Tables,
    quantisation: [Option<[u16; 64]>; 4],
    is_progressive: bool,
    scans: usize,
    left: usize,
}

impl Frame {
    /// Decodes all scans. Tables may come from another stream. Sides over `most` pixels are refused.
    pub fn read(tables: &[u8], bytes: &[u8], most: (usize, usize)) -> Result<Self, Fault> {
        let mut frame = Self::default();
        frame.segments(tables, most)?;
        frame.ends = false;
        frame.segments(bytes, most)?;
        if frame.components.is_empty() || frame.scans == 0 {
            return Err(CUT);
        }
        let arithmetic = frame.tables.is_arithmetic;
        for component in &frame.components {
            let is_complete = component.known.iter().all(|low| *low == 0);
            // Arithmetic coding does not tell where data ends.
            if component.known[0] == UNKNOWN || !frame.ends && (!is_complete || arithmetic) {
                return Err(CUT);
            }
        }
        let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        if !frame.ends && (frame.left > LEFT || zeros >= ZEROS) {
            return Err(CUT);
        }
        Ok(frame)
    }

    fn segments(&mut self, bytes: &[u8], most: (usize, usize)) -> Result<(), Fault> {
        let mut at = 0;
        while let Some(skipped) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|byte| *byte == 0xff))
        {
            at += skipped + 1;
            let Some(&marker) = bytes.get(at) else { break };
            if matches!(marker, 0xff) {
                continue;
            }
            at += 1;
            match marker {
                0x00 | 0x01 | 0xd0..=0xd8 => continue,
                0xd9 => {
                    self.ends = true;
                    break;
                }
                _ => {}
            }
            let Some(length) = bytes.get(at..at + 2) else {
                break;
            };
            let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            let Some(segment) = bytes.get(at + 2..at + length) else {
                break;
            };
            at += length;
            match marker {
                0xc4 => self.huffman_tables(segment)?,
                0xcc => self.conditioning(segment),
                0xc0..=0xcf if marker != 0xc8 => self.start(marker, segment, most)?,
                0xda => at = self.scan(segment, bytes, at)?,
                0xdb => self.quantisation(segment)?,
                0xdd => self.tables.restart = number(segment, 0).ok_or(CUT)?,
                0xe0 => self.is_jfif |= segment.starts_with(b"JFIF\0"),
                0xee if segment.starts_with(b"Adobe") => {
                    // Cut segments say nothing.
                    self.adobe = segment.get(11).copied().or(self.adobe);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn huffman_tables(&mut self, mut segment: &[u8]) -> Result<(), Fault> {
        while let Some((target, rest)) = segment.split_first() {
            let (table, rest) = Table::read(rest).ok_or("its Huffman tables are wrong")?;
            let tables = match target >> 4 {
                0 => &mut self.tables.direct,
                _ => &mut self.tables.others,
            };
            tables[usize::from(target & 3)] = Some(table);
            segment = rest;
        }
        Ok(())
    }

    fn conditioning(&mut self, segment: &[u8]) {
        for [target, value] in segment.as_chunks::<2>().0 {
            let Conditioning { low, high, split } =
                &mut self.tables.conditioning[usize::from(target & 3)];
            match target >> 4 {
                0 => (*low, *high) = (value & 15, value >> 4),
                _ => *split = *value,
            }
        }
    }

    fn quantisation(&mut self, mut segment: &[u8]) -> Result<(), Fault> {
        while let Some((target, rest)) = segment.split_first() {
            let size = if target >> 4 == 0 { 1 } else { 2 };
            let values = rest.get(..64 * size).ok_or("its tables are wrong")?;
            let mut steps = [0; 64];
            for (place, value) in ZIGZAG.iter().zip(values.chunks_exact(size)) {
                steps[*place] = value
                    .iter()
                    .fold(0, |all, byte| all << 8 | u16::from(*byte));
            }
            self.quantisation[usize::from(target & 3)] = Some(steps);
            segment = &rest[64 * size..];
        }
        Ok(())
    }

    fn start(&mut self, marker: u8, segment: &[u8], most: (usize, usize)) -> Result<(), Fault> {
        const WRONG: Fault = "its headers contradict each other";
        if !self.components.is_empty() {
            return Err(WRONG);
        }
        if !matches!(marker, 0xc0..=0xc2 | 0xc9 | 0xca) {
            return Err("it is lossless or hierarchical");
        }
        self.is_progressive = matches!(marker, 0xc2 | 0xca);
        self.tables.is_arithmetic = matches!(marker, 0xc9 | 0xca);
        let byte = |at: usize| segment.get(at).copied().ok_or(CUT);
        self.precision = byte(0)?.into();
        (self.width, self.height) = (
            number(segment, 3).ok_or(CUT)?,
            number(segment, 1).ok_or(CUT)?,
        );
        let count = usize::from(byte(5)?);
        if self.width == 0
            || self.height == 0
            || self.width > most.0
            || self.height > most.1
            || !matches!(self.precision, 8 | 12)
            || !matches!(count, 1 | 3 | 4)
        {
            return Err(WRONG);
        }
        let mut all = Vec::new();
        for index in 0..count {
            let sampling = byte(7 + 3 * index)?;
            let (h, v) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
                return Err("its sampling is wrong");
            }
            all.push((byte(6 + 3 * index)?, h, v, byte(8 + 3 * index)? & 3));
        }
        let h_most = all.iter().map(|(_, h, ..)| *h).max().unwrap_or(1);
        let v_most = all.iter().map(|(_, _, v, _)| *v).max().unwrap_or(1);
        let units = self.units(h_most, v_most);
        for (id, h, v, quantisation) in all {
            let (across, down) = (units.0 * h, units.1 * v);
            let shown = |side: usize, own: usize, most: usize| (side * own).div_ceil(8 * most);
            let mut blocks = Vec::new();
            blocks
                .try_reserve_exact(across * down)
                .map_err(|_| "it needs too much memory")?;
            blocks.resize(across * down, [0; 64]);
            self.components.push(Component {
                id,
                h,
                v,
                across,
                shown_across: shown(self.width, h, h_most),
                shown_down: shown(self.height, v, v_most),
                blocks,
                quantisation: quantisation.into(),
                steps: [1; 64],
                has_steps: false,
                known: [UNKNOWN; 64],
            });
        }
        Ok(())
    }

    /// Largest blocks across and down in a unit.
    pub fn most(&self) -> (usize, usize) {
        let h = self.components.iter().map(|component| component.h).max();
        let v = self.components.iter().map(|component| component.v).max();
        (h.unwrap_or(1), v.unwrap_or(1))
    }

    const fn units(&self, h: usize, v: usize) -> (usize, usize) {
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    /// Decodes a scan, and tells the position after it.
    fn scan(&mut self, segment: &[u8], bytes: &[u8], at: usize) -> Result<usize, Fault> {
        const WRONG: Fault = "its scans are wrong";
        self.scans += 1;
        let count = usize::from(*segment.first().ok_or(CUT)?);
        if self.scans > MAX_SCANS || !(1..=4).contains(&count) {
            return Err(WRONG);
        }
        let mut members = Vec::new();
        for index in 0..count {
            let [id, tables] = *segment.get(1 + 2 * index..3 + 2 * index).ok_or(CUT)? else {
                return Err(WRONG);
            };
            let component = self.components.iter().position(|each| each.id == id);
            members.push(Member {
                component: component.ok_or(WRONG)?,
                direct: usize::from(tables >> 4 & 3),
                others: usize::from(tables & 3),
            });
        }
        let band = Band::read(&segment[1 + 2 * count..], self.is_progressive).ok_or(WRONG)?;
        if band.first > 0 && count > 1 {
            return Err(WRONG);
        }
        for member in &members {
            let component = &mut self.components[member.component];
            if !component.has_steps {
                let steps = self.quantisation[component.quantisation];
                component.steps = steps.ok_or("a table is missing")?;
                component.has_steps = true;
            }
        }
        let (stretches, next) = stretches(bytes, at);
        let (h, v) = self.most();
        let units = self.units(h, v);
        let parts = &mut self.components;
        self.left = decode(&stretches, parts, units, &members, band, &self.tables)?;
        for member in &members {
            let known = &mut self.components[member.component].known;
            known[band.first..=band.last].fill(band.low as u8);
        }
        Ok(next)
    }
}

/// A number of two bytes.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let pair = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_be_bytes([pair[0], pair[1]])))
}

/// The coded bytes from `at` on, between restart markers, and the position of the marker after them.
fn stretches(bytes: &[u8], at: usize) -> (Vec<&[u8]>, usize) {
    let mut stretches = Vec::new();
    let (mut first, mut at) = (at, at);
    while let Some(skipped) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| *byte == 0xff))
    {
        let end = at + skipped;
        match bytes[end + 1..].iter().find(|byte| **byte != 0xff) {
            Some(0) => at = end + 2,
            Some(0xd0..=0xd7) => {
                stretches.push(&bytes[first..end]);
                let fill = bytes[end + 1..].iter().take_while(|byte| **byte == 0xff);
                at = end + 2 + fill.count();
                first = at;
            }
            _ => {
                stretches.push(&bytes[first..end]);
                return (stretches, end);
            }
        }
    }
    stretches.push(&bytes[first.min(bytes.len())..]);
    (stretches, bytes.len())
}
