//! An image and its true mask on disk.

use std::path::PathBuf;

use image::RgbImage;

use super::files::{at, fault, read, read_mask, same_size};
use super::part::Part;
use crate::mask::Mask;
use crate::{Error, imaging};

/// An image and its true mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The image's file name without its ending.
    pub name: String,
    /// The image's file.
    pub image: PathBuf,
    /// The files whose union is the mask, usually one; none for an image without a lesion, whose mask is all zero.
    pub masks: Vec<PathBuf>,
    /// What the pair is used for.
    pub part: Part,
    /// Near-duplicates share it; the name where there are none.
    pub group: String,
}

impl Pair {
    /// Decodes the files; the image is upright as [`imaging::decode`] makes it, and the mask has its size.
    ///
    /// # Errors
    /// [`Error::Data`] with the file that cannot be used and why.
    pub fn load(&self) -> Result<(RgbImage, Mask), Error> {
        let image = self.image().map_err(fault)?;
        let (width, height) = image.dimensions();
        let mut bits = vec![0; width as usize * height as usize];
        for path in &self.masks {
            let (mask, _) = read_mask(path).map_err(fault)?;
            same_size(path, &mask, (width, height)).map_err(fault)?;
            for (bit, part) in bits.iter_mut().zip(mask.bits()) {
                *bit |= part;
            }
        }
        Ok((image, Mask::new(width, height, bits)))
    }

    fn image(&self) -> Result<RgbImage, String> {
        let decoded = imaging::decode(&read(&self.image)?);
        Ok(decoded.map_err(|error| at(&self.image, error))?.image)
    }

    /// What is wrong with the files, found from the image's header and the mask's pixels.
    pub(super) fn faults(&self) -> Vec<String> {
        let size = read(&self.image)
            .and_then(|bytes| imaging::size(&bytes).map_err(|error| at(&self.image, error)));
        let of_mask = |path: &PathBuf| {
            let (mask, levels) = read_mask(path)?;
            levels.check(path)?;
            match &size {
                Ok(size) => same_size(path, &mask, *size),
                Err(_) => Ok(()),
            }
        };
        let masks = self.masks.iter().filter_map(|path| of_mask(path).err());
        let masks: Vec<_> = masks.collect();
        size.err().into_iter().chain(masks).collect()
    }
}
