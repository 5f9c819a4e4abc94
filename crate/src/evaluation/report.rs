//! What an evaluation found, as numbers to store and to print.

use serde::{Deserialize, Serialize};

use crate::dataset::Part;
use crate::manifest::Score;
use crate::mask::Confidence;
use crate::metrics::{Reliability, Statistic};
use crate::tta::Views;

/// Everything that was measured for a model on one part of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The model's id.
    pub model: String,
    /// SHA-256 of its weights.
    pub weights_sha256: String,
    /// The data set's name.
    pub data: String,
    /// The part that was looked at.
    pub part: Part,
    /// How many images.
    pub images: usize,
    /// Threshold on the probability.
    pub threshold: f32,
    /// What logits were divided by.
    pub temperature: f32,
    /// Views over which probabilities were averaged, if they were.
    pub test_time_augmentation: Option<Views>,
    /// Over all images.
    pub summary: Summary,
    /// Whether probabilities can be believed.
    pub calibration: Calibration,
    /// Whether what is expected of a mask comes true, the best first.
    #[serde(default)]
    pub expected: Vec<Expected>,
    /// Images without a lesion, where some were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normals: Option<Normals>,
    /// Image by image, in the order of the data set.
    pub cases: Vec<Case>,
}

/// One image. Lengths are in pixels of the image at its own size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The image's name.
    pub name: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pixels of the true lesion.
    pub truth_area: u64,
    /// Pixels of the predicted lesion.
    pub predicted_area: u64,
    /// Intersection over union.
    pub iou: f64,
    /// Dice coefficient, which is F1.
    pub dice: f64,
    /// Sensitivity (recall).
    pub sensitivity: f64,
    /// Precision.
    pub precision: f64,
    /// Specificity.
    pub specificity: f64,
    /// 95th percentile of the distances between the borders; none where one of the masks is empty.
    pub hd95: Option<f64>,
    /// Average symmetric surface distance; none where one of the masks is empty.
    pub assd: Option<f64>,
    /// Share of the true border that lies where the probability is 0.1 to 0.9; none where the truth is empty.
    #[serde(default)]
    pub border_in_band: Option<f64>,
    /// What the IoU was expected to be ([`crate::mask::ProbabilityMap::expected_iou`]); none of an empty mask.
    #[serde(default)]
    pub expected_iou: Option<f64>,
    /// Signed error of the area relative to the truth; none where the truth is empty.
    pub area_error: Option<f64>,
    /// IoU as the authors compute it ([`crate::metrics::AuthorsScore`]).
    pub authors_iou: f64,
    /// F1 as the authors compute it.
    pub authors_f1: f64,
}

impl Case {
    /// Whether nothing was found where there is a lesion, 1 or 0; none where the truth is empty too.
    fn without_mask(&self) -> Option<f64> {
        (self.truth_area > 0).then(|| f64::from(self.predicted_area == 0))
    }
}

/// Figures over all images; none where no image has the figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the other fields are those of `Case`
pub struct Summary {
    /// Share of the lesions that get no mask at all.
    pub without_mask: Option<Statistic>,
    pub iou: Option<Statistic>,
    pub dice: Option<Statistic>,
    pub sensitivity: Option<Statistic>,
    pub precision: Option<Statistic>,
    pub specificity: Option<Statistic>,
    pub hd95: Option<Statistic>,
    pub assd: Option<Statistic>,
    #[serde(default)]
    pub border_in_band: Option<Statistic>,
    pub area_error: Option<Statistic>,
    /// Absolute value of the area's error relative to the truth.
    pub absolute_area_error: Option<Statistic>,
    pub authors_iou: Option<Statistic>,
    pub authors_f1: Option<Statistic>,
}

impl Summary {
    pub(super) fn of(cases: &[Case], seed: u64) -> Self {
        let statistic =
            |value: &dyn Fn(&Case) -> Option<f64>| Statistic::of(cases.iter().map(value), seed);
        Self {
            without_mask: statistic(&Case::without_mask),
            iou: statistic(&|case| Some(case.iou)),
            dice: statistic(&|case| Some(case.dice)),
            sensitivity: statistic(&|case| Some(case.sensitivity)),
            precision: statistic(&|case| Some(case.precision)),
            specificity: statistic(&|case| Some(case.specificity)),
            hd95: statistic(&|case| case.hd95),
            assd: statistic(&|case| case.assd),
            border_in_band: statistic(&|case| case.border_in_band),
            area_error: statistic(&|case| case.area_error),
            absolute_area_error: statistic(&|case| case.area_error.map(f64::abs)),
            authors_iou: statistic(&|case| Some(case.authors_iou)),
            authors_f1: statistic(&|case| Some(case.authors_f1)),
        }
    }

    /// The figures with names that a person reads, in the order of the report.
    pub fn rows(&self) -> [(&'static str, Option<&Statistic>); 13] {
        [
            ("IoU", self.iou.as_ref()),
            ("Dice (F1)", self.dice.as_ref()),
            ("sensitivity", self.sensitivity.as_ref()),
            ("precision", self.precision.as_ref()),
            ("specificity", self.specificity.as_ref()),
            ("HD95, pixels", self.hd95.as_ref()),
            ("ASSD, pixels", self.assd.as_ref()),
            ("area error", self.area_error.as_ref()),
            ("|area error|", self.absolute_area_error.as_ref()),
            ("authors' IoU", self.authors_iou.as_ref()),
            ("authors' F1", self.authors_f1.as_ref()),
            ("border in the band", self.border_in_band.as_ref()),
            ("without a mask", self.without_mask.as_ref()),
        ]
    }
}

/// What became of the masks of which the same was expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// What was expected.
    pub confidence: Confidence,
    /// Of how many images.
    pub images: usize,
    /// The mean IoU that they have; none of no images.
    pub iou: Option<f64>,
    /// The share whose IoU is below 0.5; none of no images.
    pub below_half: Option<f64>,
}

impl Expected {
    pub(super) fn of(cases: &[Case]) -> Vec<Self> {
        let groups = Confidence::ALL.into_iter().rev();
        let group = |confidence| {
            let is_of_it = |case: &&Case| {
                let expected = case.expected_iou;
                expected.is_some_and(|iou| Confidence::of(iou as f32) == confidence)
            };
            let ious: Vec<f64> = cases.iter().filter(is_of_it).map(|case| case.iou).collect();
            let count = ious.len() as f64;
            let below = ious.iter().filter(|iou| **iou < 0.5).count() as f64;
            Self {
                confidence,
                images: ious.len(),
                iou: (!ious.is_empty()).then(|| ious.iter().sum::<f64>() / count),
                below_half: (!ious.is_empty()).then_some(below / count),
            }
        };
        groups.map(group).collect()
    }
}

/// Probabilities of all pixels, at the images' own sizes, against the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Expected calibration error.
    pub ece: f64,
    /// The bins of the reliability diagram.
    #[serde(flatten)]
    pub reliability: Reliability,
}

/// What was found where there is nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normals {
    /// The data set's name.
    pub data: String,
    /// How many images.
    pub images: usize,
    /// Share of images on which over 1 % of the pixels were called lesion; its median says nothing.
    pub share_over_one_percent: Statistic,
    /// Share of an image's pixels that were called lesion.
    pub false_positive_area: Statistic,
    /// Image by image.
    pub cases: Vec<NormalCase>,
}

/// One image without a lesion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalCase {
    /// The image's name.
    pub name: String,
    /// Share of the pixels that were called lesion.
    pub false_positive_area: f64,
}

impl Report {
    /// The cases as a table with a header line (RFC 4180), worst IoU first. A figure that a case lacks is empty.
    pub fn csv(&self) -> String {
        let mut text = String::from(
            "rank,name,width,height,truth_area,predicted_area,iou,dice,sensitivity,precision,specificity,hd95,assd,area_error,authors_iou,authors_f1\n",
        );
        let mut cases: Vec<_> = self.cases.iter().collect();
        cases.sort_by(|a, b| a.iou.total_cmp(&b.iou));
        for (rank, case) in cases.iter().enumerate() {
            let name = &case.name;
            let name = if name.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name.clone()
            };
            let mut cells = vec![(rank + 1).to_string(), name];
            let counts = [
                case.width.into(),
                case.height.into(),
                case.truth_area,
                case.predicted_area,
            ];
            cells.extend(counts.map(|count| count.to_string()));
            let figures = [
                Some(case.iou),
                Some(case.dice),
                Some(case.sensitivity),
                Some(case.precision),
                Some(case.specificity),
                case.hd95,
                case.assd,
                case.area_error,
                Some(case.authors_iou),
                Some(case.authors_f1),
            ];
            let cell = |figure: Option<f64>| figure.map_or_else(String::new, |f| format!("{f:.6}"));
            cells.extend(figures.map(cell));
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }

    /// The report's main figures as they stand in a `model.json`; none when there was no image. `name` is the data
    /// set's name for readers.
    pub fn score(&self, name: &str) -> Option<Score> {
        let round = |value: f64| (value * 1e4).round() as f32 / 1e4;
        let (iou, dice) = (self.summary.iou?, self.summary.dice?);
        let over = self.normals.as_ref().map(|n| n.share_over_one_percent.mean);
        Some(Score {
            data: format!("{name}, {} part, {} images", self.part, self.images),
            iou: round(iou.mean),
            dice: round(dice.mean),
            images: Some(self.images),
            iou_interval: Some(iou.interval.map(round)),
            dice_interval: Some(dice.interval.map(round)),
            hd95: self.summary.hd95.map(|hd95| round(hd95.mean)),
            ece: Some(round(self.calibration.ece)),
            authors_iou: self.summary.authors_iou.map(|iou| round(iou.mean)),
            authors_f1: self.summary.authors_f1.map(|f1| round(f1.mean)),
            without_mask: self.summary.without_mask.map(|share| round(share.mean)),
            normals_over_one_percent: over.map(round),
            test_time_augmentation: self.test_time_augmentation,
        })
    }
}
