//! Scores on the val parts while training runs.

use rayon::prelude::*;

use super::journal::Validation;
use crate::Error;
use crate::dataset::{Dataset, Pair, Part};
use crate::imaging;
use crate::manifest::Input;
use crate::mask::{Cleaning, Mask, ProbabilityMap};
use crate::metrics::{Confusion, FALSE_POSITIVE_AREA};
use crate::network::CpuNetwork;
use crate::weights::Checkpoint;

/// An image of a val part, ready for the network, with its truth at its own size.
pub(super) struct Exam {
    set: usize,
    input: Vec<f32>,
    truth: Mask,
}

/// The val parts of all data sets.
pub(super) fn exams(sets: &[Dataset], input: &Input) -> Result<Vec<Exam>, Error> {
    let pairs: Vec<(usize, &Pair)> = sets
        .iter()
        .enumerate()
        .flat_map(|(set, dataset)| dataset.part(Part::Val).map(move |pair| (set, pair)))
        .collect();
    let exam = |(set, pair): &(usize, &Pair)| {
        let (image, truth) = pair.load()?;
        Ok(Exam {
            set: *set,
            input: imaging::preprocess(&image, input),
            truth,
        })
    };
    pairs.par_iter().map(exam).collect()
}

/// How the weights fare, data set by data set, at threshold 0.5 and each image's own size.
pub(super) fn examine(
    weights: &Checkpoint,
    side: u32,
    exams: &[Exam],
    sets: &[Dataset],
) -> Result<Vec<Validation>, Error> {
    let network = CpuNetwork::new(weights)?;
    let side = side as usize;
    let counts = exams
        .par_iter()
        .map(|exam| {
            let logits = network.forward(&exam.input, [3, side, side])?;
            let map = ProbabilityMap::from_logits(side, side, &logits, 1.0);
            let (width, height) = (exam.truth.width(), exam.truth.height());
            let mask = Mask::make(&map, width, height, 0.5, Cleaning::default(), &[]);
            Confusion::of(&mask, &exam.truth)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let validation = |(set, dataset): (usize, &Dataset)| {
        let found = exams
            .iter()
            .zip(&counts)
            .filter(|(exam, _)| exam.set == set);
        let (normal, lesions): (Vec<&Confusion>, Vec<&Confusion>) = found
            .map(|(_, counts)| counts)
            .partition(|counts| counts.tp + counts.fn_ == 0);
        // The sum of nothing is -0, which would be written so.
        let mean =
            |values: Vec<f64>| (values.iter().sum::<f64>() + 0.0) / values.len().max(1) as f64;
        let share = |of: &[&Confusion], is_so: fn(&Confusion) -> bool| {
            mean(of.iter().map(|counts| f64::from(is_so(counts))).collect())
        };
        Validation {
            data: dataset.name.clone(),
            images: lesions.len(),
            iou: mean(lesions.iter().map(|counts| counts.iou()).collect()),
            dice: mean(lesions.iter().map(|counts| counts.dice()).collect()),
            without_mask: share(&lesions, |counts| counts.tp + counts.fp == 0),
            normal: normal.len(),
            alarms: share(&normal, |counts| {
                counts.false_positive_area() > FALSE_POSITIVE_AREA
            }),
        }
    };
    Ok(sets.iter().enumerate().map(validation).collect())
}
