//! In the place of `to_srgb.rs` where the feature `rare-formats` is off: nothing is converted here, and a file in colours
//! other than those of sRGB is one for a program with that feature.

use super::colour::{Colour, Converter, Profile, Unusable};
use crate::Error;

/// A way from a file's colours to sRGB: there is none.
pub(super) enum ToSrgb {}

/// Whether this build converts from the colours of a file.
///
/// # Errors
/// [`Error::RareFormat`] where there is something to convert.
pub(super) const fn check(profile: Option<&Profile>) -> Result<(), Error> {
    match profile {
        Some(_) => Err(Error::RareFormat),
        None => Ok(()),
    }
}

impl ToSrgb {
    pub const fn new(_: &Profile, _: Colour) -> Result<Option<Self>, Unusable> {
        Err(Unusable)
    }

    pub const fn name(&self) -> &str {
        match *self {}
    }

    pub const fn eight(&self) -> Result<Converter<u8>, Unusable> {
        match *self {}
    }

    pub const fn sixteen(&self) -> Result<Converter<u16>, Unusable> {
        match *self {}
    }
}
