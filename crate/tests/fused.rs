//! The CPU's fused path against the burn modules, over sizes and channel counts that the reference vectors lack.

use delineo::device;
use delineo::manifest::{Manifest, self_test_input};
use delineo::model::{Implementation, Model};
use delineo::network::{Architecture, Variant};
use delineo::weights::Checkpoint;
use safetensors::tensor::{Dtype, TensorView};

/// Random weights of about unit gain in every layer, so that every layer carries signal.
fn checkpoint(architecture: Architecture) -> Checkpoint {
    let mut state = 0x9e37_79b9_u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) as f32 / u32::MAX as f32 - 0.5
    };
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = architecture
        .tensors()
        .into_iter()
        .map(|(name, shape)| {
            let count: usize = shape.iter().product();
            let inputs = (count / shape[0]).max(1) as f32;
            let bytes = (0..count)
                .flat_map(|_| {
                    let value = match name.rsplit('.').next() {
                        Some("running_var") => 0.6 + random(),
                        Some("weight") if shape.len() == 1 => 1.0 + 0.4 * random(),
                        Some("weight") => random() * (24.0 / inputs).sqrt(),
                        _ => 0.4 * random(),
                    };
                    value.to_le_bytes()
                })
                .collect();
            (name, shape, bytes)
        })
        .collect();
    let views = data.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a valid view");
        (name.clone(), view)
    });
    Checkpoint::from_bytes(safetensors::serialize(views, None).expect("serializable"))
        .expect("valid")
}

fn assert_same(architecture: Architecture, [height, width]: [usize; 2]) {
    let checkpoint = checkpoint(architecture);
    let channels = architecture.in_channels;
    let manifest = Manifest::assumed(
        "x",
        &architecture.variant.to_string(),
        channels,
        architecture.classes,
        &[],
    );
    let side = height.max(width);
    let input = self_test_input(channels, side);
    let input: Vec<f32> = input
        .chunks_exact(side)
        .enumerate()
        .filter(|(row, _)| row % side < height)
        .flat_map(|(_, row)| row[..width].to_vec())
        .collect();
    let run = |implementation| {
        let model = Model::with_path(
            manifest.clone(),
            &checkpoint,
            &device::cpu(),
            implementation,
        )
        .expect("a model");
        pollster::block_on(model.logits(input.clone(), [1, channels, height, width]))
            .expect("logits")
    };
    let (fused, modules) = (run(Implementation::Fastest), run(Implementation::Modules));
    assert_eq!(fused.len(), architecture.classes * height * width);
    assert_eq!(fused.len(), modules.len());
    let range = modules.iter().copied().fold(f32::MIN, f32::max)
        - modules.iter().copied().fold(f32::MAX, f32::min);
    let worst = fused
        .iter()
        .zip(&modules)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
        / range;
    assert!(
        worst < 1e-3,
        "{architecture:?} at {height}×{width}: {worst:.2e} of the range"
    );
}

#[test]
fn the_fused_path_equals_the_modules_on_small_wide_and_tall_images() {
    for sides in [[16, 16], [16, 48], [80, 16], [32, 64], [48, 112]] {
        assert_same(
            Architecture {
                variant: Variant::S,
                in_channels: 3,
                classes: 1,
            },
            sides,
        );
    }
}

#[test]
fn the_fused_path_equals_the_modules_for_any_channels_classes_and_variant() {
    for (variant, in_channels, classes) in [
        (Variant::S, 1, 1),
        (Variant::S, 3, 5),
        (Variant::Base, 3, 2),
        (Variant::L, 1, 1),
    ] {
        assert_same(
            Architecture {
                variant,
                in_channels,
                classes,
            },
            [32, 48],
        );
    }
}

#[test]
fn sides_that_the_network_cannot_take_are_refused_by_both_paths() {
    let architecture = Architecture {
        variant: Variant::S,
        in_channels: 3,
        classes: 1,
    };
    let checkpoint = checkpoint(architecture);
    let manifest = Manifest::assumed("x", "S", 3, 1, &[]);
    for implementation in [Implementation::Fastest, Implementation::Modules] {
        let model = Model::with_path(
            manifest.clone(),
            &checkpoint,
            &device::cpu(),
            implementation,
        )
        .expect("a model");
        for shape in [
            [1, 3, 24, 32],
            [1, 3, 0, 16],
            [1, 1, 32, 32],
            [0, 3, 32, 32],
        ] {
            let input = vec![0.0; shape.iter().product()];
            let error =
                pollster::block_on(model.logits(input, shape)).expect_err("the shape is wrong");
            assert!(error.to_string().contains("multiples of 16"), "{error}");
        }
    }
}
