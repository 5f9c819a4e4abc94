//! Data sets on disk: pairs of an image and its true mask, each in one part, checked before anything is computed.
//!
//! ```text
//! Layout ─ Dataset::open ─▶ Dataset ─ check ─▶ every fault, file by file
//!                              └─ pairs ─ Pair::load ─▶ RgbImage, Mask
//! ```
//!
//! Opening reads names only. [`Dataset::check`] reads the headers of images and the pixels of masks.

mod agreement;
mod files;
mod layout;
mod split;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use image::RgbImage;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::mask::Mask;
use crate::{Error, imaging};

pub use agreement::Agreement;
pub use layout::Layout;
pub use split::Split;

use files::{at, images_in, masks_in, read, read_mask, same_size};
use split::{Entry, divide, list, table};

/// What a pair is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The network learns from it.
    Train,
    /// Choices are made on it: epochs, thresholds, temperatures.
    Val,
    /// Looked at once, for the figures that are reported.
    Test,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        })
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|part| part.to_string() == text)
            .ok_or_else(|| format!("a part is train, val or test, not “{text}”"))
    }
}

/// An image and its true mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The image's file name without its ending.
    pub name: String,
    /// The image's file.
    pub image: PathBuf,
    /// The mask's file; none for an image without a lesion, whose mask is all zero.
    pub mask: Option<PathBuf>,
    /// What the pair is used for.
    pub part: Part,
    /// Near-duplicates share it; the name where there are none.
    pub group: String,
}

impl Pair {
    /// Decodes both files; the image is upright as [`imaging::decode`] makes it, and the mask has its size.
    ///
    /// # Errors
    /// [`Error::Data`] with the file that cannot be used and why.
    pub fn load(&self) -> Result<(RgbImage, Mask), Error> {
        let image = self.image().map_err(data)?;
        let (width, height) = image.dimensions();
        let mask = match &self.mask {
            None => Mask::new(width, height, vec![0; width as usize * height as usize]),
            Some(path) => {
                let (mask, _) = read_mask(path).map_err(data)?;
                same_size(path, &mask, (width, height)).map_err(data)?;
                mask
            }
        };
        Ok((image, mask))
    }

    fn image(&self) -> Result<RgbImage, String> {
        let decoded = imaging::decode(&read(&self.image)?);
        Ok(decoded.map_err(|error| at(&self.image, error))?.image)
    }

    /// What is wrong with the files, found from the image's header and the mask's pixels.
    fn faults(&self) -> Vec<String> {
        let size = read(&self.image)
            .and_then(|bytes| imaging::size(&bytes).map_err(|error| at(&self.image, error)));
        let mask = self.mask.as_deref().map(|path| {
            let (mask, levels) = read_mask(path)?;
            levels.check(path)?;
            match &size {
                Ok(size) => same_size(path, &mask, *size),
                Err(_) => Ok(()),
            }
        });
        let faults = [size.map(|_| ()).err(), mask.and_then(Result::err)];
        faults.into_iter().flatten().collect()
    }
}

/// Pairs of images and masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Name for reports and messages.
    pub name: String,
    /// In the order of their names, or of the table that lists them.
    pub pairs: Vec<Pair>,
}

impl Dataset {
    /// Lists the pairs of a layout without opening an image.
    ///
    /// A file that should be there and is not is listed all the same; [`Self::check`] names it.
    ///
    /// # Errors
    /// [`Error::File`] when a folder or list cannot be read, [`Error::Data`] with every line of a table that cannot be
    /// understood.
    pub fn open(layout: &Layout) -> Result<Self, Error> {
        let images = images_in(&layout.images)?;
        let masks = layout.masks.as_deref().map(masks_in).transpose()?;
        let mut entries = match &layout.split {
            Split::File(path) => table(path)?,
            Split::Lists { train, val } => {
                let mut entries = list(train, Part::Train)?;
                entries.extend(list(val, Part::Val)?);
                entries
            }
            Split::Names { list: names, part } => list(names, *part)?,
            Split::Seeded { .. } | Split::All(_) => {
                // A mask without an image is a fault too, so it is listed.
                let mut names: BTreeSet<&String> = images.keys().collect();
                names.extend(masks.iter().flat_map(BTreeMap::keys));
                let part = match layout.split {
                    Split::All(part) => part,
                    _ => Part::Train,
                };
                let entry = |name: &String| Entry {
                    name: name.clone(),
                    part,
                    group: name.clone(),
                };
                names.into_iter().map(entry).collect()
            }
        };
        if let Split::Seeded { fractions, seed } = layout.split {
            divide(&mut entries, fractions, seed)?;
        }
        let mut pairs = Vec::with_capacity(entries.len());
        for Entry { name, part, group } in entries {
            let missing = |folder: &Path| vec![folder.join(format!("{name}.png"))];
            let found = images.get(&name).cloned();
            let found = found.unwrap_or_else(|| missing(&layout.images));
            let truth = layout.masks.as_deref().zip(masks.as_ref());
            let truth = truth.map_or(vec![None], |(folder, files)| {
                let files = files.get(&name).cloned();
                let files = files.unwrap_or_else(|| missing(folder));
                files.into_iter().map(Some).collect()
            });
            // Two files of one name make two pairs, which the check finds.
            for image in &found {
                pairs.extend(truth.iter().map(|mask| Pair {
                    name: name.clone(),
                    image: image.clone(),
                    mask: mask.clone(),
                    part,
                    group: group.clone(),
                }));
            }
        }
        Ok(Self {
            name: layout.name.clone(),
            pairs,
        })
    }

    /// The pairs of one part.
    pub fn part(&self, part: Part) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(move |pair| pair.part == part)
    }

    /// Finds everything that is wrong with the needed parts: one that is empty, a missing or unreadable file, a mask of
    /// another size than its image or of other values than 0 and 255 or 0 and 1, a name that occurs twice. Near-duplicates
    /// in two parts are found over all parts.
    ///
    /// # Errors
    /// [`Error::Data`] with one line for each fault.
    pub fn check(&self, needed: &[Part]) -> Result<(), Error> {
        let mut faults = Vec::new();
        for part in needed {
            if self.part(*part).next().is_none() {
                faults.push(format!("{}: the {part} part is empty", self.name));
            }
        }
        let mut names = BTreeMap::<&str, usize>::new();
        let mut groups = BTreeMap::<&str, BTreeMap<Part, &str>>::new();
        for pair in &self.pairs {
            *names.entry(&pair.name).or_default() += 1;
            let parts = groups.entry(&pair.group).or_default();
            parts.entry(pair.part).or_insert(&pair.name);
        }
        for (name, _) in names.iter().filter(|(_, count)| **count > 1) {
            let pairs = self.pairs.iter().filter(|pair| pair.name == *name);
            let paths = pairs.flat_map(|pair| [Some(&pair.image), pair.mask.as_ref()]);
            let paths: BTreeSet<_> = paths.flatten().collect();
            let paths: Vec<_> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            faults.push(format!(
                "{}: the name {name} occurs twice ({})",
                self.name,
                paths.join(", ")
            ));
        }
        for (group, parts) in groups.iter().filter(|(_, parts)| parts.len() > 1) {
            let parts: Vec<_> = parts
                .iter()
                .map(|(part, name)| format!("{name} in {part}"))
                .collect();
            let parts = parts.join(", ");
            faults.push(format!(
                "{}: near-duplicates of the group {group} are in two parts: {parts}",
                self.name
            ));
        }
        let pairs = self.pairs.iter();
        faults.extend(
            pairs
                .filter(|pair| needed.contains(&pair.part))
                .flat_map(Pair::faults),
        );
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Data(faults))
        }
    }

    /// SHA-256, in hexadecimal, over the names, parts and bytes of all pairs, for the record of a training. It depends on
    /// neither the place of the files nor the order of the pairs.
    ///
    /// # Errors
    /// [`Error::Data`] with the first file that cannot be read.
    pub fn digest(&self) -> Result<String, Error> {
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort_by(|a, b| a.name.cmp(&b.name));
        let mut all = Sha256::new();
        for pair in pairs {
            let digest = |path: &Path| {
                let bytes = read(path).map_err(data)?;
                Ok::<_, Error>(crate::manifest::sha256(&bytes))
            };
            let image = digest(&pair.image)?;
            let mask = pair.mask.as_deref().map_or(Ok(String::new()), digest)?;
            all.update(format!("{}\t{}\t{image}\t{mask}\n", pair.name, pair.part));
        }
        Ok(format!("{:x}", all.finalize()))
    }
}

/// The error of one fault.
fn data(fault: String) -> Error {
    Error::Data(vec![fault])
}
