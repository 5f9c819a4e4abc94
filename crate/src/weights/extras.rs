//! Tensors in a file that the network does not have: those that can be left out, and those that make it another network.

use std::collections::BTreeMap;

use super::tensors::{Found, Tensors};
use crate::network::Architecture;

/// Last parts of the names of counters: PyTorch's own, of operation counters (thop, ptflops) and of averages.
const COUNTERS: [&str; 7] = [
    "num_batches_tracked",
    "total_ops",
    "total_params",
    "n_averaged",
    "__flops__",
    "__params__",
    "__macs__",
];
/// How the parts of a name begin that only serve the training: outputs at other depths and of other kinds.
const HEADS: [&str; 14] = [
    "aux", "deep", "ds", "dsv", "side", "head", "out", "sup", "cls", "classif", "edge", "boundary",
    "pred", "seg",
];
/// Parts of names of layers that change what the network computes, even where their shape is that of a head.
const INNER: [&str; 3] = ["att", "gate", "psi"];

/// Whether a tensor is a counter or another number that no inference needs.
pub(super) fn is_counter(name: &str, tensor: &Found) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let single = tensor.shape.iter().product::<usize>() <= 1;
    COUNTERS.contains(&last) || single && tensor.is_integer()
}

/// The extra heads among the tensors that the network does not have, by name. They are taken out, and what remains is unknown.
///
/// A head of deep supervision maps what the decoder has at one depth to the classes. It learns with the network and takes no part
/// in its answer.
pub(super) fn take_heads(extra: &mut Tensors, architecture: &Architecture) -> Vec<String> {
    let own: Vec<String> = architecture.tensors().into_iter().map(|(n, _)| n).collect();
    let is_own = |module: &str| {
        own.iter().any(|name| {
            name.strip_prefix(module)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    // A module begins where its name leaves those of the network.
    let module_of = |name: &str| {
        let ends = name.match_indices('.').map(|(at, _)| &name[..at]);
        let outside = ends.into_iter().find(|module| !is_own(module));
        outside.unwrap_or(name).to_owned()
    };
    let mut modules = BTreeMap::<String, Vec<String>>::new();
    for name in extra.keys() {
        modules
            .entry(module_of(name))
            .or_default()
            .push(name.clone());
    }
    let mut heads = Vec::new();
    for (module, names) in modules {
        let tensors: Vec<_> = names
            .iter()
            .filter_map(|name| Some((name.as_str(), extra.get(name)?)))
            .collect();
        if is_head(&module, &tensors, architecture) {
            for name in names {
                extra.remove(&name);
            }
            heads.push(module);
        }
    }
    heads
}

fn is_head(module: &str, tensors: &[(&str, &Found)], architecture: &Architecture) -> bool {
    let name = module.to_lowercase();
    let words = name.split(|c: char| !c.is_alphabetic());
    let begins = |starts: &[&str]| {
        words
            .clone()
            .any(|word| starts.iter().any(|start| word.starts_with(start)))
    };
    if INNER.iter().any(|part| name.contains(part)) {
        return false;
    }
    let classes = architecture.classes;
    let to_classes = |(_, tensor): &&(&str, &Found)| matches!(tensor.shape.as_slice(), [out, _, _, _] if *out == classes);
    let to_labels = |(_, tensor): &&(&str, &Found)| tensor.shape.len() == 2;
    if begins(&HEADS) {
        return tensors
            .iter()
            .any(|one| to_classes(&one) || to_labels(&one));
    }
    // One convolution from a width of the decoder to the classes, under whatever name.
    let widths = architecture.variant.dims();
    tensors
        .iter()
        .all(|(_, tensor)| match tensor.shape.as_slice() {
            [out, inputs, height, width] => {
                *out == classes && widths.contains(inputs) && height == width && *width <= 3
            }
            [out] => *out == classes,
            _ => false,
        })
        && tensors.iter().any(|one| to_classes(&one))
}
