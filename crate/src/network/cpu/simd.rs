//! Vectors of four numbers, blocks of two vectors, and what is computed in them.

use wide::f32x4;

use crate::network::gelu::{COEFFICIENTS, LIMIT};

/// Numbers in a vector.
pub const LANES: usize = 4;
/// Channels of a block: two vectors.
pub const BLOCK: usize = 2 * LANES;

/// The vector of four numbers.
pub fn load(values: &[f32; LANES]) -> f32x4 {
    f32x4::from(*values)
}

/// The vector at the start of a slice.
#[inline(always)]
pub fn vector(values: &[f32]) -> f32x4 {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&values[..LANES]);
    load(&lanes)
}

/// Writes a vector to the start of a slice.
#[inline(always)]
pub fn set(target: &mut [f32], value: f32x4) {
    target[..LANES].copy_from_slice(&value.to_array());
}

/// The two vectors of a block.
#[inline(always)]
pub fn halves(block: &[f32; BLOCK]) -> (f32x4, f32x4) {
    let [a, b, c, d, e, f, g, h] = *block;
    (load(&[a, b, c, d]), load(&[e, f, g, h]))
}

/// The two vectors at the start of a slice.
#[inline(always)]
pub fn vectors(values: &[f32]) -> [f32x4; 2] {
    let mut block = [0.0; BLOCK];
    block.copy_from_slice(&values[..BLOCK]);
    let (low, high) = halves(&block);
    [low, high]
}

/// Writes two vectors to the start of a slice.
#[inline(always)]
pub fn store(target: &mut [f32], values: [f32x4; 2]) {
    target[..LANES].copy_from_slice(&values[0].to_array());
    target[LANES..BLOCK].copy_from_slice(&values[1].to_array());
}

/// a × b + c, rounded once where the processor does so at no more than the price of a multiplication, else twice.
#[inline(always)]
pub fn multiply_add(a: f32x4, b: f32x4, c: f32x4) -> f32x4 {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    return core::arch::wasm32::f32x4_relaxed_madd(a.into(), b.into(), c.into()).into();
    #[cfg(not(all(target_arch = "wasm32", target_feature = "relaxed-simd")))]
    a.mul_add(b, c)
}

/// GELU in its erf form, as [`gelu`](crate::network::gelu) describes.
#[inline(always)]
pub fn gelu(x: f32x4) -> f32x4 {
    let t = x.abs().fast_min(f32x4::splat(LIMIT));
    let [lower @ .., last] = COEFFICIENTS;
    let d = lower.into_iter().rfold(f32x4::splat(last), |sum, c| {
        multiply_add(sum, t, f32x4::splat(c))
    });
    let squared = d * d;
    let fourth = squared * squared;
    x.fast_max(f32x4::ZERO) - t * 0.5 / (fourth * fourth)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `x Φ(x)` in double precision.
    #[test]
    fn gelu_is_the_erf_form() {
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
            let found = gelu(f32x4::splat(x)).to_array()[0];
            let error = f64::from(found) - expected;
            let tolerance = 1.5e-7_f64.max(1e-7 * f64::from(x.abs()));
            assert!(error.abs() < tolerance, "gelu({x}) is off by {error:e}");
        }
    }
}
