//! One scan of JPEG-LS (ITU-T T.87, annex A): prediction from three neighbours, corrected by context, and runs.
//! Names of variables are those of the standard.

/// How the components of a scan lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interleave {
    /// A line of each component in turn; also of a single component.
    Line,
    /// A sample of each component in turn.
    Sample,
}

/// What a scan is coded with (T.87, C.2.4.1.1 and A.2.1).
pub(super) struct Parameters {
    maxval: i64,
    near: i64,
    thresholds: [i64; 3],
    reset: i64,
    range: i64,
    qbpp: u32,
    limit: u32,
}

impl Parameters {
    /// From the precision, the loss that is allowed, and a preset of MAXVAL, T1, T2, T3 and RESET, where 0 is the
    /// default; none where they contradict each other.
    pub fn new(precision: u8, near: i64, preset: Option<[i64; 5]>) -> Option<Self> {
        let [maxval, t1, t2, t3, reset] = preset.unwrap_or_default();
        let or = |value: i64, default: i64| if value == 0 { default } else { value };
        let maxval = or(maxval, (1 << precision) - 1);
        if maxval >= 1 << precision || near > maxval / 2 {
            return None;
        }
        let clamp = |value: i64, low: i64| {
            if value > maxval || value < low {
                low
            } else {
                value
            }
        };
        let default = |basic: i64, part: i64, loss: i64| {
            if maxval >= 128 {
                let factor = (maxval.min(4095) + 128) / 256;
                factor * (basic - part) + part + loss * near
            } else {
                let factor = 256 / (maxval + 1);
                part.max(basic / factor + loss * near)
            }
        };
        let t1 = or(t1, clamp(default(3, 2, 3), near + 1));
        let t2 = or(t2, clamp(default(7, 3, 5), t1));
        let t3 = or(t3, clamp(default(21, 4, 7), t2));
        let reset = or(reset, 64);
        let ascending = near < t1 && t1 <= t2 && t2 <= t3 && t3 <= maxval;
        if !ascending || reset < 3 {
            return None;
        }
        let bits = |count: i64| (count - 1).max(1).ilog2() + 1;
        let range = (maxval + 2 * near) / (2 * near + 1) + 1;
        let bpp = bits(maxval + 1).max(2);
        Some(Self {
            maxval,
            near,
            thresholds: [t1, t2, t3],
            reset,
            range,
            qbpp: bits(range),
            limit: 2 * (bpp + bpp.max(8)),
        })
    }

    /// A gradient as one of nine steps (A.3.3).
    fn quantised(&self, gradient: i64) -> i64 {
        let [t1, t2, t3] = self.thresholds;
        let size = match gradient.abs() {
            size if size <= self.near => 0,
            size if size < t1 => 1,
            size if size < t2 => 2,
            size if size < t3 => 3,
            _ => 4,
        };
        size * gradient.signum()
    }

    /// Prediction plus error, modulo the range (A.4.5).
    fn reconstructed(&self, prediction: i64, error: i64) -> i64 {
        let step = 2 * self.near + 1;
        let value = prediction + error * step;
        let value = if value < -self.near {
            value + self.range * step
        } else if value > self.maxval + self.near {
            value - self.range * step
        } else {
            value
        };
        value.clamp(0, self.maxval)
    }
}

/// What was learnt in one context (A.2.1).
#[derive(Clone)]
struct Context {
    a: i64,
    b: i64,
    c: i64,
    n: i64,
}

impl Context {
    /// The Golomb parameter (A.5.1).
    fn k(&self, a: i64) -> u32 {
        let mut k = 0;
        while self.n << k < a {
            k += 1;
        }
        k
    }
}

/// Log2 of the lengths of run segments (A.2.1).
const J: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];

/// Contexts of samples that are predicted, and behind them two of samples that end a run.
const REGULAR: usize = 365;

/// The samples of each component, and the bytes that were read.
pub(super) fn scan(
    bytes: &[u8],
    columns: usize,
    rows: usize,
    components: usize,
    interleave: Interleave,
    parameters: &Parameters,
) -> Option<(Vec<Vec<u16>>, usize)> {
    let context = Context {
        a: ((parameters.range + 32) / 64).max(2),
        b: 0,
        c: 0,
        n: 1,
    };
    let mut decoder = Decoder {
        bits: Bits {
            bytes,
            at: 0,
            held: 0,
            count: 0,
        },
        parameters,
        contexts: vec![context; REGULAR + 2],
        run_index: 0,
    };
    // One column more on each side: what lies outside the picture.
    let blank = vec![0_i64; columns + 2];
    let mut above = vec![blank.clone(); components];
    let mut lines = vec![blank; components];
    let mut run_indices = vec![0; components];
    let mut out = vec![Vec::new(); components];
    for _ in 0..rows {
        for (line, above) in lines.iter_mut().zip(&mut above) {
            line[0] = above[1];
            above[columns + 1] = above[columns];
        }
        match interleave {
            Interleave::Sample => decoder.line(&above, &mut lines, columns)?,
            Interleave::Line => {
                for (component, index) in run_indices.iter_mut().enumerate() {
                    decoder.run_index = *index;
                    let one = component..component + 1;
                    decoder.line(&above[one.clone()], &mut lines[one], columns)?;
                    *index = decoder.run_index;
                }
            }
        }
        for (line, out) in lines.iter().zip(&mut out) {
            // Values are at most MAXVAL, which has 16 bits.
            out.extend(line[1..=columns].iter().map(|value| *value as u16));
        }
        std::mem::swap(&mut above, &mut lines);
    }
    Some((out, decoder.bits.at))
}

struct Decoder<'a> {
    bits: Bits<'a>,
    parameters: &'a Parameters,
    contexts: Vec<Context>,
    run_index: usize,
}

impl Decoder<'_> {
    /// A line of one component, or of all of them sample by sample.
    fn line(&mut self, above: &[Vec<i64>], lines: &mut [Vec<i64>], columns: usize) -> Option<()> {
        let mut at = 1;
        while at <= columns {
            let context = |component: usize, lines: &[Vec<i64>]| {
                let (line, above) = (&lines[component], &above[component]);
                let [ra, rb, rc, rd] = [line[at - 1], above[at], above[at - 1], above[at + 1]];
                let steps = [rd - rb, rb - rc, rc - ra].map(|d| self.parameters.quantised(d));
                81 * steps[0] + 9 * steps[1] + steps[2]
            };
            if (0..lines.len()).all(|component| context(component, lines) == 0) {
                at = self.run(above, lines, at, columns)?;
                continue;
            }
            for component in 0..lines.len() {
                let (line, above) = (&lines[component], &above[component]);
                let [ra, rb, rc, rd] = [line[at - 1], above[at], above[at - 1], above[at + 1]];
                let steps = [rd - rb, rb - rc, rc - ra].map(|d| self.parameters.quantised(d));
                let context = 81 * steps[0] + 9 * steps[1] + steps[2];
                lines[component][at] = self.sample(ra, rb, rc, context)?;
            }
            at += 1;
        }
        Some(())
    }

    /// A sample by prediction (A.4 to A.6).
    fn sample(&mut self, ra: i64, rb: i64, rc: i64, context: i64) -> Option<i64> {
        let parameters = self.parameters;
        let sign = if context < 0 { -1 } else { 1 };
        let state = &mut self.contexts[context.unsigned_abs() as usize];
        let prediction = if rc >= ra.max(rb) {
            ra.min(rb)
        } else if rc <= ra.min(rb) {
            ra.max(rb)
        } else {
            ra + rb - rc
        };
        let prediction = (prediction + sign * state.c).clamp(0, parameters.maxval);
        let k = state.k(state.a);
        let mapped = self.bits.golomb(k, parameters.limit, parameters.qbpp)?;
        let swapped = parameters.near == 0 && k == 0 && 2 * state.b <= -state.n;
        let error = match (mapped & 1 == 0, swapped) {
            (true, false) => mapped / 2,
            (false, false) => -(mapped + 1) / 2,
            (true, true) => -mapped / 2 - 1,
            (false, true) => (mapped - 1) / 2,
        };
        state.b += error * (2 * parameters.near + 1);
        state.a += error.abs();
        if state.n == parameters.reset {
            state.a >>= 1;
            state.b >>= 1;
            state.n >>= 1;
        }
        state.n += 1;
        if state.b <= -state.n {
            state.b = (state.b + state.n).max(1 - state.n);
            state.c = (state.c - 1).max(-128);
        } else if state.b > 0 {
            state.b = (state.b - state.n).min(0);
            state.c = (state.c + 1).min(127);
        }
        Some(parameters.reconstructed(prediction, sign * error))
    }

    /// A run and the sample that ends it (A.7); returns where the next sample lies.
    fn run(
        &mut self,
        above: &[Vec<i64>],
        lines: &mut [Vec<i64>],
        mut at: usize,
        columns: usize,
    ) -> Option<usize> {
        let begin = at;
        let ended = loop {
            if self.bits.read(1)? == 0 {
                at += self.bits.read(J[self.run_index])? as usize;
                break at <= columns;
            }
            let length = 1 << J[self.run_index];
            if at + length <= columns + 1 {
                self.run_index = (self.run_index + 1).min(31);
            }
            at += length;
            if at > columns {
                at = columns + 1;
                break false;
            }
        };
        if at > columns + 1 {
            return None;
        }
        for line in lines.iter_mut() {
            let value = line[begin - 1];
            line[begin..at].fill(value);
        }
        if !ended {
            return Some(at);
        }
        let alone = lines.len() == 1;
        for (line, above) in lines.iter_mut().zip(above) {
            let (ra, rb) = (line[at - 1], above[at]);
            // Of several components sample by sample, all take the context of unequal neighbours.
            let equal = alone && (ra - rb).abs() <= self.parameters.near;
            let error = self.interruption(equal)?;
            line[at] = if equal {
                self.parameters.reconstructed(ra, error)
            } else {
                let sign = if rb < ra { -1 } else { 1 };
                self.parameters.reconstructed(rb, sign * error)
            };
        }
        self.run_index = self.run_index.saturating_sub(1);
        Some(at + 1)
    }

    /// The error of the sample that ends a run (A.7.2).
    fn interruption(&mut self, equal: bool) -> Option<i64> {
        let parameters = self.parameters;
        let kind = i64::from(equal);
        let state = &mut self.contexts[REGULAR + usize::from(equal)];
        let k = state.k(state.a + if equal { state.n >> 1 } else { 0 });
        let limit = parameters.limit - J[self.run_index] - 1;
        let mapped = self.bits.golomb(k, limit, parameters.qbpp)?;
        let doubled = mapped + kind;
        let odd = doubled & 1;
        let size = (doubled + odd) / 2;
        // In these contexts B counts the errors below 0.
        let likely = k != 0 || 2 * state.b >= state.n;
        let error = if likely == (odd == 1) { -size } else { size };
        state.b += i64::from(error < 0);
        state.a += (mapped + 1 - kind) >> 1;
        if state.n == parameters.reset {
            state.a >>= 1;
            state.b >>= 1;
            state.n >>= 1;
        }
        state.n += 1;
        Some(error)
    }
}

/// The bits of a scan, highest first; behind a byte of 255 one of 0 is stuffed (A.1).
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bytes that were taken.
    at: usize,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    fn read(&mut self, count: u32) -> Option<i64> {
        while self.count < count {
            let byte = *self.bytes.get(self.at)?;
            let stuffed = self.at > 0 && self.bytes[self.at - 1] == 0xff;
            if stuffed && byte & 0x80 != 0 {
                // A marker.
                return None;
            }
            let width = if stuffed { 7 } else { 8 };
            self.held = self.held << width | u64::from(byte);
            self.count += width;
            self.at += 1;
        }
        self.count -= count;
        let value = self.held >> self.count & ((1 << count) - 1);
        Some(value as i64)
    }

    /// A limited Golomb code (A.5.3).
    fn golomb(&mut self, k: u32, limit: u32, qbpp: u32) -> Option<i64> {
        let mut zeros = 0;
        while self.read(1)? == 0 {
            zeros += 1;
            if zeros > limit {
                return None;
            }
        }
        match zeros < limit - qbpp - 1 {
            true => Some(i64::from(zeros) << k | self.read(k)?),
            false => Some(self.read(qbpp)? + 1),
        }
    }
}
