//! Odd files of every kind with the right answer, which lie in `shared/cases` beside the checkout; where that is absent,
//! the tests say on standard error that they were skipped. Files of the same kinds that lie nowhere are made in the other
//! tests of decoding.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use delineo::RgbImage;
use delineo::imaging::{Decoded, decode};

/// A line of `cases.tsv`.
struct Case {
    /// The file, beginning with its folder.
    name: String,
    path: PathBuf,
    /// What should happen, in words and numbers.
    expect: String,
    /// Levels by which another decoder is away from that, on average.
    independent: f64,
}

/// The cases in the folders whose names these are; nothing where there are no cases at all.
fn cases(folders: &[&str]) -> Option<Vec<Case>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let Ok(table) = fs::read_to_string(root.join("cases.tsv")) else {
        let line = format!("skipped {folders:?}: {} is absent", root.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        return None;
    };
    let rows = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split('\t');
        let (name, _, expect) = (fields.next()?, fields.next(), fields.next()?);
        let (folder, _) = name.split_once('/')?;
        folders.contains(&folder).then(|| Case {
            name: name.to_owned(),
            path: root.join(name),
            expect: expect.to_owned(),
            independent: fields
                .nth(1)
                .and_then(|why| {
                    after(why, "to what is expected ")?
                        .split(' ')
                        .next()?
                        .parse()
                        .ok()
                })
                .unwrap_or(0.0),
        })
    });
    Some(rows.collect())
}

/// The text after a word, up to a comma or the end.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = &text[text.find(word)? + word.len()..];
    Some(rest.split([',', ';']).next().unwrap_or(rest).trim())
}

/// Width and height after `opens`.
fn expected_size(expect: &str) -> Option<(u32, u32)> {
    let (width, height) = after(expect, "opens ")?
        .split_whitespace()
        .next()?
        .split_once('x')?;
    let digits = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse();
    Some((digits(width).ok()?, digits(height).ok()?))
}

fn expected_mean(expect: &str) -> Option<[f64; 3]> {
    let numbers: Vec<f64> = after(expect, "mean RGB ")?
        .split_whitespace()
        .map_while(|number| number.parse().ok())
        .collect();
    numbers.try_into().ok()
}

fn mean(image: &RgbImage) -> [f64; 3] {
    let mut sums = [0_u64; 3];
    for pixel in image.pixels() {
        for (sum, value) in sums.iter_mut().zip(pixel.0) {
            *sum += u64::from(value);
        }
    }
    sums.map(|sum| sum as f64 / f64::from(image.width() * image.height()))
}

/// Mean difference of two images of one size, in levels.
fn difference(image: &RgbImage, other: &RgbImage) -> f64 {
    let total: u64 = image
        .iter()
        .zip(other.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    total as f64 / image.len() as f64
}

/// Levels that a mean may be away, besides what an independent decoder is: 12 bits shown over 4095 are up to 0.4 darker on
/// average than a sixteenth of them.
const MEAN: f64 = 0.7;
/// The same for each pixel, on average: losses of JPEG and of palettes of 16 colours. A picture that is turned the wrong
/// way is 20 away.
const PIXELS: f64 = 7.0;

/// What is wrong with an image that was opened.
fn faults(case: &Case, decoded: &Decoded) -> Vec<String> {
    let (image, expect) = (&decoded.image, &case.expect);
    let mut faults = Vec::new();
    if let Some(size) = expected_size(expect).filter(|size| *size != image.dimensions()) {
        faults.push(format!("{:?} pixels, not {size:?}", image.dimensions()));
    }
    if let Some(expected) = expected_mean(expect) {
        let found = mean(image);
        let allowed = MEAN + case.independent;
        if found
            .iter()
            .zip(expected)
            .any(|(a, b)| (a - b).abs() > allowed)
        {
            faults.push(format!("mean {found:.1?}, not {expected:.1?}"));
        }
    }
    if expect.contains("with a remark") && decoded.remarks.is_empty() {
        faults.push("no remark".to_owned());
    }
    let root = case
        .path
        .ancestors()
        .find(|folder| folder.join("cases.tsv").is_file());
    let control = after(expect, "same mask as ").map(|name| name.split(' ').next().unwrap_or(name));
    if let (Some(root), Some(control)) = (root, control) {
        let bytes = fs::read(root.join(control)).expect("the control can be read");
        let control = decode(&bytes).expect("the control opens").image;
        let far = difference(image, &control);
        if control.dimensions() == image.dimensions() && far > PIXELS {
            faults.push(format!("{far:.1} levels from the control"));
        }
    }
    faults
}

/// Words of an expected refusal, and a word that its sentence must hold.
const WORDS: [(&str, &str); 17] = [
    ("raw photo", "raw photo"),
    ("PNG variant of Apple", "Apple"),
    ("damaged or cut short", "damaged or cut short"),
    ("smaller than 16", "at least 16"),
    ("an SVG", "SVG"),
    ("a PDF", "PDF"),
    ("helper file of macOS", "helper file of macOS"),
    ("annotations", "annotations"),
    ("neither picture nor model", "neither a picture nor"),
    ("refused: a video", "video"),
    ("refused: an archive", "archive"),
    ("refused: empty", "empty"),
    ("not one of the formats", "JPEG XR"),
    ("an animation", "animation"),
    ("CMYK", "CMYK"),
    ("12 bits", "12-bit"),
    ("without its file header", "file header"),
];

/// Pictures of formats that are not read yet.
const ELSEWHERE: [&str; 5] = [
    "other/photo.heic",
    "other/heic_named.jpg",
    "other/picture.avif",
    "other/picture.jp2",
    "other/picture.jxl",
];

#[test]
fn every_picture_opens_as_it_should_or_is_refused_for_the_right_reason() {
    let Some(cases) = cases(&["images", "other"]) else {
        return;
    };
    let mut failures = Vec::new();
    for case in cases {
        if ELSEWHERE.contains(&case.name.as_str()) {
            continue;
        }
        let bytes = fs::read(&case.path).expect("the case can be read");
        let expect = &case.expect;
        let (opens, refused) = (expect.contains("opens "), expect.contains("refused: "));
        let mut fail = |fault: String| {
            failures.push(format!("{}: {fault} (expected: {expect})", case.name));
        };
        match decode(&bytes) {
            Ok(_) if !opens => fail("opened".to_owned()),
            Ok(decoded) => {
                let faults = faults(&case, &decoded);
                let told = format!("{}; remarks: {:?}", faults.join(", "), decoded.remarks);
                if !faults.is_empty() {
                    fail(told);
                }
            }
            Err(error) if !refused => fail(format!("refused: {error}")),
            Err(error) => {
                let sentence = error.to_string();
                let mut words = WORDS.iter().filter(|(words, _)| expect.contains(words));
                if !words.all(|(_, word)| sentence.contains(word)) {
                    fail(format!("refused: {sentence}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// More than any file here takes, on a slow machine without optimisation.
const LONGEST: Duration = Duration::from_secs(20);
/// Damaged copies of each file that are tried.
const DAMAGED: u64 = 12;

#[test]
fn no_damage_to_an_odd_file_makes_a_decoder_panic_or_takes_long() {
    let Some(cases) = cases(&["images", "other"]) else {
        return;
    };
    // Knuth's constants for a linear congruence of 64 bits.
    let mut state = 1_u64;
    let mut below = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound.max(1)
    };
    let rounds = std::env::var("DELINEO_DAMAGED").ok();
    let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(DAMAGED);
    for case in cases {
        let bytes = fs::read(&case.path).expect("the case can be read");
        if bytes.is_empty() {
            continue;
        }
        for round in 0..rounds {
            let mut broken = bytes.clone();
            for _ in 0..=round % 4 {
                // Half of the damage goes to the beginning or the end, where headers are.
                let at = match round % 4 {
                    0 => below(broken.len().min(400)),
                    1 => broken.len() - 1 - below(broken.len().min(400)),
                    _ => below(broken.len()),
                };
                broken[at] = match round % 3 {
                    0 => broken[at] ^ 1 << below(8),
                    1 => 0xff,
                    _ => below(256) as u8,
                };
            }
            if round % 5 == 4 {
                broken.truncate(below(broken.len()));
            }
            let began = Instant::now();
            drop(decode(&broken));
            let taken = began.elapsed();
            assert!(taken < LONGEST, "{}, round {round}: {taken:?}", case.name);
        }
    }
}
