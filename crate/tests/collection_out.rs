//! Data sets that are written, judged by others: pycocotools, nibabel, Pillow and Python's `zipfile`. Where one of them is
//! absent, its part says on standard error that it was skipped.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use delineo::RgbImage;
use delineo::collection::{Collection, Decision, Entry, Item, ModelInfo, Options, Review, SETS};
use delineo::export::{self, Segmentation, Stamp};
use delineo::mask::{Cleaning, Mask, ProbabilityMap, Style};
use delineo::measure::{Scale, ScaleSource, Spacing};
use delineo::zip::{FileBytes, ZipReader, ZipWriter};
use serde_json::Value;

fn stamp() -> Stamp {
    Stamp {
        date: "20260131".to_owned(),
        time: "235958".to_owned(),
    }
}

fn model() -> ModelInfo {
    ModelInfo {
        id: "bootstrap-s".to_owned(),
        name: "Bootstrap S".to_owned(),
        sha256: "0123456789abcdef".to_owned(),
        threshold: 0.5,
        classes: vec!["lesion".to_owned()],
        modalities: vec!["dermoscopy".to_owned()],
    }
}

/// An image whose mask is a disc with a hole, specks and pixels that meet at corners, touching every edge.
struct Picture {
    path: &'static str,
    image: RgbImage,
    map: ProbabilityMap,
    decision: Decision,
}

fn picture(
    path: &'static str,
    width: u32,
    height: u32,
    density: u32,
    decision: Decision,
) -> Picture {
    let mut state = width * 31 + density;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) < density
    };
    let on = |x: u32, y: u32| {
        let middle = [f64::from(width) / 2.0, f64::from(height) / 2.0];
        let far = (f64::from(x) - middle[0]).hypot(f64::from(y) - middle[1]);
        density > 0 && (4.0..f64::from(height) / 3.0).contains(&far)
    };
    let values =
        (0..width * height).map(|at| f32::from(u8::from(on(at % width, at / width) ^ noise())));
    Picture {
        path,
        image: RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 90])),
        map: ProbabilityMap::new(width as usize, height as usize, values.collect()),
        decision,
    }
}

fn pictures() -> Vec<Picture> {
    let undecided = Decision::Undecided;
    vec![
        picture("a/läsion.jpg", 61, 47, 12, Decision::Accepted),
        picture("a/läsion.png", 40, 33, 130, undecided),
        picture("b/empty.bmp", 30, 20, 0, undecided),
        picture("b/full.bmp", 18, 27, 256, undecided),
        picture("rejected.jpg", 30, 20, 40, Decision::Rejected),
    ]
}

fn segmentation(picture: &Picture) -> Segmentation<'_> {
    let style = Style::default();
    let mut of = Segmentation::new(
        &picture.image,
        &picture.map,
        0.5,
        Cleaning::default(),
        &[],
        style,
    );
    of.name = picture.path.rsplit('/').next().unwrap_or_default();
    of.spacing = Some(SPACING);
    of
}

const SPACING: Spacing = Spacing { x: 0.1, y: 0.25 };

/// All files, and the mask of each image that belongs into data sets.
fn everything() -> (Vec<Entry>, Vec<(&'static str, Mask)>) {
    // A report says what was measured, which is none of the collection's business.
    let formats = export::FORMATS.iter().copied();
    let formats = formats.filter(|format| format.id != export::REPORT);
    let options = Options {
        // DICOM has its own judges.
        formats: formats
            .filter(|format| !format.id.starts_with("dicom"))
            .collect(),
        sets: SETS.to_vec(),
        stamp: stamp(),
    };
    let (model, scale) = (model(), Scale::everywhere(SPACING, ScaleSource::ByHand));
    let mut collection = Collection::new(&options);
    let (mut entries, mut masks) = (Vec::new(), Vec::new());
    for picture in pictures() {
        let segmentation = segmentation(&picture);
        let item = Item {
            path: picture.path,
            segmentation: &segmentation,
            scale: Some(&scale),
            model: Some(&model),
            views: None,
            sha256: None,
            review: Review {
                decision: picture.decision,
                is_flagged: false,
                note: "“sharp”, no hair}".to_owned(),
            },
        };
        entries.extend(collection.push(&item).expect("is encoded"));
        if picture.decision != Decision::Rejected {
            masks.push((picture.path, segmentation.mask().clone()));
        }
    }
    collection.fail("b/broken.png", "The file is empty.");
    entries.extend(collection.finish().expect("is encoded"));
    (entries, masks)
}

fn text<'a>(entries: &'a [Entry], path: &str) -> &'a str {
    let entry = entries.iter().find(|entry| entry.path == path);
    str::from_utf8(&entry.expect("is written").bytes).expect("text")
}

#[test]
fn no_two_files_share_a_path_and_their_folders_are_those_of_the_images() {
    let (entries, _) = everything();
    let paths: BTreeSet<String> = entries
        .iter()
        .map(|entry| entry.path.to_lowercase())
        .collect();
    assert_eq!(paths.len(), entries.len());
    for path in [
        "a/läsion_mask.png",
        "a/läsion_png_mask.png",
        "b/full.json",
        "coco.json",
        "Dataset001_Delineo/labelsTr/a__läsion.png",
    ] {
        assert!(paths.contains(&path.to_lowercase()), "{path}: {paths:?}");
    }
}

#[test]
fn what_was_rejected_or_failed_is_in_no_data_set_and_is_told_in_the_tables() {
    let (entries, _) = everything();
    let coco: Value = serde_json::from_str(text(&entries, "coco.json")).expect("JSON");
    assert_eq!(coco["images"].as_array().map(Vec::len), Some(4));
    let dataset: Value =
        serde_json::from_str(text(&entries, "Dataset001_Delineo/dataset.json")).expect("JSON");
    assert_eq!(dataset["numTraining"], 4);
    let session: Value = serde_json::from_str(text(&entries, "session.json")).expect("JSON");
    let images = session["images"].as_array().expect("a list");
    assert_eq!(images.len(), 6);
    assert_eq!(images[4]["decision"], "rejected");
    assert_eq!(images[5]["error"], "The file is empty.");
    assert_eq!(session["models"][0]["sha256"], "0123456789abcdef");
    let table = text(&entries, "measurements.csv");
    assert_eq!(table.lines().count(), 7);
    assert!(
        table.starts_with("file,error,model,threshold,image_width_px"),
        "{table}"
    );
    assert!(
        table.contains("b/broken.png,The file is empty.,"),
        "{table}"
    );
}

#[test]
fn an_archive_of_a_collection_holds_its_files_to_the_byte() {
    let (entries, _) = everything();
    let bytes = archive(&entries);
    let zip = ZipReader::open(bytes.as_slice()).expect("an archive");
    assert_eq!(zip.files().len(), entries.len());
    for (file, entry) in zip.files().iter().zip(&entries) {
        assert_eq!(file.path, entry.path);
        assert_eq!(zip.read(file).expect("intact"), entry.bytes);
    }
}

fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Vec::new(), &stamp());
    for entry in entries {
        zip.push(&entry.path, &entry.bytes).expect("memory");
    }
    zip.finish().expect("memory")
}

/// Reads every format as its own tools do and compares the masks to the pixel.
const SCRIPT: &str = r#"
import base64, io, json, sys, zipfile
from pathlib import Path
import numpy as np
folder = Path(sys.argv[1])
def have(name):
    try:
        return __import__(name)
    except ImportError:
        print("no " + name)
masks = {}
for line in (folder / "masks.txt").read_text(encoding="utf-8").splitlines():
    path, width, height, raw = line.split("\t")
    masks[path] = np.fromfile(folder / raw, np.uint8).reshape(int(height), int(width))
def stem(path):
    return {"a/läsion.png": "a/läsion_png"}.get(path, path.rsplit(".", 1)[0])
def same(name, path, mask):
    assert mask.shape == masks[path].shape, (name, path, mask.shape)
    wrong = int((mask.astype(bool) != masks[path].astype(bool)).sum())
    assert wrong == 0, f"{name}: {wrong} pixels of {path} differ"
def fill(ring, shape):
    """The pixels whose centres lie in a ring, by the even-odd rule."""
    y, x = np.mgrid[0:shape[0], 0:shape[1]] + 0.5
    odd = np.zeros(shape, bool)
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
        if ay != by:
            odd ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return odd

with zipfile.ZipFile(folder / "all.zip") as archive:
    assert archive.testzip() is None
    for info in archive.infolist():
        assert archive.read(info) == (folder / "files" / info.filename).read_bytes(), info.filename
        assert info.date_time == (2026, 1, 31, 23, 59, 58)

for path, mask in masks.items():
    file = folder / "files" / stem(path)
    union = np.zeros(mask.shape, bool)
    for line in file.with_name(file.name + ".txt").read_text().splitlines():
        label, *numbers = line.split()
        assert label == "0"
        ring = (np.array(numbers, float).reshape(-1, 2) * mask.shape[::-1]).tolist()
        union |= fill(ring, mask.shape)
    same("YOLO", path, union)

if have("PIL"):
    from PIL import Image
    for path, mask in masks.items():
        file = folder / "files" / stem(path)
        shown = json.loads(file.with_name(file.name + ".json").read_text(encoding="utf-8"))
        assert set(shown) == {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}
        assert shown["imagePath"] == path.rsplit("/")[-1]
        union = np.zeros((shown["imageHeight"], shown["imageWidth"]), bool)
        for shape in shown["shapes"]:
            if shape["shape_type"] == "polygon":
                union |= fill(shape["points"], mask.shape)
            else:
                # As labelme.utils.shapes_to_label.
                (x1, y1), (x2, y2) = np.asarray(shape["points"]).astype(int)
                part = np.asarray(Image.open(io.BytesIO(base64.b64decode(shape["mask"])))) > 0
                union[y1:y2 + 1, x1:x2 + 1] |= part
        same("LabelMe", path, union)
        case = stem(path).replace("/", "__")
        set_ = folder / "files/Dataset001_Delineo"
        label = np.asarray(Image.open(set_ / f"labelsTr/{case}.png"))
        assert set(np.unique(label)) <= {0, 1}
        same("nnU-Net", path, label)
        image = np.asarray(Image.open(set_ / f"imagesTr/{case}_0000.png"))
        assert image.shape == mask.shape + (3,)
    dataset = json.loads((set_ / "dataset.json").read_text())
    assert dataset["labels"] == {"background": 0, "lesion": 1}
    assert dataset["numTraining"] == len(list((set_ / "imagesTr").iterdir()))

if have("nibabel"):
    import nibabel
    for path, mask in masks.items():
        file = folder / "files" / stem(path)
        volume = nibabel.load(file.with_name(file.name + "_mask.nii.gz"))
        assert np.allclose(volume.header.get_zooms(), (0.1, 0.25, 1))
        assert volume.header.get_xyzt_units()[0] == "mm"
        assert np.allclose(volume.affine, np.diag([-0.1, -0.25, 1, 1]))
        assert np.allclose(volume.get_qform(), volume.get_sform())
        same("NIfTI", path, np.asarray(volume.dataobj)[:, :, 0].T)

if have("pycocotools"):
    from pycocotools.coco import COCO
    for name in ("coco.json", "coco-rle.json"):
        file = folder / "files" / name
        json.loads(file.read_text(encoding="utf-8"))
        coco = COCO(str(file))
        assert len(coco.imgs) == len(masks)
        for image in coco.imgs.values():
            shape = masks[image["file_name"]].shape
            assert (image["height"], image["width"]) == shape
            union = np.zeros(shape, bool)
            for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
                part = coco.annToMask(annotation)
                assert part.sum() == annotation["area"]
                rows, columns = np.nonzero(part)
                assert annotation["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
                union |= part.astype(bool)
            same(name, image["file_name"], union)
"#;

#[test]
fn an_archive_that_python_made_is_read_from_the_disk() {
    let python = std::env::var("DELINEO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = r#"
import sys, zipfile
class Stream:
    """What cannot go back, so that sizes stand behind the contents."""
    def __init__(self, file): self.file = file
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()
with open(sys.argv[1], "wb") as file, zipfile.ZipFile(Stream(file), "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("ordner/läsion.png", bytes(range(256)) * 40)
    archive.writestr("__MACOSX/ordner/._läsion.png", b"x")
    archive.writestr(zipfile.ZipInfo("leer/"), b"")
    with archive.open("big.txt", "w", force_zip64=True) as entry:
        entry.write(b"words " * 50000)
    archive.writestr("rare.bz2.png", b"abc" * 99, zipfile.ZIP_BZIP2)
"#;
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("python.zip");
    let made = Command::new(&python)
        .args(["-c", script])
        .arg(&file)
        .output();
    if !made.as_ref().is_ok_and(|output| output.status.success()) {
        skip(&format!("the archive of Python: {made:?}"));
        return;
    }
    let zip = ZipReader::open(FileBytes::open(&file).expect("is there")).expect("an archive");
    let [lesion, big, rare] = zip.files() else {
        panic!("{:?}", zip.files());
    };
    assert_eq!(
        (lesion.path.as_str(), big.size),
        ("ordner/läsion.png", 300_000)
    );
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(zip.read(lesion).expect("intact"), bytes.repeat(40));
    assert_eq!(zip.read(big).expect("intact"), b"words ".repeat(50_000));
    let said = zip.read(rare).expect_err("is packed otherwise").to_string();
    assert!(said.contains("BZIP2"), "{said}");
}

#[test]
fn the_tools_of_each_format_read_the_same_mask_to_the_pixel() {
    let python = std::env::var("DELINEO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import numpy"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        skip("the reading of data sets by others: Python with NumPy is not installed");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("collection");
    let (entries, masks) = everything();
    for entry in &entries {
        write(&folder.join("files").join(&entry.path), &entry.bytes);
    }
    write(&folder.join("all.zip"), &archive(&entries));
    let mut list = String::new();
    for (index, (path, mask)) in masks.iter().enumerate() {
        let raw = format!("{index}.raw");
        write(&folder.join(&raw), mask.bits());
        list += &format!("{path}\t{}\t{}\t{raw}\n", mask.width(), mask.height());
    }
    write(&folder.join("masks.txt"), list.as_bytes());
    let output = Command::new(&python)
        .args(["-c", SCRIPT])
        .arg(&folder)
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(name) = line.strip_prefix("no ") {
            skip(&format!("the reading by {name}: it is not installed"));
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a folder");
    fs::create_dir_all(folder).expect("a writable folder");
    fs::write(path, bytes).expect("a writable folder");
}

fn skip(why: &str) {
    // Not by `eprintln!`, whose output is captured in a test that passes.
    writeln!(io::stderr(), "skipped {why}").expect("standard error");
}
