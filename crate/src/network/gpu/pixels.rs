//! From an image's bytes to the map that the stem reads, each byte through the table of its channel, as
//! [`crate::imaging::preprocess`] does on the CPU. So only a quarter of the map's bytes are uploaded, in the image's own order.
//!
//! ```text
//!    pixels, a word each            levels, for each channel       map, inside its margin
//!  ┌ 3210 3210 3210 … ┐           0 [ 256 numbers ]              ┌ v v v … ┐
//!  │ 3210 3210 3210 … │  ──▶      …                      ──▶     │ v v v … │   v: four channels
//!  └                  ┘           3 [ 256 numbers ]              └         ┘
//! ```

use cubecl::prelude::*;

use super::tile::*;

/// Values of a byte.
pub const LEVELS: usize = 256;

/// The map of an image. `levels` are [`LANES`] tables.
#[cube(launch)]
pub fn pixels(source: &[u32], levels: &[f32], target: &mut [Vec4], extent: Extent) {
    let x = ABSOLUTE_POS_X as usize;
    let y = ABSOLUTE_POS_Y as usize;
    if x < extent.width && y < extent.height {
        let word = source[y * extent.width + x];
        let mut value = Vec4::new(0.0);
        #[unroll]
        for lane in 0..LANES {
            let byte = (word >> comptime!(8 * lane as u32)) & 255u32;
            value.insert(lane, levels[byte as usize + comptime!(lane * LEVELS)]);
        }
        target[address(extent, x, y)] = value;
    }
}
