//! The three published sizes, and what else tells two networks apart.

use std::fmt;
use std::str::FromStr;

use super::SIDE_MULTIPLE;
use crate::Error;

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
    /// Name and shape of every tensor in the authors' state dict, `num_batches_tracked` apart.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut list = Tensors(Vec::new());
        let (dims, depths, kernels) = (
            self.variant.dims(),
            self.variant.depths(),
            self.variant.kernels(),
        );
        list.conv("stem.conv.0", [dims[0], self.in_channels, 3, 3]);
        list.norm("stem.conv.1", dims[0]);
        for stage in 0..5 {
            let (c, out, k) = (dims[stage.max(1) - 1], dims[stage], kernels[stage]);
            let encoder = format!("encoder{}", stage + 1);
            for layer in 0..depths[stage] {
                let block = format!("{encoder}.block.{layer}");
                list.conv(&format!("{block}.0.fn.0"), [c, 1, k, k]);
                list.norm(&format!("{block}.0.fn.2"), c);
                list.conv(&format!("{block}.1"), [4 * c, c, 1, 1]);
                list.norm(&format!("{block}.3"), 4 * c);
                list.conv(&format!("{block}.4"), [c, 4 * c, 1, 1]);
                list.norm(&format!("{block}.6"), c);
            }
            list.conv(&format!("{encoder}.up.conv.0"), [out, c, 3, 3]);
            list.norm(&format!("{encoder}.up.conv.1"), out);
        }
        for stage in (1..5).rev() {
            let (deep, c) = (dims[stage], dims[stage - 1]);
            let (up, fusion) = (
                format!("Up{}.up", stage + 1),
                format!("Up_conv{}.conv", stage + 1),
            );
            list.conv(&format!("{up}.1"), [c, deep, 3, 3]);
            list.norm(&format!("{up}.2"), c);
            list.conv(&format!("{fusion}.0"), [2 * c, c, 3, 3]);
            list.norm(&format!("{fusion}.2"), 2 * c);
            list.conv(&format!("{fusion}.3"), [4 * c, 2 * c, 1, 1]);
            list.norm(&format!("{fusion}.5"), 4 * c);
            list.conv(&format!("{fusion}.6"), [c, 4 * c, 1, 1]);
            list.norm(&format!("{fusion}.8"), c);
        }
        list.conv("Conv_1x1", [self.classes, dims[0], 1, 1]);
        list.0
    }

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

    /// Trainable numbers; running statistics are not counted, as is the custom.
    pub fn parameters(&self) -> usize {
        self.tensors()
            .iter()
            .filter(|(name, _)| !name.contains(".running_"))
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }
}

struct Tensors(Vec<(String, Vec<usize>)>);

impl Tensors {
    fn conv(&mut self, name: &str, weight: [usize; 4]) {
        self.0.push((format!("{name}.weight"), weight.to_vec()));
        self.0.push((format!("{name}.bias"), vec![weight[0]]));
    }

    fn norm(&mut self, name: &str, channels: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.0.push((format!("{name}.{part}"), vec![channels]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts from the authors' table, facts read with PyTorch's `numel`.
    #[test]
    fn the_variants_have_the_published_number_of_parameters() {
        for (variant, expected) in [
            (Variant::S, 417_505),
            (Variant::Base, 3_149_185),
            (Variant::L, 8_286_721),
        ] {
            let architecture = Architecture {
                variant,
                in_channels: 3,
                classes: 1,
            };
            assert_eq!(architecture.parameters(), expected, "{variant}");
        }
    }
}
