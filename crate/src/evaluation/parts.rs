//! The pairs that are measured, and what is said where there is nothing to measure.

use crate::Error;
use crate::dataset::{Dataset, Pair, Part};
use crate::model::Model;

/// The pairs of a part, one at least.
pub(super) fn pairs(dataset: &Dataset, part: Part) -> Result<Vec<&Pair>, Error> {
    let pairs: Vec<_> = dataset.part(part).collect();
    if pairs.is_empty() {
        Err(empty(dataset, part))
    } else {
        Ok(pairs)
    }
}

/// The error of a part without pairs.
pub(super) fn empty(dataset: &Dataset, part: Part) -> Error {
    Error::Data(vec![format!("{}: the {part} part is empty", dataset.name)])
}

/// The error of a class that the model does not have.
pub(super) fn no_class(model: &Model, class: usize) -> Error {
    let classes = model.manifest().classes.join(", ");
    Error::Manifest(format!(
        "it has no class {class}; its classes are {classes}"
    ))
}
