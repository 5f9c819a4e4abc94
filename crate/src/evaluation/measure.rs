//! Figures of a model on one part of a data set, image by image and in all.

use image::RgbImage;

use super::parts::{empty, no_class, pairs};
use super::report::{Calibration, Case, Expected, NormalCase, Normals, Report, Summary};
use super::sheet::ContactSheet;
use crate::Error;
use crate::dataset::{Dataset, Pair, Part};
use crate::mask::{Cleaning, Mask, ProbabilityMap, border_in_band};
use crate::metrics::{
    AuthorsScore, Confusion, FALSE_POSITIVE_AREA, Reliability, Statistic, SurfaceDistance,
};
use crate::model::Model;
use crate::tta::Views;

/// Seed of every bootstrap, so that a report can be made again.
const SEED: u64 = 0;

/// How a model is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Threshold on the probability; the model's own where there is none.
    pub threshold: Option<f32>,
    /// Class that the masks show, counted from 0; the model's lesion where there is none.
    pub class: Option<usize>,
    /// Views to average over ([`Model::segment_averaged`]); only the image itself where there are none.
    pub test_time_augmentation: Option<Views>,
    /// How many of the worst cases are kept to look at.
    pub worst: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold: None,
            class: None,
            test_time_augmentation: None,
            worst: 20,
        }
    }
}

impl Settings {
    fn threshold(&self, model: &Model) -> f32 {
        self.threshold.unwrap_or(model.manifest().threshold)
    }

    async fn segment(&self, model: &Model, image: &RgbImage) -> Result<ProbabilityMap, Error> {
        let maps = match self.test_time_augmentation {
            Some(views) => model.segment_averaged(image, views).await?,
            None => model.segment(image).await?,
        };
        let class = self.class.unwrap_or(model.manifest().lesion_class());
        let map = maps.into_iter().nth(class);
        map.ok_or_else(|| no_class(model, class))
    }
}

/// Evaluates a model on one part of a data set, which should have passed [`Dataset::check`]. `progress` is called after
/// each image.
///
/// # Errors
/// [`Error::Data`] when the part is empty or a file cannot be read: figures over the rest would not be the part's.
/// [`Error::Manifest`] when the model has no such class, and the errors of [`Model::segment`].
pub async fn evaluate(
    model: &Model,
    dataset: &Dataset,
    part: Part,
    settings: &Settings,
    mut progress: impl FnMut(&Case),
) -> Result<(Report, ContactSheet), Error> {
    let threshold = settings.threshold(model);
    let mut cases = Vec::new();
    let mut reliability = Reliability::default();
    let mut sheet = ContactSheet::new(settings.worst);
    for pair in pairs(dataset, part)? {
        let (image, truth) = pair.load()?;
        let map = settings.segment(model, &image).await?;
        let (width, height) = image.dimensions();
        let probabilities = map.resample(width, height);
        reliability.add(&probabilities, truth.bits());
        let prediction = Mask::make(&map, width, height, threshold, Cleaning::default(), &[]);
        let case = Case {
            border_in_band: border_in_band(&probabilities, &truth),
            expected_iou: map
                .expected_iou(threshold, Cleaning::default())
                .map(f64::from),
            ..case(pair, &map, &prediction, &truth)?
        };
        sheet.offer(&case, &image, &prediction, &truth);
        progress(&case);
        cases.push(case);
    }
    let manifest = model.manifest();
    let report = Report {
        model: manifest.id.clone(),
        weights_sha256: manifest.weights.sha256.clone(),
        data: dataset.name.clone(),
        part,
        images: cases.len(),
        threshold,
        temperature: manifest.temperature,
        test_time_augmentation: settings.test_time_augmentation,
        summary: Summary::of(&cases, SEED),
        calibration: Calibration {
            ece: reliability.ece(),
            reliability,
        },
        expected: Expected::of(&cases),
        normals: None,
        cases,
    };
    Ok((report, sheet))
}

/// Measures what a model finds on images without a lesion. Masks are not read.
///
/// # Errors
/// As [`evaluate`].
pub async fn evaluate_normals(
    model: &Model,
    dataset: &Dataset,
    part: Part,
    settings: &Settings,
    mut progress: impl FnMut(&NormalCase),
) -> Result<Normals, Error> {
    let threshold = settings.threshold(model);
    let mut cases = Vec::new();
    for pair in pairs(dataset, part)? {
        let (image, empty) = Pair {
            masks: Vec::new(),
            ..pair.clone()
        }
        .load()?;
        let map = settings.segment(model, &image).await?;
        let (width, height) = image.dimensions();
        let prediction = Mask::make(&map, width, height, threshold, Cleaning::default(), &[]);
        let case = NormalCase {
            name: pair.name.clone(),
            false_positive_area: Confusion::of(&prediction, &empty)?.false_positive_area(),
        };
        progress(&case);
        cases.push(case);
    }
    let statistic = |value: fn(&NormalCase) -> f64| {
        Statistic::of(cases.iter().map(|case| Some(value(case))), SEED)
    };
    let over = statistic(|case| f64::from(case.false_positive_area > FALSE_POSITIVE_AREA));
    let area = statistic(|case| case.false_positive_area);
    // A part that is not empty has both.
    let (Some(over), Some(area)) = (over, area) else {
        return Err(empty(dataset, part));
    };
    Ok(Normals {
        data: dataset.name.clone(),
        images: cases.len(),
        share_over_one_percent: over,
        false_positive_area: area,
        cases,
    })
}

fn case(pair: &Pair, map: &ProbabilityMap, prediction: &Mask, truth: &Mask) -> Result<Case, Error> {
    let counts = Confusion::of(prediction, truth)?;
    let distance = SurfaceDistance::between(prediction, truth)?;
    let authors = AuthorsScore::of(map, truth);
    Ok(Case {
        name: pair.name.clone(),
        width: truth.width(),
        height: truth.height(),
        truth_area: truth.area(),
        predicted_area: prediction.area(),
        iou: counts.iou(),
        dice: counts.dice(),
        sensitivity: counts.sensitivity(),
        precision: counts.precision(),
        specificity: counts.specificity(),
        hd95: distance.map(|distance| distance.hd95),
        assd: distance.map(|distance| distance.assd),
        border_in_band: None,
        expected_iou: None,
        area_error: counts.area_error(),
        authors_iou: authors.iou,
        authors_f1: authors.f1,
    })
}
