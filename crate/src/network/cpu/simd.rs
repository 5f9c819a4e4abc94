//! Vectors of four numbers, blocks of two vectors, and what is computed in them.

use wide::f32x4;

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

/// GELU in its erf form, `x (1 + erf(x / √2)) / 2`.
///
/// erf by the rational minimax approximation over [-4, 4] that Eigen uses (`generic_fast_erf_float`); the absolute
/// error of GELU is below 1e-6 for |x| up to 8, which a test checks.
#[inline(always)]
pub fn gelu(x: f32x4) -> f32x4 {
    let t = (x * std::f32::consts::FRAC_1_SQRT_2)
        .fast_max(f32x4::splat(-4.0))
        .fast_min(f32x4::splat(4.0));
    let t2 = t * t;
    let horner = |coefficients: &[f32]| {
        let (first, rest) = coefficients.split_first().unwrap_or((&0.0, &[]));
        rest.iter().fold(f32x4::splat(*first), |sum, c| {
            multiply_add(sum, t2, f32x4::splat(*c))
        })
    };
    let numerator = t * horner(&[
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_3e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ]);
    let denominator = horner(&[
        -1.456_607_2e-5,
        -2.133_740_6e-4,
        -1.682_827e-3,
        -7.373_329e-3,
        -1.426_473_9e-2,
    ]);
    let half = x * 0.5;
    multiply_add(half, numerator / denominator, half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `torch.nn.functional.gelu` in double precision.
    #[test]
    fn gelu_is_the_erf_form() {
        for (x, expected) in [
            (-4.0_f32, -0.000_126_684_97_f32),
            (-1.0, -0.158_655_25),
            (-0.5, -0.154_268_77),
            (0.0, 0.0),
            (0.3, 0.185_373_34),
            (1.0, 0.841_344_7),
            (2.5, 2.484_475_8),
            (8.0, 8.0),
        ] {
            let found = gelu(f32x4::splat(x)).to_array()[0];
            assert!(
                (found - expected).abs() < 1e-6,
                "gelu({x}) = {found}, not {expected}"
            );
        }
    }
}
