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

use wide::f32x4;

use super::dense::{TILE, multiply_in_runs};
use super::map::Map;
use super::simd::{BLOCK, LANES, halves, multiply_add, set, store, vector};

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

/// A 3×3 convolution's weights, transformed: `[product][output / BLOCK][input][BLOCK]`.
#[derive(Debug)]
pub struct Winograd {
    weights: Vec<[f32; BLOCK]>,
    bias: Vec<[f32; BLOCK]>,
    /// Input channels, a multiple of the vectors' lanes.
    inputs: usize,
}

/// Memory for intermediate results, reused from one convolution to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Six rows of the map, transformed downwards.
    rows: Vec<f32>,
    /// `[product][tile][input]`.
    columns: Vec<f32>,
    /// `[product][tile][output]`.
    products: Vec<f32>,
}

impl Winograd {
    /// From weights `[output][input][3 × 3]`; `None` where the inputs do not fill vectors.
    pub fn new(weights: &[f32], bias: &[[f32; BLOCK]]) -> Option<Self> {
        let outputs = bias.len() * BLOCK;
        let inputs = weights.len() / (outputs * 9);
        if !inputs.is_multiple_of(LANES) {
            return None;
        }
        let mut transformed = vec![[0.0; BLOCK]; PRODUCTS * bias.len() * inputs];
        for (index, kernel) in weights.as_chunks::<9>().0.iter().enumerate() {
            let (output, input) = (index / inputs, index % inputs);
            for (product, value) in transform_kernel(kernel).into_iter().enumerate() {
                let at = (product * bias.len() + output / BLOCK) * inputs + input;
                transformed[at][output % BLOCK] = value;
            }
        }
        Some(Self {
            weights: transformed,
            bias: bias.to_vec(),
            inputs,
        })
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
    /// the sums of a block.
    pub fn apply(
        &self,
        x: &Map,
        y: usize,
        count: usize,
        workspace: &mut Workspace,
        mut finish: impl FnMut(usize, usize, usize, [f32x4; 2]),
    ) {
        let across = x.width / SIDE;
        // Whole groups for the product; the tiles that pad the last one are computed and ignored.
        let tiles = (count / SIDE * across).next_multiple_of(TILE);
        let outputs = self.bias.len() * BLOCK;
        workspace
            .columns
            .resize(PRODUCTS * tiles * self.inputs, 0.0);
        workspace.products.resize(PRODUCTS * tiles * outputs, 0.0);
        for row in 0..count / SIDE {
            self.transform_inputs(x, y + row * SIDE, row * across, tiles, workspace);
        }
        self.multiply(tiles, workspace);
        for tile in 0..count / SIDE * across {
            let (row, column) = (tile / across * SIDE, tile % across * SIDE);
            for (block, bias) in self.bias.iter().enumerate() {
                let start = tile * outputs + block * BLOCK;
                let sums = gather(&workspace.products[start..], tiles * outputs);
                let (low, high) = halves(bias);
                for (index, [a, b]) in sums.into_iter().enumerate() {
                    let (down, right) = (index / SIDE, index % SIDE);
                    finish(
                        row + down,
                        column + right,
                        block * BLOCK,
                        [a + low, b + high],
                    );
                }
            }
        }
    }

    /// One row of tiles, whose first is number `first` of `tiles`.
    fn transform_inputs(
        &self,
        x: &Map,
        y: usize,
        first: usize,
        tiles: usize,
        workspace: &mut Workspace,
    ) {
        let (window, stride, inputs) = (x.window(y, 1), x.stride(), self.inputs);
        let length = (x.width + 2) * inputs;
        let Workspace { rows, columns, .. } = workspace;
        rows.resize(POINTS * length, 0.0);
        let lines: [&[f32]; POINTS] =
            std::array::from_fn(|line| &window[line * stride..line * stride + length]);
        for at in (0..length).step_by(LANES) {
            let values = transform(lines.map(|line| vector(&line[at..])));
            for (point, value) in values.into_iter().enumerate() {
                set(&mut rows[point * length + at..], value);
            }
        }
        for (point, row) in rows.chunks_exact(length).enumerate() {
            for tile in 0..x.width / SIDE {
                let pixels = &row[tile * SIDE * inputs..(tile * SIDE + POINTS) * inputs];
                let target = (point * POINTS * tiles + first + tile) * inputs;
                for at in (0..inputs).step_by(LANES) {
                    let values =
                        std::array::from_fn(|pixel| vector(&pixels[pixel * inputs + at..]));
                    for (column, value) in transform(values).into_iter().enumerate() {
                        set(&mut columns[target + column * tiles * inputs + at..], value);
                    }
                }
            }
        }
    }

    /// The 36 products of matrices.
    fn multiply(&self, tiles: usize, workspace: &mut Workspace) {
        let (inputs, blocks) = (self.inputs, self.bias.len());
        let outputs = blocks * BLOCK;
        let columns = workspace.columns.chunks_exact(tiles * inputs);
        let products = workspace.products.chunks_exact_mut(tiles * outputs);
        let weights = self.weights.chunks_exact(blocks * inputs);
        for ((columns, products), weights) in columns.zip(products).zip(weights) {
            for (block, weights) in weights.chunks_exact(inputs).enumerate() {
                let groups = columns
                    .chunks_exact(TILE * inputs)
                    .zip(products.chunks_exact_mut(TILE * outputs));
                for (source, target) in groups {
                    let sums =
                        multiply_in_runs(weights, source, inputs, inputs, [[f32x4::ZERO; 2]; TILE]);
                    for (tile, sums) in sums.into_iter().enumerate() {
                        store(&mut target[tile * outputs + block * BLOCK..], sums);
                    }
                }
            }
        }
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
fn transform([a, b, c, d, e, f]: [f32x4; POINTS]) -> [f32x4; POINTS] {
    let [near, far] = [NEAR, FAR].map(f32x4::splat);
    let [near2, far2] = [-NEAR * NEAR, -FAR * FAR].map(f32x4::splat);
    let [sum, product] = [-NEAR * NEAR - FAR * FAR, NEAR * NEAR * FAR * FAR].map(f32x4::splat);
    let (near_even, near_odd) = (multiply_add(c, far2, e), multiply_add(b, far2, d) * near);
    let (far_even, far_odd) = (multiply_add(c, near2, e), multiply_add(b, near2, d) * far);
    [
        multiply_add(a, product, multiply_add(c, sum, e)),
        near_even + near_odd,
        near_even - near_odd,
        far_even + far_odd,
        far_even - far_odd,
        multiply_add(b, product, multiply_add(d, sum, f)),
    ]
}

/// `Aᵀ` times a column of six: the powers of the points.
#[inline(always)]
fn untransform([a, b, c, d, e, f]: [f32x4; POINTS]) -> [f32x4; SIDE] {
    let power = |point: f32, exponent: i32| f32x4::splat(point.powi(exponent));
    let (near_sum, near_difference) = (b + c, b - c);
    let (far_sum, far_difference) = (d + e, d - e);
    let mix = |near: f32x4, far: f32x4, exponent: i32| {
        near.mul_add(power(NEAR, exponent), far * power(FAR, exponent))
    };
    [
        a + near_sum + far_sum,
        mix(near_difference, far_difference, 1),
        mix(near_sum, far_sum, 2),
        mix(near_difference, far_difference, 3) + f,
    ]
}

/// `Aᵀ M A` for one tile and block: `step` numbers lie between the products.
#[inline(always)]
fn gather(products: &[f32], step: usize) -> [[f32x4; 2]; SIDE * SIDE] {
    let mut result = [[f32x4::ZERO; 2]; SIDE * SIDE];
    for half in 0..2 {
        let mut lines = [[f32x4::ZERO; POINTS]; SIDE];
        for column in 0..POINTS {
            let values = untransform(std::array::from_fn(|row| {
                vector(&products[(row * POINTS + column) * step + half * LANES..])
            }));
            for (line, value) in lines.iter_mut().zip(values) {
                line[column] = value;
            }
        }
        for (row, line) in lines.into_iter().enumerate() {
            for (column, value) in untransform(line).into_iter().enumerate() {
                result[row * SIDE + column][half] = value;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_what_the_definition_of_a_convolution_gives() {
        let kernel: [f32; 9] = std::array::from_fn(|tap| ((tap * 5) % 7) as f32 - 2.0);
        let (inputs, side) = (LANES, 2 * SIDE);
        let mut weights = vec![0.0; BLOCK * inputs * 9];
        for output in 0..BLOCK {
            for input in 0..inputs {
                for (tap, value) in kernel.iter().enumerate() {
                    let scale = (1 + output + input) as f32;
                    weights[(output * inputs + input) * 9 + tap] = value * scale;
                }
            }
        }
        let planes: Vec<f32> = (0..inputs * side * side)
            .map(|index| ((index * 13) % 11) as f32 - 5.0)
            .collect();
        let x = Map::from_planes(&planes, side, side, inputs, 1);
        let Some(convolution) = Winograd::new(&weights, &[[1.0; BLOCK]]) else {
            panic!("four inputs fill a vector");
        };
        let mut found = vec![f32::NAN; BLOCK * side * side];
        let count = Winograd::rows_at_once(&x);
        for y in (0..side).step_by(count) {
            convolution.apply(
                &x,
                y,
                count,
                &mut Workspace::default(),
                |row, column, _, sums| {
                    for (half, sum) in sums.into_iter().enumerate() {
                        for (lane, value) in sum.to_array().into_iter().enumerate() {
                            found[((half * LANES + lane) * side + y + row) * side + column] = value;
                        }
                    }
                },
            );
        }
        for (index, found) in found.iter().enumerate() {
            let (output, y, x) = (index / (side * side), index / side % side, index % side);
            let mut expected = 1.0;
            for input in 0..inputs {
                for tap in 0..9 {
                    let (row, column) =
                        ((y + tap / 3).wrapping_sub(1), (x + tap % 3).wrapping_sub(1));
                    if row < side && column < side {
                        expected += planes[(input * side + row) * side + column]
                            * weights[(output * inputs + input) * 9 + tap];
                    }
                }
            }
            // Outputs are whole numbers of up to some hundreds; single precision keeps seven digits.
            assert!(
                (found - expected).abs() < 1e-3,
                "output {output} at {y}, {x}: {found}, not {expected}"
            );
        }
    }
}
