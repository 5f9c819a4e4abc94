//! [GELU](crate::network::gelu) for four channels at a time.

use cubecl::prelude::*;

use super::tile::*;
use crate::network::gelu::{COEFFICIENTS, LIMIT};

/// Terms of the polynomial beside its highest power.
const TERMS: usize = COEFFICIENTS.len() - 1;

/// `x Φ(x)` for each lane.
#[cube]
pub fn gelu(x: Vec4) -> Vec4 {
    let zero = Vec4::new(0.0);
    let t = min(max(x, zero - x), Vec4::new(LIMIT));
    let mut d = Vec4::new(comptime!(COEFFICIENTS[TERMS]));
    #[unroll]
    for term in 0..TERMS {
        d = d * t + Vec4::new(comptime!(COEFFICIENTS[TERMS - 1 - term]));
    }
    let squared = d * d;
    let fourth = squared * squared;
    max(x, zero) - t * Vec4::new(0.5) / (fourth * fourth)
}
