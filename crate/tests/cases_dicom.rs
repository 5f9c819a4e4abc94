//! DICOM files with oddities, each with its right answer in `shared/cases/cases.tsv` beside the checkout: size, frames,
//! mean colour and scale, or a refusal.
//!
//! Where the table is absent, the test says on standard error that it was skipped. `dicom.rs` makes files of the same
//! kinds itself.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use delineo::imaging::{Decoded, decode};
use delineo::measure::ScaleSource;

/// Files whose scale is true only with a remark, or not at all.
const AT_THE_DETECTOR: &str = "dicom/sc_imager_pixel_spacing.dcm";
const REDUCED: &str = "dicom/examples_ybr_color.dcm";

fn cases() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    if !folder.is_dir() {
        let line = format!("skipped DICOM cases: {} is absent", folder.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        return None;
    }
    Some(folder)
}

/// The number right behind `mark`.
fn number(text: &str, mark: &str) -> Option<f64> {
    let (_, rest) = text.split_once(mark)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// The two numbers of `A x B mm per pixel`.
fn spacing(expect: &str) -> Option<[f64; 2]> {
    let (before, _) = expect.split_once(" mm per pixel")?;
    let mut words = before.rsplit(' ');
    let y = words.next()?.parse().ok()?;
    let x = words.nth(1)?.parse().ok()?;
    Some([x, y])
}

fn means(decoded: &Decoded) -> [f64; 3] {
    let count = decoded.image.pixels().len() as f64;
    let sum = |channel: usize| {
        let values = decoded.image.pixels().map(|pixel| pixel.0[channel]);
        values.map(f64::from).sum::<f64>()
    };
    [0, 1, 2].map(|channel| sum(channel) / count)
}

/// What is wrong with the answer to one row.
fn fault(file: &str, expect: &str, bytes: &[u8]) -> Option<String> {
    let decoded = match (decode(bytes), expect.starts_with("refused")) {
        (Err(_), true) => return None,
        (Err(error), false) => return Some(format!("refused: {error}")),
        (Ok(decoded), true) => {
            let may_open = expect.contains("or opens with a remark");
            let remarked = may_open && !decoded.remarks.is_empty();
            return (!remarked).then(|| "opens".to_owned());
        }
        (Ok(decoded), false) => decoded,
    };
    let size = format!("{}x{}", decoded.image.width(), decoded.image.height());
    if !expect.starts_with(&format!("opens {size} ")) {
        return Some(format!("is {size}"));
    }
    if number(expect, "frames ") != Some(f64::from(decoded.frames)) {
        return Some(format!("has {} frames", decoded.frames));
    }
    if let Some(time) = number(expect, "frame time ")
        && decoded.frame_time != Some(time)
    {
        return Some(format!("frame time {:?}", decoded.frame_time));
    }
    let (_, colours) = expect.split_once("mean RGB ")?;
    let colours = colours.split([' ', ';']).take(3);
    let found = means(&decoded);
    for (mean, expected) in found.iter().zip(colours) {
        let expected: f64 = expected.parse().expect("a mean");
        if (mean - expected).abs() > 1.0 {
            return Some(format!("mean {found:?}"));
        }
    }
    let region = decoded.scale.as_ref().map(|scale| scale.regions[0]);
    let at = |source| {
        let scale = decoded.scale.as_ref();
        scale.is_some_and(|scale| scale.source == source) && !decoded.remarks.is_empty()
    };
    let scale = match file {
        REDUCED => None,
        AT_THE_DETECTOR if at(ScaleSource::ImagerPixelSpacing) => return None,
        _ => spacing(expect),
    };
    let found = region.map(|region| [region.spacing.x, region.spacing.y]);
    let equal = match (found, scale) {
        (None, None) => true,
        (Some(found), Some(expected)) => {
            let pairs = found.iter().zip(expected);
            let mut errors = pairs.map(|(a, b)| (a / b - 1.0).abs());
            errors.all(|error| error <= 1e-3)
        }
        _ => false,
    };
    (!equal).then(|| format!("scale {:?}, expected {scale:?}", decoded.scale))
}

#[test]
fn every_file_of_the_table_opens_as_it_says_or_is_refused() {
    let Some(folder) = cases() else { return };
    let table = fs::read_to_string(folder.join("cases.tsv")).expect("cases.tsv");
    let mut faults = Vec::new();
    let mut count = 0;
    for row in table.lines().filter(|row| row.starts_with("dicom/")) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [file, _, expect, ..] = fields[..] else {
            panic!("a row with too few fields: {row}");
        };
        let bytes = fs::read(folder.join(file)).expect(file);
        count += 1;
        faults.extend(fault(file, expect, &bytes).map(|fault| format!("{file}: {fault}")));
    }
    assert!(count > 0);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
