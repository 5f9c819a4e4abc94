//! A model ready to run: manifest, network and device together.
//!
//! Two implementations run: [`CpuNetwork`] and, on a GPU, [`GpuNetwork`]. The network as burn modules, with which tests compare
//! both, runs where [`Implementation`] asks for it and on a GPU that [`GpuNetwork`] does not fit.

#[cfg(feature = "network")]
use burn::tensor::{Tensor, TensorData};
use image::RgbImage;

#[cfg(feature = "network")]
use crate::device;
use crate::device::Device;
#[cfg(feature = "network")]
use crate::manifest::SelfTest;
use crate::manifest::{Activation, Manifest, self_test_input};
use crate::mask::ProbabilityMap;
#[cfg(feature = "network")]
use crate::network::{Architecture, CmuNext, Cost, CpuNetwork, GpuNetwork};
#[cfg(not(feature = "network"))]
use crate::network::{Architecture, CpuNetwork};
use crate::weights::Checkpoint;
use crate::{Error, imaging};

/// Side of the self-test's input where the manifest does not say.
#[cfg(feature = "network")]
const SELF_TEST_SIDE: usize = 64;
/// Logits in a self-test: a grid of 8 × 8.
#[cfg(feature = "network")]
const SELF_TEST_POINTS: usize = 64;
/// Absolute error over the range of the logits, as for parity with PyTorch.
#[cfg(feature = "network")]
const SELF_TEST_TOLERANCE: f32 = 1e-3;

/// Which implementation of the network runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Implementation {
    /// The fastest that the device has.
    #[default]
    Fastest,
    /// The burn modules, on every device.
    #[cfg(feature = "network")]
    Modules,
}

#[derive(Debug)]
enum Runner {
    #[cfg(feature = "network")]
    Modules {
        network: Box<CmuNext>,
        device: Device,
    },
    Cpu(Box<CpuNetwork>),
    #[cfg(feature = "network")]
    Gpu(Box<GpuNetwork>),
}

/// A network on a device, and the manifest that says how to feed it.
#[derive(Debug)]
pub struct Model {
    manifest: Manifest,
    architecture: Architecture,
    runner: Runner,
}

impl Model {
    /// Puts a checkpoint on a device.
    ///
    /// The bytes behind the checkpoint should have passed [`Manifest::check_weights`].
    ///
    /// # Errors
    /// [`Error::Manifest`] when manifest and weights contradict each other.
    pub fn new(
        manifest: Manifest,
        checkpoint: &Checkpoint,
        device: &Device,
    ) -> Result<Self, Error> {
        Self::with_path(manifest, checkpoint, device, Implementation::Fastest)
    }

    /// As [`Self::new`], with a choice of the implementation.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_path(
        manifest: Manifest,
        checkpoint: &Checkpoint,
        device: &Device,
        implementation: Implementation,
    ) -> Result<Self, Error> {
        let architecture = checkpoint.architecture();
        let contradiction = |what: &str, says: String, is: String| {
            Err(Error::Manifest(format!(
                "it says {what} is {says}, but the weights have {is}"
            )))
        };
        if manifest.variant != architecture.variant.to_string() {
            return contradiction(
                "the variant",
                manifest.variant,
                architecture.variant.to_string(),
            );
        }
        if manifest.input.channels.count() != architecture.in_channels {
            let says = manifest.input.channels.count().to_string();
            return contradiction(
                "the number of channels",
                says,
                architecture.in_channels.to_string(),
            );
        }
        if manifest.classes.len() != architecture.classes {
            let says = manifest.classes.len().to_string();
            return contradiction(
                "the number of classes",
                says,
                architecture.classes.to_string(),
            );
        }
        let runner = Runner::new(checkpoint, device, implementation)?;
        Ok(Self {
            manifest,
            architecture,
            runner,
        })
    }

    /// How to feed the network and what it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether it runs in the CPU's own passes, in which several images can be at a time.
    pub fn is_on_cpu(&self) -> bool {
        matches!(self.runner, Runner::Cpu(_))
    }

    /// Size, channels and classes.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Logits `[batch, classes, height, width]` of an input `[batch, channels, height, width]`, both row by row.
    ///
    /// # Errors
    /// [`Error::InputShape`], or [`Error::Device`] when the device fails.
    pub async fn logits(&self, input: Vec<f32>, shape: [usize; 4]) -> Result<Vec<f32>, Error> {
        self.runner.logits(input, shape).await
    }

    /// Compiles what runs on a GPU, kernel by kernel, and waits for `pause` after each, so that the caller can do something else
    /// meanwhile. Without it the first inference compiles them without a pause. It does nothing on the CPU.
    #[cfg(feature = "network")]
    pub async fn compile(&self, pause: impl AsyncFnMut()) {
        if let Runner::Gpu(network) = &self.runner {
            network
                .compile([SELF_TEST_SIDE, SELF_TEST_SIDE], pause)
                .await;
        }
    }

    /// What one image of these sides, height first, costs on the GPU; `None` where [`GpuNetwork`] does not run.
    #[cfg(feature = "network")]
    pub fn gpu_cost(&self, sides: [usize; 2]) -> Option<Cost> {
        match &self.runner {
            Runner::Gpu(network) => Some(network.cost(sides)),
            Runner::Cpu(_) | Runner::Modules { .. } => None,
        }
    }

    /// The passes of one image of these sides, height first, each on its own; nothing for the burn modules.
    #[cfg(feature = "bench")]
    pub fn passes(&self, sides: [usize; 2]) -> Vec<crate::network::Pass<'_>> {
        match &self.runner {
            Runner::Cpu(network) => network.passes(sides),
            #[cfg(feature = "network")]
            Runner::Gpu(network) => network.passes(sides),
            #[cfg(feature = "network")]
            Runner::Modules { .. } => Vec::new(),
        }
    }

    /// One probability map for each class, at the network's input size.
    ///
    /// # Errors
    /// As [`Self::logits`].
    pub async fn segment(&self, image: &RgbImage) -> Result<Vec<ProbabilityMap>, Error> {
        let input = &self.manifest.input;
        let (width, height) = (input.width as usize, input.height as usize);
        let channels = self.architecture.in_channels;
        // The GPU's last kernel is a sigmoid.
        #[cfg(feature = "network")]
        if let Runner::Gpu(network) = &self.runner
            && self.manifest.activation.is_sigmoid()
        {
            let (pixels, levels) = (imaging::resampled(image, input), imaging::levels(input));
            let temperature = self.manifest.temperature;
            let answer = network.probabilities(&pixels, &levels, [height, width], temperature);
            let maps = answer.await?;
            let maps = maps.chunks_exact(width * height);
            return Ok(maps
                .map(|map| ProbabilityMap::new(width, height, map.to_vec()))
                .collect());
        }
        let values = imaging::preprocess(image, input);
        let logits = self.logits(values, [1, channels, height, width]).await?;
        Ok(self.probabilities(&logits))
    }

    /// One probability map for each class, from the logits of one image at the network's input size.
    pub(crate) fn probabilities(&self, logits: &[f32]) -> Vec<ProbabilityMap> {
        let Manifest {
            input,
            activation,
            temperature,
            ..
        } = &self.manifest;
        let (width, height) = (input.width as usize, input.height as usize);
        match activation {
            Activation::Sigmoid => logits
                .chunks_exact(width * height)
                .map(|logits| ProbabilityMap::from_logits(width, height, logits, *temperature))
                .collect(),
            Activation::Softmax => {
                ProbabilityMap::from_softmax(width, height, logits, *temperature)
            }
        }
    }

    /// Compares the device's answer with the known one, to find a device that silently computes something else.
    ///
    /// Without a known answer in the manifest the burn modules compute one on the CPU from the checkpoint. Without the feature
    /// `network` there are none, and any answer passes.
    ///
    /// # Errors
    /// [`Error::Device`] when the answer is wrong.
    pub async fn self_test(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let answer = match &self.manifest.self_test {
            Some(answer) => answer.clone(),
            #[cfg(feature = "network")]
            None => known_answer(checkpoint).await?,
            #[cfg(not(feature = "network"))]
            None => {
                let _ = checkpoint;
                return Ok(());
            }
        };
        let found = self
            .runner
            .probe(
                self.architecture.in_channels,
                answer.side,
                answer.logits.len(),
            )
            .await?;
        compare(&found, &answer.logits, answer.tolerance)?;
        #[cfg(feature = "network")]
        if let Runner::Gpu(network) = &self.runner {
            // An image is uploaded in another way than the numbers above.
            let side = answer.side;
            let image = RgbImage::from_fn(side as u32, side as u32, |x, y| {
                image::Rgb([3 * x, 2 * y, x * y].map(|value| value as u8))
            });
            let mut input = self.manifest.input.clone();
            (input.width, input.height) = image.dimensions();
            let (pixels, levels) = (imaging::resampled(&image, &input), imaging::levels(&input));
            let values = imaging::preprocess(&image, &input);
            let shape = [self.architecture.in_channels, side, side];
            let logits = network.forward(&values, shape).await?;
            // So that no probability is near 0 or 1, where all logits look alike.
            let temperature = logits.iter().fold(1e-3, |most: f32, x| most.max(x.abs()));
            let found = network.probabilities(&pixels, &levels, [side, side], temperature);
            let expected = logits
                .iter()
                .map(|x| 1.0 / (1.0 + (-x / temperature).exp()));
            // The least slope of the sigmoid up to a logit of 1. WebGPU allows an exponential to be off by a few units of f32.
            let tolerance = (0.19 * answer.tolerance / temperature).max(1e-5);
            compare(&found.await?, &expected.collect::<Vec<_>>(), tolerance)?;
        }
        Ok(())
    }
}

/// Whether a device's answer is the right one.
fn compare(found: &[f32], expected: &[f32], tolerance: f32) -> Result<(), Error> {
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let worst = differences.fold(0.0, |worst: f32, error| {
        if error > worst || error.is_nan() {
            error
        } else {
            worst
        }
    });
    if found.len() == expected.len() && worst <= tolerance {
        return Ok(());
    }
    Err(Error::Device {
        device: "device",
        reason: format!(
            "its answer to the self-test is off by {worst:.2e}, more than {tolerance:.2e}"
        ),
    })
}

/// The known answer of a checkpoint, computed by the burn modules on the CPU.
///
/// # Errors
/// As [`Checkpoint::load_into`].
#[cfg(feature = "network")]
pub async fn known_answer(checkpoint: &Checkpoint) -> Result<SelfTest, Error> {
    let runner = Runner::new(checkpoint, &device::cpu(), Implementation::Modules)?;
    let logits = runner
        .probe(
            checkpoint.architecture().in_channels,
            SELF_TEST_SIDE,
            SELF_TEST_POINTS,
        )
        .await?;
    let range = logits.iter().copied().fold(f32::MIN, f32::max)
        - logits.iter().copied().fold(f32::MAX, f32::min);
    Ok(SelfTest {
        side: SELF_TEST_SIDE,
        logits,
        tolerance: range.max(1e-3) * SELF_TEST_TOLERANCE,
    })
}

impl Runner {
    fn new(
        checkpoint: &Checkpoint,
        device: &Device,
        implementation: Implementation,
    ) -> Result<Self, Error> {
        #[cfg(feature = "network")]
        if implementation == Implementation::Modules || *device != device::cpu() {
            if implementation == Implementation::Fastest {
                // Only now: asking for the client of a GPU that is not open would open it.
                let client = device::client();
                if GpuNetwork::fits(&client) {
                    let network = GpuNetwork::new(checkpoint, client)?;
                    return Ok(Self::Gpu(Box::new(network)));
                }
            }
            return Ok(Self::Modules {
                network: Box::new(checkpoint.load_into(device)?),
                device: device.clone(),
            });
        }
        let _ = (device, implementation);
        Ok(Self::Cpu(Box::new(CpuNetwork::new(checkpoint)?)))
    }

    /// Logits of the first class for the self-test's input, on its grid of points.
    async fn probe(&self, channels: usize, side: usize, points: usize) -> Result<Vec<f32>, Error> {
        let values = self
            .logits(self_test_input(channels, side), [1, channels, side, side])
            .await?;
        let n = points.isqrt();
        let at = |i: usize| side * (2 * i + 1) / (2 * n);
        let grid = (0..n).flat_map(|y| (0..n).map(move |x| (y, x)));
        Ok(grid
            .filter_map(|(y, x)| values.get(at(y) * side + at(x)).copied())
            .collect())
    }

    async fn logits(&self, input: Vec<f32>, shape: [usize; 4]) -> Result<Vec<f32>, Error> {
        let [batch, channels, height, width] = shape;
        let image = channels * height * width;
        if batch == 0 || image == 0 || input.len() != batch * image {
            return Err(Error::InputShape {
                channels,
                found: shape.to_vec(),
            });
        }
        match self {
            Self::Cpu(network) => {
                let mut logits = Vec::new();
                for image in input.chunks_exact(image) {
                    logits.extend(network.forward(image, [channels, height, width])?);
                }
                Ok(logits)
            }
            #[cfg(feature = "network")]
            Self::Gpu(network) => {
                let mut logits = Vec::new();
                for image in input.chunks_exact(image) {
                    logits.extend(network.forward(image, [channels, height, width]).await?);
                }
                Ok(logits)
            }
            #[cfg(feature = "network")]
            Self::Modules { network, device } => {
                let fault = |reason: String| Error::Device {
                    device: "device",
                    reason,
                };
                let output = network.try_forward(Tensor::<4>::from_data(
                    TensorData::new(input, shape),
                    device,
                ))?;
                let data = output
                    .into_data_async()
                    .await
                    .map_err(|error| fault(format!("{error:?}")))?;
                data.try_to_vec::<f32>()
                    .map_err(|error| fault(format!("{error:?}")))
            }
        }
    }
}
