//! Each kernel of an inference on its own.

use pollster::block_on;

use super::GpuNetwork;
use super::map::Map;
use super::plan::Step;
use super::tile::GROUP;
use crate::network::pass::Pass;

impl GpuNetwork {
    /// The kernels that an inference over an image of these sides, height first, starts, in order. Each waits for
    /// the GPU.
    pub fn passes(&self, sides: [usize; 2]) -> Vec<Pass<'_>> {
        let described: Vec<(String, usize)> = self.with_plan(sides, |plan| {
            let steps = plan.steps().iter();
            steps.map(|step| (step.name(), step.bytes())).collect()
        });
        let pass = |(index, (name, bytes)): (usize, (String, usize))| Pass {
            name,
            bytes,
            run: Box::new(move || {
                self.launch_step(sides, index);
                // A device that fails here has failed an inference before.
                drop(block_on(self.client.sync()));
            }),
        };
        described.into_iter().enumerate().map(pass).collect()
    }
}

impl Step {
    fn name(&self) -> String {
        let (what, groups, map) = match self {
            Self::Convolution {
                at, target, pooled, ..
            } => (
                match pooled {
                    Some(_) => "convolution and pooling",
                    None => "convolution",
                },
                at.groups,
                target,
            ),
            Self::Upsampled { at, target, .. } => ("upsampling and convolution", at.groups, target),
            Self::Layer { at, target, .. } => ("large-kernel layer", at.bottleneck.groups, target),
            Self::Fusion { at, target, .. } => ("skip fusion", at.bottleneck.groups, target),
            Self::FusionHead { at, source, .. } => {
                ("skip fusion and head", at.bottleneck.groups, source)
            }
        };
        let Map { height, width, .. } = map;
        format!("{what}, {} channels, {height}x{width}", groups * GROUP)
    }
}
