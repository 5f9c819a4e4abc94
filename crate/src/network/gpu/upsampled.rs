//! Bilinear doubling (align_corners = false), then 3×3 convolution with its batch normalisation folded in, then ReLU:
//! the doubled map is never written.
//!
//! ```text
//!   source, 4 × 3 pixels          doubled, 6 × 4 pixels, in registers          target, 4 × 2 pixels
//!     i-1  i  i+1                    x-1  x  x+1 x+2
//!    ┌ s   s   s ┐ j-1    rows,     ┌ d   d   d   d ┐ y-1                        x = 2 i, y = 2 j
//!    │ s   s   s │ j      then      │ d   d   d   d │ y          3×3          ┌ s s ┐ y
//!    │ s   s   s │ j+1   columns    │ d   d   d   d │ y+1                     │ s s │
//!    └ s   s   s ┘ j+2    ──▶       │ d   d   d   d │            ──▶          │ s s │
//!                                   │ d   d   d   d │                         └ s s ┘
//!                                   └ d   d   d   d ┘ y+4
//! ```
//!
//! With half-pixel centres a doubled pixel is three parts of the source pixel it lies in and one of the next one on its
//! side: weights 3/4 and 1/4. Beyond the edge the source repeats its last pixel, whereas the convolution pads the
//! doubled map with zeros.

use cubecl::prelude::*;

use super::convolution::{STEP, rectify};
use super::tile::*;

/// Rows of a tile's source.
const SOURCE_ROWS: usize = ROWS / 2 + 2;
/// Columns of a tile's source.
const SOURCE_COLUMNS: usize = COLUMNS / 2 + 2;
/// Rows of a tile's doubled pixels.
const DOUBLED_ROWS: usize = ROWS + 2;
/// Columns of a tile's doubled pixels.
const DOUBLED_COLUMNS: usize = COLUMNS + 2;

/// Doubling, conv3×3, BN, ReLU. `source_extent` has half the sides of `extent`; the result goes to
/// blocks `to` onwards; the rest as for `convolution`.
#[cube(launch)]
pub fn upsampled_convolution(
    source: &[Vec4],
    weights: &[Vec4],
    target: &mut [Vec4],
    source_extent: Extent,
    extent: Extent,
    blocks: usize,
    weights_at: usize,
    bias_at: usize,
    to: usize,
) {
    let x = ABSOLUTE_POS_X as usize * COLUMNS;
    let y = ABSOLUTE_POS_Y as usize * ROWS;
    let group = ABSOLUTE_POS_Z as usize;
    if x < extent.width && y < extent.height {
        let mut sums = biased(weights, bias_at + group * VECTORS);
        // Source rows and columns, clamped to the image; in the margin's coordinates, so that -1 is a number.
        let mut rows = Array::<usize>::new(SOURCE_ROWS);
        #[unroll]
        for row in 0..SOURCE_ROWS {
            let wanted = y / 2 + row + comptime!(MARGIN - 1);
            rows[row] = wanted.clamp(
                MARGIN.runtime(),
                source_extent.height + comptime!(MARGIN - 1),
            ) * source_extent.stride;
        }
        let mut columns = Array::<usize>::new(SOURCE_COLUMNS);
        #[unroll]
        for column in 0..SOURCE_COLUMNS {
            let wanted = x / 2 + column + comptime!(MARGIN - 1);
            columns[column] = wanted.clamp(
                MARGIN.runtime(),
                source_extent.width + comptime!(MARGIN - 1),
            );
        }
        // Zero where the doubled map ends.
        let mut inside_rows = Array::<Vec4>::new(DOUBLED_ROWS);
        #[unroll]
        for row in 0..DOUBLED_ROWS {
            let inside = y + row >= 1 && y + row <= extent.height;
            inside_rows[row] = Vec4::new(select(inside, 1.0f32, 0.0f32));
        }
        let first_inside = Vec4::new(select(x >= 1, 1.0f32, 0.0f32));
        let last_inside = Vec4::new(select(x + COLUMNS < extent.width, 1.0f32, 0.0f32));

        for block in 0..blocks {
            let doubled = double(
                source,
                block * source_extent.plane,
                &rows,
                &columns,
                &inside_rows,
                first_inside,
                last_inside,
            );
            let at = weights_at + (group * blocks + block) * comptime!(3 * STEP);
            #[unroll]
            for kx in 0..3usize {
                let mut patch = Array::<Vec4>::new(comptime!(DOUBLED_ROWS * COLUMNS));
                #[unroll]
                for row in 0..DOUBLED_ROWS {
                    #[unroll]
                    for column in 0..COLUMNS {
                        patch[row * COLUMNS + column] =
                            doubled[row * DOUBLED_COLUMNS + column + kx];
                    }
                }
                #[unroll]
                for ky in 0..3usize {
                    multiply(
                        &mut sums,
                        &patch,
                        comptime!(ky * COLUMNS),
                        weights,
                        at + comptime!(kx * STEP + ky * LANES * VECTORS),
                    );
                }
            }
        }
        rectify(&mut sums);
        let to = address(extent, x, y) + (to + group * VECTORS) * extent.plane;
        store(&sums, target, extent, x, y, to);
    }
}

/// Doubled pixels of one block around a tile, row by row.
#[cube]
fn double(
    source: &[Vec4],
    plane: usize,
    rows: &Array<usize>,
    columns: &Array<usize>,
    inside_rows: &Array<Vec4>,
    first_inside: Vec4,
    last_inside: Vec4,
) -> Array<Vec4> {
    let near = Vec4::new(0.75);
    let far = Vec4::new(0.25);
    // Each source row doubled along x.
    let mut wide = Array::<Vec4>::new(comptime!(SOURCE_ROWS * DOUBLED_COLUMNS));
    #[unroll]
    for row in 0..SOURCE_ROWS {
        let left = source[plane + rows[row] + columns[0]];
        let middle = source[plane + rows[row] + columns[1]];
        let right = source[plane + rows[row] + columns[2]];
        wide[row * DOUBLED_COLUMNS] = (left * near + middle * far) * first_inside;
        wide[row * DOUBLED_COLUMNS + 1] = middle * near + left * far;
        wide[row * DOUBLED_COLUMNS + 2] = middle * near + right * far;
        wide[row * DOUBLED_COLUMNS + 3] = (right * near + middle * far) * last_inside;
    }
    let mut doubled = Array::<Vec4>::new(comptime!(DOUBLED_ROWS * DOUBLED_COLUMNS));
    #[unroll]
    for row in 0..DOUBLED_ROWS {
        // Doubled row y - 1 + row lies in source row (row + 1) / 2 of the four; its neighbour is above it for even rows
        // of the image, below for odd.
        let own = comptime!(row.div_ceil(2));
        let other = comptime!(if row % 2 == 1 { own - 1 } else { own + 1 });
        #[unroll]
        for column in 0..DOUBLED_COLUMNS {
            doubled[row * DOUBLED_COLUMNS + column] = (wide[own * DOUBLED_COLUMNS + column] * near
                + wide[other * DOUBLED_COLUMNS + column] * far)
                * inside_rows[row];
        }
    }
    doubled
}
