//! A checkpoint held in memory: read, checked, applied, written.

use std::collections::BTreeMap;

use half::f16;
use safetensors::tensor::{Dtype, TensorView};

use super::extras::{is_counter, take_heads};
use super::sets::{Role, WeightSet, sets};
use super::tensors::{self, FileFormat, Found, Tensors};
use crate::Error;
use crate::network::layout::{FIRST, LAST};
use crate::network::{Architecture, Variant};

/// The tensors of a CMUNeXt, in f32, under the authors' names, and the architecture that their shapes imply.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    architecture: Architecture,
    format: FileFormat,
    stored_as: String,
    tensors: BTreeMap<String, Vec<f32>>,
    sets: Vec<WeightSet>,
    set: usize,
    remarks: Vec<String>,
}

impl Checkpoint {
    /// Reads `.safetensors` or what `torch.save` wrote, whichever the bytes are and whatever the file is called, also where it
    /// lies alone in a ZIP, TAR or gzip.
    ///
    /// Keys may stand below a prefix, such as `module.` (`DataParallel`) or `state_dict.` (a nested dictionary). Of several
    /// networks in one file the first of [`Self::sets`] is taken.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`], or the first tensor that is missing, unknown, of a wrong shape or not finite.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::from_bytes_with(bytes, None)
    }

    /// As [`Self::from_bytes`], with a choice of the network by its [name](WeightSet::name) where the file holds several.
    ///
    /// # Errors
    /// As [`Self::from_bytes`], and [`Error::NoSuchWeights`] when the file holds no network of that name.
    pub fn from_bytes_with(bytes: Vec<u8>, set: Option<&str>) -> Result<Self, Error> {
        let (format, found) = tensors::read(bytes)?;
        let sets = sets(&found);
        if sets.is_empty() {
            return Err(Error::NotACheckpoint(without_stem(&found)));
        }
        let index = match set {
            None => 0,
            Some(name) => sets
                .iter()
                .position(|set| set.name == name)
                .ok_or_else(|| Error::NoSuchWeights {
                    name: name.to_owned(),
                    names: listed(&sets),
                })?,
        };
        let mut checkpoint = Self::of_set(format, found, &sets, &sets[index].prefix)?;
        if sets.len() > 1 {
            let mut remark = format!(
                "The file holds several networks ({}); “{}” was taken.",
                listed(&sets),
                sets[index].name
            );
            if matches!(sets[index].role, Role::Average | Role::MovingAverage) {
                remark.push_str(" It is an average over the training.");
            }
            checkpoint.remarks.insert(0, remark);
        }
        (checkpoint.sets, checkpoint.set) = (sets, index);
        Ok(checkpoint)
    }

    /// The network below `prefix`.
    fn of_set(
        format: FileFormat,
        found: Tensors,
        sets: &[WeightSet],
        prefix: &str,
    ) -> Result<Self, Error> {
        let is_of_other = |name: &str| {
            let mut others = sets.iter().filter(|set| set.prefix.len() > prefix.len());
            others.any(|set| name.starts_with(&set.prefix))
        };
        let mut found: Tensors = found
            .into_iter()
            .filter(|(name, _)| !is_of_other(name))
            .filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?.to_owned(), tensor)))
            .filter(|(name, tensor)| !is_counter(name, tensor))
            .collect();

        let architecture = infer(&found)?;
        let variant = architecture.variant.to_string();
        let mut tensors = BTreeMap::new();
        let mut stored_as = String::new();
        for (tensor, expected) in architecture.tensors() {
            let Some(entry) = found.remove(&tensor) else {
                return Err(Error::MissingTensor { tensor, expected });
            };
            if tensor == FIRST {
                stored_as.clone_from(&entry.dtype);
            }
            let values = values(&tensor, entry, &expected, &variant)?;
            tensors.insert(tensor, values);
        }
        let heads = take_heads(&mut found, &architecture);
        if let Some((tensor, entry)) = found.into_iter().next() {
            return Err(Error::UnknownTensor {
                tensor,
                found: entry.shape,
                variant,
            });
        }
        let remarks = match heads.as_slice() {
            [] => Vec::new(),
            [one] => vec![format!(
                "The file has an extra output, {one}, which only serves the training and was left out."
            )],
            several => vec![format!(
                "The file has extra outputs, {}, which only serve the training and were left out.",
                several.join(", ")
            )],
        };
        Ok(Self {
            architecture,
            format,
            stored_as,
            tensors,
            sets: Vec::new(),
            set: 0,
            remarks,
        })
    }

    /// The networks in the file, the proposed one first. One that was never a file has none.
    pub fn sets(&self) -> &[WeightSet] {
        &self.sets
    }

    /// The one of [`Self::sets`] that this is.
    pub fn set(&self) -> Option<&WeightSet> {
        self.sets.get(self.set)
    }

    /// Sentences on what a person should know: which of several networks was taken, and what was left out.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
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
            sets: Vec::new(),
            set: 0,
            remarks: Vec::new(),
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

/// The numbers of one tensor, checked.
fn values(name: &str, found: Found, expected: &[usize], variant: &str) -> Result<Vec<f32>, Error> {
    if found.shape != expected {
        return Err(Error::TensorShape {
            tensor: name.to_owned(),
            expected: expected.to_vec(),
            found: found.shape,
            variant: variant.to_owned(),
        });
    }
    let fault = |reason: String| Error::TensorData {
        tensor: name.to_owned(),
        reason,
    };
    let values = (found.read)().map_err(fault)?;
    if values.len() != expected.iter().product::<usize>() {
        return Err(fault("its data are cut short".to_owned()));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(fault(format!("it holds {value}"))),
        None => Ok(values),
    }
}

/// The architecture that the first and the last tensor imply; everything else is checked against it.
fn infer(found: &Tensors) -> Result<Architecture, Error> {
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

fn listed(sets: &[WeightSet]) -> String {
    let names: Vec<_> = sets.iter().map(WeightSet::to_string).collect();
    names.join(", ")
}

fn without_stem(found: &Tensors) -> String {
    match found
        .iter()
        .find(|(name, tensor)| !is_counter(name, tensor))
    {
        // An optimiser numbers what it keeps of each tensor, below `state`.
        Some((name, _)) if found.keys().all(|name| name.contains("state.")) => format!(
            "it holds an optimiser's state ({name}) and no weights of a network; save model.state_dict()"
        ),
        Some((name, tensor)) => format!(
            "it holds another network: it has no tensor {FIRST} of shape [8, 16 or 32, channels, 3, 3]; its first of {} tensors is {name} of shape {:?}",
            found.len(),
            tensor.shape
        ),
        None => "it holds no weights of a network; save model.state_dict()".to_owned(),
    }
}
