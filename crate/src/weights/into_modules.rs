//! From a checkpoint into the burn modules.

use burn::tensor::{Bytes, DType, Device};
use burn_store::ModuleSnapshot;
use burn_store::burn_pack::Tensor as PackedTensor;

use super::Checkpoint;
use super::names::module_path;
use crate::Error;
use crate::network::CmuNext;

impl Checkpoint {
    /// Builds the network on `device` with these weights.
    ///
    /// # Errors
    /// [`Error::TensorData`] when a tensor finds no place, which the checks before rule out.
    pub fn load_into(&self, device: &Device) -> Result<CmuNext, Error> {
        let mut network = CmuNext::new(self.architecture(), device);
        let mut packed = Vec::with_capacity(self.tensors().len());
        for (name, shape) in self.tensors() {
            let fault = |reason: &str| Error::TensorData {
                tensor: name.clone(),
                reason: reason.to_owned(),
            };
            let path = module_path(&name).ok_or_else(|| fault("it has no place in the network"))?;
            let bytes = self
                .values(&name)?
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
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
}
