//! The tensors in a file, whatever network they belong to.

use std::collections::BTreeMap;
use std::fmt;

use half::{bf16, f16};
use pytorch_reader::{DType, PickleError, PytorchError, PytorchReader};
use safetensors::tensor::Dtype;
use safetensors::{SafeTensorError, SafeTensors};

use super::container::{CUT, unpacked};
use crate::Error;

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

/// A tensor as it was found in a file.
pub(super) struct Found {
    pub shape: Vec<usize>,
    pub dtype: String,
    pub read: Box<dyn FnOnce() -> Result<Vec<f32>, String>>,
}

impl Found {
    /// Whether its numbers are integers, as those of counters are.
    pub fn is_integer(&self) -> bool {
        self.dtype.starts_with(['I', 'U'])
    }
}

/// Tensors by the path through the file's dictionaries to them.
pub(super) type Tensors = BTreeMap<String, Found>;

/// Reads whatever the bytes are.
///
/// # Errors
/// [`Error::EmptyFile`] and [`Error::NotACheckpoint`].
pub(super) fn read(bytes: Vec<u8>) -> Result<(FileFormat, Tensors), Error> {
    if bytes.is_empty() {
        return Err(Error::EmptyFile);
    }
    let bytes = unpacked(bytes)?;
    // A safetensors file starts with the length of its JSON header, whose first byte is `{`.
    if bytes.get(8) == Some(&b'{') {
        Ok((FileFormat::Safetensors, read_safetensors(&bytes)?))
    } else {
        Ok((FileFormat::PyTorch, read_pytorch(bytes)?))
    }
}

fn read_safetensors(bytes: &[u8]) -> Result<Tensors, Error> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        Error::NotACheckpoint(match error {
            SafeTensorError::InvalidHeaderLength | SafeTensorError::MetadataIncompleteBuffer => {
                CUT.to_owned()
            }
            error => format!("the safetensors file is damaged ({error})"),
        })
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

fn read_pytorch(bytes: Vec<u8>) -> Result<Tensors, Error> {
    let reader = PytorchReader::from_bytes(bytes, None).map_err(refusal)?;
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

/// What is said of a file that the reader gave up on.
fn refusal(error: PytorchError) -> Error {
    use std::io::ErrorKind::UnexpectedEof;
    let ends_early = match &error {
        PytorchError::Io(error) | PytorchError::Tar(error) => error.kind() == UnexpectedEof,
        PytorchError::Pickle(PickleError::Io(error)) => error.kind() == UnexpectedEof,
        // The older pickle stream tells how long its numbers are.
        PytorchError::InvalidFormat(reason) => {
            reason.contains("beyond") || reason.contains("fill whole buffer")
        }
        _ => false,
    };
    Error::NotACheckpoint(match &error {
        _ if ends_early => CUT.to_owned(),
        PytorchError::Pickle(PickleError::UnsupportedType(kind)) => format!(
            "it holds Python objects of the kind {kind}, which only a Python program can open; save the weights alone with torch.save(model.state_dict(), \"weights.pth\")"
        ),
        error => {
            format!("it is neither safetensors nor a PyTorch file that can be read ({error})")
        }
    })
}

fn decode<const N: usize>(data: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>()
        .0
        .iter()
        .map(|bytes| value(*bytes))
        .collect()
}
