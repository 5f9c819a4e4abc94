//! The three published sizes, and what else fixes the shapes of a network's tensors.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Input sides must be multiples of this: four poolings, each halving.
pub const SIDE_MULTIPLE: usize = 16;

/// The published sizes of CMUNeXt (paper, table 3; the authors' `cmunext_s`, `cmunext`, `cmunext_l`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// 0.42 M parameters.
    S,
    /// 3.1 M parameters.
    Base,
    /// 8.3 M parameters.
    L,
}

impl Variant {
    /// All of them, smallest first.
    pub const ALL: [Self; 3] = [Self::S, Self::Base, Self::L];

    /// Channels that leave each encoder stage.
    pub const fn dims(self) -> [usize; 5] {
        match self {
            Self::S => [8, 16, 32, 64, 128],
            Self::Base => [16, 32, 128, 160, 256],
            Self::L => [32, 64, 128, 256, 512],
        }
    }

    /// Large-kernel layers in each encoder stage.
    pub const fn depths(self) -> [usize; 5] {
        match self {
            Self::S => [1, 1, 1, 1, 1],
            Self::Base => [1, 1, 1, 3, 1],
            Self::L => [1, 1, 1, 6, 3],
        }
    }

    /// Side of the depthwise kernel in each encoder stage.
    pub const fn kernels(self) -> [usize; 5] {
        match self {
            Self::S => [3, 3, 7, 7, 9],
            Self::Base | Self::L => [3, 3, 7, 7, 7],
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S => "S",
            Self::Base => "base",
            Self::L => "L",
        })
    }
}

impl FromStr for Variant {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|variant| variant.to_string().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::Manifest(format!("the variant {name:?} is none of S, base, L")))
    }
}

/// Everything that fixes the shapes of a network's tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// Published size.
    pub variant: Variant,
    /// Channels of the input image.
    pub in_channels: usize,
    /// Channels of the output, one logit map each.
    pub classes: usize,
}

impl Architecture {
    /// Whether an image of `values` numbers and the shape `[channels, height, width]` can be taken.
    ///
    /// # Errors
    /// [`Error::InputShape`] when the channels, the sides or the number of values do not fit.
    pub(super) fn check_image(
        &self,
        values: usize,
        [channels, height, width]: [usize; 3],
    ) -> Result<(), Error> {
        let fits = |side: usize| side > 0 && side.is_multiple_of(SIDE_MULTIPLE);
        let expected = self.in_channels;
        if channels == expected
            && fits(height)
            && fits(width)
            && values == channels * height * width
        {
            Ok(())
        } else {
            Err(Error::InputShape {
                channels: expected,
                found: vec![1, channels, height, width],
            })
        }
    }
}
