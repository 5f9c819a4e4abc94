//! Names and folders as people have them: nothing is overwritten, dropped or mixed up, and data sets are read as they are published.
//!
//! The files of `shared/cases` are tried as `cases.tsv` says; where they are absent, that is said on standard error. Files of the
//! same kinds are made here.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use delineo::dataset::{Dataset, Layout, Part, Split};
use delineo::export::{mask_png, png};
use delineo::phantom;
use phantoms::{folder, model, tree, write};

mod phantoms;

/// Segments on the CPU in `place`, with what the program says as JSON.
fn segment<I: AsRef<OsStr>>(place: &Path, images: &[I], out: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_delineo"))
        .current_dir(place)
        .arg("segment")
        .args(images)
        .arg("--out")
        .arg(out)
        .arg("--model")
        .arg(model())
        .args(["--device", "cpu", "--json"])
        .args(more)
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(output: &Output) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(&output.stdout).expect("JSON is UTF-8");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect()
}

fn image(seed: u32) -> Vec<u8> {
    png(&phantom::dermoscopy(seed, 96, 64).image).expect("encodable")
}

fn names_in(folder: &Path) -> Vec<PathBuf> {
    tree(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn two_images_of_one_stem_are_refused_before_anything_is_written() {
    let folder = folder("names-stem");
    for name in ["scan1.jpg", "scan1.png"] {
        write(&folder.join(name), &image(1));
    }
    let out = folder.join("out");
    for more in [[].as_slice(), &["--overwrite"]] {
        let output = segment(&folder, &["scan1.jpg", "scan1.png"], &out, more);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = said(&output);
        assert!(said.contains("scan1.jpg and scan1.png"), "{said}");
        assert!(!out.exists());
    }
    // One image named twice is one image.
    let output = segment(&folder, &["scan1.png", "./scan1.png"], &out, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(lines(&output).len(), 1);
}

#[test]
fn masks_lie_below_the_output_as_their_images_lie_below_their_common_folder() {
    let folder = folder("names-mirror");
    for name in [
        "in/visit_A/IMG_1.png",
        "in/visit_B/IMG_1.png",
        "in/visit_B/left/IMG_1.png",
    ] {
        write(&folder.join(name), &image(1));
    }
    let images = [
        "in/visit_A/IMG_1.png",
        "in/visit_B/IMG_1.png",
        "in/visit_B/../visit_B/left/IMG_1.png",
    ];
    let out = folder.join("out");
    let output = segment(&folder, &images, &out, &["--format", "mask,overlay"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let expected = [
        "visit_A/IMG_1_mask.png",
        "visit_A/IMG_1_overlay.png",
        "visit_B/IMG_1_mask.png",
        "visit_B/IMG_1_overlay.png",
        "visit_B/left/IMG_1_mask.png",
        "visit_B/left/IMG_1_overlay.png",
    ];
    assert_eq!(names_in(&out), expected.map(PathBuf::from));
}

#[test]
fn masks_among_the_images_are_left_out_and_never_overwritten() {
    let folder = folder("names-truth");
    let truth = mask_png(&phantom::dermoscopy(1, 96, 64).mask).expect("encodable");
    for (name, bytes) in [
        ("a.png", image(1)),
        ("a_mask.png", truth.clone()),
        ("a_mask_1.png", truth.clone()),
        ("b.png", image(2)),
        ("b_segmentation.png", truth.clone()),
        ("c_lesion.png", image(3)),
        ("._a.png", b"\0\x05\x16\x07\0\x02\0\0".to_vec()),
    ] {
        write(&folder.join(name), &bytes);
    }
    let before = tree(&folder);
    let images = [
        "a.png",
        "a_mask.png",
        "a_mask_1.png",
        "b.png",
        "b_segmentation.png",
        "c_lesion.png",
        "._a.png",
    ];
    let output = segment(&folder, &images, &folder, &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        said(&output).contains("a_mask.png would be overwritten"),
        "{output:?}"
    );
    assert_eq!(tree(&folder), before);

    let out = folder.join("out");
    let output = segment(&folder, &images, &out, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        said(&output).contains("3 files were left out"),
        "{output:?}"
    );
    // A lesion without an image of its name beside it is an image.
    let expected = ["a_mask.png", "b_mask.png", "c_lesion_mask.png"];
    assert_eq!(names_in(&out), expected.map(PathBuf::from));
    let output = segment(&folder, &images, &out, &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let output = segment(&folder, &images, &out, &["--overwrite"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // Not even then is an image of the call replaced.
    write(&folder.join("sub/x.png"), &image(4));
    write(&folder.join("sub/y/x_mask.png"), &image(4));
    let images = ["sub/x.png", "sub/y/x_mask.png"];
    let output = segment(&folder, &images, &folder.join("sub/y"), &["--overwrite"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(said(&output).contains("is one of the images"), "{output:?}");
}

#[test]
fn a_name_without_an_image_ending_is_kept_whole_and_a_long_one_is_cut() {
    let folder = folder("names-odd");
    let long = format!("{}.png", "x".repeat(250));
    let names = [
        "US.0001",
        "US.0002",
        "no_ending",
        "a.b.c.png",
        "new\nline.png",
        long.as_str(),
    ];
    for name in names {
        write(&folder.join(name), &image(1));
    }
    let out = folder.join("out");
    let output = segment(&folder, &names, &out, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found = names_in(&out);
    assert_eq!(found.len(), names.len(), "{found:?}");
    for name in [
        "US.0001_mask.png",
        "US.0002_mask.png",
        "no_ending_mask.png",
        "a.b.c_mask.png",
        "new\nline_mask.png",
    ] {
        assert!(found.contains(&PathBuf::from(name)), "{name}");
    }
    assert!(found.iter().any(|name| name.as_os_str().len() == 255));
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_has_a_mask_and_a_line_of_json() {
    use std::os::unix::ffi::OsStrExt;

    let folder = folder("names-bytes");
    let names: Vec<&OsStr> = [b"M\xf6ller.png".as_slice(), b"M\xfcller.png"]
        .map(OsStr::from_bytes)
        .to_vec();
    if fs::write(folder.join(names[0]), image(1)).is_err() {
        // macOS allows no such names.
        return;
    }
    fs::write(folder.join(names[1]), image(2)).expect("writable");
    let out = folder.join("out");
    let output = segment(&folder, &names, &out, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["image_bytes"][1], 0xf6);
    assert!(out.join(OsStr::from_bytes(b"M\xf6ller_mask.png")).exists());
    assert!(out.join(OsStr::from_bytes(b"M\xfcller_mask.png")).exists());
}

mod given {
    use super::*;

    /// The cases beside the checkout, which not every checkout has.
    fn cases(what: &str) -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
        if folder.is_dir() {
            return fs::canonicalize(folder).ok();
        }
        let line = format!("skipped {what}: {} is absent", folder.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        None
    }

    /// File and expectation of each row below `folder`.
    fn rows(cases: &Path, folder: &str) -> Vec<(String, String)> {
        let table = fs::read_to_string(cases.join("cases.tsv")).expect("the table");
        let rows = table.lines().filter(|line| line.starts_with(folder));
        let cells = rows.map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
        cells
            .map(|cells| (cells[0].clone(), cells[2].clone()))
            .collect()
    }

    /// The path that a row writes with `\n`, `\\` and `\xfc`.
    #[cfg(unix)]
    fn path(written: &str) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        let mut bytes = Vec::new();
        let mut rest = written.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let (byte, used) = match (first, after) {
                (b'\\', [b'n', ..]) => (b'\n', 2),
                (b'\\', [b'\\', ..]) => (b'\\', 2),
                (b'\\', [b'x', a, b, ..]) => {
                    let hex = [*a, *b];
                    let hex = std::str::from_utf8(&hex).expect("ASCII");
                    (u8::from_str_radix(hex, 16).expect("hexadecimal"), 4)
                }
                _ => (*first, 1),
            };
            bytes.push(byte);
            rest = &rest[used..];
        }
        OsStr::from_bytes(&bytes).into()
    }

    #[cfg(unix)]
    #[test]
    fn every_name_of_the_table_has_a_mask_of_its_own() {
        let Some(cases) = cases("names") else { return };
        let folder = folder("names-given");
        let archive = fs::read(cases.join("names.tar")).expect("the archive");
        let mut archive = tar::Archive::new(archive.as_slice());
        archive.unpack(&folder).expect("unpackable");
        let rows = rows(&cases, "names/");
        assert!(rows.len() > 20);
        let out = folder.join("out");
        let mut kept = Vec::new();
        for (written, expect) in &rows {
            let file = path(written);
            let name = file.file_name().expect("a name").to_owned();
            let group = file.parent().expect("a folder").to_owned();
            if group.ends_with("same_stem") {
                let both = ["names/same_stem/scan1.jpg", "names/same_stem/scan1.png"];
                let output = segment(&folder, &both, &folder.join("x"), &[]);
                assert_eq!(output.status.code(), Some(2), "{output:?}");
                assert!(!folder.join("x").exists());
                continue;
            }
            let mut end = delineo::names::stem(Path::new(&name)).to_owned();
            end.push("_mask.png");
            if let Some((_, mask)) = expect.split_once("its mask is ") {
                assert_eq!(end, mask);
            }
            let below = group.strip_prefix("names").expect("below").to_owned();
            kept.push((file, below.join(end)));
        }
        let images: Vec<_> = kept.iter().map(|(file, _)| file.as_os_str()).collect();
        let output = segment(&folder, &images, &out, &[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let lines = lines(&output);
        assert_eq!(lines.len(), kept.len());
        assert!(
            lines
                .iter()
                .all(|line| line["width"] == 160 && line["height"] == 120)
        );
        let found = names_in(&out);
        assert_eq!(found.len(), kept.len());
        for (file, mask) in kept {
            let is_cut = mask.file_name().expect("a name").len() > 255;
            assert!(is_cut || found.contains(&mask), "{}", file.display());
        }
    }

    #[test]
    fn every_data_set_of_the_table_is_read_as_it_is_published() {
        let Some(cases) = cases("datasets") else {
            return;
        };
        let folder = cases.join("datasets");
        let areas = |images: &str, masks: &str| {
            let (images, masks) = (folder.join(images), folder.join(masks));
            let layout = Layout::of_pair(&images, &masks, Split::All(Part::Test));
            let dataset = Dataset::open(&layout).expect("a data set");
            dataset
                .check(&[Part::Test])
                .unwrap_or_else(|error| panic!("{error}"));
            let pairs = dataset.pairs.iter();
            let areas = pairs.map(|pair| pair.load().expect("readable").1.area());
            areas.collect::<Vec<_>>()
        };
        let busi = "busi_as_published/benign";
        assert_eq!(areas(busi, busi), [895, 4965]);
        let pair = |set: &str| areas(&format!("{set}/images"), &format!("{set}/masks"));
        assert_eq!(pair("isic_as_published"), [6927, 1578]);
        assert_eq!(pair("bmp_masks"), [1723, 402]);
        for (found, drawn) in pair("jpeg_masks").into_iter().zip([6927.0, 1578.0]) {
            assert!(
                (found as f64 / drawn - 1.0).abs() < 0.02,
                "{found} and {drawn}"
            );
        }
        for (file, expect) in rows(&cases, "datasets/") {
            assert!(cases.join(&file).exists(), "{file}: {expect}");
        }
    }

    #[test]
    fn the_published_masks_of_busi_survive_a_segmentation_into_their_folder() {
        let Some(cases) = cases("BUSI") else { return };
        let folder = folder("names-busi");
        let from = cases.join("datasets/busi_as_published/benign");
        let mut images = Vec::new();
        for (name, bytes) in tree(&from) {
            write(&folder.join(&name), &bytes);
            images.push(name);
        }
        let before = tree(&folder);
        let output = segment(&folder, &images, &folder, &[]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(said(&output).contains("would be overwritten"), "{output:?}");
        assert_eq!(tree(&folder), before);
        let out = folder.join("out");
        let output = segment(&folder, &images, &out, &[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(names_in(&out).len(), 2);
        assert!(
            said(&output).contains("3 files were left out"),
            "{output:?}"
        );
    }
}
