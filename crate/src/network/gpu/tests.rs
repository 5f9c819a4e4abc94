//! Each kernel against burn's own operations on the CPU, over sides that are no multiples of any tile and widths that
//! do not fill a workgroup.

use std::collections::BTreeMap;

use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::activation::{gelu, relu};
use burn::tensor::module::{conv2d, interpolate};
use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Bytes, Tensor, TensorData};
use cubecl::client::Client;
use cubecl::prelude::CubeElement;

use super::GpuNetwork;
use super::map::{Map, Maps};
use super::plan::{Launch, Step};
use super::tile::LANES;
use super::weights::Packer;
use crate::device;
use crate::network::folding::{Affine, Bottleneck, Conv, LargeKernelLayer, SkipFusion};
use crate::weights::Checkpoint;

/// Absolute error for values of about 1, summed over up to a few thousand products.
const TOLERANCE: f32 = 2e-5;

/// Numbers in [-0.5, 0.5), the same in every run.
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (f64::from(self.0) / (f64::from(u32::MAX) + 1.0)) as f32 - 0.5
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }

    /// One number for each channel, around `middle`.
    fn channels(&mut self, channels: usize, middle: f32) -> Vec<f32> {
        (0..channels).map(|_| middle + 0.4 * self.next()).collect()
    }

    /// A convolution of about unit gain; `inputs` are those of a group.
    fn conv(&mut self, inputs: usize, outputs: usize, side: usize) -> Conv {
        let count = inputs * side * side;
        let gain = (12.0 / count as f32).sqrt();
        Conv {
            weights: (0..outputs * count).map(|_| gain * self.next()).collect(),
            bias: self.channels(outputs, 0.0),
            side,
        }
    }

    fn norm(&mut self, channels: usize) -> Affine {
        Affine {
            scale: self.channels(channels, 1.0),
            shift: self.channels(channels, 0.0),
        }
    }

    fn bottleneck(&mut self, inputs: usize, channels: usize) -> Bottleneck {
        Bottleneck {
            expand: self.conv(inputs, 4 * channels, 1),
            project: self.conv(4 * channels, channels, 1),
            norm: self.norm(channels),
        }
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), &device::cpu())
}

/// One number for each channel, to be broadcast over an image.
fn channels(values: &[f32]) -> Tensor<4> {
    tensor(values.to_vec(), [1, values.len(), 1, 1])
}

fn apply(conv: &Conv, x: Tensor<4>) -> Tensor<4> {
    let (inputs, outputs, side) = (conv.inputs(), conv.outputs(), conv.side);
    let groups = x.dims()[1] / inputs;
    let weights = tensor(conv.weights.clone(), [outputs, inputs, side, side]);
    let bias = tensor(conv.bias.clone(), [outputs]);
    let options = ConvOptions::new([1, 1], [side / 2, side / 2], [1, 1], groups);
    conv2d(x, weights, Some(bias), options)
}

fn normed(norm: &Affine, x: Tensor<4>) -> Tensor<4> {
    x * channels(&norm.scale) + channels(&norm.shift)
}

fn squeeze(bottleneck: &Bottleneck, x: Tensor<4>) -> Tensor<4> {
    let hidden = gelu(apply(&bottleneck.expand, x));
    normed(&bottleneck.norm, gelu(apply(&bottleneck.project, hidden)))
}

/// A GPU, a map for each image, and the weights.
struct Bench {
    client: Client,
    random: Random,
    pack: Packer,
}

impl Bench {
    fn new() -> Self {
        device::gpu().expect("a GPU, or Mesa's lavapipe (mesa-vulkan-drivers)");
        Self {
            client: device::client(),
            random: Random(0x9e37_79b9),
            pack: Packer::default(),
        }
    }

    fn map(&self, channels: usize, sides: [usize; 2]) -> Map {
        let mut maps = Maps {
            client: &self.client,
            sides,
            free: BTreeMap::new(),
        };
        maps.take(0, channels.div_ceil(LANES))
    }

    /// A map of random numbers, and the same as a tensor.
    fn image(&mut self, channels: usize, sides @ [height, width]: [usize; 2]) -> (Map, Tensor<4>) {
        let values = self.random.values(channels * height * width);
        let map = self.map(channels, sides);
        let bytes = f32::as_bytes(&map.pack(&values)).to_vec();
        self.client.write(&map.buffer, Bytes::from_bytes_vec(bytes));
        (map, tensor(values, [1, channels, height, width]))
    }

    /// Runs a kernel.
    fn run(&mut self, step: &Step) {
        let values = std::mem::take(&mut self.pack).into_values();
        let weights = self.client.create_from_slice(f32::as_bytes(&values));
        let with = Launch {
            client: &self.client,
            weights: &weights,
            temperature: None,
        };
        step.launch(&with);
    }

    /// The channels from `first` on.
    fn assert_holds(&self, map: &Map, first: usize, expected: Tensor<4>, what: &str) {
        let read = self.client.read_one(map.buffer.clone()).expect("the map");
        let found = map.unpack(f32::from_bytes(&read));
        assert_close(&found[first * map.height * map.width..], expected, what);
    }
}

fn assert_close(found: &[f32], expected: Tensor<4>, what: &str) {
    let expected: Vec<f32> = expected.into_data().try_to_vec().expect("float32");
    assert_eq!(found.len(), expected.len(), "{what}");
    let worst = found
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs() / b.abs().max(1.0))
        .fold(
            0.0,
            |worst: f32, error| if error <= worst { worst } else { error },
        );
    assert!(worst < TOLERANCE, "{what}: {worst:.2e}");
}

#[test]
fn a_convolution_equals_convolution_and_relu() {
    for (inputs, outputs, sides) in [
        (1, 8, [1, 1]),
        (3, 16, [5, 7]),
        (8, 24, [9, 3]),
        (40, 8, [3, 33]),
        (160, 256, [17, 2]),
    ] {
        let mut bench = Bench::new();
        let (source, x) = bench.image(inputs, sides);
        let convolution = bench.random.conv(inputs, outputs, 3);
        let target = bench.map(outputs, sides);
        let step = Step::Convolution {
            at: bench.pack.conv(&convolution),
            source,
            target: target.clone(),
            pooled: None,
        };
        bench.run(&step);
        let expected = relu(apply(&convolution, x));
        bench.assert_holds(
            &target,
            0,
            expected,
            &format!("{inputs} to {outputs}, {sides:?}"),
        );
    }
}

#[test]
fn a_pooled_convolution_writes_its_result_and_the_maxima_of_its_pairs() {
    for (inputs, outputs, sides @ [height, width]) in
        [(8, 16, [2, 2]), (16, 8, [6, 10]), (32, 40, [18, 34])]
    {
        let mut bench = Bench::new();
        let (source, x) = bench.image(inputs, sides);
        let convolution = bench.random.conv(inputs, outputs, 3);
        let (target, pooled) = (
            bench.map(outputs, sides),
            bench.map(outputs, [height / 2, width / 2]),
        );
        let step = Step::Convolution {
            at: bench.pack.conv(&convolution),
            source,
            target: target.clone(),
            pooled: Some(pooled.clone()),
        };
        bench.run(&step);
        let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        let full = relu(apply(&convolution, x));
        let half = pool.forward(full.clone());
        bench.assert_holds(
            &target,
            0,
            full,
            &format!("{inputs} to {outputs}, {sides:?}"),
        );
        bench.assert_holds(&pooled, 0, half, &format!("{inputs} to {outputs}, pooled"));
    }
}

#[test]
fn an_upsampled_convolution_equals_interpolation_convolution_and_relu() {
    for (inputs, outputs, sides @ [height, width]) in [
        (8, 8, [1, 1]),
        (16, 8, [3, 5]),
        (40, 24, [7, 1]),
        (256, 160, [2, 9]),
    ] {
        let mut bench = Bench::new();
        let doubled = [2 * height, 2 * width];
        let (source, x) = bench.image(inputs, sides);
        let convolution = bench.random.conv(inputs, outputs, 3);
        // The first half is the skip connection's.
        let target = bench.map(2 * outputs, doubled);
        let step = Step::Upsampled {
            at: bench.pack.conv(&convolution),
            source,
            target: target.clone(),
        };
        bench.run(&step);
        let options = InterpolateOptions::new(InterpolateMode::Bilinear)
            .with_align_corners(false)
            .with_output_size(doubled);
        let expected = relu(apply(&convolution, interpolate(x, options)));
        let what = format!("{inputs} to {outputs}, {sides:?}");
        bench.assert_holds(&target, outputs, expected, &what);
    }
}

#[test]
fn a_layer_equals_depthwise_residual_and_bottleneck() {
    for (channels_, side, sides) in [
        (8, 3, [5, 7]),
        (16, 7, [1, 1]),
        (24, 7, [9, 3]),
        (64, 9, [6, 11]),
        (160, 7, [3, 5]),
        (256, 7, [4, 2]),
    ] {
        let mut bench = Bench::new();
        let (source, x) = bench.image(channels_, sides);
        let layer = LargeKernelLayer {
            depthwise: bench.random.conv(1, channels_, side),
            norm: bench.random.norm(channels_),
            bottleneck: bench.random.bottleneck(channels_, channels_),
        };
        let mixed = gelu(apply(&layer.depthwise, x.clone()));
        let expected = squeeze(&layer.bottleneck, x + normed(&layer.norm, mixed));
        let target = bench.map(channels_, sides);
        let step = Step::Layer {
            at: bench.pack.layer(&layer),
            source,
            target: target.clone(),
        };
        bench.run(&step);
        let what = format!("{channels_} channels, {side}×{side}, {sides:?}");
        bench.assert_holds(&target, 0, expected, &what);
    }
}

#[test]
fn a_fusion_equals_grouped_convolution_bottleneck_and_head() {
    for (channels_, classes, sides @ [height, width]) in [
        (8, 1, [5, 7]),
        (16, 3, [1, 1]),
        (24, 11, [9, 3]),
        (160, 2, [2, 10]),
        (256, 1, [3, 4]),
    ] {
        let mut bench = Bench::new();
        let (source, x) = bench.image(2 * channels_, sides);
        let fusion = SkipFusion {
            skip: bench.random.conv(channels_, channels_, 3),
            upsampled: bench.random.conv(channels_, channels_, 3),
            bottleneck: bench.random.bottleneck(2 * channels_, channels_),
        };
        let head = bench.random.conv(channels_, classes, 1);
        let halves = x.chunk(2, 1);
        let grouped = Tensor::cat(
            vec![
                apply(&fusion.skip, halves[0].clone()),
                apply(&fusion.upsampled, halves[1].clone()),
            ],
            1,
        );
        let expected = squeeze(&fusion.bottleneck, gelu(grouped));
        let logits_expected = apply(&head, expected.clone());
        let what = format!("{channels_} channels, {classes} classes, {sides:?}");
        let target = bench.map(channels_, sides);
        let step = Step::Fusion {
            at: bench.pack.fusion(&fusion),
            source: source.clone(),
            target: target.clone(),
        };
        bench.run(&step);
        bench.assert_holds(&target, 0, expected, &what);

        let count = classes * height * width;
        let logits = bench
            .client
            .create_from_slice(f32::as_bytes(&vec![f32::NAN; count]));
        let step = Step::FusionHead {
            at: bench.pack.fusion(&fusion),
            head: bench.pack.head(&head),
            source,
            logits: logits.clone(),
        };
        bench.run(&step);
        let read = bench.client.read_one(logits).expect("the logits");
        let found = &f32::from_bytes(&read)[..count];
        assert_close(found, logits_expected, &what);
    }
}

/// A trained network.
fn network() -> GpuNetwork {
    device::gpu().expect("a GPU, or Mesa's lavapipe (mesa-vulkan-drivers)");
    let weights = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/recipes/bootstrap-s/weights.safetensors"
    );
    let checkpoint = Checkpoint::from_bytes(std::fs::read(weights).expect("readable"));
    let checkpoint = checkpoint.expect("a checkpoint");
    GpuNetwork::new(&checkpoint, device::client()).expect("complete")
}

#[test]
fn compiling_beforehand_pauses_after_each_kernel_and_leaves_no_trace_in_the_logits() {
    let (height, width) = (80, 48);
    let image = Random(7).values(3 * height * width);
    let forward = |network: &GpuNetwork| {
        pollster::block_on(network.forward(&image, [3, height, width])).expect("logits")
    };
    let compiled = network();
    let mut pauses = 0;
    pollster::block_on(compiled.compile([height, width], async || pauses += 1));
    assert_eq!(pauses, compiled.cost([height, width]).dispatches + 1);
    assert_eq!(forward(&compiled), forward(&network()));
}

#[test]
fn bytes_through_their_tables_give_the_probabilities_of_the_same_image_as_numbers() {
    let mut random = Random(11);
    let network = network();
    // The second image must not see what is left of the first.
    for (height, width, temperature) in [(48, 80, 1.5), (16, 16, 0.01)] {
        let mut byte = || (256.0 * (random.next() + 0.5)) as u8;
        let pixels: Vec<[u8; LANES]> = (0..height * width)
            .map(|_| std::array::from_fn(|_| byte()))
            .collect();
        let levels: [[f32; 256]; 3] = std::array::from_fn(|channel| {
            let scale = 80.0 + 40.0 * channel as f32;
            std::array::from_fn(|byte| (byte as f32 - 128.0) / scale)
        });
        let channel = |(channel, table): (usize, &[f32; 256])| {
            let values = pixels
                .iter()
                .map(|pixel| table[usize::from(pixel[channel])]);
            values.collect::<Vec<_>>()
        };
        let planes: Vec<f32> = levels.iter().enumerate().flat_map(channel).collect();
        let expected = pollster::block_on(network.forward(&planes, [3, height, width]));
        let expected: Vec<f32> = expected
            .expect("logits")
            .iter()
            .map(|logit| 1.0 / (1.0 + (-logit / temperature).exp()))
            .collect();
        let sides = [height, width];
        let found = network.probabilities(&pixels, &levels, sides, temperature);
        let found = pollster::block_on(found).expect("probabilities");
        let expected = tensor(expected, [1, 1, height, width]);
        assert_close(&found, expected, "the sigmoid");
        let short = network.probabilities(&pixels[1..], &levels, sides, temperature);
        assert!(pollster::block_on(short).is_err());
    }
}
