//! From a checkpoint into the burn modules, and back.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Bytes, DType, Device};
use burn_store::ModuleSnapshot;
use burn_store::bridge::into_data;
use burn_store::burn_pack::Tensor as PackedTensor;

use super::checkpoint::Checkpoint;
use crate::Error;
use crate::network::layout::Tensor;
use crate::network::{Architecture, CmuNext};

impl Checkpoint {
    /// Builds the network on `device` with these weights.
    ///
    /// # Errors
    /// [`Error::TensorData`] when a tensor finds no place, which the checks before rule out.
    pub fn load_into(&self, device: &Device) -> Result<CmuNext, Error> {
        let mut network = CmuNext::new(self.architecture(), device);
        let tensors = self.architecture().layout().tensors();
        let mut packed = Vec::with_capacity(tensors.len());
        for Tensor { name, path, shape } in tensors {
            let values = self.values(&name)?.iter();
            let bytes = values.flat_map(|value| value.to_le_bytes()).collect();
            packed.push(PackedTensor::new(
                path,
                DType::F32,
                shape,
                None,
                Bytes::from_bytes_vec(bytes),
            ));
        }
        let count = packed.len();
        let result = network.apply(packed, None, None, false);
        if let Some(error) = result.errors.first() {
            return Err(Error::TensorData {
                tensor: error.to_string(),
                reason: "it was refused".to_owned(),
            });
        }
        if result.applied.len() != count {
            let left = result.unused.first().cloned().unwrap_or_default();
            return Err(Error::TensorData {
                tensor: left,
                reason: "it has no place in the network".to_owned(),
            });
        }
        Ok(network)
    }

    /// The weights that a network has now, under the authors' names.
    ///
    /// # Errors
    /// [`Error::TensorData`] when a tensor cannot be read from the device.
    pub fn from_network(network: &CmuNext, architecture: Architecture) -> Result<Self, Error> {
        let fault = |tensor: &str, reason: String| Error::TensorData {
            tensor: tensor.to_owned(),
            reason,
        };
        let mut found = BTreeMap::new();
        // Batch statistics lag one step behind until `valid` takes them in.
        for tensor in network.valid().collect(None, None, false) {
            let name = tensor.name.clone();
            let data = into_data(tensor).map_err(|error| fault(&name, error.to_string()))?;
            let values = data
                .try_to_vec::<f32>()
                .map_err(|error| fault(&name, format!("{error:?}")))?;
            found.insert(name, values);
        }
        let mut tensors = BTreeMap::new();
        for Tensor { name, path, .. } in architecture.layout().tensors() {
            let values = found
                .remove(&path)
                .ok_or_else(|| fault(&name, "the network lacks it".to_owned()))?;
            tensors.insert(name, values);
        }
        Ok(Self::of_tensors(architecture, tensors))
    }
}
