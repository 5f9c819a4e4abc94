//! Depth marks in real pictures: a part of the sets of `docs/depth-marks.md`, which lie in `shared/data` beside the
//! checkout; where they are absent, that is said on standard error.

use std::fs;
use std::path::{Path, PathBuf};

use delineo::imaging::{self, Decoded};
use delineo::measure::{DepthMarks, Scale, ScaleSource, Spacing, propose_depth_marks};
use delineo::modality::Modality;
use delineo::{export, phantom};

/// The marks in every `step`th picture of a set; nothing where the set is absent.
fn proposals(set: &str, step: usize) -> Option<Vec<(PathBuf, Option<DepthMarks>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let Ok(entries) = fs::read_dir(folder.join(set).join("images")) else {
        eprintln!(
            "SKIPPED: {set} is not beside the checkout, so depth marks were not looked for in it."
        );
        return None;
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let looked_at = files.into_iter().step_by(step).map(|file| {
        let bytes = fs::read(&file).expect("a file");
        let decoded = imaging::decode(&bytes).expect("an image");
        (file, propose_depth_marks(&decoded.image))
    });
    Some(looked_at.collect())
}

#[test]
fn marks_are_looked_for_only_in_single_ultrasound_pictures_whose_scale_is_not_known() {
    let mut image = phantom::ultrasound(4, 400, 320).image;
    for at in 0..12 * 9 {
        let (dot, x, y) = (at / 9, 12 + at % 3, at / 3 % 3);
        image.get_pixel_mut(x, 10 + 26 * dot + y).0 = [240; 3];
    }
    let decoded = imaging::decode(&export::png(&image).expect("encodes")).expect("decodes");
    let found = decoded.depth_marks(Modality::Ultrasound);
    assert_eq!(found.map(|marks| marks.marks), Some(12));
    assert_eq!(decoded.depth_marks(Modality::Dermoscopy), None);
    let clip = Decoded {
        frames: 24,
        ..decoded.clone()
    };
    assert_eq!(clip.depth_marks(Modality::Ultrasound), None);
    let spacing = Spacing { x: 0.1, y: 0.1 };
    let scaled = Decoded {
        scale: Some(Scale::everywhere(spacing, ScaleSource::PixelSpacing)),
        ..decoded
    };
    assert_eq!(scaled.depth_marks(Modality::Ultrasound), None);
}

#[test]
fn pictures_without_depth_marks_get_no_proposal() {
    let sets = [
        ("busi", 9),
        ("busi_normal", 5),
        ("breast_usg", 5),
        ("isic", 40),
        ("isic_val_full", 9),
        ("ham10000", 20),
    ];
    for (set, step) in sets {
        for (file, marks) in proposals(set, step).unwrap_or_default() {
            assert_eq!(marks, None, "{}", file.display());
        }
    }
}

#[test]
fn marks_of_one_machine_are_found_in_most_pictures_that_have_them() {
    // 456 of 630, by dots of 10 mm: depths of 3 to 9 cm in pictures of 288 to 360 rows.
    let Some(found) = proposals("ddti", 9) else {
        return;
    };
    let marks: Vec<DepthMarks> = found.iter().filter_map(|(_, marks)| *marks).collect();
    assert!(
        marks.len() * 2 > found.len(),
        "{} of {}",
        marks.len(),
        found.len()
    );
    for marks in marks {
        assert!((30.0..80.0).contains(&marks.period_px), "{marks:?}");
        assert_eq!(marks.likely_mm, None, "two numbers at most: {marks:?}");
    }
}
