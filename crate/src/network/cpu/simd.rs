//! Vectors, blocks of them, and what is computed in them. The kernels are written once, for any [`Simd`]; each width of
//! vectors is a type that implements it.
//!
//! What runs inside [`Simd::run`] must be inlined into it, or the compiler does without the instructions that are on only there.
//! Therefore the kernels are `#[inline(always)]`, and closures that they call more than once are so where there is a choice of
//! widths; and arrays of vectors are filled by loops, not by `map` and `from_fn`, which the compiler is free to call.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use wide::f32x4;

use crate::network::gelu::{COEFFICIENTS, LIMIT};

/// Numbers that one instruction computes with.
pub trait Vector:
    Copy + Add<Output = Self> + AddAssign + Div<Output = Self> + Mul<Output = Self> + Sub<Output = Self>
{
    /// self × b + c, rounded once where the processor does so at no more than the price of a multiplication, else twice.
    fn multiply_add(self, b: Self, c: Self) -> Self;
    /// Without the signs.
    fn magnitude(self) -> Self;
    /// The larger of each two numbers. What happens to NaN is not defined.
    fn larger(self, other: Self) -> Self;
    /// The smaller of each two numbers.
    fn smaller(self, other: Self) -> Self;
    /// Writes it to the start of a slice.
    fn store(self, target: &mut [f32]);
}

/// Vectors with consecutive channels of one pixel.
pub trait Block: Copy + AsRef<[Self::Vector]> + AsMut<[Self::Vector]> {
    type Vector: Vector;

    /// All the same.
    fn splat(vector: Self::Vector) -> Self;

    /// self + other
    #[inline(always)]
    fn plus(mut self, other: Self) -> Self {
        for (vector, other) in self.as_mut().iter_mut().zip(other.as_ref()) {
            *vector += *other;
        }
        self
    }

    /// The larger of each two numbers.
    #[inline(always)]
    fn larger(mut self, other: Self) -> Self {
        for (vector, other) in self.as_mut().iter_mut().zip(other.as_ref()) {
            *vector = vector.larger(*other);
        }
        self
    }

    /// self × b + c
    #[inline(always)]
    fn multiply_add(self, b: Self, mut c: Self) -> Self {
        let factors = self.as_ref().iter().zip(b.as_ref());
        for (sum, (a, b)) in c.as_mut().iter_mut().zip(factors) {
            *sum = a.multiply_add(*b, *sum);
        }
        c
    }
}

impl<V: Vector, const N: usize> Block for [V; N] {
    type Vector = V;

    #[inline(always)]
    fn splat(vector: V) -> Self {
        [vector; N]
    }
}

/// A width of vectors. A value of it is the proof that this processor has the instructions.
pub trait Simd: Copy + Debug + Send + Sync {
    type Vector: Vector;
    type Block: Block<Vector = Self::Vector>;
    /// The numbers of a block in memory.
    type Numbers: Copy;

    /// Numbers in a vector.
    const LANES: usize;
    /// Channels of a block.
    const BLOCK: usize;

    /// Runs `work`, and what is inlined into it, with the instructions of this width.
    fn run<R>(self, work: impl FnOnce() -> R) -> R;
    fn splat(self, value: f32) -> Self::Vector;
    /// The vector at the start of a slice.
    fn vector(self, values: &[f32]) -> Self::Vector;
    fn block(self, numbers: &Self::Numbers) -> Self::Block;
    /// Weights or biases as whole blocks.
    fn numbers(values: &[f32]) -> &[Self::Numbers];

    /// The block at the start of a slice.
    #[inline(always)]
    fn block_at(self, values: &[f32]) -> Self::Block {
        self.block(&Self::numbers(&values[..Self::BLOCK])[0])
    }

    /// Writes a block to the start of a slice.
    #[inline(always)]
    fn store(self, target: &mut [f32], block: Self::Block) {
        let target = &mut target[..Self::BLOCK];
        for (vector, target) in block
            .as_ref()
            .iter()
            .zip(target.chunks_exact_mut(Self::LANES))
        {
            vector.store(target);
        }
    }

    /// GELU of a block.
    #[inline(always)]
    fn gelu(self, mut x: Self::Block) -> Self::Block {
        for vector in x.as_mut() {
            *vector = gelu(self, *vector);
        }
        x
    }
}

/// GELU in its erf form, as [`gelu`](crate::network::gelu) describes.
#[inline(always)]
fn gelu<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    let t = x.magnitude().smaller(simd.splat(LIMIT));
    let mut d = simd.splat(COEFFICIENTS[COEFFICIENTS.len() - 1]);
    for coefficient in COEFFICIENTS.iter().rev().skip(1) {
        d = d.multiply_add(t, simd.splat(*coefficient));
    }
    let squared = d * d;
    let fourth = squared * squared;
    x.larger(simd.splat(0.0)) - t * simd.splat(0.5) / (fourth * fourth)
}

/// Vectors of four, which every processor has that Delineo runs on: SSE2, NEON and WebAssembly's. Blocks are two of them.
#[derive(Clone, Copy, Debug)]
pub struct Four;

impl Vector for f32x4 {
    #[inline(always)]
    fn multiply_add(self, b: Self, c: Self) -> Self {
        #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
        return core::arch::wasm32::f32x4_relaxed_madd(self.into(), b.into(), c.into()).into();
        #[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
        self.mul_add(b, c)
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.fast_max(other)
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        self.fast_min(other)
    }

    #[inline(always)]
    fn store(self, target: &mut [f32]) {
        target[..Four::LANES].copy_from_slice(&self.to_array());
    }
}

impl Simd for Four {
    type Vector = f32x4;
    type Block = [f32x4; 2];
    type Numbers = [f32; Self::BLOCK];

    const LANES: usize = 4;
    const BLOCK: usize = 8;

    #[inline(always)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    fn splat(self, value: f32) -> f32x4 {
        f32x4::splat(value)
    }

    #[inline(always)]
    fn vector(self, values: &[f32]) -> f32x4 {
        let mut lanes = [0.0; Self::LANES];
        lanes.copy_from_slice(&values[..Self::LANES]);
        f32x4::from(lanes)
    }

    #[inline(always)]
    fn block(self, numbers: &[f32; Self::BLOCK]) -> [f32x4; 2] {
        let [a, b, c, d, e, f, g, h] = *numbers;
        [f32x4::from([a, b, c, d]), f32x4::from([e, f, g, h])]
    }

    #[inline(always)]
    fn numbers(values: &[f32]) -> &[[f32; Self::BLOCK]] {
        values.as_chunks().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::cpu::width::{Width, with_width};

    /// Values of `x Φ(x)` in double precision.
    #[test]
    fn gelu_is_the_erf_form_in_every_width() {
        for (x, expected) in [
            (-12.0_f32, -2.131778534e-32),
            (-6.0, -5.919525870e-09),
            (-5.5, -1.044425936e-07),
            (-4.0, -1.266849673e-04),
            (-2.5, -1.552416331e-02),
            (-1.25, -1.320622171e-01),
            (-0.75, -1.699705143e-01),
            (-0.1, -4.601721627e-02),
            (0.0, 0.000000000e+00),
            (0.001, 5.003989422e-04),
            (0.3, 1.853734267e-01),
            (0.75, 5.800294857e-01),
            (1.0, 8.413447461e-01),
            (2.5, 2.484475837e+00),
            (5.5, 5.499999896e+00),
            (8.0, 8.000000000e+00),
        ] {
            for width in Width::all() {
                let mut lanes = [f32::NAN; 16];
                with_width!(width, |simd, _TILE| gelu(simd, simd.splat(x))
                    .store(&mut lanes));
                let error = f64::from(lanes[0]) - expected;
                let tolerance = 1.5e-7_f64.max(1e-7 * f64::from(x.abs()));
                assert!(
                    error.abs() < tolerance,
                    "gelu({x}) is off by {error:e} in {width:?}"
                );
            }
        }
    }
}
