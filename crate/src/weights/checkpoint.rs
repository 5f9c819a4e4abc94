//! A checkpoint held in memory: read, checked, applied, written.

use std::collections::BTreeMap;
use std::fmt;

use half::{bf16, f16};
use pytorch_reader::PytorchReader;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::Error;
use crate::network::layout::{FIRST, LAST};
use crate::network::{Architecture, Variant};

/// The container that a checkpoint came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// `.safetensors`.
    Safetensors,
    /// `torch.save`: ZIP, or the older pickle stream.
    PyTorch,
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::PyTorch => "PyTorch",
        })
    }
}

/// The tensors of a CMUNeXt, in f32, under the authors' names, and the architecture that their shapes imply.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    architecture: Architecture,
    format: FileFormat,
    stored_as: String,
    tensors: BTreeMap<String, Vec<f32>>,
}

/// A tensor as it was found in a file.
struct Found {
    shape: Vec<usize>,
    dtype: String,
    read: Box<dyn FnOnce() -> Result<Vec<f32>, String>>,
}

impl Checkpoint {
    /// Reads `.safetensors` or `.pth`, whichever the bytes are.
    ///
    /// Keys may stand below a prefix, such as `module.` (`DataParallel`) or `state_dict.` (a nested dictionary).
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`], or the first tensor that is missing, unknown, of a wrong shape or not finite.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::EmptyFile);
        }
        // A safetensors file starts with the length of its JSON header, whose first byte is `{`.
        if bytes.get(8) == Some(&b'{') {
            Self::new(FileFormat::Safetensors, read_safetensors(&bytes)?)
        } else {
            Self::new(FileFormat::PyTorch, read_pytorch(bytes)?)
        }
    }

    fn new(format: FileFormat, found: BTreeMap<String, Found>) -> Result<Self, Error> {
        let prefix = found
            .keys()
            .filter_map(|name| name.strip_suffix(FIRST))
            .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
            .min_by_key(|prefix| prefix.len())
            .ok_or_else(|| Error::NotACheckpoint(without_stem(&found)))?
            .to_owned();
        let mut found: BTreeMap<String, Found> = found
            .into_iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?.to_owned(), tensor)))
            .filter(|(name, _)| !name.ends_with(".num_batches_tracked"))
            .collect();

        let architecture = infer(&found)?;
        let variant = architecture.variant.to_string();
        let mut tensors = BTreeMap::new();
        let mut stored_as = String::new();
        for (tensor, expected) in architecture.tensors() {
            let Some(entry) = found.remove(&tensor) else {
                return Err(Error::MissingTensor { tensor, expected });
            };
            if entry.shape != expected {
                return Err(Error::TensorShape {
                    tensor,
                    expected,
                    found: entry.shape,
                    variant,
                });
            }
            if tensor == FIRST {
                stored_as = entry.dtype;
            }
            let values = (entry.read)().map_err(|reason| Error::TensorData {
                tensor: tensor.clone(),
                reason,
            })?;
            if values.len() != expected.iter().product::<usize>() {
                return Err(Error::TensorData {
                    tensor,
                    reason: "its data are cut short".to_owned(),
                });
            }
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(Error::TensorData {
                    tensor,
                    reason: format!("it holds {value}"),
                });
            }
            tensors.insert(tensor, values);
        }
        match found.into_iter().next() {
            Some((tensor, entry)) => Err(Error::UnknownTensor {
                tensor,
                found: entry.shape,
                variant,
            }),
            None => Ok(Self {
                architecture,
                format,
                stored_as,
                tensors,
            }),
        }
    }

    /// The architecture that the shapes imply.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The container that it came in.
    pub fn format(&self) -> FileFormat {
        self.format
    }

    /// The number format of the tensors in the file, such as `F16`.
    pub fn stored_as(&self) -> &str {
        &self.stored_as
    }

    /// Names and shapes, in the order of the network.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        self.architecture.tensors()
    }

    /// The numbers of one tensor, row by row.
    ///
    /// # Errors
    /// [`Error::TensorData`] when the network has no tensor of that name.
    pub fn values(&self, name: &str) -> Result<&[f32], Error> {
        self.tensors
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| Error::TensorData {
                tensor: name.to_owned(),
                reason: "it is missing".to_owned(),
            })
    }

    /// A checkpoint that was never a file.
    #[cfg(feature = "network")]
    pub(crate) fn of_tensors(
        architecture: Architecture,
        tensors: BTreeMap<String, Vec<f32>>,
    ) -> Self {
        Self {
            architecture,
            format: FileFormat::Safetensors,
            stored_as: "F32".to_owned(),
            tensors,
        }
    }

    /// Moves every number towards another checkpoint's by `share` of their difference.
    ///
    /// # Errors
    /// [`Error::TensorData`] when the other one lacks a tensor.
    pub fn blend(&mut self, other: &Self, share: f32) -> Result<(), Error> {
        for (name, values) in &mut self.tensors {
            for (value, other) in values.iter_mut().zip(other.values(name)?) {
                *value += (other - *value) * share;
            }
        }
        Ok(())
    }

    /// Writes `.safetensors` with the authors' names, in f32 or, at half the size, in f16.
    ///
    /// # Errors
    /// [`Error::TensorData`] when a number does not fit into f16.
    pub fn to_safetensors(&self, half_precision: bool) -> Result<Vec<u8>, Error> {
        let mut encoded = Vec::with_capacity(self.tensors.len());
        for (name, shape) in self.architecture.tensors() {
            let values = self.values(&name)?;
            let data: Vec<u8> = if half_precision {
                values
                    .iter()
                    .flat_map(|value| f16::from_f32(*value).to_le_bytes())
                    .collect()
            } else {
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect()
            };
            if half_precision
                && values
                    .iter()
                    .any(|value| !f16::from_f32(*value).is_finite())
            {
                return Err(Error::TensorData {
                    tensor: name,
                    reason: "it does not fit into float16".to_owned(),
                });
            }
            encoded.push((name, shape, data));
        }
        let dtype = if half_precision {
            Dtype::F16
        } else {
            Dtype::F32
        };
        let fault = |error: safetensors::SafeTensorError| Error::Encode(error.to_string());
        let views = encoded
            .iter()
            .map(|(name, shape, data)| {
                Ok((name.as_str(), TensorView::new(dtype, shape.clone(), data)?))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(fault)?;
        safetensors::serialize(views, None).map_err(fault)
    }
}

/// The architecture that the first and the last tensor imply; everything else is checked against it.
fn infer(found: &BTreeMap<String, Found>) -> Result<Architecture, Error> {
    let shape = |name: &str| found.get(name).map(|tensor| tensor.shape.as_slice());
    let (width, in_channels) = match shape(FIRST) {
        Some(&[width, in_channels, 3, 3]) => (width, in_channels),
        other => {
            return Err(Error::NotACheckpoint(format!(
                "{FIRST} has shape {other:?}, not [8, 16 or 32, channels, 3, 3]"
            )));
        }
    };
    let variant = Variant::ALL
        .into_iter()
        .find(|variant| variant.dims()[0] == width)
        .ok_or_else(|| {
            Error::NotACheckpoint(format!(
                "{FIRST} has shape [{width}, {in_channels}, 3, 3]; the first number is 8 in CMUNeXt-S, 16 in base and 32 in L"
            ))
        })?;
    let classes = match shape(LAST) {
        Some(&[classes, _, 1, 1]) if classes > 0 => classes,
        Some(other) => {
            return Err(Error::NotACheckpoint(format!(
                "{LAST} has shape {other:?}, not [classes, {width}, 1, 1]"
            )));
        }
        None => {
            return Err(Error::MissingTensor {
                tensor: LAST.to_owned(),
                expected: vec![1, width, 1, 1],
            });
        }
    };
    Ok(Architecture {
        variant,
        in_channels,
        classes,
    })
}

fn without_stem(found: &BTreeMap<String, Found>) -> String {
    match found.iter().next() {
        Some((name, tensor)) => format!(
            "it has no tensor {FIRST} of shape [8, 16 or 32, channels, 3, 3]; its first of {} tensors is {name} of shape {:?}",
            found.len(),
            tensor.shape
        ),
        None => "it holds no tensors".to_owned(),
    }
}

fn read_safetensors(bytes: &[u8]) -> Result<BTreeMap<String, Found>, Error> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        Error::NotACheckpoint(format!("the safetensors file is damaged ({error})"))
    })?;
    Ok(file
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let dtype = view.dtype();
            let data = view.data().to_vec();
            let found = Found {
                shape: view.shape().to_vec(),
                dtype: format!("{dtype:?}"),
                read: Box::new(move || match dtype {
                    Dtype::F64 => Ok(decode(&data, |b| f64::from_le_bytes(b) as f32)),
                    Dtype::F32 => Ok(decode(&data, f32::from_le_bytes)),
                    Dtype::F16 => Ok(decode(&data, |b| f16::from_le_bytes(b).to_f32())),
                    Dtype::BF16 => Ok(decode(&data, |b| bf16::from_le_bytes(b).to_f32())),
                    other => Err(format!("its numbers are {other:?}, not floating point")),
                }),
            };
            (name, found)
        })
        .collect())
}

fn read_pytorch(bytes: Vec<u8>) -> Result<BTreeMap<String, Found>, Error> {
    use pytorch_reader::DType;
    let reader = PytorchReader::from_bytes(bytes, None).map_err(|error| {
        Error::NotACheckpoint(format!(
            "it is neither safetensors nor a PyTorch file that can be read ({error})"
        ))
    })?;
    Ok(reader
        .into_tensors()
        .into_iter()
        .map(|(name, tensor)| {
            let dtype = tensor.dtype();
            let found = Found {
                shape: tensor.shape().to_vec(),
                dtype: format!("{dtype:?}"),
                read: Box::new(move || {
                    let data = tensor.read().map_err(|error| error.to_string())?;
                    match dtype {
                        DType::F64 => Ok(decode(&data, |b| f64::from_le_bytes(b) as f32)),
                        DType::F32 => Ok(decode(&data, f32::from_le_bytes)),
                        DType::F16 => Ok(decode(&data, |b| f16::from_le_bytes(b).to_f32())),
                        DType::BF16 => Ok(decode(&data, |b| bf16::from_le_bytes(b).to_f32())),
                        other => Err(format!("its numbers are {other:?}, not floating point")),
                    }
                }),
            };
            (name, found)
        })
        .collect())
}

fn decode<const N: usize>(data: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>()
        .0
        .iter()
        .map(|bytes| value(*bytes))
        .collect()
}
