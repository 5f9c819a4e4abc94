//! Folders of phantoms for tests that need a data set.
#![allow(dead_code)] // every test program uses its own part

use std::fs;
use std::path::{Path, PathBuf};

use delineo::export::{mask_png, png};
use delineo::manifest::Manifest;
use delineo::phantom::{self, Phantom};

/// The shipped model that tests run on: the smallest for dermoscopy, of which these phantoms are.
pub fn model() -> PathBuf {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/models");
    let folders = fs::read_dir(models).expect("public/models");
    let for_skin = |folder: PathBuf| {
        let text = fs::read(folder.join("model.json")).ok()?;
        let manifest = Manifest::from_json(&text).ok()?;
        let is_for_skin = manifest.modalities.iter().any(|word| word == "dermoscopy");
        is_for_skin.then_some((manifest.weights.bytes, folder))
    };
    let smallest = folders
        .filter_map(|entry| for_skin(entry.expect("readable").path()))
        .min();
    smallest
        .expect("the site publishes a model for dermoscopy")
        .1
}

/// An empty folder of the test's own.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    fs::write(path, bytes).expect("writable");
}

/// Every file below a folder, by its path from there, with its bytes.
pub fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_owned();
                files.push((name, fs::read(path).expect("readable")));
            }
        }
    }
    files.sort();
    files
}

/// A data set of `count` pigmented lesions called p0, p1, …, 200 × 150 pixels, with images/ and masks/.
pub fn dataset(folder: &Path, count: u32) {
    for seed in 0..count {
        let Phantom { image, mask } = phantom::dermoscopy(seed, 200, 150);
        let file = |kind: &str| folder.join(kind).join(format!("p{seed}.png"));
        write(&file("images"), &png(&image).expect("encodable"));
        write(&file("masks"), &mask_png(&mask).expect("encodable"));
    }
}
