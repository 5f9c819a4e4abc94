//! `delineo distort`: a data set once more as other hands and other devices might have taken it.

use std::path::PathBuf;

use delineo::dataset::{Dataset, Layout, Part, Split};
use delineo::export::{mask_png, png};
use delineo::modality::Modality;
use delineo::training::Condition;
use serde_json::json;

use crate::{Stop, make_folder, print_json, progress_bar, read, write};

#[derive(clap::Args)]
pub struct Arguments {
    /// Data set: a folder with images/ and masks/, and split.tsv or the authors' lists of names if it is divided. Without
    /// masks/ its images count as normal ones.
    #[arg(long)]
    data: PathBuf,
    /// The part to take: train, val or test.
    #[arg(long, default_value_t = Part::Test)]
    part: Part,
    /// Only what can happen to images of this kind: dermoscopy or ultrasound.
    #[arg(long)]
    modality: Option<Modality>,
    /// Width and height of the images that are written.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=4096))]
    side: u32,
    /// Other conditions than the standard ones (crate/src/training/conditions.toml).
    #[arg(long)]
    conditions: Option<PathBuf>,
    /// Folder for CONDITION/images/NAME.png and CONDITION/masks/NAME.png; made where it is missing.
    #[arg(long)]
    out: PathBuf,
    /// The conditions as JSON objects on standard output, a line each.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Stop> {
    let conditions = match &arguments.conditions {
        None => Condition::standard()?,
        Some(path) => Condition::read(&String::from_utf8_lossy(&read(path)?))?,
    };
    let happens = |condition: &Condition| {
        arguments
            .modality
            .is_none_or(|modality| condition.modalities.contains(&modality))
    };
    let conditions: Vec<_> = conditions.into_iter().filter(happens).collect();
    let dataset = Dataset::open(&Layout::of_folder(
        &arguments.data,
        Split::All(arguments.part),
    )?)?;
    dataset.check(&[arguments.part])?;
    let folder = |condition: &Condition, kind: &str| arguments.out.join(&condition.name).join(kind);
    for condition in &conditions {
        for kind in ["images", "masks"] {
            make_folder(&folder(condition, kind))?;
        }
    }
    let bar = progress_bar(dataset.part(arguments.part).count() as u64, arguments.json);
    for (place, pair) in dataset.part(arguments.part).enumerate() {
        let (image, mask) = pair.load()?;
        for condition in &conditions {
            let (image, mask) = condition.apply(&image, &mask, arguments.side, place);
            let file = |kind| folder(condition, kind).join(format!("{}.png", pair.name));
            write(&file("images"), &png(&image)?)?;
            write(&file("masks"), &mask_png(&mask)?)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    for condition in &conditions {
        let Condition { name, meaning, .. } = condition;
        if arguments.json {
            print_json(&json!({ "name": name, "meaning": meaning }));
        } else {
            println!("{name}: {meaning}");
        }
    }
    Ok(())
}
