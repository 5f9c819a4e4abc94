//! Several networks in one file: which there are, and which one is proposed.
//!
//! Trainings save the network beside a moving average of it (`ema`, `swa`), or a student beside its teacher.

use std::fmt;

use super::tensors::Tensors;
use crate::network::layout::FIRST;

/// One of the networks in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightSet {
    /// The path through the file's dictionaries, such as `model` or `state_dict.teacher`, without the wrappers of parallel and
    /// compiled networks; `weights` where the tensors lie at the top.
    pub name: String,
    /// What its name says of it.
    pub role: Role,
    /// What all of its tensors' names begin with.
    pub(super) prefix: String,
}

/// What a network in a file is, by its name. They are proposed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The network itself.
    Network,
    /// The teacher of a student, which is the one to use after training.
    Teacher,
    /// A network of another name.
    Other,
    /// The student.
    Student,
    /// A mean over the last epochs (stochastic weight averaging).
    Average,
    /// An exponential moving average over the training.
    MovingAverage,
}

impl fmt::Display for WeightSet {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.name)?;
        match self.role {
            Role::Average => out.write_str(" (average over epochs, SWA)"),
            Role::MovingAverage => out.write_str(" (moving average, EMA)"),
            _ => Ok(()),
        }
    }
}

/// The networks in a file, the proposed one first.
pub(super) fn sets(tensors: &Tensors) -> Vec<WeightSet> {
    let prefixes = tensors
        .keys()
        .filter_map(|name| name.strip_suffix(FIRST))
        .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    let mut sets: Vec<_> = prefixes.map(WeightSet::new).collect();
    // Of one role the one that is nearest to the top, then by name.
    sets.sort_by_key(|set| (set.role, set.prefix.matches('.').count(), set.name.clone()));
    let names: Vec<_> = sets.iter().map(|set| set.name.clone()).collect();
    for set in &mut sets {
        let is_shared = names.iter().filter(|name| **name == set.name).count() > 1;
        if is_shared && !set.prefix.is_empty() {
            set.prefix.trim_end_matches('.').clone_into(&mut set.name);
        }
    }
    sets
}

impl WeightSet {
    fn new(prefix: &str) -> Self {
        let is_wrapper = |part: &&str| matches!(*part, "" | "module" | "_orig_mod");
        let parts: Vec<_> = prefix.split('.').filter(|part| !is_wrapper(part)).collect();
        let name = parts.join(".");
        Self {
            role: Role::of(&name),
            name: if name.is_empty() {
                "weights".to_owned()
            } else {
                name
            },
            prefix: prefix.to_owned(),
        }
    }
}

impl Role {
    fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        let words: Vec<_> = name.split(|c: char| !c.is_alphanumeric()).collect();
        let any = |those: &[&str]| words.iter().any(|word| those.contains(word));
        let is_moving = name.contains("moving") || name.contains("shadow");
        if any(&["ema", "modelema", "emamodel"]) || is_moving {
            Self::MovingAverage
        } else if any(&["swa", "averaged", "average", "avg"]) {
            Self::Average
        } else if name.contains("student") {
            Self::Student
        } else if name.contains("teacher") {
            Self::Teacher
        } else if name.is_empty() || any(&["model", "state", "net", "network", "weights", "params"])
        {
            Self::Network
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::tensors::Found;

    fn named(prefixes: &[&str]) -> Vec<String> {
        let tensors = prefixes.iter().map(|prefix| {
            let found = Found {
                shape: vec![8, 3, 3, 3],
                dtype: "F32".to_owned(),
                read: Box::new(|| Ok(Vec::new())),
            };
            (format!("{prefix}{FIRST}"), found)
        });
        let sets = sets(&tensors.collect());
        sets.iter().map(WeightSet::to_string).collect()
    }

    #[test]
    fn the_network_comes_before_its_teacher_that_before_its_student_and_averages_last() {
        assert_eq!(
            named(&["swa.", "student.", "ema.", "teacher.", "model."]),
            [
                "model",
                "teacher",
                "student",
                "swa (average over epochs, SWA)",
                "ema (moving average, EMA)"
            ]
        );
        assert_eq!(
            named(&["state_dict_ema.", "state_dict."]),
            ["state_dict", "state_dict_ema (moving average, EMA)"]
        );
        assert_eq!(
            named(&["model_ema.module.", "model_state_dict.module."]),
            ["model_state_dict", "model_ema (moving average, EMA)"]
        );
    }

    #[test]
    fn wrappers_are_no_part_of_a_name_unless_they_tell_two_apart() {
        assert_eq!(named(&["module."]), ["weights"]);
        assert_eq!(named(&["_orig_mod.module."]), ["weights"]);
        assert_eq!(named(&["", "module."]), ["weights", "module"]);
        assert_eq!(named(&["state_dict.module.net."]), ["state_dict.net"]);
    }
}
