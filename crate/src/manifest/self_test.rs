//! The known answer by which a device shows that it runs a model as it should.

use serde::{Deserialize, Serialize};

/// A known answer: the logits that the network must give for a fixed input.
///
/// The input is made by [`self_test_input`], so that it needs no file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Side of the square input in pixels, a multiple of 16.
    pub side: usize,
    /// Logits of the first class on a regular grid of pixels, row by row: pixel `(side * (2i + 1) / (2n))`
    /// of each axis for `i` in `0..n`, where `n * n` is how many there are.
    pub logits: Vec<f32>,
    /// Largest absolute difference allowed.
    pub tolerance: f32,
}

/// The self-test's input, `[1, channels, side, side]` in about -2 to 2: a disc on a ramp with a fixed pattern of
/// noise, in integer arithmetic so that it is the same everywhere.
pub fn self_test_input(channels: usize, side: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_u32;
    let mut values = Vec::with_capacity(channels * side * side);
    for channel in 0..channels {
        for y in 0..side {
            for x in 0..side {
                // xorshift32 (Marsaglia 2003)
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                let ramp = ((x + 2 * y + 16 * channel) * 256 / (3 * side)) as i32;
                let (dx, dy) = (2 * x as i32 - side as i32, 2 * y as i32 - side as i32);
                let disc = if 4 * (dx * dx + dy * dy) < (side * side) as i32 {
                    -160
                } else {
                    0
                };
                let level = ramp + disc + (state >> 26) as i32;
                values.push((level - 128) as f32 / 64.0);
            }
        }
    }
    values
}
