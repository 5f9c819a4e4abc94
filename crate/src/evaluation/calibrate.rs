//! Choosing temperature and threshold on a part that the network did not learn from.

use serde::{Deserialize, Serialize};

use super::parts::{empty, no_class, pairs};
use crate::dataset::{Dataset, Part};
use crate::manifest::{Activation, Resize};
use crate::mask::{Mask, ProbabilityMap};
use crate::metrics::{Reliability, Temperature, ThresholdPoint, ThresholdSweep};
use crate::model::Model;
use crate::{Error, imaging};

/// What was chosen, and what it changes on the data that it was chosen on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// Divides the logits: the one with the least negative log-likelihood of a pixel.
    pub temperature: f32,
    /// The threshold from 0.01 to 0.99 with the greatest [score](ThresholdPoint::score) at that temperature, and what it does.
    #[serde(flatten)]
    pub chosen: ThresholdPoint,
    /// How many images it was chosen on.
    pub images: usize,
    /// Mean IoU at the threshold 0.5, which no temperature changes but for the resampling.
    pub iou_at_half: f64,
    /// Expected calibration error at the chosen temperature.
    pub ece: f64,
    /// Expected calibration error at the temperature 1.
    pub ece_before: f64,
    /// What every threshold does.
    pub curve: Vec<ThresholdPoint>,
}

/// Chooses temperature and threshold of a model's class, its lesion where none is given, on one part, usually `val`, of one or more data sets. Each data
/// set weighs the same, and within it each image. `normals` are data sets without a lesion, whose masks are not read; they
/// tell the threshold what false alarms it costs and leave the temperature alone. The logits of all images are held in
/// memory: 0.25 MB an image of 256×256.
///
/// # Errors
/// As [`super::evaluate`], and [`Error::Manifest`] for more than two classes that share a softmax.
pub async fn calibrate(
    model: &Model,
    datasets: &[Dataset],
    normals: &[Dataset],
    part: Part,
    class: Option<usize>,
    mut progress: impl FnMut(&str),
) -> Result<Calibrated, Error> {
    let manifest = model.manifest();
    let (width, height) = (
        manifest.input.width as usize,
        manifest.input.height as usize,
    );
    let shape = [1, model.architecture().in_channels, height, width];
    let class = class.unwrap_or(manifest.lesion_class());
    if class >= model.architecture().classes {
        return Err(no_class(model, class));
    }
    if !manifest.activation.is_sigmoid() && model.architecture().classes > 2 {
        return Err(Error::Manifest(
            "its classes share a softmax; temperature and threshold are chosen for one or two classes only"
                .to_owned(),
        ));
    }
    let mut temperature = Temperature::default();
    let mut images = Vec::new();
    let all = datasets.iter().map(|dataset| (dataset, false));
    for (dataset, is_normal) in all.chain(normals.iter().map(|dataset| (dataset, true))) {
        let pairs = pairs(dataset, part)?;
        let weight = 1.0 / pairs.len() as f64;
        for pair in pairs {
            let mut pair = pair.clone();
            if is_normal {
                pair.masks.clear();
            }
            let (image, truth) = pair.load()?;
            let values = imaging::preprocess(&image, &manifest.input);
            let logits = model.logits(values, shape).await?;
            let planes: Vec<_> = logits.chunks_exact(width * height).collect();
            let logits = match (manifest.activation, planes.as_slice()) {
                // The softmax of two classes is the sigmoid of their difference.
                (Activation::Softmax, [first, second]) => {
                    let (of, other) = if class == 0 {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    of.iter()
                        .zip(*other)
                        .map(|(of, other)| of - other)
                        .collect()
                }
                _ => planes
                    .get(class)
                    .ok_or_else(|| no_class(model, class))?
                    .to_vec(),
            };
            if !is_normal {
                temperature.add(&logits, &share(&truth, width, height), weight);
            }
            progress(&pair.name);
            images.push((pair, is_normal, weight, logits));
        }
    }
    if images.iter().all(|(_, is_normal, ..)| *is_normal) {
        return Err(match datasets.first() {
            Some(dataset) => empty(dataset, part),
            None => Error::Data(vec!["there is no data set to calibrate on".to_owned()]),
        });
    }
    let temperature = temperature.fit();
    let mut sweep = ThresholdSweep::default();
    let (mut before, mut after) = (Reliability::default(), Reliability::default());
    for (pair, is_normal, weight, logits) in &images {
        let (_, truth) = pair.load()?;
        let at = |temperature| {
            let map = ProbabilityMap::from_logits(width, height, logits, temperature);
            map.resample(truth.width(), truth.height())
        };
        let probabilities = at(temperature);
        if !is_normal {
            before.add(&at(1.0), truth.bits());
            after.add(&probabilities, truth.bits());
        }
        sweep.add(&probabilities, truth.bits(), *weight);
    }
    let chosen = sweep.best();
    let half = sweep.curve().find(|point| point.threshold == 0.5);
    Ok(Calibrated {
        temperature,
        chosen,
        images: images.len(),
        iou_at_half: half.unwrap_or(chosen).iou,
        ece: after.ece(),
        ece_before: before.ece(),
        curve: sweep.curve().collect(),
    })
}

/// Share of lesion in each pixel of the network's grid.
fn share(mask: &Mask, width: usize, height: usize) -> Vec<f32> {
    let bytes: Vec<u8> = mask.bits().iter().map(|bit| bit * 255).collect();
    let from = (mask.width() as usize, mask.height() as usize);
    let resized = imaging::resize::<1>(&bytes, from, (width, height), Resize::Area);
    resized
        .into_iter()
        .map(|byte| f32::from(byte) / 255.0)
        .collect()
}
