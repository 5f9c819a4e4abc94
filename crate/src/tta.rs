//! Test-time augmentation: the network sees the image flipped and turned as well, and the answers are averaged.
//!
//! Each view costs the network once. Views that the network did not learn from, such as ultrasound upside down, may
//! do harm: measure before use.

#[cfg(feature = "cpu")]
mod averaging;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::modality::Modality;

/// Which views are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Views {
    /// The image and its mirror image, left for right: two views.
    Mirror,
    /// All flips and quarter turns of a square input, eight views; the four flips of another.
    All,
}

impl Views {
    /// Those that are as likely as the picture itself: a lesion on skin has no upper side, while ultrasound comes from
    /// above, as does the shadow behind a mass.
    pub fn of(modality: Modality) -> Self {
        match modality {
            Modality::Dermoscopy => Self::All,
            Modality::Ultrasound => Self::Mirror,
        }
    }
}

impl fmt::Display for Views {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::Mirror => "mirror",
            Self::All => "all",
        })
    }
}

impl FromStr for Views {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "mirror" => Ok(Self::Mirror),
            "all" => Ok(Self::All),
            _ => Err(format!("views are mirror or all, not “{text}”")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_read_as_they_are_written() {
        for views in [Views::Mirror, Views::All] {
            assert_eq!(views.to_string().parse(), Ok(views));
        }
        assert!("none".parse::<Views>().is_err());
    }
}
