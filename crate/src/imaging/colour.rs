//! What the channels of a pixel are, and what a file says about its colours.

/// What the channels of a pixel are, alpha aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Grey,
    Rgb,
    /// Four inks, 0 for none.
    Cmyk,
}

impl Colour {
    /// How many channels it has.
    pub const fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// What a file says about its colours.
#[derive(Clone, Debug)]
pub(super) enum Profile {
    /// An ICC profile, not yet read.
    Icc(Vec<u8>),
    /// The exponent from stored value to light, 1 for linear light, and the x and y of white, red, green and blue.
    Gamma(f32, Option<[f32; 8]>),
    /// Code points of ITU-T H.273 for the primaries and the transfer characteristics.
    CodePoints(u8, u8),
}

/// A profile is damaged, or one of other channels.
#[derive(Debug)]
pub(super) struct Unusable;

/// Converts whole pixels to RGB of sRGB. Both slices hold as many pixels.
pub(super) type Converter<T> = Box<dyn Fn(&[T], &mut [T]) -> Result<(), Unusable>>;
