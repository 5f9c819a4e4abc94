//! What a training needs to continue after it was killed, in one file that is written completely or not at all.
//!
//! The file is a safetensors container of byte tensors: the network and the optimiser as their learner saves them, the
//! average and the best weights as checkpoints, and a JSON text with the rest.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::journal::Row;
use super::learner::{Learner, fault};
use crate::Error;
use crate::weights::Checkpoint;

/// Where a training stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// SHA-256 of the configuration and the data: a state of another training is refused.
    pub(super) training: String,
    /// Epoch that runs or comes next, counted from 0.
    pub(super) epoch: usize,
    /// Steps of this epoch that are done.
    pub(super) step_in_epoch: usize,
    /// Steps in all that are done.
    pub(super) step: usize,
    /// Step after which the average last took in the weights.
    #[serde(default)]
    pub(super) averaged: usize,
    /// Sum of this epoch's losses so far.
    pub(super) loss_sum: f64,
    /// Seconds spent, over all attempts.
    pub(super) seconds: f64,
    /// Score and epoch of the best weights.
    pub(super) best: Option<(f64, usize)>,
    /// What the journal says so far.
    pub(super) rows: Vec<Row>,
}

/// Everything that changes while training.
pub(super) struct State {
    pub(super) position: Position,
    pub(super) learner: Box<dyn Learner>,
    pub(super) average: Checkpoint,
    pub(super) best: Option<Checkpoint>,
}

impl State {
    /// Writes the state: to a file beside, to the disk, then in one move to its place.
    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        let position = serde_json::to_vec(&self.position).map_err(|e| fault("position", e))?;
        let [network, optimiser] = self.learner.save()?;
        let mut parts = BTreeMap::from([
            ("position", position),
            ("network", network),
            ("optimiser", optimiser),
            ("average", self.average.to_safetensors(false)?),
        ]);
        if let Some(best) = &self.best {
            parts.insert("best", best.to_safetensors(false)?);
        }
        let encode = |error: safetensors::SafeTensorError| Error::Encode(error.to_string());
        let views = parts
            .iter()
            .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(encode)?;
        write_whole(path, &safetensors::serialize(views, None).map_err(encode)?)
    }

    /// Continues a saved state; `fresh` is the same training before its first step.
    pub(super) fn load(path: &Path, mut fresh: Self) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| fault("the file is damaged", e))?;
        let part = |name: &str| {
            file.tensor(name)
                .map(|view| view.data().to_vec())
                .map_err(|error| fault(name, error))
        };
        let position: Position =
            serde_json::from_slice(&part("position")?).map_err(|e| fault("position", e))?;
        if position.training != fresh.position.training {
            return Err(Error::Training(format!(
                "{} belongs to another configuration or other data; choose another folder, or remove it to start anew",
                path.display()
            )));
        }
        fresh.learner.load([part("network")?, part("optimiser")?])?;
        Ok(Self {
            position,
            learner: fresh.learner,
            average: Checkpoint::from_bytes(part("average")?)?,
            best: part("best").ok().map(Checkpoint::from_bytes).transpose()?,
        })
    }
}

/// Writes a file so that at any moment either the old or the new content is there.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let beside = path.with_extension("new");
    let result = File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    result.map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}
