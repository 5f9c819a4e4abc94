//! The network in every width of vectors that this processor has, against the authors' PyTorch code and against the narrowest.
//!
//! The reference vectors are those of `tests/parity.rs`, which tries the widest alone.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::CpuNetwork;
use super::width::Width;
use crate::weights::Checkpoint;

/// As in `tests/parity.rs`: absolute error over the range of the logits.
const MAX_ERROR: f32 = 1e-3;
/// Between two widths, which differ in the order of some sums and in how often they round: on no more than one pixel in ten
/// thousand may that decide.
const MIN_EQUAL: f64 = 0.9999;

/// Weights, the beginning of the names of a vector's files, and whether it is for L. L amplifies rounding; its own reference is
/// computed in float64, and `tests/parity.rs` asks for this many equal pixels.
const BESIDE_THE_CHECKOUT: [(&str, &str, f64); 4] = [
    ("cmunext_s.safetensors", "cmunext_s_192x320", MIN_EQUAL),
    (
        "cmunext_s_3class.safetensors",
        "cmunext_s_3class_192x320",
        MIN_EQUAL,
    ),
    ("cmunext_base.pth", "cmunext_base_256x256", MIN_EQUAL),
    ("cmunext_l_f16.safetensors", "cmunext_l_f16_256x256", 0.9993),
];

#[test]
fn every_width_equals_pytorch_and_the_narrowest() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let weights = here.join("recipes/bootstrap-s/weights.safetensors");
    let vector = here.join("tests/reference/bootstrap_s_64x96");
    compare(&weights, &vector, MIN_EQUAL);
    let folder = here.join("../../shared/reference");
    for (weights, vector, min_equal) in BESIDE_THE_CHECKOUT {
        if folder.is_dir() {
            compare(&folder.join(weights), &folder.join(vector), min_equal);
        } else {
            let line = format!("skipped {vector}: {} is absent", folder.display());
            // Not by `eprintln!`, whose output is captured in a test that passes.
            writeln!(io::stderr(), "{line}").expect("standard error");
        }
    }
}

/// Runs one network in each width alone, and in all of them as [`CpuNetwork::new`] mixes them.
fn compare(weights: &Path, vector: &Path, min_equal: f64) {
    let bytes = fs::read(weights).expect("the weights can be read");
    let checkpoint = Checkpoint::from_bytes(bytes).expect("they are valid");
    let (input, shape) = array(vector, "input");
    let (expected, _) = array(vector, "logits");
    let range = expected.iter().copied().fold(f32::MIN, f32::max)
        - expected.iter().copied().fold(f32::MAX, f32::min);
    let all = Width::all();
    let alone = all.iter().map(|width| vec![*width]);
    // The narrowest first.
    let sets: Vec<Vec<Width>> = alone.rev().chain([all.clone()]).collect();
    let mut narrowest: Option<Vec<f32>> = None;
    for widths in sets {
        let network = CpuNetwork::with_widths(&checkpoint, &widths).expect("the weights fit");
        let found = network.forward(&input, shape).expect("the shape fits");
        let name = format!("{} in {widths:?}", vector.display());
        let error = furthest(&found, &expected) / range;
        assert!(error <= MAX_ERROR, "{name}: {error}");
        for (other, what) in [
            (Some(&expected), "PyTorch"),
            (narrowest.as_ref(), "the narrowest"),
        ] {
            let Some(other) = other else { continue };
            let same = found
                .iter()
                .zip(other)
                .filter(|(a, b)| (**a >= 0.0) == (**b >= 0.0));
            let equal = same.count() as f64 / found.len() as f64;
            println!(
                "{name}: error {error:.2e}, {:.4} % of the pixels as {what}",
                100.0 * equal
            );
            assert!(equal >= min_equal, "{name}, {what}: {equal}");
        }
        narrowest.get_or_insert(found);
    }
}

fn furthest(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().all(|logit| logit.is_finite()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

/// A batch of one, and its shape without the batch.
fn array(vector: &Path, which: &str) -> (Vec<f32>, [usize; 3]) {
    let path = PathBuf::from(format!("{}_{which}.npy", vector.display()));
    let bytes = fs::read(path).expect("the vector can be read");
    let array = npyz::NpyFile::new(bytes.as_slice()).expect("the vector is a NumPy array");
    let shape: Vec<usize> = array.shape().iter().map(|side| *side as usize).collect();
    let [1, channels, height, width] = shape[..] else {
        panic!("{shape:?} is not the shape of one image");
    };
    (
        array.into_vec().expect("the vector is float32"),
        [channels, height, width],
    )
}
