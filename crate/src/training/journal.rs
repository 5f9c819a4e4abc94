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
    /// Share of the images with a lesion on which nothing is found.
    #[serde(default)]
    pub without_mask: f64,
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
        let _ = write!(
            text,
            ",{set} iou,{set} dice,{set} without mask,{set} alarms"
        );
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
                    for value in [v.iou, v.dice, v.without_mask] {
                        let _ = write!(text, ",{}", lesion(value));
                    }
                    let _ = write!(text, ",{alarms}");
                }
                None => text.push_str(",,,,"),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validation(data: &str, images: usize, iou: f64, normal: usize, alarms: f64) -> Validation {
        Validation {
            data: data.to_owned(),
            images,
            iou,
            dice: iou,
            without_mask: 0.25,
            normal,
            alarms,
        }
    }

    #[test]
    fn a_large_set_counts_no_more_than_a_small_one_and_a_set_of_normal_images_by_its_alarms() {
        let sets = [
            validation("large", 1000, 0.8, 0, 0.0),
            validation("small", 10, 0.6, 0, 0.0),
            validation("normal", 0, 0.0, 14, 0.5),
        ];
        assert!((score(&sets) - (0.7 - 0.1 * 0.5)).abs() < 1e-12);
        assert!((score(&sets[..2]) - 0.7).abs() < 1e-12);
    }

    #[test]
    fn a_row_has_the_figures_of_each_set_under_its_name() {
        let row = Row {
            epoch: 1,
            side: 64,
            rate: 1e-3,
            loss: 0.5,
            seconds: 9.6,
            validations: vec![
                validation("a", 8, 0.75, 0, 0.0),
                validation("b", 0, 0.0, 4, 0.5),
            ],
        };
        let without = Row {
            validations: Vec::new(),
            ..row.clone()
        };
        let text = csv(&[row, without]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "epoch,side,rate,loss,seconds,a iou,a dice,a without mask,a alarms,b iou,b dice,b without mask,b alarms",
                "1,64,1.000e-3,0.50000,10,0.7500,0.7500,0.2500,,,,,0.5000",
                "1,64,1.000e-3,0.50000,10,,,,,,,,",
            ]
        );
    }
}
