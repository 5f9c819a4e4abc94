//! Data sets on disk: pairs of an image and its true mask, each in one part, checked before anything is computed.
//!
//! ```text
//! Layout ─ Dataset::open ─▶ Dataset ─ check ─▶ every fault, file by file
//!                              └─ pairs ─ Pair::load ─▶ RgbImage, Mask
//! ```
//!
//! Opening reads names only. [`Dataset::check`] reads the headers of images and the pixels of masks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use image::RgbImage;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::mask::Mask;
use crate::{Error, imaging};

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

/// Where the files of a data set lie and how they are divided into parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Name for reports and messages.
    pub name: String,
    /// Folder of images, `NAME.png` and the like.
    pub images: PathBuf,
    /// Folder of masks, `NAME.png`, `NAME_mask.png` or `NAME_segmentation.png`; none when no image has a lesion.
    pub masks: Option<PathBuf>,
    /// How the images are divided.
    pub split: Split,
}

/// How a data set is divided into parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// A table with the columns `name`, `split` and, if there are any, `group` (near-duplicates share one), separated
    /// by tabs or commas. A first line with these names is optional.
    File(PathBuf),
    /// One file of names a part, one name a line. The authors' lists have no test part.
    Lists {
        /// Names of the training part.
        train: PathBuf,
        /// Names of the validation part.
        val: PathBuf,
    },
    /// Shares of `train`, `val` and `test`, which are normalised to add up to 1. Names are ordered by the SHA-256 of
    /// seed and name, so the same names and seed give the same parts on every machine.
    Seeded {
        /// Shares of train, val and test, none below zero.
        fractions: [f64; 3],
        /// Any number.
        seed: u64,
    },
    /// Every image in one part.
    All(Part),
}

impl Split {
    /// 70 % train, 10 % val and 20 % test with seed 0.
    pub const DEFAULT: Self = Self::Seeded {
        fractions: [0.7, 0.1, 0.2],
        seed: 0,
    };
}

impl Layout {
    /// The layout of a folder, told by what is in it:
    /// - `split.tsv`: `images/`, `masks/` (none: all normal) and that table,
    /// - `*_train.txt` and `*_val.txt`: the authors' (github.com/FengheTan9/Medical-Image-Segmentation-Benchmarks),
    ///   with `images/` and `masks/0/`,
    /// - else `images/` and `masks/` divided by `otherwise`.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be read, [`Error::Data`] when it holds several lists of one part.
    pub fn of_folder(folder: &Path, otherwise: Split) -> Result<Self, Error> {
        let masks = folder.join("masks");
        let inner = masks.join("0");
        let masks = [inner, masks].into_iter().find(|masks| masks.is_dir());
        let list = |part: Part| -> Result<Option<PathBuf>, Error> {
            let ends = [format!("_{part}.txt"), format!("{part}.txt")];
            let is_list = |path: &PathBuf| {
                let name = file_name(path);
                name.ends_with(&ends[0]) || name == ends[1]
            };
            let found: Vec<_> = entries(folder)?.into_iter().filter(is_list).collect();
            match found.as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(one.clone())),
                several => {
                    let names: Vec<_> = several.iter().map(|path| file_name(path)).collect();
                    Err(Error::Data(vec![format!(
                        "{}: several lists of the {part} part ({}); keep one",
                        folder.display(),
                        names.join(", ")
                    )]))
                }
            }
        };
        let table = folder.join("split.tsv");
        let split = if table.is_file() {
            Split::File(table)
        } else {
            match (list(Part::Train)?, list(Part::Val)?) {
                (Some(train), Some(val)) => Split::Lists { train, val },
                _ => otherwise,
            }
        };
        Ok(Self {
            name: name_of(folder),
            images: folder.join("images"),
            masks,
            split,
        })
    }

    /// A folder of images and one of masks, divided as `split` says.
    pub fn of_pair(images: &Path, masks: &Path, split: Split) -> Self {
        let name = match file_name(images).as_str() {
            "images" => images.parent().map_or_else(String::new, name_of),
            _ => name_of(images),
        };
        Self {
            name,
            images: images.to_owned(),
            masks: Some(masks.to_owned()),
            split,
        }
    }

    /// A folder of images without a lesion.
    pub fn of_normal(images: &Path, split: Split) -> Self {
        Self {
            masks: None,
            ..Self::of_pair(images, images, split)
        }
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
        let images = files(&layout.images)?;
        let masks = layout.masks.as_deref().map(masks).transpose()?;
        let mut entries = match &layout.split {
            Split::File(path) => table(path)?,
            Split::Lists { train, val } => {
                let mut entries = list(train, Part::Train)?;
                entries.extend(list(val, Part::Val)?);
                entries
            }
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
        Ok(all
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }
}

/// One line of a split.
struct Entry {
    name: String,
    part: Part,
    group: String,
}

/// Reads a table of names, parts and groups.
fn table(path: &Path) -> Result<Vec<Entry>, Error> {
    let text = text(path)?;
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        let separator = if line.contains('\t') { '\t' } else { ',' };
        let cells: Vec<_> = line.split(separator).map(str::trim).collect();
        match cells.as_slice() {
            [""] => {}
            ["name", "split" | "part", ..] if number == 0 => {}
            [name, part, rest @ ..] if !name.is_empty() => match part.parse() {
                Ok(part) => {
                    let group = rest.first().filter(|group| !group.is_empty());
                    entries.push(Entry {
                        name: (*name).to_owned(),
                        part,
                        group: (*group.unwrap_or(name)).to_owned(),
                    });
                }
                Err(fault) => {
                    faults.push(format!("{}, line {}: {fault}", path.display(), number + 1))
                }
            },
            _ => faults.push(format!(
                "{}, line {}: a line is a name, its part and its group",
                path.display(),
                number + 1
            )),
        }
    }
    if faults.is_empty() {
        Ok(entries)
    } else {
        Err(Error::Data(faults))
    }
}

/// Reads a list of names, all of one part.
fn list(path: &Path, part: Part) -> Result<Vec<Entry>, Error> {
    let text = text(path)?;
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    Ok(names
        .map(|name| Entry {
            name: name.to_owned(),
            part,
            group: name.to_owned(),
        })
        .collect())
}

/// Gives each entry its part. Every part with a share above zero gets at least one entry where there are enough.
fn divide(entries: &mut [Entry], fractions: [f64; 3], seed: u64) -> Result<(), Error> {
    let sum: f64 = fractions.iter().sum();
    if !(sum.is_finite() && sum > 0.0 && fractions.iter().all(|share| *share >= 0.0)) {
        return Err(Error::Data(vec![format!(
            "the shares {fractions:?} of train, val and test must be numbers from 0 up, not all 0"
        )]));
    }
    // Largest remainder; a part that has a share is not left empty while another has two.
    let ideal = fractions.map(|share| share / sum * entries.len() as f64);
    let mut counts = ideal.map(|ideal| (ideal as usize).max(usize::from(ideal > 0.0)));
    while counts.iter().sum::<usize>() > entries.len() {
        let Some(most) = (0..3).max_by_key(|part| counts[*part]) else {
            break;
        };
        counts[most] -= 1;
    }
    while counts.iter().sum::<usize>() < entries.len() {
        let missing = |part: &usize| ideal[*part] - counts[*part] as f64;
        let shared = (0..3).filter(|part| ideal[*part] > 0.0);
        let Some(least) = shared.max_by(|a, b| missing(a).total_cmp(&missing(b))) else {
            break;
        };
        counts[least] += 1;
    }
    let ends = [counts[0], counts[0] + counts[1]];
    let mut order: Vec<_> = entries
        .iter_mut()
        .map(|entry| (Sha256::digest(format!("{seed}\t{}", entry.name)), entry))
        .collect();
    order.sort_by_key(|(digest, _)| *digest);
    for (index, (_, entry)) in order.into_iter().enumerate() {
        entry.part = match index {
            _ if index < ends[0] => Part::Train,
            _ if index < ends[1] => Part::Val,
            _ => Part::Test,
        };
    }
    Ok(())
}

/// What values a mask's pixels have.
struct Levels {
    /// How many pixels have each brightness.
    counts: [usize; 256],
    coloured: bool,
}

impl Levels {
    /// Refuses everything but 0 and 255, or 0 and 1.
    fn check(&self, path: &Path) -> Result<(), String> {
        if self.coloured {
            return Err(at(path, "the mask is coloured; it must be grey, 0 or 255"));
        }
        let found: Vec<_> = (0..256).filter(|level| self.counts[*level] > 0).collect();
        if found.iter().all(|level| matches!(level, 0 | 255))
            || found.iter().all(|level| *level <= 1)
        {
            return Ok(());
        }
        let shown: Vec<_> = found.iter().take(6).map(usize::to_string).collect();
        let more = if found.len() > shown.len() {
            ", …"
        } else {
            ""
        };
        Err(at(
            path,
            format!(
                "the mask has the values {}{more}; it must be 0 and 255, or 0 and 1",
                shown.join(", ")
            ),
        ))
    }
}

/// Reads a mask: the lesion is where the brightest channel is at least 128, or above 0 in a file of zeros and ones.
fn read_mask(path: &Path) -> Result<(Mask, Levels), String> {
    let decoded = imaging::decode(&read(path)?).map_err(|error| at(path, error))?;
    let image = decoded.image;
    let mut levels = Levels {
        counts: [0; 256],
        coloured: false,
    };
    let mut bits = Vec::with_capacity(image.len() / 3);
    for pixel in image.as_chunks::<3>().0 {
        let [r, g, b] = *pixel;
        let level = r.max(g).max(b);
        levels.coloured |= r.min(g).min(b) != level;
        levels.counts[usize::from(level)] += 1;
        bits.push(level);
    }
    let ones = levels.counts[2..].iter().all(|count| *count == 0);
    let least = if ones { 1 } else { 128 };
    bits.iter_mut()
        .for_each(|bit| *bit = u8::from(*bit >= least));
    Ok((Mask::new(image.width(), image.height(), bits), levels))
}

fn same_size(path: &Path, mask: &Mask, (width, height): (u32, u32)) -> Result<(), String> {
    if (mask.width(), mask.height()) == (width, height) {
        return Ok(());
    }
    Err(at(
        path,
        format!(
            "the mask is {}×{} pixels and its image {width}×{height}",
            mask.width(),
            mask.height()
        ),
    ))
}

/// The error of one fault.
fn data(fault: String) -> Error {
    Error::Data(vec![fault])
}

/// A fault of a file, as one line.
fn at(path: &Path, fault: impl fmt::Display) -> String {
    let fault = fault.to_string();
    format!("{}: {}", path.display(), fault.trim_end_matches('.'))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => at(path, "the file is missing"),
        _ => at(path, error),
    })
}

fn text(path: &Path) -> Result<String, Error> {
    let fault = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(fault)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// The paths in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fault = |source| Error::File {
        path: folder.to_owned(),
        source,
    };
    let mut paths = fs::read_dir(folder)
        .map_err(fault)?
        .map(|entry| Ok(entry.map_err(fault)?.path()))
        .collect::<Result<Vec<_>, Error>>()?;
    paths.sort();
    Ok(paths)
}

/// The images in a folder by name; hidden files and other kinds of files are passed over.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"];
    let mut files = BTreeMap::<_, Vec<_>>::new();
    for path in entries(folder)? {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let ending = ending.to_ascii_lowercase();
        if ENDINGS.contains(&ending.as_str()) && !file_name(&path).starts_with('.') {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            files.entry(name.into_owned()).or_default().push(path);
        }
    }
    Ok(files)
}

/// The masks in a folder by the name of their image.
fn masks(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
    let mut masks = BTreeMap::<_, Vec<_>>::new();
    for (name, paths) in files(folder)? {
        let endings = ["_mask", "_segmentation", "_Segmentation"];
        let image = endings.iter().find_map(|ending| name.strip_suffix(ending));
        let image = image.unwrap_or(&name).to_owned();
        masks.entry(image).or_default().extend(paths);
    }
    Ok(masks)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A folder's own name, also where the path is `.` or ends in `..`.
fn name_of(folder: &Path) -> String {
    let resolved = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    file_name(&resolved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{mask_png, png};
    use crate::phantom::{self, Phantom};

    /// An empty folder of the test's own, removed with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("delineo-dataset-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("the folder can be made");
            Self(folder)
        }

        /// A folder with a phantom for each name.
        fn with(name: &str, names: &[&str]) -> Self {
            let folder = Self::new(name);
            for (seed, name) in names.iter().enumerate() {
                let Phantom { image, mask } = phantom::ultrasound(seed as u32, 48, 32);
                folder.write(
                    &format!("images/{name}.png"),
                    &png(&image).expect("encodes"),
                );
                folder.write(
                    &format!("masks/{name}.png"),
                    &mask_png(&mask).expect("encodes"),
                );
            }
            folder
        }

        fn write(&self, path: &str, bytes: &[u8]) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            fs::write(path, bytes).expect("writable");
        }

        fn remove(&self, path: &str) {
            fs::remove_file(self.0.join(path)).expect("removable");
        }

        fn open(&self) -> Dataset {
            let layout = Layout::of_folder(&self.0, Split::DEFAULT).expect("a layout");
            Dataset::open(&layout).expect("a data set")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn grey(width: u32, height: u32, bytes: &[u8]) -> Vec<u8> {
        let image = image::GrayImage::from_raw(width, height, bytes.to_vec()).expect("fits");
        let mut file = std::io::Cursor::new(Vec::new());
        image
            .write_to(&mut file, image::ImageFormat::Png)
            .expect("encodes");
        file.into_inner()
    }

    fn faults(result: Result<(), Error>) -> Vec<String> {
        match result {
            Err(Error::Data(faults)) => faults,
            other => panic!("{other:?}"),
        }
    }

    fn parts(dataset: &Dataset) -> Vec<(&str, Part)> {
        let pairs = dataset.pairs.iter();
        pairs.map(|pair| (pair.name.as_str(), pair.part)).collect()
    }

    #[test]
    fn a_folder_with_a_table_is_read_as_the_table_says() {
        let folder = Folder::with("table", &["a", "b", "c"]);
        folder.write(
            "split.tsv",
            b"name\tsplit\tgroup\r\nb\ttest\tg\r\na\ttrain\ta\r\nc\ttest\tg\r\n",
        );
        let dataset = folder.open();
        assert_eq!(
            parts(&dataset),
            [("b", Part::Test), ("a", Part::Train), ("c", Part::Test)]
        );
        assert_eq!(dataset.pairs[2].group, "g");
        dataset.check(&[Part::Train, Part::Test]).expect("sound");
        assert_eq!(
            faults(dataset.check(&[Part::Val])),
            [format!("{}: the val part is empty", dataset.name)]
        );
    }

    #[test]
    fn the_authors_layout_is_read_from_its_lists() {
        let folder = Folder::with("authors", &["benign (1)", "benign (2)", "unlisted"]);
        fs::rename(folder.0.join("masks"), folder.0.join("0")).expect("movable");
        fs::create_dir(folder.0.join("masks")).expect("the folder can be made");
        fs::rename(folder.0.join("0"), folder.0.join("masks/0")).expect("movable");
        folder.write("busi_train.txt", b"benign (2)\n");
        folder.write("busi_val.txt", b"benign (1)\n");
        let dataset = folder.open();
        assert_eq!(
            parts(&dataset),
            [("benign (2)", Part::Train), ("benign (1)", Part::Val)]
        );
        dataset.check(&[Part::Train, Part::Val]).expect("sound");

        folder.write("busi_train2.txt", b"");
        folder.write("other_train.txt", b"");
        let layout = Layout::of_folder(&folder.0, Split::DEFAULT);
        let Err(error) = layout else {
            panic!("two lists of one part")
        };
        assert!(
            error
                .to_string()
                .contains("busi_train.txt, other_train.txt")
        );
    }

    #[test]
    fn a_seeded_split_has_the_shares_asked_for_and_does_not_depend_on_the_order() {
        let entries = |names: &mut dyn Iterator<Item = usize>, fractions, seed| {
            let mut entries: Vec<_> = names
                .map(|name| Entry {
                    name: name.to_string(),
                    part: Part::Train,
                    group: String::new(),
                })
                .collect();
            divide(&mut entries, fractions, seed).expect("shares");
            let mut parts: Vec<_> = entries.into_iter().map(|e| (e.name, e.part)).collect();
            parts.sort();
            parts
        };
        let count = |parts: &[(String, Part)]| {
            Part::ALL.map(|part| parts.iter().filter(|(_, p)| *p == part).count())
        };
        let divided = entries(&mut (0..100), [0.7, 0.1, 0.2], 1);
        assert_eq!(count(&divided), [70, 10, 20]);
        assert_eq!(entries(&mut (0..100).rev(), [7.0, 1.0, 2.0], 1), divided);
        assert_ne!(entries(&mut (0..100), [0.7, 0.1, 0.2], 2), divided);
        assert_eq!(count(&entries(&mut (0..4), [0.7, 0.1, 0.2], 1)), [2, 1, 1]);
        assert_eq!(count(&entries(&mut (0..7), [0.8, 0.2, 0.0], 1)), [6, 1, 0]);
        assert_eq!(count(&entries(&mut (0..5), [0.0, 0.5, 0.5], 1))[0], 0);
        assert_eq!(
            count(&entries(&mut (0..2), [0.7, 0.1, 0.2], 1))
                .iter()
                .sum::<usize>(),
            2
        );
        for wrong in [[0.0; 3], [1.0, -0.1, 0.1], [f64::NAN, 1.0, 1.0]] {
            assert!(divide(&mut [], wrong, 0).is_err());
        }
    }

    #[test]
    fn images_without_masks_have_empty_ones() {
        let folder = Folder::with("normal", &["a"]);
        let layout = Layout::of_normal(&folder.0.join("images"), Split::All(Part::Test));
        let dataset = Dataset::open(&layout).expect("a data set");
        dataset.check(&[Part::Test]).expect("sound");
        let (image, mask) = dataset.pairs[0].load().expect("readable");
        assert_eq!(image.dimensions(), (48, 32));
        assert_eq!((mask.width(), mask.height(), mask.area()), (48, 32, 0));
    }

    #[test]
    fn every_fault_is_named_with_its_file_at_once() {
        let names = [
            "sound", "no-mask", "no-image", "size", "grey", "cut", "text", "twice",
        ];
        let folder = Folder::with("faults", &names);
        folder.remove("masks/no-mask.png");
        folder.remove("images/no-image.png");
        folder.write("masks/size.png", &grey(32, 48, &[0; 32 * 48]));
        folder.write("masks/grey.png", &grey(48, 32, &[7; 48 * 32]));
        let whole = fs::read(folder.0.join("images/cut.png")).expect("readable");
        folder.write("images/cut.png", &whole[..whole.len() / 2]);
        folder.write("images/text.png", b"no image");
        folder.write("images/twice.jpg", &whole);
        folder.write("images/.hidden.png", b"no image");
        folder.write("images/notes.txt", b"no image");
        let layout = Layout::of_folder(&folder.0, Split::All(Part::Train)).expect("a layout");
        let dataset = Dataset::open(&layout).expect("a data set");
        let found = faults(dataset.check(&[Part::Train]));
        let expected = [
            ("twice.jpg", "occurs twice"),
            ("images/cut.png", "ends too early"),
            ("masks/grey.png", "has the values 7;"),
            ("images/no-image.png", "missing"),
            ("masks/no-mask.png", "missing"),
            ("masks/size.png", "32×48 pixels and its image 48×32"),
            ("images/text.png", "not an image"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (fault, (file, why)) in found.iter().zip(expected) {
            assert!(fault.contains(file) && fault.contains(why), "{fault}");
        }
        let said = Error::Data(found).to_string();
        assert_eq!(said.lines().count(), 1 + expected.len());
    }

    #[test]
    fn near_duplicates_in_two_parts_are_refused() {
        let folder = Folder::with("groups", &["a", "b"]);
        folder.write("split.tsv", b"a\ttrain\tg\nb\ttest\tg\n");
        let found = faults(folder.open().check(&[Part::Train]));
        assert!(found[0].contains("group g are in two parts: a in train, b in test"));
    }

    #[test]
    fn a_table_that_cannot_be_understood_is_refused_line_by_line() {
        let folder = Folder::with("lines", &["a"]);
        folder.write("split.tsv", b"name\tsplit\na\tlearn\n\njust-a-name\n");
        let layout = Layout::of_folder(&folder.0, Split::DEFAULT).expect("a layout");
        let found = faults(Dataset::open(&layout).map(|_| ()));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("line 2") && found[0].contains("learn"));
        assert!(found[1].contains("line 4"));
    }

    #[test]
    fn masks_of_zeros_and_ones_and_masks_of_zeros_and_255_say_the_same() {
        let folder = Folder::with("levels", &["a"]);
        let mut bits = [0; 48 * 32];
        bits[100..140].fill(1);
        for scale in [1, 255] {
            folder.write("masks/a.png", &grey(48, 32, &bits.map(|bit| bit * scale)));
            let dataset = folder.open();
            let pair = &dataset.pairs[0];
            dataset.check(&[pair.part]).expect("sound");
            let (_, mask) = pair.load().expect("readable");
            assert_eq!(mask.bits(), bits);
        }
    }

    #[test]
    fn masks_may_carry_the_endings_that_archives_give_them() {
        let folder = Folder::with("endings", &["a", "b"]);
        for (name, ending) in [("a", "_segmentation"), ("b", "_mask")] {
            let from = folder.0.join(format!("masks/{name}.png"));
            let to = folder.0.join(format!("masks/{name}{ending}.png"));
            fs::rename(from, to).expect("movable");
        }
        let layout = Layout::of_folder(&folder.0, Split::All(Part::Val)).expect("a layout");
        let dataset = Dataset::open(&layout).expect("a data set");
        assert_eq!(dataset.pairs.len(), 2);
        dataset.check(&[Part::Val]).expect("sound");
    }

    #[test]
    fn the_digest_follows_bytes_and_parts_and_nothing_else() {
        let folder = Folder::with("digest", &["a", "b"]);
        let first = folder.open();
        let digest = first.digest().expect("readable");
        let mut turned = first.clone();
        turned.pairs.reverse();
        assert_eq!(turned.digest().expect("readable"), digest);
        let elsewhere = Folder::with("digest-elsewhere", &["a", "b"]);
        assert_eq!(elsewhere.open().digest().expect("readable"), digest);

        let mut moved = first.clone();
        moved.pairs[0].part = match moved.pairs[0].part {
            Part::Train => Part::Val,
            _ => Part::Train,
        };
        assert_ne!(moved.digest().expect("readable"), digest);
        folder.write("masks/b.png", &grey(48, 32, &[0; 48 * 32]));
        assert_ne!(folder.open().digest().expect("readable"), digest);
        folder.remove("masks/b.png");
        assert!(first.digest().is_err());
    }
}
