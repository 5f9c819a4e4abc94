//! The vectors of x86-64 that not every processor has, found at run time. The instructions come from `fearless_simd`, whose
//! tokens exist only where the processor has them, so that nothing here is unsafe.

use fearless_simd::prelude::*;
use fearless_simd::x86::{Avx2, Avx512};
use fearless_simd::{Level, Simd as _, f32x8, f32x16};

use super::simd::{Simd, Vector};

macro_rules! width {
    ($(#[$doc:meta])* $name:ident, $token:ty, $detect:ident, $vector:ident, $lanes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name($token);

        impl $name {
            /// The width, where the processor has it.
            pub fn detect() -> Option<Self> {
                Level::new().$detect().map(Self)
            }
        }

        impl Vector for $vector<$token> {
            #[inline(always)]
            fn multiply_add(self, b: Self, c: Self) -> Self {
                self.mul_add(b, c)
            }

            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                self.max(other)
            }

            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                self.min(other)
            }

            #[inline(always)]
            fn store(self, target: &mut [f32]) {
                self.store_slice(&mut target[..$lanes]);
            }
        }

        impl Simd for $name {
            type Vector = $vector<$token>;
            type Block = [$vector<$token>; 1];
            type Numbers = [f32; $lanes];

            const LANES: usize = $lanes;
            const BLOCK: usize = $lanes;

            #[inline(always)]
            fn run<R>(self, work: impl FnOnce() -> R) -> R {
                self.0.vectorize(work)
            }

            #[inline(always)]
            fn splat(self, value: f32) -> Self::Vector {
                $vector::splat(self.0, value)
            }

            #[inline(always)]
            fn vector(self, values: &[f32]) -> Self::Vector {
                $vector::from_slice(self.0, &values[..$lanes])
            }

            #[inline(always)]
            fn block(self, numbers: &[f32; $lanes]) -> Self::Block {
                [$vector::from_slice(self.0, numbers)]
            }

            #[inline(always)]
            fn numbers(values: &[f32]) -> &[[f32; $lanes]] {
                values.as_chunks().0
            }
        }
    };
}

width!(
    /// AVX2 with fused multiply-add: vectors of eight, blocks of one.
    Eight, Avx2, as_avx2, f32x8, 8
);
width!(
    /// AVX-512: vectors of sixteen, blocks of one.
    Sixteen, Avx512, as_avx512, f32x16, 16
);
