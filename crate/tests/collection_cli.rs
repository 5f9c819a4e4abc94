//! Data sets and archives as a script asks for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use delineo::export::png;
use delineo::phantom;
use delineo::zip::ZipReader;

use phantoms::{folder, model};

mod phantoms;

/// Segments two images of one name on the CPU.
fn segment(images: &[PathBuf], more: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delineo"));
    command
        .arg("segment")
        .args(images)
        .arg("--model")
        .arg(model());
    command.args(["--device", "cpu", "--json"]).args(more);
    command.output().expect("the program starts")
}

fn images(folder: &Path) -> Vec<PathBuf> {
    let image = |(part, seed): (&str, u64)| {
        let folder = folder.join("images").join(part);
        fs::create_dir_all(&folder).expect("writable");
        let file = folder.join("lesion.png");
        let phantom = phantom::dermoscopy(seed as _, 200, 150);
        fs::write(&file, png(&phantom.image).expect("encodable")).expect("writable");
        file
    };
    [("a", 1), ("b", 2)].map(image).to_vec()
}

fn path(text: &str) -> &Path {
    Path::new(text)
}

const FORMATS: &str = "mask,svg,coco,nnunet,measurements,session";

#[test]
fn files_of_each_image_and_of_all_of_them_are_written_and_never_over_others() {
    let folder = folder("collection");
    let images = images(&folder);
    let out = folder.join("out");
    let arguments = [path("--format"), path(FORMATS), path("--out"), &out];
    let output = segment(&images, &arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for file in [
        "a/lesion_mask.png",
        "b/lesion_contour.svg",
        "coco.json",
        "Dataset001_Delineo/labelsTr/b__lesion.png",
        "measurements.csv",
    ] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let session = fs::read(out.join("session.json")).expect("is written");
    let session: serde_json::Value = serde_json::from_slice(&session).expect("JSON");
    assert_eq!(session["images"][1]["path"], "b/lesion.png");
    assert_eq!(session["images"][1]["files"][0], "b/lesion_mask.png");
    let again = segment(&images, &arguments);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    let only_sets = segment(
        &images,
        &[path("--format"), path("coco"), path("--out"), &out],
    );
    assert_eq!(only_sets.status.code(), Some(2), "{only_sets:?}");
    let said = String::from_utf8_lossy(&only_sets.stderr);
    assert!(
        said.contains("coco.json") && said.contains("--overwrite"),
        "{said}"
    );
}

#[test]
fn the_measurements_of_a_collection_are_those_of_the_command_measure() {
    let folder = folder("collection-measure");
    let images = images(&folder);
    let out = folder.join("out");
    let output = segment(
        &images,
        &[path("--format"), path("measurements"), path("--out"), &out],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let table = folder.join("measured.csv");
    let mut command = Command::new(env!("CARGO_BIN_EXE_delineo"));
    command
        .arg("measure")
        .args(&images)
        .arg("--model")
        .arg(model());
    command.args(["--device", "cpu", "--out"]).arg(&table);
    assert!(
        command
            .output()
            .expect("the program starts")
            .status
            .success()
    );
    let [ours, theirs] = [out.join("measurements.csv"), table].map(|file| {
        let text = fs::read_to_string(file).expect("is written");
        // All but the file's name, which here is the path below the shared folder.
        let figures = text.lines().filter_map(|line| line.split_once(','));
        figures
            .map(|(_, figures)| figures.to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(ours, theirs);
}

#[test]
fn an_archive_holds_what_a_folder_would_and_has_its_name_once_it_is_whole() {
    let folder = folder("collection-zip");
    let images = images(&folder);
    let zip = folder.join("all.zip");
    let arguments = [path("--format"), path(FORMATS), path("--zip"), &zip];
    let output = segment(&images, &arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let bytes = fs::read(&zip).expect("is written");
    let archive = ZipReader::open(bytes.as_slice()).expect("an archive");
    let paths: Vec<&str> = archive
        .files()
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    for file in [
        "a/lesion_mask.png",
        "b/lesion_mask.png",
        "coco.json",
        "session.json",
    ] {
        assert!(paths.contains(&file), "{file}: {paths:?}");
    }
    assert!(!folder.join("all.zip.part").exists());
    assert_eq!(segment(&images, &arguments).status.code(), Some(2));
}
