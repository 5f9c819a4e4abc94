//! Many images in one call or in many: folders, patterns and lists; parts of an array; calls that were stopped and go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use delineo::export::png;
use delineo::phantom;
use phantoms::{folder, model, tree, write};

mod phantoms;

/// Segments on the CPU in `place`.
fn segment(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_delineo"))
        .current_dir(place)
        .arg("segment")
        .args(arguments)
        .arg("--model")
        .arg(model())
        .args(["--device", "cpu", "--json"])
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn images_done(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|line| line["image"].as_str().expect("a name").to_owned())
        .collect()
}

/// A folder with nine images in three folders, one of them damaged, and files that are none.
fn cohort(name: &str) -> PathBuf {
    let place = folder(name);
    for index in 0..8 {
        let image = png(&phantom::dermoscopy(index, 80, 60).image).expect("encodable");
        write(
            &place.join(format!("in/site{}/{index}.png", index % 3)),
            &image,
        );
    }
    write(
        &place.join("in/site0/damaged.png"),
        b"\x89PNG\r\n\x1a\nno more than this",
    );
    write(&place.join("in/site0/notes.txt"), b"not an image");
    write(&place.join("in/site1/.DS_Store"), b"\0\0\0\x01Bud1");
    place
}

#[test]
fn a_folder_is_segmented_with_all_below_it_and_what_failed_is_said() {
    let place = cohort("cohort-folder");
    let output = segment(&place, &["in", "--out", "out", "--summary", "all.csv"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = said(&output);
    assert!(
        said.contains("1 files in the folders and archives are no images"),
        "{said}"
    );
    assert!(said.contains("1 of 9 images failed"), "{said}");
    assert_eq!(tree(&place.join("out")).len(), 8);
    assert!(place.join("out/site2/5_mask.png").is_file());
    let table = fs::read_to_string(place.join("all.csv")).expect("a table");
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows[0], "image,width,height,area_px,fraction,error");
    assert_eq!(rows.len(), 10);
    let damaged = rows.iter().find(|row| row.contains("damaged"));
    assert!(damaged.is_some_and(|row| row.contains(",,,,")), "{table}");
}

#[test]
fn the_parts_of_an_array_write_together_what_one_call_writes() {
    let place = cohort("cohort-shards");
    segment(&place, &["in", "--out", "one", "--summary", "one.json"]);
    let mut rows = Vec::new();
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        let table = format!("{}.json", &shard[..1]);
        let output = segment(
            &place,
            &["in", "--out", "many", "--shard", shard, "--summary", &table],
        );
        assert!(images_done(&output).len() <= 3, "{output:?}");
        let part = fs::read(place.join(table)).expect("a table");
        let part: Vec<serde_json::Value> = serde_json::from_slice(&part).expect("JSON");
        rows.extend(part);
    }
    assert_eq!(tree(&place.join("one")), tree(&place.join("many")));
    rows.sort_by_key(|row| row["image"].to_string());
    let whole = fs::read(place.join("one.json")).expect("a table");
    let whole: Vec<serde_json::Value> = serde_json::from_slice(&whole).expect("JSON");
    assert_eq!(rows, whole);
}

#[test]
fn a_call_that_goes_on_does_what_is_missing_and_nothing_twice() {
    let place = cohort("cohort-resume");
    let all = ["in", "--out", "out", "--summary", "all.csv"];
    segment(&place, &all);
    let whole = (
        tree(&place.join("out")),
        fs::read(place.join("all.csv")).expect("a table"),
    );
    // As a call that was killed leaves it: an image is missing, and of another one the journal has half a line.
    fs::remove_file(place.join("out/site1/4_mask.png")).expect("was there");
    fs::remove_file(place.join("all.csv")).expect("was there");
    let journal = fs::read(place.join("all.csv.journal")).expect("a journal");
    fs::write(place.join("all.csv.journal"), &journal[..journal.len() - 9]).expect("writable");

    let refused = segment(&place, &all);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("--resume"), "{}", said(&refused));

    let output = segment(&place, &[all.as_slice(), &["--resume"]].concat());
    let done = images_done(&output);
    assert_eq!(
        done.len(),
        3,
        "the missing one, the half one, the failed one: {done:?}"
    );
    let now = (
        tree(&place.join("out")),
        fs::read(place.join("all.csv")).expect("a table"),
    );
    assert_eq!(now, whole);
}

#[test]
fn lists_and_patterns_name_images_too() {
    let place = cohort("cohort-lists");
    write(&place.join("list.txt"), b"in/site0/0.png\r\n\nin/site1\n");
    let output = segment(
        &place,
        &["in/*/2.png", "--from", "list.txt", "--out", "out"],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(images_done(&output).len(), 5, "{output:?}");
    let nothing = segment(&place, &["in/*/none.png", "--out", "out"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(
        said(&nothing).contains("no file fits"),
        "{}",
        said(&nothing)
    );
}
