//! What a person decided about a document while working through many.

use serde::{Deserialize, Serialize};

/// Decision, flag and note.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Whether the mask is good.
    pub decision: Decision,
    /// Whether the person wants to come back to it.
    pub is_flagged: bool,
    /// In their own words.
    pub note: String,
}

/// Whether a mask is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Not decided yet.
    #[default]
    Undecided,
    /// It may be used.
    Accepted,
    /// It must not be used.
    Rejected,
}
