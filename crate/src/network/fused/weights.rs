//! From the authors' tensors to the layouts that the kernels read, with batch normalisations folded where that is
//! exact.

use super::kernels::{
    BLOCK, Bottleneck, Convolution, Dense, Fusion, LargeKernel, Norm, Pointwise, Spatial,
};
use super::winograd::Winograd;
use crate::Error;
use crate::weights::Checkpoint;

/// What batch normalisation adds to the variance (PyTorch's default).
const EPSILON: f32 = 1e-5;

/// How a 3×3 convolution is computed where the map allows both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Tap by tap.
    Direct,
    /// By Winograd's, with a quarter of the multiplications and up to three times the rounding.
    Winograd,
}

/// Reads tensors of one checkpoint.
pub struct Reader<'a> {
    checkpoint: &'a Checkpoint,
}

/// A batch normalisation as scale and shift a channel.
struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// A convolution as it stands in the file: `[output][input][tap]`, row by row.
struct Kernel {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl<'a> Reader<'a> {
    pub fn new(checkpoint: &'a Checkpoint) -> Self {
        Self { checkpoint }
    }

    /// conv3×3 and the normalisation between it and its ReLU, which folds backwards.
    pub fn convolution(
        &self,
        conv: &str,
        norm: &str,
        algorithm: Algorithm,
    ) -> Result<Convolution, Error> {
        let (mut kernel, norm) = (self.kernel(conv)?, self.affine(norm)?);
        let per_output = kernel.weights.len() / kernel.bias.len();
        for ((weights, bias), (scale, shift)) in kernel
            .weights
            .chunks_exact_mut(per_output)
            .zip(&mut kernel.bias)
            .zip(norm.scale.iter().zip(&norm.shift))
        {
            weights.iter_mut().for_each(|weight| *weight *= scale);
            *bias = *bias * scale + shift;
        }
        Ok(Convolution(kernel.spatial(algorithm)))
    }

    pub fn large_kernel(&self, block: &str, side: usize) -> Result<LargeKernel, Error> {
        let kernel = self.kernel(&format!("{block}.0.fn.0"))?;
        let taps = side * side;
        let mut weights = vec![[0.0; BLOCK]; kernel.bias.len() / BLOCK * taps];
        for (channel, values) in kernel.weights.chunks_exact(taps).enumerate() {
            for (tap, value) in values.iter().enumerate() {
                weights[channel / BLOCK * taps + tap][channel % BLOCK] = *value;
            }
        }
        Ok(LargeKernel {
            side,
            weights,
            bias: blocks(&kernel.bias),
            norm: self.affine(&format!("{block}.0.fn.2"))?.norm(),
            bottleneck: self
                .bottleneck([1, 3, 4, 6].map(|index| format!("{block}.{index}")), None)?,
        })
    }

    pub fn fusion(&self, block: &str, algorithm: Algorithm) -> Result<Fusion, Error> {
        let grouped = self.kernel(&format!("{block}.0"))?;
        let half = grouped.bias.len() / 2;
        let group = |index: usize| {
            let weights = grouped
                .weights
                .chunks_exact(grouped.weights.len() / 2)
                .nth(index)
                .unwrap_or_default();
            Kernel {
                weights: weights.to_vec(),
                bias: grouped.bias[index * half..(index + 1) * half].to_vec(),
            }
        };
        let norm = self.affine(&format!("{block}.2"))?;
        Ok(Fusion {
            skip: group(0).spatial(algorithm),
            upsampled: group(1).spatial(algorithm),
            bottleneck: self.bottleneck(
                [3, 5, 6, 8].map(|index| format!("{block}.{index}")),
                Some(&norm),
            )?,
        })
    }

    pub fn pointwise(&self, name: &str) -> Result<Pointwise, Error> {
        let Kernel { weights, bias } = self.kernel(name)?;
        let inputs = weights.len() / bias.len();
        Ok(Pointwise {
            weights: weights.chunks_exact(inputs).map(<[f32]>::to_vec).collect(),
            bias,
        })
    }

    /// `before` is the normalisation of the input.
    fn bottleneck(
        &self,
        [expand, expand_norm, project, project_norm]: [String; 4],
        before: Option<&Affine>,
    ) -> Result<Bottleneck, Error> {
        let (mut expand, mut project) = (self.kernel(&expand)?, self.kernel(&project)?);
        if let Some(before) = before {
            expand.absorb(before);
        }
        project.absorb(&self.affine(&expand_norm)?);
        Ok(Bottleneck {
            expand: expand.dense(1),
            project: project.dense(1),
            norm: self.affine(&project_norm)?.norm(),
        })
    }

    fn affine(&self, name: &str) -> Result<Affine, Error> {
        let [weight, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
            .map(|part| self.checkpoint.values(&format!("{name}.{part}")));
        let scale: Vec<f32> = weight?
            .iter()
            .zip(variance?)
            .map(|(weight, variance)| weight / (variance + EPSILON).sqrt())
            .collect();
        let shift = bias?
            .iter()
            .zip(mean?)
            .zip(&scale)
            .map(|((bias, mean), scale)| bias - mean * scale)
            .collect();
        Ok(Affine { scale, shift })
    }

    fn kernel(&self, name: &str) -> Result<Kernel, Error> {
        Ok(Kernel {
            weights: self.checkpoint.values(&format!("{name}.weight"))?.to_vec(),
            bias: self.checkpoint.values(&format!("{name}.bias"))?.to_vec(),
        })
    }
}

impl Affine {
    fn norm(&self) -> Norm {
        Norm {
            scale: blocks(&self.scale),
            shift: blocks(&self.shift),
        }
    }
}

impl Kernel {
    /// Folds a normalisation of the input into a 1×1 convolution.
    fn absorb(&mut self, norm: &Affine) {
        for (weights, bias) in self
            .weights
            .chunks_exact_mut(norm.scale.len())
            .zip(&mut self.bias)
        {
            for ((weight, scale), shift) in weights.iter_mut().zip(&norm.scale).zip(&norm.shift) {
                *bias += *weight * shift;
                *weight *= scale;
            }
        }
    }

    /// A 3×3 convolution.
    fn spatial(&self, algorithm: Algorithm) -> Spatial {
        let winograd = match algorithm {
            Algorithm::Direct => None,
            Algorithm::Winograd => Winograd::new(&self.weights, &blocks(&self.bias)),
        };
        Spatial {
            direct: self.dense(3),
            winograd,
        }
    }

    fn dense(&self, side: usize) -> Dense {
        let (outputs, taps) = (self.bias.len(), side * side);
        let inputs = self.weights.len() / (outputs * taps);
        let mut weights = vec![[0.0; BLOCK]; outputs / BLOCK * taps * inputs];
        for (output, values) in self.weights.chunks_exact(inputs * taps).enumerate() {
            for (input, values) in values.chunks_exact(taps).enumerate() {
                for (tap, value) in values.iter().enumerate() {
                    weights[(output / BLOCK * taps + tap) * inputs + input][output % BLOCK] =
                        *value;
                }
            }
        }
        Dense {
            weights,
            bias: blocks(&self.bias),
            side,
            inputs,
        }
    }
}

/// Every width in CMUNeXt is a multiple of [`BLOCK`].
fn blocks(values: &[f32]) -> Vec<[f32; BLOCK]> {
    values.as_chunks::<BLOCK>().0.to_vec()
}
