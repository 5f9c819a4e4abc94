//! Which part each name belongs to: from a table, from lists, or by shares and a seed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::text;
use super::part::Part;
use crate::Error;

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
    /// Only the names in a list, one a line, all in one part.
    Names {
        /// The list.
        list: PathBuf,
        /// What the names are used for.
        part: Part,
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

/// One line of a split.
pub(super) struct Entry {
    pub name: String,
    pub part: Part,
    pub group: String,
}

/// Reads a table of names, parts and groups.
pub(super) fn table(path: &Path) -> Result<Vec<Entry>, Error> {
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
pub(super) fn list(path: &Path, part: Part) -> Result<Vec<Entry>, Error> {
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
pub(super) fn divide(entries: &mut [Entry], fractions: [f64; 3], seed: u64) -> Result<(), Error> {
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
