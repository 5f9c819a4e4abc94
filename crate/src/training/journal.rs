//! What happened, epoch by epoch: a table for machines and a picture for people.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// How one data set's val part fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Data set.
    pub data: String,
    /// Images with a lesion.
    pub images: usize,
    /// Mean IoU over the images with a lesion, at threshold 0.5 and the image's own size.
    pub iou: f64,
    /// Mean Dice coefficient, likewise.
    pub dice: f64,
    /// Images without a lesion.
    pub normal: usize,
    /// Share of those on which more than 1 % of the area is taken for one.
    pub alarms: f64,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Counted from 1.
    pub epoch: usize,
    /// Side of the input in pixels.
    pub side: u32,
    /// Learning rate of the last step.
    pub rate: f64,
    /// Mean loss.
    pub loss: f64,
    /// Seconds since the training began, over all attempts.
    pub seconds: f64,
    /// One entry a data set; none when this epoch was not validated.
    pub validations: Vec<Validation>,
}

/// What weights are chosen by: the mean IoU over data sets with lesions, less a tenth of the share of false alarms.
pub(super) fn score(validations: &[Validation]) -> f64 {
    let mean = |values: Vec<f64>| {
        let count = values.len().max(1) as f64;
        values.into_iter().sum::<f64>() / count
    };
    let of =
        |pick: fn(&Validation) -> Option<f64>| mean(validations.iter().filter_map(pick).collect());
    of(|v| (v.images > 0).then_some(v.iou)) - 0.1 * of(|v| (v.normal > 0).then_some(v.alarms))
}

/// The rows as comma-separated values.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut text = "epoch,side,rate,loss,seconds".to_owned();
    let names = rows
        .iter()
        .flat_map(|row| row.validations.iter().map(|v| v.data.clone()));
    let mut sets: Vec<String> = Vec::new();
    for name in names {
        if !sets.contains(&name) {
            sets.push(name);
        }
    }
    for set in &sets {
        let _ = write!(text, ",{set} iou,{set} dice,{set} alarms");
    }
    text.push('\n');
    for row in rows {
        let _ = write!(
            text,
            "{},{},{:.3e},{:.5},{:.0}",
            row.epoch, row.side, row.rate, row.loss, row.seconds
        );
        for set in &sets {
            match row.validations.iter().find(|v| v.data == *set) {
                Some(v) => {
                    let lesion = |value: f64| {
                        if v.images > 0 {
                            format!("{value:.4}")
                        } else {
                            String::new()
                        }
                    };
                    let alarms = if v.normal > 0 {
                        format!("{:.4}", v.alarms)
                    } else {
                        String::new()
                    };
                    let _ = write!(text, ",{},{},{alarms}", lesion(v.iou), lesion(v.dice));
                }
                None => text.push_str(",,,"),
            }
        }
        text.push('\n');
    }
    text
}
