//! What a person sets about a mask, as changes that can be taken back.

use delineo::mask::Cleaning;
use serde::{Deserialize, Serialize};

use crate::protocol::Settings;

/// One setting that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // what it was and what it became
pub enum Setting {
    /// The threshold.
    Threshold { before: f32, after: f32 },
    /// The index of the class.
    Class { before: u32, after: u32 },
    /// What is cleaned up.
    Cleaning { before: Cleaning, after: Cleaning },
}

impl Setting {
    /// What was changed; none where the settings are alike. Of several the first in the order of this enum.
    pub fn between(before: &Settings, after: &Settings) -> Option<Self> {
        let changes = [
            Self::Threshold {
                before: before.threshold,
                after: after.threshold,
            },
            Self::Class {
                before: before.class,
                after: after.class,
            },
            Self::Cleaning {
                before: before.cleaning,
                after: after.cleaning,
            },
        ];
        changes.into_iter().find(Self::is_change)
    }

    /// Whether it changes anything.
    pub fn is_change(&self) -> bool {
        *self != self.reversed()
    }

    /// The way back.
    pub fn reversed(&self) -> Self {
        match *self {
            Self::Threshold { before, after } => Self::Threshold {
                before: after,
                after: before,
            },
            Self::Class { before, after } => Self::Class {
                before: after,
                after: before,
            },
            Self::Cleaning { before, after } => Self::Cleaning {
                before: after,
                after: before,
            },
        }
    }

    /// Both as one step, where the next is another move of the same slider. Switches are steps of their own.
    pub fn followed_by(&self, next: &Self) -> Option<Self> {
        match (*self, *next) {
            (Self::Threshold { before, .. }, Self::Threshold { after, .. }) => {
                Some(Self::Threshold { before, after })
            }
            (
                Self::Cleaning { before, after: now },
                Self::Cleaning {
                    before: then,
                    after,
                },
            ) if is_islands_alone(before, now) && is_islands_alone(then, after) => {
                Some(Self::Cleaning { before, after })
            }
            _ => None,
        }
    }

    /// Sets it.
    pub fn apply(&self, settings: &mut Settings) {
        match *self {
            Self::Threshold { after, .. } => settings.threshold = after,
            Self::Class { after, .. } => settings.class = after,
            Self::Cleaning { after, .. } => settings.cleaning = after,
        }
    }
}

/// Whether two cleanings differ in nothing but the size of islands.
fn is_islands_alone(a: Cleaning, b: Cleaning) -> bool {
    let islands_below = b.islands_below;
    Cleaning { islands_below, ..a } == b
}
