//! `model.json`: everything a model needs to run, and what a person should know before trusting it.
//!
//! A model is a folder with `model.json` and its weights. Adding a model is adding a folder.

mod input;
mod provenance;
mod score;
mod self_test;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;
use crate::text;

pub use input::{ChannelOrder, Input, Resize};
pub use provenance::{DataUsed, Provenance};
pub use score::Score;
pub use self_test::{SelfTest, self_test_input};

/// The one version of the format that this build reads and writes.
pub const FORMAT: u32 = 1;

/// The fields of a `model.json` that this version knows.
const KNOWN: [&str; 17] = [
    "format",
    "id",
    "name",
    "description",
    "variant",
    "modalities",
    "input",
    "classes",
    "activation",
    "threshold",
    "temperature",
    "weights",
    "self_test",
    "training",
    "provenance",
    "scores",
    "licence",
];

/// What `model.json` says. Unknown fields are ignored, so that later versions may add some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: u32,
    /// Folder name: lower-case letters, digits and hyphens.
    pub id: String,
    /// Name that a person reads.
    pub name: String,
    /// One sentence on what it is for.
    #[serde(default)]
    pub description: String,
    /// `S`, `base` or `L`; checked against the weights.
    pub variant: String,
    /// What it was trained for: `dermoscopy`, `ultrasound`.
    #[serde(default)]
    pub modalities: Vec<String>,
    /// How an image becomes the network's input.
    pub input: Input,
    /// Name of each output channel, in order.
    pub classes: Vec<String>,
    /// How the classes' logits become probabilities.
    #[serde(default, skip_serializing_if = "Activation::is_sigmoid")]
    pub activation: Activation,
    /// Default threshold on the probability, in 0.01 to 0.99.
    pub threshold: f32,
    /// Logits are divided by this before the sigmoid (Guo et al. 2017); 1 leaves them as they are.
    #[serde(default = "input::one")]
    pub temperature: f32,
    /// The file with the weights, beside `model.json`.
    pub weights: Weights,
    /// Known answer that a device must reproduce before it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_test: Option<SelfTest>,
    /// What the model learnt from, one line a data set with its licence.
    #[serde(default)]
    pub training: Vec<String>,
    /// How the weights came to be, where Delineo trained them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What was measured, and on what.
    #[serde(default)]
    pub scores: Vec<Score>,
    /// Licence of the weights.
    #[serde(default)]
    pub licence: String,
}

/// How the logits of the classes become probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Each class on its own; classes may overlap.
    #[default]
    Sigmoid,
    /// The classes of a pixel add up to 1; one of them is usually the background.
    Softmax,
}

impl Activation {
    /// Whether each class stands on its own.
    pub fn is_sigmoid(&self) -> bool {
        *self == Self::Sigmoid
    }
}

/// The weights' file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// File name beside `model.json`.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads and checks a `model.json`, in UTF-8 or UTF-16.
    ///
    /// # Errors
    /// [`Error::Manifest`] names the first field that cannot be used.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let manifest: Self = serde_json::from_str(&text::decode(json))
            .map_err(|error| Error::Manifest(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The manifest as a `model.json`. Fields of `before`, the file that it replaces, that this version does not know
    /// are kept at the end.
    ///
    /// # Errors
    /// [`Error::Manifest`] when a field cannot be used, as [`Self::from_json`] would say of the result.
    pub fn to_json(&self, before: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        #[derive(Serialize)]
        struct File<'a> {
            #[serde(flatten)]
            known: &'a Manifest,
            #[serde(flatten)]
            unknown: Map<String, Value>,
        }
        self.check()?;
        let fault = |error: serde_json::Error| Error::Manifest(error.to_string());
        let mut unknown: Map<String, Value> = before
            .map_or(Ok(Map::new()), |json| {
                serde_json::from_str(&text::decode(json))
            })
            .map_err(fault)?;
        unknown.retain(|name, _| !KNOWN.contains(&name.as_str()));
        let file = File {
            known: self,
            unknown,
        };
        let mut json = serde_json::to_vec_pretty(&file).map_err(fault)?;
        json.push(b'\n');
        Ok(json)
    }

    /// Puts a score among the others, in the place of an older one on the same data.
    pub fn record(&mut self, score: Score) {
        match self.scores.iter_mut().find(|old| {
            old.data == score.data && old.test_time_augmentation == score.test_time_augmentation
        }) {
            Some(old) => *old = score,
            None => self.scores.push(score),
        }
    }

    /// The manifest for weights that came without one: a 256×256 input with ImageNet's mean and deviation. One class has a
    /// sigmoid; of several with a softmax the first is the background, as in most data sets.
    pub fn assumed(id: &str, variant: &str, channels: usize, classes: usize, bytes: &[u8]) -> Self {
        let (order, mean, std) = match channels {
            1 => (ChannelOrder::Grey, vec![0.449], vec![0.226]),
            _ => (
                ChannelOrder::Rgb,
                vec![0.485, 0.456, 0.406],
                vec![0.229, 0.224, 0.225],
            ),
        };
        let mut description = "Weights without a model.json: 256×256 RGB input with ImageNet mean and deviation is assumed.".to_owned();
        if classes > 1 {
            description.push_str(&format!(
                " Of its {classes} classes the first is taken for the background, and a softmax for what makes probabilities of them."
            ));
        }
        Self {
            format: FORMAT,
            id: id.to_owned(),
            name: id.to_owned(),
            description,
            variant: variant.to_owned(),
            modalities: Vec::new(),
            input: Input {
                width: 256,
                height: 256,
                channels: order,
                resize: Resize::Area,
                mean,
                std,
                divisor: 1.0,
            },
            classes: match classes {
                1 => vec!["lesion".to_owned()],
                2 => vec!["background".to_owned(), "lesion".to_owned()],
                _ => (0..classes)
                    .map(|class| match class {
                        0 => "background".to_owned(),
                        class => format!("class {class}"),
                    })
                    .collect(),
            },
            activation: match classes {
                1 => Activation::Sigmoid,
                _ => Activation::Softmax,
            },
            threshold: 0.5,
            temperature: 1.0,
            weights: Weights {
                file: String::new(),
                bytes: bytes.len() as u64,
                sha256: sha256(bytes),
            },
            self_test: None,
            training: Vec::new(),
            provenance: None,
            scores: Vec::new(),
            licence: String::new(),
        }
    }

    /// The class that is shown and measured where nobody chooses one: the first that is not called a background.
    pub fn lesion_class(&self) -> usize {
        let is_background = |name: &String| {
            let name = name.trim().to_lowercase();
            name == "bg"
                || name.starts_with("back")
                || matches!(name.as_str(), "normal" | "healthy")
        };
        let lesion = self.classes.iter().position(|name| !is_background(name));
        lesion.unwrap_or_default()
    }

    /// Checks the bytes of the weights against size and digest.
    ///
    /// # Errors
    /// [`Error::WeightsDigest`] when they are not the ones named here.
    pub fn check_weights(&self, bytes: &[u8]) -> Result<(), Error> {
        let found = sha256(bytes);
        if found.eq_ignore_ascii_case(&self.weights.sha256) {
            Ok(())
        } else {
            Err(Error::WeightsDigest {
                expected: self.weights.sha256.clone(),
                found,
            })
        }
    }

    fn check(&self) -> Result<(), Error> {
        let fault = |text: String| Err(Error::Manifest(text));
        let Input {
            width,
            height,
            channels,
            mean,
            std,
            divisor,
            ..
        } = &self.input;
        if self.format != FORMAT {
            return fault(format!(
                "its format is {}, this version reads format {FORMAT}",
                self.format
            ));
        }
        if *width == 0
            || *height == 0
            || width % 16 != 0
            || height % 16 != 0
            || *width > 4096
            || *height > 4096
        {
            return fault(format!(
                "the input size {width}×{height} must be multiples of 16, up to 4096"
            ));
        }
        if mean.len() != channels.count() || std.len() != channels.count() {
            return fault(format!(
                "mean and std need {} numbers each",
                channels.count()
            ));
        }
        if !mean.iter().chain(std).all(|v| v.is_finite())
            || std.iter().any(|v| *v <= 0.0)
            || !(divisor.is_finite() && *divisor > 0.0)
        {
            return fault(
                "mean, std and divisor must be finite, std and divisor above zero".to_owned(),
            );
        }
        if self.classes.is_empty() {
            return fault("classes is empty".to_owned());
        }
        if !(0.01..=0.99).contains(&self.threshold) {
            return fault(format!(
                "the threshold {} is outside 0.01 to 0.99",
                self.threshold
            ));
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return fault(format!(
                "the temperature {} must be above zero",
                self.temperature
            ));
        }
        if let Some(test) = &self.self_test {
            let n = test.logits.len().isqrt();
            if test.side == 0
                || test.side % 16 != 0
                || test.side > 1024
                || n == 0
                || n * n != test.logits.len()
                || n > test.side
            {
                return fault(
                    "self_test needs a side that is a multiple of 16 and a square number of logits"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A manifest that has every field; a new field does not compile until it stands here.
    fn full() -> Manifest {
        Manifest {
            format: FORMAT,
            id: "id".to_owned(),
            name: "name".to_owned(),
            description: "description".to_owned(),
            variant: "S".to_owned(),
            modalities: vec!["ultrasound".to_owned()],
            input: Manifest::assumed("", "S", 3, 1, b"").input,
            classes: vec!["lesion".to_owned()],
            activation: Activation::Softmax,
            threshold: 0.5,
            temperature: 1.5,
            weights: Weights {
                file: "weights.safetensors".to_owned(),
                bytes: 1,
                sha256: sha256(b""),
            },
            self_test: Some(SelfTest {
                side: 16,
                logits: vec![0.0],
                tolerance: 1.0,
            }),
            training: vec!["training".to_owned()],
            provenance: Some(Provenance::default()),
            scores: vec![Score {
                data: "data".to_owned(),
                images: Some(3),
                iou_interval: Some([0.25, 0.5]),
                ..Score::default()
            }],
            licence: "licence".to_owned(),
        }
    }

    #[test]
    fn the_known_fields_are_those_that_are_written() {
        let json = full().to_json(None).expect("valid");
        let fields: Map<String, Value> = serde_json::from_slice(&json).expect("an object");
        let (mut written, mut known): (Vec<_>, _) =
            (fields.keys().map(String::as_str).collect(), KNOWN);
        written.sort_unstable();
        known.sort_unstable();
        assert_eq!(written, known);
    }

    #[test]
    fn writing_keeps_every_field_in_order_and_those_of_later_versions_at_the_end() {
        let mut before = full();
        let json = before.to_json(None).expect("valid");
        assert_eq!(Manifest::from_json(&json).expect("valid"), before);
        let text = String::from_utf8(json).expect("text");
        let later = text.replace(
            "\n}\n",
            ",\n  \"command\": \"delineo train\",\n  \"seed\": 7\n}\n",
        );
        before.self_test = None;
        before.threshold = 0.25;
        let after = before.to_json(Some(later.as_bytes())).expect("valid");
        assert_eq!(Manifest::from_json(&after).expect("valid"), before);
        let after = String::from_utf8(after).expect("text");
        assert!(
            after.ends_with(",\n  \"command\": \"delineo train\",\n  \"seed\": 7\n}\n"),
            "{after}"
        );
        assert!(
            after.find("\"format\"") < after.find("\"id\"")
                && after.find("\"id\"") < after.find("\"name\"")
        );
        assert!(!after.contains("self_test"));
    }

    #[test]
    fn a_score_takes_the_place_of_an_older_one_on_the_same_data() {
        let mut manifest = full();
        let score = |data: &str, iou| Score {
            data: data.to_owned(),
            iou,
            ..Score::default()
        };
        manifest.record(score("data", 0.5));
        manifest.record(score("other", 0.25));
        let found: Vec<_> = manifest
            .scores
            .iter()
            .map(|s| (s.data.as_str(), s.iou))
            .collect();
        assert_eq!(found, [("data", 0.5), ("other", 0.25)]);
        assert_eq!(manifest.scores[0].images, None);
    }

    #[test]
    fn a_manifest_that_cannot_be_read_again_is_not_written() {
        let mut manifest = full();
        manifest.threshold = 0.0;
        assert!(matches!(manifest.to_json(None), Err(Error::Manifest(_))));
    }

    #[test]
    fn the_class_to_show_is_the_first_that_is_no_background() {
        let mut manifest = full();
        for (classes, class) in [
            (vec!["lesion"], 0),
            (vec!["background", "lesion"], 1),
            (vec!["BG", "Background 2", "naevus", "melanoma"], 2),
            (vec!["lesion", "background"], 0),
            (vec!["background"], 0),
        ] {
            manifest.classes = classes.into_iter().map(str::to_owned).collect();
            assert_eq!(manifest.lesion_class(), class, "{:?}", manifest.classes);
        }
        let assumed = |classes| Manifest::assumed("mine", "S", 3, classes, b"");
        assert_eq!(assumed(1).lesion_class(), 0);
        assert_eq!(assumed(2).lesion_class(), 1);
        assert_eq!(assumed(2).activation, Activation::Softmax);
        assert_eq!(assumed(4).classes.len(), 4);
    }

    #[test]
    fn a_model_json_is_read_with_a_byte_order_mark_and_in_utf_16() {
        let json = full().to_json(None).expect("valid");
        let text = String::from_utf8(json.clone()).expect("text");
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for file in [
            [b"\xef\xbb\xbf".as_slice(), &json].concat(),
            [b"\xff\xfe".as_slice(), &units].concat(),
        ] {
            assert_eq!(Manifest::from_json(&file).expect("valid"), full());
            assert_eq!(full().to_json(Some(&file)).expect("valid"), json);
        }
    }
}
