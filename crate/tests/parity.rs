//! The network against the logits of the authors' PyTorch code, on every device.
//!
//! One small vector lies in `tests/reference`, with the script that made it. The large ones lie in `shared/reference` beside the
//! checkout; where that is absent, their tests say on standard error that they were skipped.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use delineo::RgbImage;
use delineo::device::{self, Device};
use delineo::imaging;
use delineo::manifest::Manifest;
use delineo::modality::Modality;
use delineo::model::{Implementation, Model};
use delineo::network::Variant;
use delineo::phantom::{self, Phantom};
use delineo::weights::Checkpoint;

/// Absolute error over the range of the logits that every device and path must keep.
const MAX_ERROR: f32 = 1e-3;
/// Pixels that must fall on the same side of probability one half.
const MIN_EQUAL: f64 = 0.9999;
/// The same for L, which amplifies rounding, most of all that of its first layers. Where each layer's exact result is rounded to
/// float32 once, 99.994 % of the pixels are equal and the logits are 3.7e-4 of their range away from the reference, which is
/// computed in float64. PyTorch's own float32 answer has 99.93 % and 1.46e-3.
const MIN_EQUAL_L: f64 = 0.9993;
/// What burn's own operators are held to for L: the distance of PyTorch's. Every path of ours keeps [`MAX_ERROR`].
const MAX_ERROR_L_IN_MODULES: f32 = 1.46e-3;
/// Images of each modality that all paths are compared on.
const IMAGES: usize = 10;

/// Where weights and a vector lie.
struct Reference {
    weights: PathBuf,
    folder: PathBuf,
    /// Beginning of the names of the input and the logits.
    vector: &'static str,
}

impl Reference {
    fn in_the_repository() -> Self {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            weights: crate_folder.join("recipes/bootstrap-s/weights.safetensors"),
            folder: crate_folder.join("tests/reference"),
            vector: "bootstrap_s_64x96",
        }
    }

    /// Nothing where the whole folder is absent; a single file that is missing fails its test.
    fn beside_the_checkout(weights: &str, vector: &'static str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference");
        if !folder.is_dir() {
            let line = format!("skipped {vector}: {} is absent", folder.display());
            // Not by `eprintln!`, whose output is captured in a test that passes.
            writeln!(io::stderr(), "{line}").expect("standard error");
            return None;
        }
        Some(Self {
            weights: folder.join(weights),
            folder,
            vector,
        })
    }

    fn array(&self, which: &str) -> (Vec<f32>, [usize; 4]) {
        let Self { folder, vector, .. } = self;
        array(&folder.join(format!("{vector}_{which}.npy")))
    }
}

fn array(path: &Path) -> (Vec<f32>, [usize; 4]) {
    let bytes = fs::read(path).expect("the vector can be read");
    let array = npyz::NpyFile::new(bytes.as_slice()).expect("the vector is a NumPy array");
    let shape: Vec<usize> = array.shape().iter().map(|side| *side as usize).collect();
    (
        array.into_vec().expect("the vector is float32"),
        shape.try_into().expect("the vector has four axes"),
    )
}

fn assert_parity(reference: &Reference, device: &Device, implementation: Implementation) {
    let bytes = fs::read(&reference.weights).expect("the weights can be read");
    let checkpoint = Checkpoint::from_bytes(bytes).expect("they are valid");
    let architecture = checkpoint.architecture();
    let (variant, channels, classes) = (
        architecture.variant.to_string(),
        architecture.in_channels,
        architecture.classes,
    );
    let manifest = Manifest::assumed("x", &variant, channels, classes, &[]);
    let model =
        Model::with_path(manifest, &checkpoint, device, implementation).expect("the weights fit");
    let (values, shape) = reference.array("input");
    let (expected, _) = reference.array("logits");
    let found = pollster::block_on(model.logits(values, shape)).expect("the shape fits");
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().all(|logit| logit.is_finite()));

    let range = expected.iter().copied().fold(f32::MIN, f32::max)
        - expected.iter().copied().fold(f32::MAX, f32::min);
    let worst = found
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
        / range;
    let equal = found
        .iter()
        .zip(&expected)
        .filter(|(a, b)| (**a >= 0.0) == (**b >= 0.0))
        .count() as f64;
    let equal = equal / expected.len() as f64;
    let vector = reference.vector;
    println!(
        "{vector}: max error {worst:.2e} of the range, {:.4} % of pixels equal",
        100.0 * equal
    );
    let is_large = architecture.variant == Variant::L;
    let max_error = match implementation {
        Implementation::Modules if is_large => MAX_ERROR_L_IN_MODULES,
        _ => MAX_ERROR,
    };
    let min_equal = if is_large { MIN_EQUAL_L } else { MIN_EQUAL };
    assert!(worst <= max_error, "{vector}: {worst}");
    assert!(equal >= min_equal, "{vector}: {equal}");
}

fn gpu() -> Device {
    device::gpu().expect("a GPU, or Mesa's lavapipe (mesa-vulkan-drivers)")
}

#[test]
fn the_repositorys_vector_equals_pytorch_on_every_device_and_path() {
    let reference = Reference::in_the_repository();
    for (device, implementation) in [
        (device::cpu(), Implementation::Fastest),
        (device::cpu(), Implementation::Modules),
        (gpu(), Implementation::Fastest),
        (gpu(), Implementation::Modules),
    ] {
        assert_parity(&reference, &device, implementation);
    }
}

macro_rules! parity {
    ($($cpu:ident, $modules:ident, $gpu:ident: $weights:literal, $vector:literal;)*) => {$(
        #[test]
        fn $cpu() {
            if let Some(reference) = Reference::beside_the_checkout($weights, $vector) {
                assert_parity(&reference, &device::cpu(), Implementation::Fastest);
            }
        }
        #[test]
        fn $modules() {
            if let Some(reference) = Reference::beside_the_checkout($weights, $vector) {
                assert_parity(&reference, &device::cpu(), Implementation::Modules);
            }
        }
        #[test]
        fn $gpu() {
            if let Some(reference) = Reference::beside_the_checkout($weights, $vector) {
                assert_parity(&reference, &gpu(), Implementation::Fastest);
            }
        }
    )*};
}

parity! {
    s_equals_pytorch_on_the_cpu, s_equals_pytorch_in_modules, s_equals_pytorch_on_the_gpu:
        "cmunext_s.pth", "cmunext_s_256x256";
    s_equals_pytorch_on_a_wide_image_on_the_cpu, s_equals_pytorch_on_a_wide_image_in_modules,
    s_equals_pytorch_on_a_wide_image_on_the_gpu:
        "cmunext_s.safetensors", "cmunext_s_192x320";
    s_with_three_classes_equals_pytorch_on_the_cpu, s_with_three_classes_equals_pytorch_in_modules,
    s_with_three_classes_equals_pytorch_on_the_gpu:
        "cmunext_s_3class.safetensors", "cmunext_s_3class_192x320";
    base_equals_pytorch_on_the_cpu, base_equals_pytorch_in_modules, base_equals_pytorch_on_the_gpu:
        "cmunext_base.pth", "cmunext_base_256x256";
    l_in_float16_equals_pytorch_on_the_cpu, l_in_float16_equals_pytorch_in_modules,
    l_in_float16_equals_pytorch_on_the_gpu:
        "cmunext_l_f16.safetensors", "cmunext_l_f16_256x256";
}

#[test]
fn every_published_model_gives_its_known_answer_on_every_device() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/models");
    let mut count = 0;
    for entry in fs::read_dir(models)
        .expect("public/models")
        .flatten()
        .filter(|entry| entry.path().is_dir())
    {
        let folder = entry.path();
        let manifest =
            Manifest::from_json(&fs::read(folder.join("model.json")).expect("model.json"))
                .expect("a manifest");
        assert_eq!(
            Some(manifest.id.as_str()),
            folder.file_name().and_then(|name| name.to_str())
        );
        assert!(
            manifest.self_test.is_some(),
            "{} has no known answer",
            manifest.id
        );
        let weights = fs::read(folder.join(&manifest.weights.file)).expect("weights");
        manifest
            .check_weights(&weights)
            .expect("the digest in model.json");
        let checkpoint = Checkpoint::from_bytes(weights).expect("a checkpoint");
        for device in [device::cpu(), gpu()] {
            let model = Model::new(manifest.clone(), &checkpoint, &device).expect("a model");
            pollster::block_on(model.self_test(&checkpoint)).expect("the known answer");
        }
        count += 1;
    }
    assert!(count > 0, "no model is published");
}

/// Ten images of each modality, each with the model that the app would take: every path must draw the mask that the
/// plain modules draw.
#[test]
fn every_path_draws_the_same_masks_on_twenty_images() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/models");
    let gpu = gpu();
    for (modality, images) in [
        (Modality::Dermoscopy, images("isic", phantom::dermoscopy)),
        (Modality::Ultrasound, images("busi", phantom::ultrasound)),
    ] {
        assert_eq!(images.len(), IMAGES);
        let (manifest, weights) = fs::read_dir(&published)
            .expect("public/models")
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .map(|entry| {
                let json = fs::read(entry.path().join("model.json")).expect("model.json");
                let manifest = Manifest::from_json(&json).expect("a manifest");
                let weights = entry.path().join(&manifest.weights.file);
                (manifest, weights)
            })
            .filter(|(manifest, _)| {
                manifest
                    .modalities
                    .iter()
                    .any(|word| word == modality.word())
            })
            .min_by_key(|(manifest, _)| (manifest.modalities.len(), manifest.weights.bytes))
            .expect("a model for each modality");
        let checkpoint =
            Checkpoint::from_bytes(fs::read(weights).expect("weights")).expect("a checkpoint");
        let masks = |device: &Device, implementation| {
            let model = Model::with_path(manifest.clone(), &checkpoint, device, implementation)
                .expect("a model");
            let segment = |image| pollster::block_on(model.segment(image)).expect("a mask");
            let maps = images.iter().flat_map(segment);
            maps.flat_map(|map| map.values().to_vec())
                .map(|probability| probability >= manifest.threshold)
                .collect::<Vec<bool>>()
        };
        let expected = masks(&device::cpu(), Implementation::Modules);
        assert!(expected.contains(&true) && expected.contains(&false));
        for device in [device::cpu(), gpu.clone()] {
            let found = masks(&device, Implementation::Fastest);
            let equal = found.iter().zip(&expected).filter(|(a, b)| a == b).count();
            let equal = equal as f64 / expected.len() as f64;
            println!("{} on {device:?}: {equal} of the pixels", manifest.id);
            assert!(equal >= MIN_EQUAL, "{} on {device:?}: {equal}", manifest.id);
        }
    }
}

/// The first images of a data set beside the checkout, or phantoms where it is absent.
fn images(data: &str, phantom: fn(u32, u32, u32) -> Phantom) -> Vec<RgbImage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data")
        .join(data)
        .join("images");
    let Ok(entries) = fs::read_dir(folder) else {
        return (1..=IMAGES as u32)
            .map(|seed| phantom(seed, 480, 360).image)
            .collect();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .iter()
        .take(IMAGES)
        .map(|path| {
            let bytes = fs::read(path).expect("an image");
            imaging::decode(&bytes).expect("an image").image
        })
        .collect()
}
