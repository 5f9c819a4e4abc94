//! The one approximation of GELU that the CPU and the GPU compute.
//!
//! GELU in its erf form is `x Φ(x)`, where Φ is the normal distribution. It is computed as `max(x, 0) - t Φ(-t)` with `t = |x|`, in
//! which nothing cancels, and `Φ(-t) ≈ 1 / (2 d(t)⁸)` with a polynomial `d`; the form is that of Abramowitz and Stegun, 7.1.28.
//! Beyond [`LIMIT`] the second term vanishes beside the first.
//!
//! The coefficients were fitted by Lawson's algorithm to the least maximum error of `t Φ(-t)`, 8e-9. Rounding included, GELU is
//! off by less than 1.5e-7 for |x| up to 1.5, and beyond that by less than 1e-7 |x|.

/// Coefficients of `d`, the constant first.
pub const COEFFICIENTS: [f32; 10] = [
    0.999_999_9,
    0.099_738_03,
    0.044_746_37,
    0.008_725_042,
    7.642_008e-4,
    3.107_782_7e-4,
    -1.033_864e-5,
    1.706_868_2e-5,
    -2.721_843e-6,
    3.888_716_5e-7,
];

/// Where `t` is cut off.
pub const LIMIT: f32 = 6.0;
