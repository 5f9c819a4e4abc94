//! All pairs of a data set: listed by their names, checked, and digested for records.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::files::{fault, images_in, masks_in, read};
use super::layout::Layout;
use super::pair::Pair;
use super::part::Part;
use super::split::{Entry, Split, divide, list, table};
use crate::Error;

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
        let is_beside = layout.masks_are_beside();
        let masks = layout.masks.as_deref();
        let masks = masks
            .map(|folder| masks_in(folder, is_beside))
            .transpose()?;
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
            let missing = |folder: &Path, end: &str| folder.join(format!("{name}{end}.png"));
            let found = images.get(&name).cloned();
            let found = found.unwrap_or_else(|| vec![missing(&layout.images, "")]);
            let truth = layout.masks.as_deref().zip(masks.as_ref());
            let truth = truth.map_or(vec![Vec::new()], |(folder, files)| {
                let end = if is_beside { "_mask" } else { "" };
                let files = files.get(&name).cloned();
                files.unwrap_or_else(|| vec![vec![missing(folder, end)]])
            });
            // Two files of one name make two pairs, which the check finds.
            for image in &found {
                pairs.extend(truth.iter().map(|masks| Pair {
                    name: name.clone(),
                    image: image.clone(),
                    masks: masks.clone(),
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
            let paths = pairs.flat_map(|pair| pair.masks.iter().chain([&pair.image]));
            let paths: BTreeSet<_> = paths.collect();
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
                let bytes = read(path).map_err(fault)?;
                Ok::<_, Error>(crate::manifest::sha256(&bytes))
            };
            let image = digest(&pair.image)?;
            let masks = pair.masks.iter().map(|path| digest(path));
            let mask = masks.collect::<Result<Vec<_>, _>>()?.concat();
            all.update(format!("{}\t{}\t{image}\t{mask}\n", pair.name, pair.part));
        }
        Ok(format!("{:x}", all.finalize()))
    }
}
