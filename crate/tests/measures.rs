//! Measurements and comparisons against figures that other programs computed (scikit-image, SciPy, MedPy).
//!
//! The masks and their figures lie in `shared/cases` beside the checkout; where that is absent, the tests say on standard error
//! that they were skipped.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use delineo::imaging;
use delineo::mask::Mask;
use delineo::measure::{Measurements, Outline, Scale, ScaleSource, Spacing};
use delineo::metrics::Comparison;

/// Lengths and ratios may be off by this share ...
const SHARE: f64 = 0.01;
/// ... or lengths by this part of a pixel.
const PIXELS: f64 = 0.5;

type Row = HashMap<String, String>;

fn cases(folder: &str, table: &str) -> Option<(PathBuf, Vec<Row>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/cases")
        .join(folder);
    if !folder.is_dir() {
        let line = format!("skipped: {} is absent", folder.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        return None;
    }
    let text = fs::read_to_string(folder.join(table)).expect("the table can be read");
    let mut lines = text.lines().map(|line| line.split('\t'));
    let header: Vec<&str> = lines.next().expect("a header").collect();
    let rows = lines.map(|cells| {
        let pairs = header.iter().zip(cells);
        pairs
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    });
    Some((folder, rows.collect()))
}

fn mask(path: &Path) -> Mask {
    let bytes = fs::read(path).expect("the mask can be read");
    let picture = imaging::decode(&bytes)
        .expect("the mask can be decoded")
        .image;
    Mask::of_picture(&picture).expect("a mask")
}

/// `0.08 x 0.05 mm`, or nothing for `px`.
fn spacing(text: &str) -> Option<Spacing> {
    let (x, y) = text.strip_suffix(" mm")?.split_once(" x ")?;
    Some(Spacing {
        x: x.parse().ok()?,
        y: y.parse().ok()?,
    })
}

#[test]
fn every_figure_is_that_of_scikit_image_or_of_the_polygon() {
    let Some((folder, rows)) = cases("measures", "measures.tsv") else {
        return;
    };
    assert!(!rows.is_empty());
    for row in rows {
        let what = format!("{} {}", row["file"], row["spacing_x_y"]);
        let spacing = spacing(&row["spacing_x_y"]);
        let scale = spacing.map(|spacing| Scale::everywhere(spacing, ScaleSource::ByHand));
        let found = Measurements::of(&mask(&folder.join(&row["file"])), scale.as_ref());
        assert_eq!(found.regions.to_string(), row["components8"], "{what}");
        let Some(shape) = found.whole else {
            assert_eq!(row["area"], "0", "{what}");
            continue;
        };
        let figures = *shape.figures();
        let pixel = spacing.map_or(1.0, |spacing| spacing.x.max(spacing.y));
        let check = |name: &str, value: f64, tolerance: f64| {
            let Ok(expected) = row[name].parse::<f64>() else {
                panic!("{what}: {name} should not be defined")
            };
            let within = tolerance.max(1e-5 * expected.abs());
            assert!(
                (value - expected).abs() <= within,
                "{what}: {name} {value}, not {expected}"
            );
        };
        // By the same definition: to the digits of the table.
        check("area", figures.area, 0.0);
        check("perimeter_contour", figures.perimeter, 0.0);
        check("feret_max", figures.longest.length, 0.0);
        check("feret_min", figures.feret_min, 0.0);
        check("equivalent_diameter", figures.equivalent_diameter, 0.0);
        check("bbox_width", figures.width, 0.0);
        check("bbox_height", figures.height, 0.0);
        check("axis_major", figures.ellipse.major, 0.0);
        check("axis_minor", figures.ellipse.minor, 0.0);
        check("solidity_skimage", figures.solidity, 0.0);
        check("circularity_contour", figures.circularity, 0.0);
        if let Some(eccentricity) = figures.ellipse.eccentricity {
            check("eccentricity", eccentricity, 1e-6);
        }
        let centroid: Vec<f64> = row["centroid_px"]
            .split(',')
            .map(|at| at.parse().expect("a number"))
            .collect();
        for (found, expected) in shape.centroid.iter().zip(centroid) {
            assert!(
                (found - 0.5 - expected).abs() < 1e-4,
                "{what}: centroid {found}"
            );
        }
        // Where the longest diameter ties, either answer is right.
        let ends = |name: &str| -> Vec<f64> {
            row[name]
                .split(',')
                .map(|at| at.parse().expect("a number"))
                .collect()
        };
        let (from, to) = (figures.longest.from.to_vec(), figures.longest.to.to_vec());
        let expected = [ends("feret_max_from"), ends("feret_max_to")];
        if expected == [from.clone(), to.clone()] || expected == [to, from] {
            check("perpendicular_chord", figures.perpendicular.length, 0.0);
        } else {
            let chord = figures.perpendicular.length;
            check(
                "perpendicular_chord",
                chord,
                (SHARE * chord).max(PIXELS * pixel),
            );
        }
        // By the other definition: within what is promised.
        let length = figures.longest.length;
        if !row["feret_max_skimage"].is_empty() && length > 2.0 * pixel {
            check(
                "feret_max_skimage",
                length,
                (SHARE * length).max(PIXELS * pixel),
            );
        }
    }
}

#[test]
fn every_score_is_that_of_medpy() {
    let Some((folder, rows)) = cases("scores", "scores.tsv") else {
        return;
    };
    assert!(!rows.is_empty());
    for row in rows {
        let what = format!("{} {}", row["prediction"], row["spacing_x_y"]);
        let [prediction, truth] =
            ["prediction", "truth"].map(|side| mask(&folder.join(&row[side])));
        let spacing = spacing(&row["spacing_x_y"]);
        let found = Comparison::of(&prediction, &truth, spacing).expect("one size");
        let surface = if spacing.is_some() {
            found.surface_mm
        } else {
            found.surface_px
        };
        let distance = |of: fn(&delineo::metrics::SurfaceDistance) -> f64| {
            surface.as_ref().map_or(f64::NAN, of)
        };
        for (name, value) in [
            ("dice", found.dice),
            ("iou", found.iou),
            ("hd95_pooled", distance(|surface| surface.hd95)),
            ("assd_pooled", distance(|surface| surface.assd)),
        ] {
            let expected: f64 = row[name].parse().expect("a number or nan");
            let same =
                value.is_nan() && expected.is_nan() || (value - expected).abs() <= 1e-5 * expected;
            assert!(same, "{what}: {name} {value}, not {expected}");
        }
    }
}

#[test]
fn twelve_megapixels_are_measured_in_time() {
    // Optimised: some milliseconds. The bound leaves room for tests without optimisation on a machine that does other things.
    let (width, height) = (4000_u32, 3000_u32);
    let bits = (0..width * height).map(|at| {
        let (x, y) = (
            f64::from(at % width) - 2000.0,
            f64::from(at / width) - 1500.0,
        );
        u8::from(
            x.hypot(y)
                < 1200.0 + 150.0 * (7.0 * y.atan2(x)).sin() + 40.0 * (61.0 * y.atan2(x)).sin(),
        )
    });
    let mask = Mask::new(width, height, bits.collect());
    let scale = Scale::everywhere(Spacing { x: 0.01, y: 0.02 }, ScaleSource::ByHand);
    let start = Instant::now();
    let found = Measurements::of(&mask, Some(&scale));
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(found.regions, 1);
    let shape = found.whole.expect("a lesion");
    let start = Instant::now();
    let outline = Outline::of(&mask, &shape);
    let seconds_outline = start.elapsed().as_secs_f64();
    assert!(outline.irregularity > 1.0);
    println!(
        "{:.1} and {:.1} ms",
        1000.0 * seconds,
        1000.0 * seconds_outline
    );
    assert!(
        seconds.max(seconds_outline) < 2.0,
        "{seconds} and {seconds_outline} s"
    );
}

#[test]
fn noise_of_many_regions_is_measured_in_time() {
    let mut state = 7_u32;
    let (width, height) = (2000_u32, 2000_u32);
    let bits = (0..width * height).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::from(state >> 24 < 40)
    });
    let mask = Mask::new(width, height, bits.collect());
    let start = Instant::now();
    let found = Measurements::of(&mask, None);
    let seconds = start.elapsed().as_secs_f64();
    println!("{} regions in {:.1} ms", found.regions, 1000.0 * seconds);
    assert!(found.regions > 100_000 && found.lesions.len() == 1000);
    assert!(seconds < 4.0, "{seconds} s");
}
