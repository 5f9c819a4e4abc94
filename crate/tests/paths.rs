//! The CPU path and the GPU path against the burn modules, over sizes and channel counts that the reference vectors lack.

use delineo::device::{self, Device};
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

fn gpu() -> Device {
    device::gpu().expect("a GPU, or Mesa's lavapipe (mesa-vulkan-drivers)")
}

/// An input of any sides, cut from the self-test's.
fn input(channels: usize, [height, width]: [usize; 2]) -> Vec<f32> {
    let side = height.max(width);
    self_test_input(channels, side)
        .chunks_exact(side)
        .enumerate()
        .filter(|(row, _)| row % side < height)
        .flat_map(|(_, row)| row[..width].to_vec())
        .collect()
}

fn model(checkpoint: &Checkpoint, device: &Device, implementation: Implementation) -> Model {
    let architecture = checkpoint.architecture();
    let (variant, channels, classes) = (
        architecture.variant.to_string(),
        architecture.in_channels,
        architecture.classes,
    );
    let manifest = Manifest::assumed("x", &variant, channels, classes, &[]);
    Model::with_path(manifest, checkpoint, device, implementation).expect("a model")
}

fn logits(model: &Model, input: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
    pollster::block_on(model.logits(input, shape)).expect("logits")
}

/// A device's own path against the modules on the CPU.
fn assert_same(device: &Device, architecture: Architecture, sides: [usize; 2]) {
    let checkpoint = checkpoint(architecture);
    let [height, width] = sides;
    let run = |device, implementation| {
        let shape = [1, architecture.in_channels, height, width];
        logits(
            &model(&checkpoint, device, implementation),
            input(architecture.in_channels, sides),
            shape,
        )
    };
    let found = run(device, Implementation::Fastest);
    let modules = run(&device::cpu(), Implementation::Modules);
    assert_eq!(found.len(), architecture.classes * height * width);
    assert_eq!(found.len(), modules.len());
    // A maximum passes over numbers that are none.
    assert!(found.iter().all(|logit| logit.is_finite()));
    let range = modules.iter().copied().fold(f32::MIN, f32::max)
        - modules.iter().copied().fold(f32::MAX, f32::min);
    let worst = found
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

const S: Architecture = Architecture {
    variant: Variant::S,
    in_channels: 3,
    classes: 1,
};

/// The deepest level's sides are a sixteenth: 1, 3, 5 and 7 pixels are no multiples of any tile.
const SIDES: [[usize; 2]; 5] = [[16, 16], [16, 48], [80, 16], [32, 64], [48, 112]];

/// Variant, channels of the input, classes.
const ARCHITECTURES: [(Variant, usize, usize); 5] = [
    (Variant::S, 1, 1),
    (Variant::S, 3, 5),
    (Variant::S, 1, 9),
    (Variant::Base, 3, 2),
    (Variant::L, 1, 1),
];

#[test]
fn the_cpu_path_equals_the_modules_on_small_wide_and_tall_images() {
    for sides in SIDES {
        assert_same(&device::cpu(), S, sides);
    }
}

#[test]
fn the_gpu_path_equals_the_modules_on_small_wide_and_tall_images() {
    for sides in SIDES {
        assert_same(&gpu(), S, sides);
    }
}

#[test]
fn the_cpu_path_equals_the_modules_for_any_channels_classes_and_variant() {
    for (variant, in_channels, classes) in ARCHITECTURES {
        let architecture = Architecture {
            variant,
            in_channels,
            classes,
        };
        assert_same(&device::cpu(), architecture, [32, 48]);
    }
}

#[test]
fn the_gpu_path_equals_the_modules_for_any_channels_classes_and_variant() {
    for (variant, in_channels, classes) in ARCHITECTURES {
        let architecture = Architecture {
            variant,
            in_channels,
            classes,
        };
        assert_same(&gpu(), architecture, [32, 48]);
    }
}

#[test]
fn the_cpu_path_gives_the_same_bits_on_any_number_of_threads() {
    let on_threads = |count: usize, network: &Model, sides: [usize; 2]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
        let [height, width] = sides;
        pool.expect("a pool")
            .install(|| logits(network, input(3, sides), [1, 3, height, width]))
    };
    // The second's deepest levels have sides of 3 and 7, which no number of threads divides.
    for (variant, sides) in [
        (Variant::S, [16, 16]),
        (Variant::S, [48, 112]),
        (Variant::Base, [64, 96]),
    ] {
        let checkpoint = checkpoint(Architecture { variant, ..S });
        let network = model(&checkpoint, &device::cpu(), Implementation::Fastest);
        let alone = on_threads(1, &network, sides);
        for count in [2, 3, 8] {
            let shared = on_threads(count, &network, sides);
            assert_eq!(alone.len(), shared.len());
            let differing = alone.iter().zip(&shared).filter(|(a, b)| a != b).count();
            assert_eq!(differing, 0, "{variant} at {sides:?} on {count} threads");
        }
    }
}

#[test]
fn the_gpu_path_gives_each_image_its_own_logits_whatever_came_before() {
    let network = model(&checkpoint(S), &gpu(), Implementation::Fastest);
    let sides @ [height, width] = [32, 48];
    let first = input(3, sides);
    // Large values in a larger image, so that anything left in a buffer would show.
    let second: Vec<f32> = first.iter().map(|value| 20.0 - 9.0 * value).collect();
    let alone =
        [&first, &second].map(|image| logits(&network, image.clone(), [1, 3, height, width]));
    assert_ne!(alone[0], alone[1]);

    let large: Vec<f32> = input(3, [96, 80])
        .iter()
        .map(|value| 50.0 * value)
        .collect();
    logits(&network, large, [1, 3, 96, 80]);
    let both = logits(&network, [first, second].concat(), [2, 3, height, width]);
    assert_eq!(both, alone.concat());
}

/// The goals of the GPU path at 256×256: dispatches, and bytes over the least that the paper's blocks need.
#[test]
fn the_gpu_path_starts_few_kernels_and_moves_few_bytes() {
    for (variant, dispatches) in [(Variant::S, 45), (Variant::Base, 60), (Variant::L, 60)] {
        let checkpoint = checkpoint(Architecture { variant, ..S });
        let network = model(&checkpoint, &gpu(), Implementation::Fastest);
        let cost = network.gpu_cost([256, 256]).expect("it runs on the GPU");
        let ratio = cost.bytes_moved as f64 / cost.bytes_least as f64;
        println!("{variant}: {cost:?}, bytes moved / least {ratio:.3}");
        assert!(cost.dispatches <= dispatches, "{variant}: {cost:?}");
        assert!((1.0..=1.5).contains(&ratio), "{variant}: {cost:?}");
        assert!(
            model(&checkpoint, &device::cpu(), Implementation::Fastest)
                .gpu_cost([256, 256])
                .is_none()
        );
    }
}

#[test]
fn sides_that_the_network_cannot_take_are_refused_by_all_paths() {
    let checkpoint = checkpoint(S);
    for (device, implementation) in [
        (device::cpu(), Implementation::Fastest),
        (device::cpu(), Implementation::Modules),
        (gpu(), Implementation::Fastest),
    ] {
        let model = model(&checkpoint, &device, implementation);
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
