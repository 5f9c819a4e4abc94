//! What pairs are used for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a pair is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The network learns from it.
    Train,
    /// Choices are made on it: epochs, thresholds, temperatures.
    Val,
    /// Looked at once, for the figures that are reported.
    Test,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        })
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|part| part.to_string() == text)
            .ok_or_else(|| format!("a part is train, val or test, not “{text}”"))
    }
}
