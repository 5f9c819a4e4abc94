//! What the classifier learns from: sets of pictures and how they are used.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::Kind;
use crate::Error;
use crate::dataset::Part;

/// A recipe in TOML: see `crate/recipes/judgement.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Any number; the same one gives the same parameters.
    pub seed: u64,
    /// Units of the hidden layer.
    pub hidden: usize,
    /// How many networks are averaged.
    pub networks: usize,
    /// How often all examples are seen.
    pub epochs: usize,
    /// Step of the optimiser at its highest.
    pub learning_rate: f32,
    /// Weight decay (Loshchilov and Hutter 2019).
    pub weight_decay: f32,
    /// Chance that an input or a hidden unit is left out in training.
    pub dropout: f32,
    /// The largest share of the validation images of each known kind that may be taken for others.
    pub false_warnings: f64,
    /// The pictures.
    #[serde(rename = "set")]
    pub sets: Vec<Set>,
}

/// Pictures of one kind and one source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// Name in reports.
    pub name: String,
    /// What they show.
    pub kind: Kind,
    /// What they are counted as in reports, such as photographs; the set's own name where it is not given.
    pub group: Option<String>,
    /// Where they are.
    pub pictures: Pictures,
    /// The part that all belong to; by the table `split.tsv` in the folder where it is not given.
    pub part: Option<Part>,
    /// How many varied copies of each are learnt from besides the picture itself.
    #[serde(default)]
    pub copies: usize,
    /// How many at most, evenly spread over the names.
    #[serde(default = "all")]
    pub limit: usize,
    /// How much a set of a kind counts beside the others of that kind.
    #[serde(default = "one")]
    pub weight: f32,
}

/// Where pictures come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pictures {
    /// A folder; those of a data set are in its `images`.
    Folder(PathBuf),
    /// Phantoms of dermoscopy or ultrasound, by their seeds: from the first to before the second.
    Phantoms([u32; 2]),
    /// Plain colours, slopes, noise and shapes, by their seeds.
    Drawings([u32; 2]),
    /// Lesions of a dermoscopic data set on limbs before a background, by their seeds, as in clinical photographs.
    Limbs {
        /// The data set; its training part is used.
        lesions: PathBuf,
        /// A folder of photographs for the background.
        backgrounds: PathBuf,
        /// From the first to before the second.
        seeds: [u32; 2],
    },
}

fn all() -> usize {
    usize::MAX
}

fn one() -> f32 {
    1.0
}

impl Recipe {
    /// Reads a recipe. Folders are relative to its own.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read, [`Error::Data`] where it makes no sense.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        let mut recipe: Self = toml::from_str(&text)
            .map_err(|error| Error::Data(vec![format!("{}: {error}", path.display())]))?;
        let base = path.parent().unwrap_or(Path::new("."));
        for set in &mut recipe.sets {
            match &mut set.pictures {
                Pictures::Folder(folder) => *folder = base.join(&folder),
                Pictures::Limbs {
                    lesions,
                    backgrounds,
                    ..
                } => {
                    *lesions = base.join(&lesions);
                    *backgrounds = base.join(&backgrounds);
                }
                Pictures::Phantoms(_) | Pictures::Drawings(_) => {}
            }
        }
        Ok(recipe)
    }
}
