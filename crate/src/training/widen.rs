//! A trained network made larger without making it forget (Net2Net: Chen, Goodfellow and Shlens, ICLR 2016).
//!
//! Each channel of the larger network is a copy of one of the smaller network's, and whatever reads it divides its weights
//! among the copies, unevenly, so that they part ways as soon as they are trained:
//!
//! ```text
//! x ── w ──▶ y        x ───── share·w ──▶ y
//!                     x ─ (1-share)·w ─┘
//! ```
//!
//! Layers that only the larger network has begin as ones that pass on what they are given. Where its depthwise kernel is
//! smaller (7×7 in base, 9×9 in S, at the deepest stage), the rim is added to what is left: that little is forgotten.
//!
//! Which channel is copied where is the same every time, whatever the training's seed: only so do two trainings of the
//! larger network, begun with the same smaller one, have a [mean](super::mean) that is a network and not noise.

use std::collections::BTreeMap;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::Error;
use crate::network::layout::{self, Layout, Norm};
use crate::network::{Architecture, Variant};
use crate::weights::Checkpoint;

/// How many deviations above zero the input of an activation lies that is to let it through: GELU(z) ≈ z from 3 on.
const CLEAR: f32 = 5.0;

/// Where the places and the shares of the copies come from.
const SEED: u64 = 1;

/// A network of a larger size that answers like `small`, smaller kernels apart.
///
/// # Errors
/// [`Error::Training`] when `variant` is not larger.
pub fn widen(small: &Checkpoint, variant: Variant) -> Result<Checkpoint, Error> {
    let from = small.architecture();
    let architecture = Architecture { variant, ..from };
    if architecture.parameters() <= from.parameters() {
        return Err(Error::Training(format!(
            "CMUNeXt-{} weights cannot be made into the smaller CMUNeXt-{variant}",
            from.variant
        )));
    }
    let mut growth = Growth {
        small,
        random: ChaCha8Rng::seed_from_u64(SEED),
        tensors: BTreeMap::new(),
    };
    growth.network(&from.layout(), &architecture.layout())?;
    Ok(Checkpoint::of_tensors(architecture, growth.tensors))
}

/// The channels of one map: which of the small network's `small` channels each repeats.
#[derive(Clone)]
struct Channels {
    of: Vec<usize>,
    small: usize,
}

impl Channels {
    fn same(count: usize) -> Self {
        Self {
            of: (0..count).collect(),
            small: count,
        }
    }

    /// Two maps, one after the other.
    fn and(&self, other: &Self) -> Self {
        let second = other.of.iter().map(|channel| channel + self.small);
        Self {
            of: self.of.iter().copied().chain(second).collect(),
            small: self.small + other.small,
        }
    }
}

struct Growth<'a> {
    small: &'a Checkpoint,
    random: ChaCha8Rng,
    tensors: BTreeMap<String, Vec<f32>>,
}

impl Growth<'_> {
    /// The whole network, in the order of the data.
    fn network(&mut self, small: &Layout, large: &Layout) -> Result<(), Error> {
        let image = Channels::same(small.stem.conv.inputs);
        let classes = Channels::same(small.head.outputs);
        let mut map = self.block(&small.stem, &large.stem, &image)?;
        let mut skips = Vec::new();
        for (small, large) in small.encoders.iter().zip(&large.encoders) {
            for (index, layer) in large.layers.iter().enumerate() {
                if let Some(small) = small.layers.get(index) {
                    let sides = [small.depthwise.side, layer.depthwise.side];
                    self.depthwise(&small.depthwise.name, &map, sides)?;
                    self.norm(&small.depthwise_norm, &map)?;
                    map = self.bottleneck(&small.bottleneck, &layer.bottleneck, &map)?;
                } else {
                    let before = &large.layers[index - 1].bottleneck.project_norm;
                    self.pass_on(layer, before);
                }
            }
            map = self.block(&small.widen, &large.widen, &map)?;
            skips.push(map.clone());
        }
        // The deepest has no skip connection.
        skips.pop();
        let decoders = small.decoders.iter().zip(&large.decoders);
        for ((small, large), skip) in decoders.zip(skips.iter().rev()) {
            let up = self.block(&small.up, &large.up, &map)?;
            let (few, many) = (small.up.conv.outputs, large.up.conv.outputs);
            let (small, large) = (&small.fusion, &large.fusion);
            // Two groups, one for the skip connection, one for what comes from below.
            let halves = self.copies(few, many).and(&self.copies(few, many));
            let (first, second) = halves.of.split_at(many);
            let mut weights = self.rows(&small.grouped, first, skip)?;
            weights.extend(self.rows(&small.grouped, second, &up)?);
            self.put(&small.grouped.name, "weight", weights);
            self.repeat(&small.grouped.name, "bias", &halves)?;
            self.norm(&small.grouped_norm, &halves)?;
            map = self.bottleneck(&small.bottleneck, &large.bottleneck, &halves)?;
        }
        self.conv(&small.head, &classes, &map)
    }

    /// A convolution with its norm; returns the map that comes out.
    fn block(
        &mut self,
        small: &layout::ConvBlock,
        large: &layout::ConvBlock,
        map: &Channels,
    ) -> Result<Channels, Error> {
        let wider = self.copies(small.conv.outputs, large.conv.outputs);
        self.conv(&small.conv, &wider, map)?;
        self.norm(&small.norm, &wider)?;
        Ok(wider)
    }

    /// Expansion and projection with their norms; returns the map that comes out.
    fn bottleneck(
        &mut self,
        small: &layout::Bottleneck,
        large: &layout::Bottleneck,
        map: &Channels,
    ) -> Result<Channels, Error> {
        let hidden = self.copies(small.expand.outputs, large.expand.outputs);
        let outputs = self.copies(small.project.outputs, large.project.outputs);
        self.conv(&small.expand, &hidden, map)?;
        self.norm(&small.expand_norm, &hidden)?;
        self.conv(&small.project, &outputs, &hidden)?;
        self.norm(&small.project_norm, &outputs)?;
        Ok(outputs)
    }

    /// A large-kernel layer that passes on the output of the norm `before` it, whose channels have the mean `bias` and the
    /// deviation `weight`. Its depthwise kernel and three quarters of its expansion are random, and nothing reads them yet.
    fn pass_on(&mut self, layer: &layout::LargeKernelLayer, before: &Norm) {
        let layout::LargeKernelLayer {
            depthwise,
            depthwise_norm,
            bottleneck,
        } = layer;
        let (channels, inner) = (before.channels, bottleneck.expand.outputs);
        let [deviations, means] = ["weight", "bias"].map(|part| format!("{}.{part}", before.name));
        let deviations: Vec<f32> = self.tensors[&deviations]
            .iter()
            .map(|deviation| deviation.abs().max(1e-3))
            .collect();
        let means = self.tensors[&means].clone();
        let widened = |values: Vec<f32>, rest: f32| {
            let mut values = values;
            values.resize(inner, rest);
            values
        };
        let identity = |rows: usize, columns: usize| {
            let mut matrix = vec![0.0; rows * columns];
            for channel in 0..channels {
                matrix[channel * columns + channel] = 1.0;
            }
            matrix
        };

        let taps = depthwise.side * depthwise.side;
        let kernels = self.noise(channels * taps, taps);
        self.put(&depthwise.name, "weight", kernels);
        self.put(&depthwise.name, "bias", vec![0.0; channels]);
        let none = [0.0, 0.0, 0.0, 1.0].map(|value| vec![value; channels]);
        self.put_norm(depthwise_norm, none);

        let expand = &bottleneck.expand.name;
        let mut matrix = identity(inner, channels);
        let spare = self.noise((inner - channels) * channels, channels);
        matrix[channels * channels..].copy_from_slice(&spare);
        self.put(expand, "weight", matrix);
        let clear: Vec<f32> = deviations.iter().map(|value| CLEAR * value + 3.0).collect();
        let bias = clear.iter().zip(&means).map(|(clear, mean)| clear - mean);
        self.put(expand, "bias", widened(bias.collect(), 0.0));
        let variance = deviations.iter().map(|value| value * value).collect();
        let standard = [
            vec![1.0; inner],
            vec![0.0; inner],
            widened(clear, 0.0),
            widened(variance, 1.0),
        ];
        self.put_norm(&bottleneck.expand_norm, standard);

        let project = &bottleneck.project.name;
        self.put(project, "weight", identity(channels, inner));
        self.put(project, "bias", vec![CLEAR; channels]);
        let [clear, variance] = [CLEAR, 1.0].map(|value| vec![value; channels]);
        let same = [deviations, means, clear, variance];
        self.put_norm(&bottleneck.project_norm, same);
    }

    fn conv(&mut self, small: &layout::Conv, out: &Channels, read: &Channels) -> Result<(), Error> {
        let weights = self.rows(small, &out.of, read)?;
        self.put(&small.name, "weight", weights);
        self.repeat(&small.name, "bias", out)
    }

    /// Weights `[out, read, kernel]` of a convolution, `out` of the small network's rows. The shares of a channel's copies
    /// have the sum 1 in each row.
    fn rows(
        &mut self,
        small: &layout::Conv,
        out: &[usize],
        read: &Channels,
    ) -> Result<Vec<f32>, Error> {
        let kernel = small.side * small.side;
        let small = self.small.values(&format!("{}.weight", small.name))?;
        let mut weights = Vec::with_capacity(out.len() * read.of.len() * kernel);
        for row in out {
            let drawn: Vec<f32> = read
                .of
                .iter()
                .map(|_| self.random.random_range(0.15..1.15))
                .collect();
            let mut sums = vec![0.0; read.small];
            for (channel, share) in read.of.iter().zip(&drawn) {
                sums[*channel] += share;
            }
            for (channel, share) in read.of.iter().zip(&drawn) {
                let from = (row * read.small + channel) * kernel;
                let share = share / sums[*channel];
                weights.extend(small[from..from + kernel].iter().map(|value| value * share));
            }
        }
        Ok(weights)
    }

    /// Each channel's own kernel. Where the large network's is smaller, what lies beyond it is added to its edge.
    fn depthwise(
        &mut self,
        name: &str,
        map: &Channels,
        [small, large]: [usize; 2],
    ) -> Result<(), Error> {
        let kernels = self.small.values(&format!("{name}.weight"))?;
        let rim = (small - large) / 2;
        let inside = |place: usize| place.clamp(rim, rim + large - 1) - rim;
        let mut weights = vec![0.0; map.of.len() * large * large];
        for (kernel, channel) in weights.chunks_exact_mut(large * large).zip(&map.of) {
            for row in 0..small {
                for column in 0..small {
                    kernel[inside(row) * large + inside(column)] +=
                        kernels[(channel * small + row) * small + column];
                }
            }
        }
        self.put(name, "weight", weights);
        self.repeat(name, "bias", map)
    }

    fn norm(&mut self, norm: &Norm, map: &Channels) -> Result<(), Error> {
        let mut parts = Norm::PARTS.into_iter();
        parts.try_for_each(|part| self.repeat(&norm.name, part, map))
    }

    fn put_norm(&mut self, norm: &Norm, values: [Vec<f32>; 4]) {
        for (part, values) in Norm::PARTS.into_iter().zip(values) {
            self.put(&norm.name, part, values);
        }
    }

    /// One number a channel.
    fn repeat(&mut self, name: &str, part: &str, map: &Channels) -> Result<(), Error> {
        let small = self.small.values(&format!("{name}.{part}"))?;
        let values = map.of.iter().map(|channel| small[*channel]).collect();
        self.put(name, part, values);
        Ok(())
    }

    fn put(&mut self, name: &str, part: &str, values: Vec<f32>) {
        self.tensors.insert(format!("{name}.{part}"), values);
    }

    /// Every channel once, then as many again as there is room for, drawn without favour.
    fn copies(&mut self, small: usize, large: usize) -> Channels {
        let mut channels = Channels::same(small);
        while channels.of.len() < large {
            let mut again: Vec<usize> = (0..small).collect();
            again.shuffle(&mut self.random);
            again.truncate(large - channels.of.len());
            channels.of.extend(again);
        }
        channels
    }

    /// Random weights of a layer that reads `inputs` numbers, as PyTorch begins with.
    fn noise(&mut self, count: usize, inputs: usize) -> Vec<f32> {
        let bound = (inputs as f32).sqrt().recip();
        let draw = |_| self.random.random_range(-bound..bound);
        (0..count).map(draw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::CpuNetwork;
    use crate::training::average;

    const DEEPEST: &str = "encoder5.block.0.0.fn.0.weight";

    /// The oldest model of this repository.
    fn trained() -> Checkpoint {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/recipes/bootstrap-s/weights.safetensors"
        );
        let trained = std::fs::read(path).expect("in the repository");
        Checkpoint::from_bytes(trained).expect("weights")
    }

    /// The same without the rim of the kernels for which base and L have no place.
    fn without_rim(checkpoint: &Checkpoint) -> Checkpoint {
        let read = |(name, _): (String, _)| {
            let mut values = checkpoint.values(&name).expect("there").to_vec();
            if name == DEEPEST {
                for (index, value) in values.iter_mut().enumerate() {
                    let (row, column) = (index / 9 % 9, index % 9);
                    if [row, column].iter().any(|place| [0, 8].contains(place)) {
                        *value = 0.0;
                    }
                }
            }
            (name, values)
        };
        let tensors = checkpoint.tensors().into_iter().map(read).collect();
        Checkpoint::of_tensors(checkpoint.architecture(), tensors)
    }

    fn logits(checkpoint: &Checkpoint) -> Vec<f32> {
        let side = 64;
        let image: Vec<f32> = (0..3 * side * side)
            .map(|at| ((at % side) as f32 / 9.0).sin() + ((at / side) as f32 / 7.0).cos())
            .collect();
        let network = CpuNetwork::new(checkpoint).expect("a network");
        let logits = network.forward(&image, [3, side, side]).expect("logits");
        assert!(logits.iter().all(|logit| logit.is_finite()));
        logits
    }

    #[test]
    fn a_widened_network_answers_like_the_small_one() {
        let small = without_rim(&trained());
        let expected = logits(&small);
        let (low, high) = expected
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), x| {
                (low.min(*x), high.max(*x))
            });
        for variant in [Variant::Base, Variant::L] {
            let large = widen(&small, variant).expect("larger");
            assert_eq!(large.architecture().variant, variant);
            for (name, shape) in large.tensors() {
                let values = large.values(&name).expect("there");
                assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}");
            }
            let apart = expected.iter().zip(logits(&large));
            let apart = apart.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-3 * (high - low), "{variant}: {apart}");
        }
    }

    #[test]
    fn a_smaller_kernel_answers_an_even_map_as_before() {
        let small = trained();
        let large = widen(&small, Variant::Base).expect("larger");
        let [small, large] = [&small, &large].map(|of| of.values(DEEPEST).expect("there"));
        // 9×9 and 7×7; the first channels are each other's.
        for (before, after) in small.chunks(81).zip(large.chunks(49)) {
            let [before, after] = [before, after].map(|kernel| kernel.iter().sum::<f32>());
            assert!((before - after).abs() < 1e-4, "{before}, {after}");
        }
    }

    /// So that trainings of the larger network that begin with the same smaller one have a mean of use.
    #[test]
    fn the_mean_of_widened_networks_is_the_mean_network_widened() {
        let one = without_rim(&trained());
        let sway = |(name, _): (String, _)| {
            let values = one.values(&name).expect("there").iter().enumerate();
            let swayed = values.map(|(at, value)| value * (1.0 + 0.02 * (at as f32).sin()));
            (name, swayed.collect())
        };
        let tensors = one.tensors().into_iter().map(sway).collect();
        let other = Checkpoint::of_tensors(one.architecture(), tensors);
        let mean = |of: [Checkpoint; 2]| average::mean(of).expect("alike").expect("two");
        let widened = |of: &Checkpoint| widen(of, Variant::Base).expect("larger");

        let large = logits(&mean([widened(&one), widened(&other)]));
        let small = logits(&mean([one, other]));
        let apart = small.iter().zip(&large).map(|(a, b)| (a - b).abs());
        let range = small.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        assert!(apart.fold(0.0, f32::max) < 0.01 * range);
    }

    #[test]
    fn copies_of_a_channel_are_not_read_alike() {
        let large = widen(&trained(), Variant::Base).expect("larger");
        let head = large.values("Conv_1x1.weight").expect("there");
        for (index, weight) in head.iter().enumerate() {
            assert!(!head[..index].contains(weight), "{head:?}");
        }
    }

    #[test]
    fn a_network_is_not_widened_to_a_smaller_one() {
        let base = widen(&trained(), Variant::Base).expect("larger");
        for variant in [Variant::S, Variant::Base] {
            let error = widen(&base, variant).expect_err("not larger");
            assert!(error.to_string().contains("smaller"), "{error}");
        }
    }
}
