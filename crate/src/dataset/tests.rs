//! Data sets of phantoms, written to folders that go with the test.

use std::fs;
use std::path::PathBuf;

use super::split::{Entry, divide};
use super::*;
use crate::Error;
use crate::export::{mask_png, png};
use crate::phantom::{self, Phantom};

/// An empty folder of the test's own, removed with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("delineo-dataset-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        Self(folder)
    }

    /// A folder with a phantom for each name.
    fn with(name: &str, names: &[&str]) -> Self {
        let folder = Self::new(name);
        for (seed, name) in names.iter().enumerate() {
            let Phantom { image, mask } = phantom::ultrasound(seed as u32, 48, 32);
            folder.write(
                &format!("images/{name}.png"),
                &png(&image).expect("encodes"),
            );
            folder.write(
                &format!("masks/{name}.png"),
                &mask_png(&mask).expect("encodes"),
            );
        }
        folder
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(path, bytes).expect("writable");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.0.join(path)).expect("removable");
    }

    fn open(&self) -> Dataset {
        let layout = Layout::of_folder(&self.0, Split::DEFAULT).expect("a layout");
        Dataset::open(&layout).expect("a data set")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn grey(width: u32, height: u32, bytes: &[u8]) -> Vec<u8> {
    let image = image::GrayImage::from_raw(width, height, bytes.to_vec()).expect("fits");
    let mut file = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("encodes");
    file.into_inner()
}

fn faults(result: Result<(), Error>) -> Vec<String> {
    match result {
        Err(Error::Data(faults)) => faults,
        other => panic!("{other:?}"),
    }
}

fn parts(dataset: &Dataset) -> Vec<(&str, Part)> {
    let pairs = dataset.pairs.iter();
    pairs.map(|pair| (pair.name.as_str(), pair.part)).collect()
}

#[test]
fn a_folder_with_a_table_is_read_as_the_table_says() {
    let folder = Folder::with("table", &["a", "b", "c"]);
    folder.write(
        "split.tsv",
        b"name\tsplit\tgroup\r\nb\ttest\tg\r\na\ttrain\ta\r\nc\ttest\tg\r\n",
    );
    let dataset = folder.open();
    assert_eq!(
        parts(&dataset),
        [("b", Part::Test), ("a", Part::Train), ("c", Part::Test)]
    );
    assert_eq!(dataset.pairs[2].group, "g");
    dataset.check(&[Part::Train, Part::Test]).expect("sound");
    assert_eq!(
        faults(dataset.check(&[Part::Val])),
        [format!("{}: the val part is empty", dataset.name)]
    );
}

#[test]
fn the_authors_layout_is_read_from_its_lists() {
    let folder = Folder::with("authors", &["benign (1)", "benign (2)", "unlisted"]);
    fs::rename(folder.0.join("masks"), folder.0.join("0")).expect("movable");
    fs::create_dir(folder.0.join("masks")).expect("the folder can be made");
    fs::rename(folder.0.join("0"), folder.0.join("masks/0")).expect("movable");
    folder.write("busi_train.txt", b"benign (2)\n");
    folder.write("busi_val.txt", b"benign (1)\n");
    let dataset = folder.open();
    assert_eq!(
        parts(&dataset),
        [("benign (2)", Part::Train), ("benign (1)", Part::Val)]
    );
    dataset.check(&[Part::Train, Part::Val]).expect("sound");

    folder.write("busi_train2.txt", b"");
    folder.write("other_train.txt", b"");
    let layout = Layout::of_folder(&folder.0, Split::DEFAULT);
    let Err(error) = layout else {
        panic!("two lists of one part")
    };
    assert!(
        error
            .to_string()
            .contains("busi_train.txt, other_train.txt")
    );

    let list = Split::Names {
        list: folder.0.join("busi_val.txt"),
        part: Part::Test,
    };
    let (images, masks) = (folder.0.join("images"), folder.0.join("masks/0"));
    let dataset = Dataset::open(&Layout::of_pair(&images, &masks, list)).expect("a data set");
    assert_eq!(parts(&dataset), [("benign (1)", Part::Test)]);

    for extra in ["busi_train.txt", "other_train.txt"] {
        folder.remove(extra);
    }
    let error = Layout::of_folder(&folder.0, Split::DEFAULT).expect_err("no training list");
    assert!(error.to_string().contains("busi_val.txt"));
}

#[test]
fn a_folder_without_masks_is_a_fault_and_not_a_set_of_normal_images() {
    let folder = Folder::with("no-masks", &["a"]);
    fs::remove_dir_all(folder.0.join("masks")).expect("removable");
    let layout = Layout::of_folder(&folder.0, Split::DEFAULT).expect("a layout");
    let error = Dataset::open(&layout).expect_err("no masks");
    assert!(error.to_string().contains("masks"), "{error}");
}

#[test]
fn a_seeded_split_has_the_shares_asked_for_and_does_not_depend_on_the_order() {
    let entries = |names: &mut dyn Iterator<Item = usize>, fractions, seed| {
        let mut entries: Vec<_> = names
            .map(|name| Entry {
                name: name.to_string(),
                part: Part::Train,
                group: String::new(),
            })
            .collect();
        divide(&mut entries, fractions, seed).expect("shares");
        let mut parts: Vec<_> = entries.into_iter().map(|e| (e.name, e.part)).collect();
        parts.sort();
        parts
    };
    let count = |parts: &[(String, Part)]| {
        Part::ALL.map(|part| parts.iter().filter(|(_, p)| *p == part).count())
    };
    let divided = entries(&mut (0..100), [0.7, 0.1, 0.2], 1);
    assert_eq!(count(&divided), [70, 10, 20]);
    assert_eq!(entries(&mut (0..100).rev(), [7.0, 1.0, 2.0], 1), divided);
    assert_ne!(entries(&mut (0..100), [0.7, 0.1, 0.2], 2), divided);
    assert_eq!(count(&entries(&mut (0..4), [0.7, 0.1, 0.2], 1)), [2, 1, 1]);
    assert_eq!(count(&entries(&mut (0..7), [0.8, 0.2, 0.0], 1)), [6, 1, 0]);
    assert_eq!(count(&entries(&mut (0..5), [0.0, 0.5, 0.5], 1))[0], 0);
    assert_eq!(
        count(&entries(&mut (0..2), [0.7, 0.1, 0.2], 1))
            .iter()
            .sum::<usize>(),
        2
    );
    for wrong in [[0.0; 3], [1.0, -0.1, 0.1], [f64::NAN, 1.0, 1.0]] {
        assert!(divide(&mut [], wrong, 0).is_err());
    }
}

#[test]
fn images_without_masks_have_empty_ones() {
    let folder = Folder::with("normal", &["a"]);
    let layout = Layout::of_normal(&folder.0.join("images"), Split::All(Part::Test));
    let dataset = Dataset::open(&layout).expect("a data set");
    dataset.check(&[Part::Test]).expect("sound");
    let (image, mask) = dataset.pairs[0].load().expect("readable");
    assert_eq!(image.dimensions(), (48, 32));
    assert_eq!((mask.width(), mask.height(), mask.area()), (48, 32, 0));
}

#[test]
fn every_fault_is_named_with_its_file_at_once() {
    let names = [
        "sound", "no-mask", "no-image", "size", "grey", "cut", "text", "twice",
    ];
    let folder = Folder::with("faults", &names);
    folder.remove("masks/no-mask.png");
    folder.remove("images/no-image.png");
    folder.write("masks/size.png", &grey(32, 48, &[0; 32 * 48]));
    folder.write("masks/grey.png", &grey(48, 32, &[7; 48 * 32]));
    let whole = fs::read(folder.0.join("images/cut.png")).expect("readable");
    folder.write("images/cut.png", &whole[..whole.len() / 2]);
    folder.write("images/text.png", b"no image");
    folder.write("images/twice.jpg", &whole);
    folder.write("images/.hidden.png", b"no image");
    folder.write("images/notes.txt", b"no image");
    let layout = Layout::of_folder(&folder.0, Split::All(Part::Train)).expect("a layout");
    let dataset = Dataset::open(&layout).expect("a data set");
    let found = faults(dataset.check(&[Part::Train]));
    let expected = [
        ("twice.jpg", "occurs twice"),
        ("images/cut.png", "ends too early"),
        ("masks/grey.png", "has the values 7;"),
        ("images/no-image.png", "missing"),
        ("masks/no-mask.png", "missing"),
        ("masks/size.png", "32×48 pixels and its image 48×32"),
        ("images/text.png", "not an image"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (fault, (file, why)) in found.iter().zip(expected) {
        assert!(fault.contains(file) && fault.contains(why), "{fault}");
    }
    let said = Error::Data(found).to_string();
    assert_eq!(said.lines().count(), 1 + expected.len());
}

#[test]
fn near_duplicates_in_two_parts_are_refused() {
    let folder = Folder::with("groups", &["a", "b"]);
    folder.write("split.tsv", b"a\ttrain\tg\nb\ttest\tg\n");
    let found = faults(folder.open().check(&[Part::Train]));
    assert!(found[0].contains("group g are in two parts: a in train, b in test"));
}

#[test]
fn a_table_that_cannot_be_understood_is_refused_line_by_line() {
    let folder = Folder::with("lines", &["a"]);
    folder.write("split.tsv", b"name\tsplit\na\tlearn\n\njust-a-name\n");
    let layout = Layout::of_folder(&folder.0, Split::DEFAULT).expect("a layout");
    let found = faults(Dataset::open(&layout).map(|_| ()));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("line 2") && found[0].contains("learn"));
    assert!(found[1].contains("line 4"));
}

#[test]
fn masks_of_zeros_and_ones_and_masks_of_zeros_and_255_say_the_same() {
    let folder = Folder::with("levels", &["a"]);
    let mut bits = [0; 48 * 32];
    bits[100..140].fill(1);
    for scale in [1, 255] {
        folder.write("masks/a.png", &grey(48, 32, &bits.map(|bit| bit * scale)));
        let dataset = folder.open();
        let pair = &dataset.pairs[0];
        dataset.check(&[pair.part]).expect("sound");
        let (_, mask) = pair.load().expect("readable");
        assert_eq!(mask.bits(), bits);
    }
}

#[test]
fn masks_may_carry_the_endings_that_archives_give_them() {
    let folder = Folder::with("endings", &["a", "b"]);
    for (name, ending) in [("a", "_segmentation"), ("b", "_mask")] {
        let from = folder.0.join(format!("masks/{name}.png"));
        let to = folder.0.join(format!("masks/{name}{ending}.png"));
        fs::rename(from, to).expect("movable");
    }
    let layout = Layout::of_folder(&folder.0, Split::All(Part::Val)).expect("a layout");
    let dataset = Dataset::open(&layout).expect("a data set");
    assert_eq!(dataset.pairs.len(), 2);
    dataset.check(&[Part::Val]).expect("sound");
}

#[test]
fn the_digest_follows_bytes_and_parts_and_nothing_else() {
    let folder = Folder::with("digest", &["a", "b"]);
    let first = folder.open();
    let digest = first.digest().expect("readable");
    let mut turned = first.clone();
    turned.pairs.reverse();
    assert_eq!(turned.digest().expect("readable"), digest);
    let elsewhere = Folder::with("digest-elsewhere", &["a", "b"]);
    assert_eq!(elsewhere.open().digest().expect("readable"), digest);

    let mut moved = first.clone();
    moved.pairs[0].part = match moved.pairs[0].part {
        Part::Train => Part::Val,
        _ => Part::Train,
    };
    assert_ne!(moved.digest().expect("readable"), digest);
    folder.write("masks/b.png", &grey(48, 32, &[0; 48 * 32]));
    assert_ne!(folder.open().digest().expect("readable"), digest);
    folder.remove("masks/b.png");
    assert!(first.digest().is_err());
}

#[test]
fn a_picture_that_is_there_twice_says_how_far_its_masks_agree() {
    let folder = Folder::with("agreement", &["a", "b", "c", "d"]);
    // The same picture and another mask: 24 of the 48 columns in the one, 12 in the other, 12 in both.
    let columns = |count: usize| -> Vec<u8> {
        let is_on = |i: usize| i % 48 < count;
        (0..48 * 32).map(|i| 255 * u8::from(is_on(i))).collect()
    };
    let picture = fs::read(folder.0.join("images/a.png")).expect("readable");
    folder.write("images/b.png", &picture);
    folder.write("masks/a.png", &grey(48, 32, &columns(24)));
    folder.write("masks/b.png", &grey(48, 32, &columns(12)));
    // c is another picture of the same group; d is the first one too, in a part that is not asked for.
    folder.write("images/d.png", &picture);
    folder.write(
        "split.tsv",
        b"a\ttrain\tg\nb\ttrain\tg\nc\ttrain\tg\nd\ttest\tg\n",
    );
    let found = folder.open().agreement(&[Part::Train, Part::Val], 0.95);
    let found = found.expect("readable");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].names, ["a", "b"]);
    assert!((found[0].correlation - 1.0).abs() < 1e-9, "{found:?}");
    assert!((found[0].iou - 0.5).abs() < 1e-9, "{found:?}");
    assert!((found[0].dice - 2.0 / 3.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn masks_beside_their_images_are_told_by_their_endings_and_their_parts_are_joined() {
    let folder = Folder::new("beside");
    let picture = png(&phantom::ultrasound(1, 48, 32).image).expect("encodes");
    let lines = |rows: std::ops::Range<usize>| {
        let bytes = (0..48 * 32).map(|i| 255 * u8::from(rows.contains(&(i / 48))));
        grey(48, 32, &bytes.collect::<Vec<_>>())
    };
    for (name, bytes) in [
        ("benign (4).png", picture.clone()),
        ("benign (4)_mask.png", lines(0..4)),
        ("benign (4)_mask_1.png", lines(3..9)),
        ("benign (5).png", picture.clone()),
        ("benign (5)_mask.png", lines(0..2)),
        ("benign (5)_superpixels.png", picture.clone()),
        ("Thumbs.db", b"x".to_vec()),
    ] {
        folder.write(name, &bytes);
    }
    let layout = Layout::of_pair(&folder.0, &folder.0, Split::All(Part::Test));
    let dataset = Dataset::open(&layout).expect("a data set");
    dataset.check(&[Part::Test]).expect("sound");
    let areas: Vec<_> = dataset
        .pairs
        .iter()
        .map(|pair| (pair.name.as_str(), pair.load().expect("readable").1.area()))
        .collect();
    assert_eq!(areas, [("benign (4)", 9 * 48), ("benign (5)", 2 * 48)]);
    // A picture without a mask is a fault, not its own mask.
    folder.remove("benign (5)_mask.png");
    let dataset = Dataset::open(&layout).expect("a data set");
    let found = faults(dataset.check(&[Part::Test]));
    assert!(found[0].contains("benign (5)_mask.png") && found[0].contains("missing"));
}

#[test]
fn a_jpeg_mask_is_divided_at_its_middle_and_a_jpeg_picture_is_none() {
    let folder = Folder::with("jpeg", &["a", "b"]);
    let disc = |x: u32, y: u32| {
        let (x, y) = (x as i32 - 24, y as i32 - 16);
        image::Luma([255 * u8::from(x * x + y * y < 120)])
    };
    let jpeg = |image: image::DynamicImage| {
        let mut file = std::io::Cursor::new(Vec::new());
        let written = image.write_to(&mut file, image::ImageFormat::Jpeg);
        written.expect("encodes");
        file.into_inner()
    };
    let mask = image::GrayImage::from_fn(48, 32, disc);
    let area = mask.pixels().filter(|pixel| pixel.0[0] == 255).count();
    for name in ["a", "b"] {
        folder.remove(&format!("masks/{name}.png"));
    }
    folder.write("masks/a_mask.jpg", &jpeg(mask.into()));
    folder.write(
        "masks/b.jpg",
        &jpeg(phantom::ultrasound(1, 48, 32).image.into()),
    );
    let layout = Layout::of_folder(&folder.0, Split::All(Part::Val)).expect("a layout");
    let dataset = Dataset::open(&layout).expect("a data set");
    let found = faults(dataset.check(&[Part::Val]));
    assert!(found.len() == 1 && found[0].contains("b.jpg"), "{found:?}");
    let (_, read) = dataset.pairs[0].load().expect("readable");
    let away = (read.area() as f64 / area as f64 - 1.0).abs();
    assert!(away < 0.05, "{} and {area}", read.area());
}
