//! `delineo agreement`: how exact the masks of a data set are.

use std::path::PathBuf;

use delineo::dataset::{Dataset, Layout, Part, Split};
use delineo::metrics::Statistic;
use serde_json::json;

use crate::{Stop, print_json};

#[derive(clap::Args)]
pub struct Arguments {
    /// Data set: a folder with images/, masks/ and a split.tsv that says which images are near-duplicates of each other.
    #[arg(long)]
    data: PathBuf,
    /// The parts to look at. The test part is left alone unless it is asked for.
    #[arg(long, default_values_t = [Part::Train, Part::Val])]
    part: Vec<Part>,
    /// Correlation of the grey levels from which two images count as one picture.
    #[arg(long, default_value_t = 0.95)]
    least: f64,
    /// A JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Stop> {
    let dataset = Dataset::open(&Layout::of_folder(&arguments.data, Split::DEFAULT)?)?;
    dataset.check(&arguments.part)?;
    let found = dataset.agreement(&arguments.part, arguments.least)?;
    let iou = Statistic::of(found.iter().map(|twice| Some(twice.iou)), 0);
    let dice = Statistic::of(found.iter().map(|twice| Some(twice.dice)), 0);
    if arguments.json {
        print_json(&json!({ "pairs": found, "iou": iou, "dice": dice }));
        return Ok(());
    }
    for twice in &found {
        let [one, other] = &twice.names;
        println!(
            "{one} and {other}: correlation {:.3}, IoU {:.3}, Dice {:.3}",
            twice.correlation, twice.iou, twice.dice
        );
    }
    if let (Some(iou), Some(dice)) = (iou, dice) {
        println!(
            "{} pairs: mean IoU {:.3} ({:.3} to {:.3}), mean Dice {:.3}",
            iou.count, iou.mean, iou.interval[0], iou.interval[1], dice.mean
        );
    } else {
        println!("No picture is there twice.");
    }
    Ok(())
}
