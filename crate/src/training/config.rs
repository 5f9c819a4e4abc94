//! What a training is told: a TOML file that holds everything but the device.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use super::augmentation::Augmentation;
use super::schedule::Schedule;
use crate::Error;
use crate::dataset::{Layout, Part, Split};
use crate::network::Variant;

/// A training, as its TOML file says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Model's id: lower-case letters, digits and hyphens.
    pub id: String,
    /// Name that a person reads.
    pub name: String,
    /// One sentence on what it is for.
    #[serde(default)]
    pub description: String,
    /// `S`, `base` or `L`.
    pub variant: String,
    /// `dermoscopy`, `ultrasound` or both; or an organ's, `breast-ultrasound` or `thyroid-ultrasound`.
    pub modalities: Vec<String>,
    /// Licence of the weights.
    #[serde(default)]
    pub licence: String,
    /// Model folder or checkpoint to start from, or a list of them, of which the [mean](super::mean) is
    /// taken; random weights where there is none.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_several"
    )]
    pub init: Vec<PathBuf>,
    /// What it learns from.
    pub data: Vec<Data>,
    /// How it learns.
    pub recipe: Recipe,
    /// How pictures are varied.
    #[serde(default)]
    pub augmentation: Augmentation,
}

/// A data set and how much of it an epoch takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// A folder in one of the layouts of [`Layout::of_folder`], relative to the configuration's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Instead of `folder`: a folder of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<PathBuf>,
    /// With `images`: a folder of masks; none when no image has a lesion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masks: Option<PathBuf>,
    /// Shares of train, val and test where the folder does not say.
    #[serde(default = "default_fractions")]
    pub fractions: [f64; 3],
    /// How often each training image is seen in an epoch; 0.5 is every second time.
    #[serde(default = "one")]
    pub weight: f64,
    /// One line for the model card: what it is, whose, and under which licence.
    #[serde(default)]
    pub origin: String,
}

/// How the network learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// All random numbers follow from it.
    pub seed: u64,
    /// Images in a step.
    pub batch: usize,
    /// Sizes of the input, one after the other.
    pub stages: Vec<Stage>,
    /// Which optimiser, with its settings.
    pub optimiser: Optimiser,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// How the learning rate runs over all steps.
    pub schedule: Schedule,
    /// What is minimised.
    pub loss: Loss,
    /// Decay of the running average of the weights, a step; 0 keeps no average.
    #[serde(default)]
    pub average: f64,
    /// Gradients are scaled down to this norm, tensor by tensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<f32>,
    /// Whether libtorch computes activations in bfloat16: faster where the processor multiplies in it (AVX-512 BF16, AMX).
    /// Elsewhere it changes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bfloat16: bool,
    /// Epochs between two looks at the val part.
    #[serde(default = "one_epoch")]
    pub validate_every: usize,
}

/// Some epochs at one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Side of the square input in pixels, a multiple of 16.
    pub side: u32,
    /// How many epochs.
    pub epochs: usize,
}

/// The optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Optimiser {
    /// AdamW (Loshchilov and Hutter 2019).
    AdamW {
        /// Decay of the weights, times the learning rate a step.
        weight_decay: f32,
    },
    /// Stochastic gradient descent with momentum 0.9, as the authors train.
    Sgd {
        /// L2 penalty.
        weight_decay: f32,
    },
}

/// Weights of the terms of the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Binary cross-entropy, mean over pixels.
    pub bce: f32,
    /// How far the cross-entropy evens out lesion and background: the pixels of either count with a weight of
    /// (2 × their share of the image)^-balance. 0 leaves every pixel alike, so that small lesions hardly count; with 1
    /// both sides count alike in every image that has a lesion (Xie and Tu 2015).
    #[serde(default)]
    pub balance: f32,
    /// One minus the soft Dice coefficient, mean over images.
    pub dice: f32,
    /// What is added to both sides of the Dice quotient of an image with a lesion, as a share of its pixels. As much as
    /// for images without one where it is not given; less keeps small lesions from being given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesion_smoothing: Option<f32>,
}

fn one() -> f64 {
    1.0
}

fn one_epoch() -> usize {
    1
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a path or a list of paths")]
    enum Paths {
        One(PathBuf),
        Several(Vec<PathBuf>),
    }
    Ok(match Paths::deserialize(deserializer)? {
        Paths::One(path) => vec![path],
        Paths::Several(paths) => paths,
    })
}

fn default_fractions() -> [f64; 3] {
    [0.7, 0.1, 0.2]
}

impl Config {
    /// Reads a configuration; its folders become relative to `folder`, where the file lies.
    ///
    /// # Errors
    /// [`Error::Training`] names the first setting that cannot be used.
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, Error> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            Error::Training(format!("the configuration cannot be read: {error}"))
        })?;
        let data = config.data.iter_mut();
        let of_data = data.flat_map(|data| [&mut data.folder, &mut data.images, &mut data.masks]);
        for path in config.init.iter_mut().chain(of_data.flatten()) {
            *path = folder.join(&*path);
        }
        config.check()?;
        Ok(config)
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    /// As [`Self::from_toml`].
    pub fn check(&self) -> Result<(), Error> {
        let Recipe {
            batch,
            stages,
            learning_rate,
            average,
            validate_every,
            loss,
            ..
        } = &self.recipe;
        self.variant()?;
        let faults = [
            (self.data.is_empty(), "it has no data"),
            (
                self.id.is_empty()
                    || !self
                        .id
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "the id is not of lower-case letters, digits and hyphens",
            ),
            (*batch == 0, "the batch is 0"),
            (
                stages.is_empty() || stages.iter().any(|stage| stage.epochs == 0),
                "every stage needs at least one epoch, and there must be a stage",
            ),
            (
                stages
                    .iter()
                    .any(|stage| stage.side == 0 || stage.side % 16 != 0 || stage.side > 2048),
                "the side of a stage is not a multiple of 16 up to 2048",
            ),
            (
                !(learning_rate.is_finite() && *learning_rate > 0.0),
                "the learning rate is not above 0",
            ),
            (!(0.0..1.0).contains(average), "average is not in 0 to 1"),
            (*validate_every == 0, "validate_every is 0"),
            (
                !(loss.bce >= 0.0 && loss.dice >= 0.0 && loss.bce + loss.dice > 0.0),
                "the weights of the loss are not at least 0, one of them above",
            ),
            (
                !(0.0..=1.0).contains(&loss.balance),
                "the balance of the loss is not in 0 to 1",
            ),
            (
                self.data
                    .iter()
                    .any(|data| data.weight.is_nan() || data.weight <= 0.0),
                "the weight of a data set is not above 0",
            ),
            (
                self.data
                    .iter()
                    .any(|data| data.folder.is_some() == data.images.is_some()),
                "a data set needs either folder or images",
            ),
        ];
        match faults.into_iter().find(|(is_fault, _)| *is_fault) {
            Some((_, fault)) => Err(Error::Training(fault.to_owned())),
            None => self.augmentation.check(),
        }
    }

    /// Leaves out the data set whose folder has this name, so that what is learnt can be measured on a hospital that was not
    /// seen.
    ///
    /// # Errors
    /// [`Error::Training`] when there is no such data set, or no other.
    pub fn leave_out(&mut self, name: &str) -> Result<(), Error> {
        let is_named = |data: &Data| {
            let folder = data.folder.as_ref().or(data.images.as_ref());
            folder.and_then(|folder| folder.file_name()) == Some(OsStr::new(name))
        };
        let count = self.data.len();
        self.data.retain(|data| !is_named(data));
        if self.data.len() == count {
            return Err(Error::Training(format!(
                "it has no data set in a folder named {name}"
            )));
        }
        self.check()
    }

    /// The network's size.
    ///
    /// # Errors
    /// [`Error::Manifest`] when there is no such variant.
    pub fn variant(&self) -> Result<Variant, Error> {
        self.variant.parse()
    }
}

impl Data {
    /// Where the files lie.
    ///
    /// # Errors
    /// As [`Layout::of_folder`].
    pub fn layout(&self, seed: u64) -> Result<Layout, Error> {
        let split = Split::Seeded {
            fractions: self.fractions,
            seed,
        };
        match (&self.folder, &self.images, &self.masks) {
            (Some(folder), ..) => Layout::of_folder(folder, split),
            (None, Some(images), Some(masks)) => Ok(Layout::of_pair(images, masks, split)),
            (None, Some(images), None) => Ok(Layout::of_normal(images, split)),
            (None, None, _) => Err(Error::Training(
                "a data set needs either folder or images".to_owned(),
            )),
        }
    }

    /// The parts that a training needs of every data set.
    pub const PARTS: [Part; 2] = [Part::Train, Part::Val];
}
