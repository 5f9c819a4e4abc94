//! ZIP archives and folders of masks as the command line takes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use delineo::export::{Stamp, mask_png, png};
use delineo::phantom;
use delineo::zip::ZipWriter;

use phantoms::{folder, model, tree, write};

mod phantoms;

/// Segments in `place` on the CPU.
fn segment(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_delineo"))
        .current_dir(place)
        .arg("segment")
        .args(arguments)
        .arg("--model")
        .arg(model())
        .args(["--device", "cpu"])
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn picture(seed: u32) -> Vec<u8> {
    png(&phantom::dermoscopy(seed, 80, 60).image).expect("encodable")
}

fn archive(file: &Path, members: &[(&str, Vec<u8>)]) {
    let stamp = Stamp {
        date: "20260131".to_owned(),
        time: "235958".to_owned(),
    };
    let mut zip = ZipWriter::new(Vec::new(), &stamp);
    for (path, bytes) in members {
        zip.push(path, bytes).expect("memory");
    }
    write(file, &zip.finish().expect("memory"));
}

/// `scans.zip` in a folder, and `scans/` beside it with the same files.
fn scans(name: &str) -> PathBuf {
    let place = folder(name);
    let mask = mask_png(&phantom::dermoscopy(1, 80, 60).mask).expect("encodable");
    let members = [
        ("left/1.png", picture(1)),
        ("left/1_mask.png", mask.clone()),
        ("left/deep/2.png", picture(2)),
        ("right/images/3.png", picture(3)),
        ("right/masks/3.png", mask),
        ("right/notes.txt", b"words".to_vec()),
        ("__MACOSX/left/._1.png", b"\0\x05\x16\x07".to_vec()),
    ];
    archive(&place.join("scans.zip"), &members);
    for (path, bytes) in &members {
        write(&place.join("scans").join(path), bytes);
    }
    place
}

#[test]
fn an_archive_is_segmented_as_the_folder_that_was_packed_into_it() {
    let place = scans("zip-as-folder");
    let packed = segment(&place, &["scans.zip", "--out", "packed"]);
    assert_eq!(packed.status.code(), Some(0), "{packed:?}");
    let said = said(&packed);
    assert!(
        said.contains("1 files in the folders and archives are no images"),
        "{said}"
    );
    assert!(said.contains("2 files were left out"), "{said}");
    let plain = segment(&place, &["scans", "--out", "plain"]);
    assert_eq!(plain.status.code(), Some(0), "{plain:?}");
    let files = tree(&place.join("packed"));
    let names: Vec<&Path> = files.iter().map(|(name, _)| name.as_path()).collect();
    let expected = [
        "left/1_mask.png",
        "left/deep/2_mask.png",
        "right/images/3_mask.png",
    ];
    assert_eq!(names, expected.map(Path::new));
    assert_eq!(files, tree(&place.join("plain")));
}

#[test]
fn several_archives_are_folders_of_their_names_and_may_stand_in_a_list() {
    let place = folder("zip-several");
    archive(&place.join("a.zip"), &[("1.png", picture(1))]);
    archive(
        &place.join("b.zip"),
        &[("1.png", picture(2)), ("x/2.png", picture(3))],
    );
    write(&place.join("3.png"), &picture(4));
    write(&place.join("list.txt"), b"b.zip\n3.png\n");
    let output = segment(&place, &["a.zip", "--from", "list.txt", "--out", "out"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let files = tree(&place.join("out"));
    let names: Vec<&Path> = files.iter().map(|(name, _)| name.as_path()).collect();
    let expected = [
        "3_mask.png",
        "a/1_mask.png",
        "b/1_mask.png",
        "b/x/2_mask.png",
    ];
    assert_eq!(names, expected.map(Path::new));
}

#[test]
fn files_of_an_archive_are_parts_of_an_array_and_are_not_done_again() {
    let place = folder("zip-shards");
    let members: Vec<(String, Vec<u8>)> = (0..6)
        .map(|at| (format!("site{}/{at}.png", at % 2), picture(at)))
        .collect();
    let members: Vec<(&str, Vec<u8>)> = members
        .iter()
        .map(|(path, bytes)| (path.as_str(), bytes.clone()))
        .collect();
    archive(&place.join("in.zip"), &members);
    let whole = ["in.zip", "--out", "one", "--summary", "one.csv"];
    assert_eq!(segment(&place, &whole).status.code(), Some(0));
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        let output = segment(&place, &["in.zip", "--out", "many", "--shard", shard]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert_eq!(tree(&place.join("one")), tree(&place.join("many")));
    fs::remove_file(place.join("one/site1/3_mask.png")).expect("is there");
    let table = fs::read(place.join("one.csv")).expect("a table");
    let output = segment(&place, &[&whole[..], &["--resume"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said(&output).contains("5 images were finished before"));
    assert_eq!(tree(&place.join("one")), tree(&place.join("many")));
    assert_eq!(fs::read(place.join("one.csv")).expect("a table"), table);
}

#[test]
fn what_is_damaged_or_encrypted_is_named_and_the_others_are_done() {
    let place = folder("zip-damaged");
    let file = place.join("in.zip");
    archive(&file, &[("1.png", picture(1)), ("2.png", picture(2))]);
    let mut bytes = fs::read(&file).expect("written");
    // The list's record of the first file says that it is encrypted.
    let list = bytes.windows(4).position(|four| four == b"PK\x01\x02");
    bytes[list.expect("a list") + 8] |= 1;
    fs::write(&file, &bytes).expect("writable");
    fs::write(place.join("cut.zip"), &bytes[..bytes.len() / 2]).expect("writable");
    let output = segment(&place, &["in.zip", "cut.zip", "--out", "out"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = said(&output);
    assert!(said.contains("1.png is encrypted"), "{said}");
    assert!(
        said.contains("cut.zip: The ZIP archive cannot be used"),
        "{said}"
    );
    assert!(said.contains("2 of 3 images failed"), "{said}");
    assert_eq!(tree(&place.join("out")).len(), 1);
}

#[test]
fn a_folder_and_its_archive_together_would_share_files_and_are_refused() {
    let place = scans("zip-twice");
    let output = segment(&place, &["scans", "scans.zip", "--out", "out"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(said(&output).contains("would both become"), "{output:?}");
    assert!(!place.join("out").exists());
}

#[test]
fn masks_in_a_folder_of_their_own_are_left_out_and_alone_they_are_images() {
    let place = folder("zip-mask-folders");
    for at in 1..=2 {
        write(&place.join(format!("set/images/a/{at}.png")), &picture(at));
        write(&place.join(format!("set/labels/a/{at}.png")), &picture(at));
    }
    let output = segment(&place, &["set", "--out", "out"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        said(&output).contains("2 files were left out"),
        "{output:?}"
    );
    assert_eq!(tree(&place.join("out")).len(), 2);
    let output = segment(&place, &["set/labels", "--out", "alone"]);
    assert_eq!(tree(&place.join("alone")).len(), 2, "{output:?}");
}
