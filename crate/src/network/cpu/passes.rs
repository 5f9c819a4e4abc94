//! Each pass of an inference on its own.

use std::hint::black_box;

use super::CpuNetwork;
use super::buffers::BufferPool;
use super::map::Map;
use crate::network::pass::Pass;

impl CpuNetwork {
    /// The passes of an inference over an image of these sides, height first, in order.
    pub fn passes(&self, sides: [usize; 2]) -> Vec<Pass<'_>> {
        let layout = self.architecture.layout();
        let map = |level: usize, channels: usize, margin: usize| {
            let [height, width] = sides.map(|side| side >> level);
            let values = vec![0.5; channels * height * width];
            Map::from_planes(
                &values,
                height,
                width,
                channels,
                margin,
                &BufferPool::default(),
            )
        };
        let image = map(0, self.architecture.in_channels, 1);
        let mut passes = vec![pass("convolution", vec![image], |maps, pool| {
            self.stem.apply(&maps[0], 1, pool)
        })];
        for (level, encoder) in self.encoders.iter().enumerate() {
            let channels = layout.encoders[level].widen.conv.inputs;
            if level > 0 {
                let before = map(level - 1, channels, 1);
                passes.push(pass("pooling", vec![before], |maps, pool| {
                    maps[0].max_pool(1, pool)
                }));
            }
            for layer in &encoder.layers {
                let before = map(level, channels, layer.margin());
                passes.push(pass("large-kernel layer", vec![before], |maps, pool| {
                    layer.apply(&maps[0], 1, pool)
                }));
            }
            passes.push(pass(
                "convolution",
                vec![map(level, channels, 1)],
                |maps, pool| encoder.widen.apply(&maps[0], 1, pool),
            ));
        }
        let decoders = self.decoders.iter().zip(&layout.decoders);
        for ((decoder, blocks), level) in decoders.zip((0..4).rev()) {
            let (deep, channels) = (blocks.up.conv.inputs, blocks.up.conv.outputs);
            let deeper = vec![map(level + 1, deep, 1)];
            passes.push(pass("upsampling", deeper, |maps, pool| {
                maps[0].upsample(1, pool)
            }));
            passes.push(pass(
                "convolution",
                vec![map(level, deep, 1)],
                |maps, pool| decoder.up.apply(&maps[0], 1, pool),
            ));
            let both = vec![map(level, channels, 1), map(level, channels, 1)];
            passes.push(pass("skip fusion", both, |maps, pool| {
                decoder.fusion.apply(&maps[0], &maps[1], 1, pool)
            }));
        }
        let last = map(0, layout.head.inputs, 1);
        passes.push(pass("head", vec![last], |maps, pool| {
            let (height, width) = (maps[0].height, maps[0].width);
            let planes = self.head.apply_to_planes(&maps[0]);
            Map::from_planes(&planes, height, width, self.architecture.classes, 0, pool)
        }));
        passes
    }
}

fn pass<'a>(
    what: &str,
    inputs: Vec<Map>,
    work: impl Fn(&[Map], &BufferPool) -> Map + 'a,
) -> Pass<'a> {
    let pool = BufferPool::default();
    let result = work(&inputs, &pool);
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
        run: Box::new(move || black_box(work(&inputs, &pool)).recycle(&pool)),
    }
}
