//! GELU in its erf form.

use cubecl::prelude::*;

use super::tile::*;

/// `x (1 + erf(x / √2)) / 2` for each lane.
///
/// erf by the rational minimax approximation over [-4, 4] that Eigen uses (`generic_fast_erf_float`); the absolute
/// error of GELU is below 1e-6 for |x| up to 8, and below 1e-7 |x| beyond, as on the CPU.
#[cube]
pub fn gelu(x: Vec4) -> Vec4 {
    let t = min(
        max(x * Vec4::new(0.707_106_77), Vec4::new(-4.0)),
        Vec4::new(4.0),
    );
    let s = t * t;
    let mut numerator = Vec4::new(-2.726_142_3e-10) * s + Vec4::new(2.770_681_4e-8);
    numerator = numerator * s + Vec4::new(-2.101_024e-6);
    numerator = numerator * s + Vec4::new(-5.692_506_4e-5);
    numerator = numerator * s + Vec4::new(-7.349_906_3e-4);
    numerator = numerator * s + Vec4::new(-2.954_6e-3);
    numerator = numerator * s + Vec4::new(-1.609_603_3e-2);
    let mut denominator = Vec4::new(-1.456_607_2e-5) * s + Vec4::new(-2.133_740_6e-4);
    denominator = denominator * s + Vec4::new(-1.682_827e-3);
    denominator = denominator * s + Vec4::new(-7.373_329e-3);
    denominator = denominator * s + Vec4::new(-1.426_473_9e-2);
    let half = x * Vec4::new(0.5);
    half * (t * numerator / denominator) + half
}
