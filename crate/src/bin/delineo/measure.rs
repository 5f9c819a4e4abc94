//! `delineo measure`: masks, or images that are segmented first, to figures.

use std::io::Write;
use std::path::{Path, PathBuf};

use delineo::mask::{Cleaning, Mask};
use delineo::measure::{
    Cell, Measurements, Record, Scale, ScaleSource, Shape, Spacing, Table, Uncertainty, columns,
    places,
};
use delineo::model::Model;
use delineo::tta::Views;
use delineo::{Error, imaging};
use serde_json::{Value, json};

use crate::model::{check_class, millionths, open, probability, threshold};
use crate::table_format::{TableFormat, table_file};
use crate::{DeviceArgument, Stop, print_json, progress_bar, read, replace};

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(required = true, help = format!("Masks, white on the lesion and black elsewhere, or with --model images: {}", imaging::list()))]
    files: Vec<PathBuf>,
    /// Millimetres from column to column and from row to row, for all files; one number for both. Without it, what each
    /// file says.
    #[arg(long, value_name = "X,Y", value_parser = spacing)]
    spacing: Option<Spacing>,
    /// The table, by its ending: FILE.csv, FILE.json or FILE.parquet.
    #[arg(long, value_name = "FILE", value_parser = table_file)]
    out: Option<PathBuf>,
    /// Model folder with model.json and its weights: the files are images, and what it segments is measured.
    #[arg(long)]
    model: Option<PathBuf>,
    /// Threshold on the probability; the model's own where it is not given.
    #[arg(long, value_parser = threshold, requires = "model")]
    threshold: Option<f32>,
    /// Where to run the model.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceArgument,
    /// Class to segment, counted from 0.
    #[arg(long, default_value_t = 0, requires = "model")]
    class: usize,
    /// Keep only the largest region of what was segmented.
    #[arg(long, requires = "model")]
    largest_region: bool,
    /// Remove islands of less than this part of the image in per cent, though never the largest region; 0 for none.
    #[arg(long, value_name = "PERCENT", value_parser = millionths, default_value = "0.05", requires = "model")]
    islands_below: u32,
    /// Fill holes of what was segmented.
    #[arg(long, requires = "model")]
    fill_holes: bool,
    /// Test-time augmentation, as in `segment`.
    #[arg(long, value_name = "mirror|all", num_args = 0..=1, default_missing_value = "all", require_equals = true, requires = "model")]
    tta: Option<Views>,
    /// One JSON object a file on standard output, and no progress bar.
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let model = match &arguments.model {
        Some(folder) => Some(open(folder, arguments.device).await?),
        None => None,
    };
    if let Some(model) = &model {
        check_class(model, arguments.class)?;
    }
    let bar = progress_bar(arguments.files.len() as u64, arguments.json);
    let mut table = Table {
        columns: Record::names(),
        rows: Vec::new(),
    };
    let mut failed = 0;
    for path in &arguments.files {
        bar.set_message(path.display().to_string());
        let measured = measure(model.as_ref(), path, arguments).await;
        let why = measured.as_ref().map_err(ToString::to_string);
        let row = Record::row(
            &path.display().to_string(),
            model.as_ref().map(|model| model.manifest().id.as_str()),
            why.as_ref().map(|record| *record).map_err(String::as_str),
        );
        match &measured {
            Ok(measured) if arguments.json => {
                let mut object = Table::object(&table.columns, &row);
                object.remove("error");
                object.insert("lesions".to_owned(), lesions(&measured.found));
                print_json(&Value::Object(object));
            }
            // Not by the bar, which says nothing where standard error is no terminal.
            Ok(measured) => bar.suspend(|| say(path, &words(&measured.found))),
            Err(error) => {
                failed += 1;
                if arguments.json {
                    print_json(&json!({ "file": path, "error": error.to_string() }));
                } else {
                    bar.suspend(|| eprintln!("{}: {error}", path.display()));
                }
            }
        }
        table.rows.push(row);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(out) = &arguments.out
        && let Some(format) = TableFormat::of(out)
    {
        replace(out, &format.encode(&table))?;
    }
    if failed == 0 {
        Ok(())
    } else {
        eprintln!("{failed} of {} files failed.", arguments.files.len());
        Err(Stop::SomeFailed)
    }
}

async fn measure(
    model: Option<&Model>,
    path: &Path,
    arguments: &Arguments,
) -> Result<Record, Error> {
    let decoded = imaging::decode(&read(path)?)?;
    let image = &decoded.image;
    let by_hand = |spacing| Scale::everywhere(spacing, ScaleSource::ByHand);
    let scale = arguments.spacing.map(by_hand).or(decoded.scale);
    let size = image.dimensions();
    let Some(model) = model else {
        return Ok(Record {
            found: Measurements::of(&Mask::of_picture(image)?, scale.as_ref()),
            uncertainty: None,
            size,
            threshold: None,
        });
    };
    let map = probability(model, image, arguments.class, arguments.tta).await?;
    let threshold = arguments.threshold.unwrap_or(model.manifest().threshold);
    let cleaning = Cleaning {
        largest_region: arguments.largest_region,
        islands_below: arguments.islands_below,
        fill_holes: arguments.fill_holes,
    };
    let mask = Mask::make(&map, size.0, size.1, threshold, cleaning, &[]);
    let found = Measurements::of(&mask, scale.as_ref());
    let of = |shape| Uncertainty::of_whole(shape, &map, size, threshold, cleaning, &[]);
    Ok(Record {
        uncertainty: found.whole.as_ref().map(of),
        found,
        size,
        threshold: Some(threshold),
    })
}

/// Each region by itself, the largest first.
fn lesions(found: &Measurements) -> Value {
    let one = |shape: &Shape| {
        let figures = columns(found, Some(shape), None);
        let cells = figures.into_iter().chain(places(Some(shape)));
        // What only a whole mask has.
        let cells = cells.filter(|(name, _)| {
            *name != "regions" && !name.ends_with("_low") && !name.ends_with("_high")
        });
        let (names, cells): (Vec<_>, Vec<_>) = cells
            .map(|(name, figure)| (name.to_owned(), Cell::from(figure)))
            .unzip();
        Value::Object(Table::object(&names, &cells))
    };
    found.lesions.iter().map(one).collect()
}

/// A line on standard output. A closed pipe is the reader's choice and no error.
fn say(path: &Path, words: &str) {
    let _ = writeln!(std::io::stdout(), "{}: {words}", path.display());
}

/// A line for a person.
fn words(found: &Measurements) -> String {
    let Some(shape) = &found.whole else {
        return "no lesion".to_owned();
    };
    let figures = shape.figures();
    let unit = if shape.mm.is_some() { "mm" } else { "px" };
    let regions = match found.regions {
        1 => String::new(),
        several => format!(", {several} regions together"),
    };
    format!(
        "area {:.2} {unit}², longest diameter {:.2} {unit}, perpendicular {:.2} {unit}, perimeter {:.2} {unit}{regions}",
        figures.area, figures.longest.length, figures.perpendicular.length, figures.perimeter
    )
}

/// `0.1` or `0.1,0.05`.
fn spacing(text: &str) -> Result<Spacing, String> {
    let (x, y) = text.split_once(',').unwrap_or((text, text));
    let parsed = x.trim().parse().and_then(|x| {
        Ok(Spacing {
            x,
            y: y.trim().parse()?,
        })
    });
    match parsed {
        Ok(spacing) if spacing.is_usable() => Ok(spacing),
        _ => Err(
            "a spacing is one or two numbers of millimetres above 0, such as 0.08,0.05".to_owned(),
        ),
    }
}
