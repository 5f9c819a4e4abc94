//! The network's input against OpenCV, from numbers written down here and from arrays made by the authors' loader.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use delineo::RgbImage;
use delineo::imaging::{decode, preprocess};
use delineo::manifest::{ChannelOrder, Input, Resize};

fn plain(width: u32, height: u32, resize: Resize) -> Input {
    Input {
        width,
        height,
        channels: ChannelOrder::Rgb,
        resize,
        mean: vec![0.0; 3],
        std: vec![1.0; 3],
        divisor: 1.0,
    }
}

/// A pattern with the first channel `(x² * 37 + y * 91 + x * y * 13) % 251` resized to 16×16: its levels.
fn resized(width: u32, height: u32, how: Resize) -> Vec<i32> {
    let image = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([((x * x * 37 + y * 91 + x * y * 13) % 251) as u8, 0, 255])
    });
    let values = preprocess(&image, &plain(16, 16, how));
    assert!(values[256..512].iter().all(|v| *v == 0.0) && values[512..].iter().all(|v| *v == 1.0));
    values[..256]
        .iter()
        .map(|v| (v * 255.0).round() as i32)
        .collect()
}

/// Width and height; rows 0, 7 and 15 of the result; the sum of all its levels.
type Case = ((u32, u32), [[i32; 16]; 3], i32);

// The numbers are those of cv2.resize 4.14.0 for the same pattern.
#[test]
fn bilinear_is_bit_for_bit_the_one_of_opencv() {
    let cases: [Case; 3] = [
        (
            (45, 37),
            [
                [
                    101, 179, 181, 193, 83, 70, 100, 103, 169, 106, 220, 229, 156, 94, 120, 70,
                ],
                [
                    70, 35, 155, 72, 223, 128, 181, 157, 96, 171, 170, 65, 129, 118, 69, 156,
                ],
                [
                    113, 134, 157, 190, 148, 28, 46, 157, 114, 92, 50, 159, 194, 153, 82, 108,
                ],
            ],
            30333,
        ),
        (
            (9, 7),
            [
                [
                    0, 13, 33, 89, 146, 109, 83, 88, 113, 159, 133, 80, 66, 61, 91, 109,
                ],
                [
                    57, 82, 123, 173, 221, 204, 169, 83, 74, 140, 135, 102, 108, 123, 174, 204,
                ],
                [
                    44, 83, 148, 130, 97, 104, 122, 171, 169, 118, 97, 87, 117, 133, 65, 24,
                ],
            ],
            32880,
        ),
        (
            (32, 32), // halved: OpenCV takes the mean of four
            [
                [
                    67, 114, 143, 154, 148, 186, 144, 147, 195, 100, 113, 170, 147, 106, 173, 160,
                ],
                [
                    115, 86, 103, 101, 82, 171, 117, 44, 80, 98, 160, 143, 170, 117, 171, 82,
                ],
                [
                    169, 117, 110, 148, 169, 109, 157, 124, 136, 193, 170, 129, 133, 119, 213, 101,
                ],
            ],
            32459,
        ),
    ];
    for ((width, height), rows, sum) in cases {
        let levels = resized(width, height, Resize::Bilinear);
        for (row, expected) in [0, 7, 15].into_iter().zip(rows) {
            assert_eq!(
                levels[row * 16..][..16],
                expected,
                "{width}×{height}, row {row}"
            );
        }
        assert_eq!(levels.iter().sum::<i32>(), sum);
    }
}

#[test]
fn area_is_within_one_level_of_the_one_of_opencv() {
    let rows = [
        [
            87, 142, 146, 170, 160, 150, 129, 127, 154, 111, 164, 185, 130, 110, 135, 80,
        ],
        [
            118, 102, 136, 138, 180, 136, 142, 114, 145, 144, 115, 87, 141, 125, 111, 140,
        ],
        [
            107, 149, 136, 152, 108, 104, 88, 135, 138, 108, 108, 123, 172, 154, 124, 141,
        ],
    ];
    let levels = resized(45, 37, Resize::Area);
    for (row, expected) in [0, 7, 15].into_iter().zip(rows) {
        for (level, expected) in levels[row * 16..][..16].iter().zip(expected) {
            assert!(
                (level - expected).abs() <= 1,
                "row {row}: {level} and not {expected}"
            );
        }
    }
    assert!((levels.iter().sum::<i32>() - 32235).abs() <= 16);
}

/// A file of the reference data beside the checkout, which not every checkout has.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared")
        .join(path);
    if !path.exists() {
        let line = format!("skipped: {} is absent", path.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        return None;
    }
    Some(path)
}

/// What the authors' loader does: OpenCV's BGR, bilinear, ImageNet numbers in that order, divided by 255 again.
fn authors() -> Input {
    Input {
        width: 256,
        height: 256,
        channels: ChannelOrder::Bgr,
        resize: Resize::Bilinear,
        mean: vec![0.485, 0.456, 0.406],
        std: vec![0.229, 0.224, 0.225],
        divisor: 255.0,
    }
}

/// Largest absolute difference between our input and the loader's, and the range of the loader's.
fn difference(image: &str, array: &str) -> Option<(f32, f32)> {
    let (image, array) = (shared(image)?, shared(array)?);
    let decoded = decode(&std::fs::read(image).expect("readable")).expect("decodes");
    let ours = preprocess(&decoded.image, &authors());
    let bytes = std::fs::read(array).expect("readable");
    let file = npyz::NpyFile::new(bytes.as_slice()).expect("an array");
    assert_eq!(file.shape(), [1, 3, 256, 256]);
    let theirs: Vec<f32> = file.into_vec().expect("floats");
    assert_eq!(ours.len(), theirs.len());
    let far = ours
        .iter()
        .zip(&theirs)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    let high = theirs.iter().copied().fold(f32::MIN, f32::max);
    let low = theirs.iter().copied().fold(f32::MAX, f32::min);
    Some((far, high - low))
}

#[test]
fn an_ultrasound_png_becomes_what_the_authors_loader_feeds() {
    let measured = difference(
        "data/full/busi/benign_089.png",
        "reference/preprocess_busi_benign_089.npy",
    );
    if let Some((far, range)) = measured {
        println!("largest difference {far:e} of a range of {range:e}");
        assert!(far <= 1e-4 * range, "{far} of {range}");
    }
}

#[test]
fn a_dermoscopy_jpeg_becomes_what_the_authors_loader_feeds_within_three_levels() {
    let measured = difference(
        "data/full/isic/ISIC_0014608.jpg",
        "reference/preprocess_isic_ISIC_0014608.npy",
    );
    if let Some((far, _)) = measured {
        // One level is 1 / 255 / std / 255; the deviations are 0.224 and above.
        let level = 1.0 / 255.0 / 0.224 / 255.0;
        println!("largest difference {} levels", far / level);
        assert!(far <= 3.0 * level, "{} levels", far / level);
    }
}
