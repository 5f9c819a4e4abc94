//! Which width of vectors a pass computes in: the widest that the processor has and that its channels fill.

use super::simd::{Four, Simd};
#[cfg(target_arch = "x86_64")]
use super::x86::{Eight, Sixteen};

/// A width, chosen when a network is made.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    Four(Four),
    /// AVX2 with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Eight(Eight),
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Sixteen(Sixteen),
}

/// Evaluates an expression with the [`Simd`] of a [`Width`], and with the number of pixels that share each load of a weight as a
/// constant: as many as leave a register for everything.
macro_rules! with_width {
    ($width:expr, |$simd:ident, $tile:ident| $work:expr) => {
        match $width {
            $crate::network::cpu::width::Width::Four($simd) => {
                const $tile: usize = 4;
                $work
            }
            #[cfg(target_arch = "x86_64")]
            $crate::network::cpu::width::Width::Eight($simd) => {
                const $tile: usize = 8;
                $work
            }
            #[cfg(target_arch = "x86_64")]
            $crate::network::cpu::width::Width::Sixteen($simd) => {
                const $tile: usize = 8;
                $work
            }
        }
    };
}
pub(super) use with_width;

impl Width {
    /// The widths that this processor has, the widest first.
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let wider = [
            Sixteen::detect().map(Self::Sixteen),
            Eight::detect().map(Self::Eight),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let wider: [Option<Self>; 0] = [];
        let all = wider.into_iter().flatten();
        all.chain([Self::Four(Four)]).collect()
    }

    /// Channels of a block.
    pub fn block(self) -> usize {
        match self {
            Self::Four(_) => Four::BLOCK,
            #[cfg(target_arch = "x86_64")]
            Self::Eight(_) => Eight::BLOCK,
            #[cfg(target_arch = "x86_64")]
            Self::Sixteen(_) => Sixteen::BLOCK,
        }
    }

    /// The first of the widths whose blocks these numbers of channels fill. Every number of channels in CMUNeXt fills those of
    /// the narrowest.
    pub fn filled(widths: &[Self], channels: &[usize]) -> Self {
        let fills = |width: &&Self| {
            channels
                .iter()
                .all(|count| count.is_multiple_of(width.block()))
        };
        widths
            .iter()
            .find(fills)
            .copied()
            .unwrap_or(Self::Four(Four))
    }
}
