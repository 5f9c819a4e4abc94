//! A checkpoint's blocks as inference wants them: batch normalisations, whose statistics are fixed now, are folded into the
//! convolutions beside them where that is exact.
//!
//! Between a convolution and its ReLU a normalisation folds backwards. After a GELU it cannot; there it folds forward, into
//! the 1×1 convolution that follows, which has no padding. What is left is a scale and a shift for each channel.
//!
//! The sums are in double precision, so that a folded weight is as exact as a stored one.

use super::layout;
use crate::Error;
use crate::weights::Checkpoint;

/// What a batch normalisation adds to the variance (PyTorch's default).
const EPSILON: f64 = 1e-5;

/// A convolution, with whatever was folded into it.
#[derive(Clone, Debug)]
pub struct Conv {
    /// `[outputs, inputs of a group, side, side]`, row by row.
    pub weights: Vec<f32>,
    /// `[outputs]`
    pub bias: Vec<f32>,
    /// Width and height of the kernel.
    pub side: usize,
}

/// A batch normalisation as a scale and a shift for each channel.
#[derive(Clone, Debug)]
pub struct Affine {
    /// `[channels]`
    pub scale: Vec<f32>,
    /// `[channels]`
    pub shift: Vec<f32>,
}

/// 1×1, GELU, 1×1, GELU, scale and shift.
#[derive(Clone, Debug)]
pub struct Bottleneck {
    pub expand: Conv,
    pub project: Conv,
    pub norm: Affine,
}

/// Depthwise convolution, GELU, scale and shift, residual, then the bottleneck.
#[derive(Clone, Debug)]
pub struct LargeKernelLayer {
    pub depthwise: Conv,
    pub norm: Affine,
    pub bottleneck: Bottleneck,
}

/// A 3×3 convolution and a GELU for each half of the channels, then the bottleneck over both.
#[derive(Clone, Debug)]
pub struct SkipFusion {
    pub skip: Conv,
    pub upsampled: Conv,
    pub bottleneck: Bottleneck,
}

impl Conv {
    /// A convolution as it is.
    ///
    /// # Errors
    /// [`Error::TensorData`] when the checkpoint lacks a tensor, as for all blocks.
    pub fn read(conv: &layout::Conv, checkpoint: &Checkpoint) -> Result<Self, Error> {
        Ok(Self {
            weights: checkpoint
                .values(&format!("{}.weight", conv.name))?
                .to_vec(),
            bias: checkpoint.values(&format!("{}.bias", conv.name))?.to_vec(),
            side: conv.side,
        })
    }

    /// A convolution with the normalisation between it and its ReLU.
    pub fn read_block(block: &layout::ConvBlock, checkpoint: &Checkpoint) -> Result<Self, Error> {
        let mut conv = Self::read(&block.conv, checkpoint)?;
        let [scale, shift] = scale_and_shift(&block.norm, checkpoint)?;
        let per_output = conv.weights.len() / conv.bias.len();
        let rows = conv.weights.chunks_exact_mut(per_output);
        for (((row, bias), scale), shift) in rows.zip(&mut conv.bias).zip(scale).zip(shift) {
            for weight in row {
                *weight = (f64::from(*weight) * scale) as f32;
            }
            *bias = (f64::from(*bias) * scale + shift) as f32;
        }
        Ok(conv)
    }

    /// Folds a normalisation of the input into a 1×1 convolution.
    fn absorb(&mut self, norm: &layout::Norm, checkpoint: &Checkpoint) -> Result<(), Error> {
        let [scale, shift] = scale_and_shift(norm, checkpoint)?;
        let rows = self.weights.chunks_exact_mut(norm.channels);
        for (row, bias) in rows.zip(&mut self.bias) {
            let mut sum = f64::from(*bias);
            for ((weight, scale), shift) in row.iter_mut().zip(&scale).zip(&shift) {
                sum += f64::from(*weight) * shift;
                *weight = (f64::from(*weight) * scale) as f32;
            }
            *bias = sum as f32;
        }
        Ok(())
    }

    /// The convolution of one of two groups.
    fn half(&self, index: usize) -> Self {
        let of = |values: &[f32]| {
            let half = values.len() / 2;
            values[index * half..(index + 1) * half].to_vec()
        };
        Self {
            weights: of(&self.weights),
            bias: of(&self.bias),
            side: self.side,
        }
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Input channels of a group.
    pub fn inputs(&self) -> usize {
        self.weights.len() / (self.bias.len() * self.side * self.side)
    }
}

impl Affine {
    fn read(norm: &layout::Norm, checkpoint: &Checkpoint) -> Result<Self, Error> {
        let [scale, shift] = scale_and_shift(norm, checkpoint)?
            .map(|values| values.into_iter().map(|value| value as f32).collect());
        Ok(Self { scale, shift })
    }
}

impl Bottleneck {
    /// `before` is a normalisation of the input that is to be folded in.
    fn read(
        block: &layout::Bottleneck,
        before: Option<&layout::Norm>,
        checkpoint: &Checkpoint,
    ) -> Result<Self, Error> {
        let mut expand = Conv::read(&block.expand, checkpoint)?;
        if let Some(before) = before {
            expand.absorb(before, checkpoint)?;
        }
        let mut project = Conv::read(&block.project, checkpoint)?;
        project.absorb(&block.expand_norm, checkpoint)?;
        Ok(Self {
            expand,
            project,
            norm: Affine::read(&block.project_norm, checkpoint)?,
        })
    }
}

impl LargeKernelLayer {
    pub fn read(layer: &layout::LargeKernelLayer, checkpoint: &Checkpoint) -> Result<Self, Error> {
        Ok(Self {
            depthwise: Conv::read(&layer.depthwise, checkpoint)?,
            norm: Affine::read(&layer.depthwise_norm, checkpoint)?,
            // The residual stands between the normalisation and the bottleneck.
            bottleneck: Bottleneck::read(&layer.bottleneck, None, checkpoint)?,
        })
    }
}

impl SkipFusion {
    pub fn read(fusion: &layout::SkipFusion, checkpoint: &Checkpoint) -> Result<Self, Error> {
        let grouped = Conv::read(&fusion.grouped, checkpoint)?;
        let before = Some(&fusion.grouped_norm);
        Ok(Self {
            skip: grouped.half(0),
            upsampled: grouped.half(1),
            bottleneck: Bottleneck::read(&fusion.bottleneck, before, checkpoint)?,
        })
    }
}

/// A normalisation with its running statistics, as a scale and a shift for each channel.
fn scale_and_shift(norm: &layout::Norm, checkpoint: &Checkpoint) -> Result<[Vec<f64>; 2], Error> {
    let [weight, bias, mean, variance] =
        layout::Norm::PARTS.map(|part| checkpoint.values(&format!("{}.{part}", norm.name)));
    let scale: Vec<f64> = weight?
        .iter()
        .zip(variance?)
        .map(|(weight, variance)| f64::from(*weight) / (f64::from(*variance) + EPSILON).sqrt())
        .collect();
    let shift = bias?
        .iter()
        .zip(mean?)
        .zip(&scale)
        .map(|((bias, mean), scale)| f64::from(*bias) - f64::from(*mean) * scale)
        .collect();
    Ok([scale, shift])
}
