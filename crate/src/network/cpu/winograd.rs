//! 3×3 convolution with a quarter of the multiplications: Winograd's F(4×4, 3×3).
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016): with the matrices A, B, G of six
//! points, a tile `Y` of 4 × 4 outputs follows from a tile `d` of 6 × 6 inputs and a kernel `g` as
//!
//! ```text
//!   Y = Aᵀ [ Σ over inputs (G g Gᵀ) ⊙ (Bᵀ d B) ] A        36 multiplications for each input and output, not 144
//! ```
//!
//! `G g Gᵀ` is computed once. The rest is computed for a few rows of tiles at a time, so that it stays in the cache:
//!
//! ```text
//!   six rows of the map ─ Bᵀ down ─▶ six rows ─ B along ─▶ 36 matrices [tile][input]     (of `columns`)
//!                                                               │ × 36 matrices [input][output]
//!   4 × 4 outputs of each tile ◀─ A along ◀─ Aᵀ down ◀─ 36 matrices [tile][output]       (of `products`)
//! ```
//!
//! The choice of the points decides the rounding error. With 0, ±3/4, ±3/2 and ∞, and sums in runs, it is that of a plain sum
//! over all taps and inputs (5e-7 of the outputs' spread for 128 inputs, simulated against double precision), with the usual 0, ±1,
//! ±2 and ∞ three times that.

use super::buffers::{Workspace, at_least};
use super::dense::multiply_in_runs;
use super::map::Map;
use super::simd::{Block, Simd, Vector};
use super::width::Width;

/// Outputs along a side of a tile.
pub const SIDE: usize = 4;
/// Inputs along a side of a tile, and as many points.
const POINTS: usize = SIDE + 2;
/// Elementwise products of a tile.
const PRODUCTS: usize = POINTS * POINTS;
/// Tiles that share each load of the weights from memory, where there are so many.
const TILES: usize = 32;

/// The points are 0, ±`NEAR`, ±`FAR` and ∞.
const NEAR: f32 = 0.75;
const FAR: f32 = 1.5;

/// A 3×3 convolution's weights, transformed: `[product][output / block][input][block]`.
#[derive(Debug)]
pub struct Winograd {
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// Input channels, a multiple of the vectors' lanes.
    inputs: usize,
}

impl Winograd {
    /// From weights `[output][input][3 × 3]`, for a width whose blocks inputs and outputs fill.
    pub fn new(weights: &[f32], bias: &[f32], width: Width) -> Self {
        let (outputs, block) = (bias.len(), width.block());
        let inputs = weights.len() / (outputs * 9);
        let mut transformed = vec![0.0; PRODUCTS * outputs * inputs];
        for (index, kernel) in weights.as_chunks::<9>().0.iter().enumerate() {
            let (output, input) = (index / inputs, index % inputs);
            for (product, value) in transform_kernel(kernel).into_iter().enumerate() {
                let at = (product * outputs / block + output / block) * inputs + input;
                transformed[at * block + output % block] = value;
            }
        }
        Self {
            weights: transformed,
            bias: bias.to_vec(),
            inputs,
        }
    }

    /// Whether a map can be cut into whole tiles.
    pub fn fits(x: &Map) -> bool {
        x.height.is_multiple_of(SIDE) && x.width.is_multiple_of(SIDE)
    }

    /// Rows to compute at a time: fewer than are best for one thread where another would get none.
    pub fn rows_at_once(x: &Map) -> usize {
        let (across, down) = (x.width / SIDE, x.height / SIDE);
        let share = down.div_ceil(rayon::current_num_threads());
        TILES.div_ceil(across).min(share) * SIDE
    }

    /// Rows `y` to `y + count`, both multiples of [`SIDE`]: `finish` gets row (from 0), column, first output channel and
    /// the sums of a block. `N` tiles share each load of a weight.
    #[inline(always)]
    pub fn apply<S: Simd, const N: usize>(
        &self,
        simd: S,
        x: &Map,
        y: usize,
        count: usize,
        workspace: &mut Workspace,
        mut finish: impl FnMut(usize, usize, usize, S::Block),
    ) {
        let across = x.width / SIDE;
        // Whole groups for the product; the tiles that pad the last one are computed and ignored.
        let tiles = (count / SIDE * across).next_multiple_of(N);
        let outputs = self.bias.len();
        for row in 0..count / SIDE {
            self.transform_inputs(simd, x, y + row * SIDE, row * across, tiles, workspace);
        }
        self.multiply::<S, N>(simd, tiles, workspace);
        for tile in 0..count / SIDE * across {
            let (row, column) = (tile / across * SIDE, tile % across * SIDE);
            for (block, bias) in S::numbers(&self.bias).iter().enumerate() {
                let start = tile * outputs + block * S::BLOCK;
                let sums = gather(simd, &workspace.products[start..], tiles * outputs);
                let bias = simd.block(bias);
                for (index, sums) in sums.iter().enumerate() {
                    let (down, right) = (index / SIDE, index % SIDE);
                    finish(
                        row + down,
                        column + right,
                        block * S::BLOCK,
                        sums.plus(bias),
                    );
                }
            }
        }
    }

    /// One row of tiles, whose first is number `first` of `tiles`.
    fn transform_inputs<S: Simd>(
        &self,
        simd: S,
        x: &Map,
        y: usize,
        first: usize,
        tiles: usize,
        workspace: &mut Workspace,
    ) {
        simd.run(
            #[cfg_attr(target_arch = "x86_64", inline(always))]
            || {
                let (window, stride, inputs) = (x.window(y, 1), x.stride(), self.inputs);
                let length = (x.width + 2) * inputs;
                let Workspace { rows, columns, .. } = workspace;
                let rows = at_least(rows, POINTS * length);
                let columns = at_least(columns, PRODUCTS * tiles * inputs);
                let lines: [&[f32]; POINTS] =
                    std::array::from_fn(|line| &window[line * stride..line * stride + length]);
                for at in (0..length).step_by(S::LANES) {
                    let mut values = [simd.splat(0.0); POINTS];
                    for (value, line) in values.iter_mut().zip(&lines) {
                        *value = simd.vector(&line[at..]);
                    }
                    for (point, value) in transform(simd, values).iter().enumerate() {
                        value.store(&mut rows[point * length + at..]);
                    }
                }
                for (point, row) in rows.chunks_exact(length).enumerate() {
                    for tile in 0..x.width / SIDE {
                        let pixels = &row[tile * SIDE * inputs..(tile * SIDE + POINTS) * inputs];
                        let target = (point * POINTS * tiles + first + tile) * inputs;
                        for at in (0..inputs).step_by(S::LANES) {
                            let mut values = [simd.splat(0.0); POINTS];
                            for (pixel, value) in values.iter_mut().enumerate() {
                                *value = simd.vector(&pixels[pixel * inputs + at..]);
                            }
                            for (column, value) in transform(simd, values).iter().enumerate() {
                                let at = target + column * tiles * inputs + at;
                                value.store(&mut columns[at..]);
                            }
                        }
                    }
                }
            },
        );
    }

    /// The 36 products of matrices.
    fn multiply<S: Simd, const N: usize>(&self, simd: S, tiles: usize, workspace: &mut Workspace) {
        simd.run(
            #[cfg_attr(target_arch = "x86_64", inline(always))]
            || {
                let (inputs, outputs) = (self.inputs, self.bias.len());
                let Workspace {
                    columns, products, ..
                } = workspace;
                let columns = at_least(columns, PRODUCTS * tiles * inputs);
                let columns = columns.chunks_exact(tiles * inputs);
                let products = at_least(products, PRODUCTS * tiles * outputs);
                let products = products.chunks_exact_mut(tiles * outputs);
                let weights = S::numbers(&self.weights).chunks_exact(outputs / S::BLOCK * inputs);
                for ((columns, products), weights) in columns.zip(products).zip(weights) {
                    for (block, weights) in weights.chunks_exact(inputs).enumerate() {
                        let groups = columns
                            .chunks_exact(N * inputs)
                            .zip(products.chunks_exact_mut(N * outputs));
                        for (source, target) in groups {
                            let zeros = [S::Block::splat(simd.splat(0.0)); N];
                            let sums = multiply_in_runs::<S, N>(
                                simd, weights, source, inputs, inputs, zeros,
                            );
                            for (tile, sums) in sums.iter().enumerate() {
                                let at = tile * outputs + block * S::BLOCK;
                                simd.store(&mut target[at..], *sums);
                            }
                        }
                    }
                }
            },
        );
    }
}

/// `G g Gᵀ`. A row of G holds the first three powers of its point over the product of its distances from the others.
fn transform_kernel(kernel: &[f32; 9]) -> [f32; PRODUCTS] {
    let points = [0.0, NEAR, -NEAR, FAR, -FAR].map(f64::from);
    let mut rows = [[0.0, 0.0, 1.0]; POINTS];
    for (index, (row, point)) in rows.iter_mut().zip(points).enumerate() {
        let others = points
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let distances: f64 = others.map(|(_, other)| point - other).product();
        *row = [1.0, point, point * point].map(|power| power / distances);
    }
    std::array::from_fn(|product| {
        let (down, along) = (rows[product / POINTS], rows[product % POINTS]);
        let mut sum = 0.0;
        for (row, down) in down.iter().enumerate() {
            for (column, along) in along.iter().enumerate() {
                sum += down * along * f64::from(kernel[row * 3 + column]);
            }
        }
        sum as f32
    })
}

/// `Bᵀ` times a column of six: its rows are the polynomials that vanish at all points but one.
#[inline(always)]
fn transform<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::Vector; POINTS]) -> [S::Vector; POINTS] {
    let (near, far) = (simd.splat(NEAR), simd.splat(FAR));
    let (near2, far2) = (simd.splat(-NEAR * NEAR), simd.splat(-FAR * FAR));
    let sum = simd.splat(-NEAR * NEAR - FAR * FAR);
    let product = simd.splat(NEAR * NEAR * FAR * FAR);
    let (near_even, near_odd) = (c.multiply_add(far2, e), b.multiply_add(far2, d) * near);
    let (far_even, far_odd) = (c.multiply_add(near2, e), b.multiply_add(near2, d) * far);
    [
        a.multiply_add(product, c.multiply_add(sum, e)),
        near_even + near_odd,
        near_even - near_odd,
        far_even + far_odd,
        far_even - far_odd,
        b.multiply_add(product, d.multiply_add(sum, f)),
    ]
}

/// `Aᵀ` times a column of six: the powers of the points.
#[inline(always)]
fn untransform<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::Vector; POINTS]) -> [S::Vector; SIDE] {
    let (near, far) = (simd.splat(NEAR), simd.splat(FAR));
    let (near2, far2) = (simd.splat(NEAR * NEAR), simd.splat(FAR * FAR));
    let (near3, far3) = (simd.splat(NEAR * NEAR * NEAR), simd.splat(FAR * FAR * FAR));
    let (near_sum, near_difference) = (b + c, b - c);
    let (far_sum, far_difference) = (d + e, d - e);
    [
        a + near_sum + far_sum,
        near_difference.multiply_add(near, far_difference * far),
        near_sum.multiply_add(near2, far_sum * far2),
        near_difference.multiply_add(near3, far_difference * far3) + f,
    ]
}

/// `Aᵀ M A` for one tile and block: `step` numbers lie between the products.
#[inline(always)]
fn gather<S: Simd>(simd: S, products: &[f32], step: usize) -> [S::Block; SIDE * SIDE] {
    let zero = simd.splat(0.0);
    let mut result = [S::Block::splat(zero); SIDE * SIDE];
    for part in 0..S::BLOCK / S::LANES {
        let mut lines = [[zero; POINTS]; SIDE];
        for column in 0..POINTS {
            let mut values = [zero; POINTS];
            for (row, value) in values.iter_mut().enumerate() {
                let at = (row * POINTS + column) * step + part * S::LANES;
                *value = simd.vector(&products[at..]);
            }
            for (line, value) in lines.iter_mut().zip(&untransform(simd, values)) {
                line[column] = *value;
            }
        }
        for (row, line) in lines.iter().enumerate() {
            for (column, value) in untransform(simd, *line).iter().enumerate() {
                result[row * SIDE + column].as_mut()[part] = *value;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::cpu::buffers::BufferPool;
    use crate::network::cpu::width::with_width;

    #[test]
    fn it_gives_what_the_definition_of_a_convolution_gives_in_every_width() {
        let kernel: [f32; 9] = std::array::from_fn(|tap| ((tap * 5) % 7) as f32 - 2.0);
        // As many channels as fill a block of the widest.
        let (channels, side) = (16, 2 * SIDE);
        let mut weights = vec![0.0; channels * channels * 9];
        for output in 0..channels {
            for input in 0..channels {
                for (tap, value) in kernel.iter().enumerate() {
                    let scale = (1 + output + input % 4) as f32;
                    weights[(output * channels + input) * 9 + tap] = value * scale;
                }
            }
        }
        let planes: Vec<f32> = (0..channels * side * side)
            .map(|index| ((index * 13) % 11) as f32 - 5.0)
            .collect();
        let x = Map::from_planes(&planes, side, side, channels, 1, &BufferPool::default());
        for width in Width::all() {
            let convolution = Winograd::new(&weights, &[1.0; 16], width);
            let mut found = vec![f32::NAN; channels * side * side];
            let count = Winograd::rows_at_once(&x);
            let mut workspace = Workspace::default();
            with_width!(width, |simd, TILE| for y in (0..side).step_by(count) {
                let finish = |row, column, channel, sums| {
                    let mut block = [0.0; 16];
                    simd.store(&mut block, sums);
                    for (lane, value) in block.iter().take(width.block()).enumerate() {
                        found[((channel + lane) * side + y + row) * side + column] = *value;
                    }
                };
                convolution.apply::<_, TILE>(simd, &x, y, count, &mut workspace, finish);
            });
            for (index, found) in found.iter().enumerate() {
                let (output, y, x) = (index / (side * side), index / side % side, index % side);
                let mut expected = 1.0;
                for input in 0..channels {
                    for tap in 0..9 {
                        let (row, column) =
                            ((y + tap / 3).wrapping_sub(1), (x + tap % 3).wrapping_sub(1));
                        if row < side && column < side {
                            expected += planes[(input * side + row) * side + column]
                                * weights[(output * channels + input) * 9 + tap];
                        }
                    }
                }
                // Outputs are whole numbers of up to some thousands; single precision keeps seven digits.
                assert!(
                    (found - expected).abs() < 1e-2,
                    "{width:?}: output {output} at {y}, {x}: {found}, not {expected}"
                );
            }
        }
    }
}
