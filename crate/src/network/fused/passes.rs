//! Each pass of an inference on its own.

use std::hint::black_box;

use super::FusedNetwork;
use super::map::Map;
use super::scratch::Scratch;
use crate::network::Pass;

impl FusedNetwork {
    /// The passes of an inference over an image of these sides, height first, in order.
    pub fn passes(&self, sides: [usize; 2]) -> Vec<Pass<'_>> {
        let dims = self.architecture.variant.dims();
        let map = |level: usize, channels: usize, margin: usize| {
            let [height, width] = sides.map(|side| side >> level);
            let values = vec![0.5; channels * height * width];
            Map::from_planes(&values, height, width, channels, margin)
        };
        let image = map(0, self.architecture.in_channels, 1);
        let mut passes = vec![pass("convolution", vec![image], |maps, scratch| {
            self.stem.apply(&maps[0], 1, scratch)
        })];
        for (level, encoder) in self.encoders.iter().enumerate() {
            let channels = dims[level.max(1) - 1];
            if level > 0 {
                let before = map(level - 1, channels, 1);
                passes.push(pass("pooling", vec![before], |maps, _| maps[0].max_pool(1)));
            }
            for layer in &encoder.layers {
                let before = map(level, channels, layer.margin());
                passes.push(pass("large-kernel layer", vec![before], |maps, scratch| {
                    layer.apply(&maps[0], 1, scratch)
                }));
            }
            passes.push(pass(
                "convolution",
                vec![map(level, channels, 1)],
                |maps, scratch| encoder.widen.apply(&maps[0], 1, scratch),
            ));
        }
        for (decoder, level) in self.decoders.iter().zip((0..4).rev()) {
            let deeper = map(level + 1, dims[level + 1], 1);
            passes.push(pass("upsampling", vec![deeper], |maps, _| {
                maps[0].upsample(1)
            }));
            passes.push(pass(
                "convolution",
                vec![map(level, dims[level + 1], 1)],
                |maps, scratch| decoder.up.apply(&maps[0], 1, scratch),
            ));
            let both = vec![map(level, dims[level], 1), map(level, dims[level], 1)];
            passes.push(pass("skip fusion", both, |maps, scratch| {
                decoder.fusion.apply(&maps[0], &maps[1], 1, scratch)
            }));
        }
        passes.push(pass("head", vec![map(0, dims[0], 1)], |maps, _| {
            let (height, width) = (maps[0].height, maps[0].width);
            let planes = self.head.apply_to_planes(&maps[0]);
            Map::from_planes(&planes, height, width, self.architecture.classes, 0)
        }));
        passes
    }
}

fn pass<'a>(what: &str, inputs: Vec<Map>, work: impl Fn(&[Map], &Scratch) -> Map + 'a) -> Pass<'a> {
    let scratch = Scratch::default();
    let result = work(&inputs, &scratch);
    let numbers = |map: &Map| map.channels * map.height * map.width;
    let bytes = (inputs.iter().map(numbers).sum::<usize>() + numbers(&result)) * size_of::<f32>();
    let Map {
        channels,
        height,
        width,
        ..
    } = result;
    Pass {
        name: format!("{what}, {channels} channels, {height}x{width}"),
        bytes,
        run: Box::new(move || drop(black_box(work(&inputs, &scratch)))),
    }
}
