//! Test-time augmentation on a network: the views must come back to where they belong.

use std::fs;

use delineo::device;
use delineo::manifest::Manifest;
use delineo::model::Model;
use delineo::phantom;
use delineo::tta::Views;
use delineo::weights::Checkpoint;
use image::imageops;

/// Probabilities are multiples of 1 / 32 768. A view and the mean over views are each rounded, so that the last bits of a logit may
/// decide two steps.
const STEPS: f32 = 2.5 / 32_768.0;

mod phantoms;

/// The shipped model, with an input of another size.
fn model(width: u32, height: u32) -> Model {
    let folder = phantoms::model();
    let json = fs::read(folder.join("model.json")).expect("readable");
    let mut manifest = Manifest::from_json(&json).expect("valid");
    (manifest.input.width, manifest.input.height) = (width, height);
    let weights = fs::read(folder.join(&manifest.weights.file)).expect("readable");
    let checkpoint = Checkpoint::from_bytes(weights).expect("valid");
    Model::new(manifest, &checkpoint, &device::cpu()).expect("they fit")
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // A maximum passes over numbers that are none.
    assert!(a.iter().chain(b).all(|value| value.is_finite()));
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn the_average_turns_with_the_image() {
    let model = model(128, 128);
    // As large as the input, so that resizing has no part in it.
    let image = phantom::ultrasound(3, 128, 128).image;
    let averaged = |image| {
        let maps = pollster::block_on(model.segment_averaged(image, Views::All)).expect("runs");
        maps[0].values().to_vec()
    };
    let upright = averaged(&image);
    let turned = averaged(&imageops::rotate90(&image));
    // The pixel (x, y) comes to (127 - y, x).
    let back: Vec<f32> = (0..128 * 128)
        .map(|at| turned[(at % 128) * 128 + 127 - at / 128])
        .collect();
    assert!(worst(&upright, &back) < STEPS, "{}", worst(&upright, &back));
    let plain = pollster::block_on(model.segment(&image)).expect("runs");
    let gain = worst(&upright, plain[0].values());
    assert!((1e-3..1.0).contains(&gain), "the views differ: {gain}");
}

#[test]
fn the_average_of_an_input_that_is_not_square_flips_with_the_image() {
    let model = model(128, 96);
    let image = phantom::dermoscopy(2, 128, 96).image;
    let averaged = |image| {
        let maps = pollster::block_on(model.segment_averaged(image, Views::All)).expect("runs");
        maps[0].values().to_vec()
    };
    let upright = averaged(&image);
    let flipped = averaged(&imageops::rotate180(&image));
    let back: Vec<f32> = flipped.into_iter().rev().collect();
    assert!(worst(&upright, &back) < STEPS);
}

#[test]
fn the_average_of_two_views_is_their_mean() {
    let model = model(96, 96);
    let image = phantom::ultrasound(5, 96, 96).image;
    let segmented = |image| {
        let maps = pollster::block_on(model.segment(image)).expect("runs");
        maps[0].values().to_vec()
    };
    let (plain, mirrored) = (
        segmented(&image),
        segmented(&imageops::flip_horizontal(&image)),
    );
    let mean: Vec<f32> = (0..96 * 96)
        .map(|at| (plain[at] + mirrored[at / 96 * 96 + 95 - at % 96]) / 2.0)
        .collect();
    let averaged = pollster::block_on(model.segment_averaged(&image, Views::Mirror));
    let averaged = averaged.expect("runs");
    assert!(worst(averaged[0].values(), &mean) < STEPS);
}
