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
    /// Those that are worth their time. A lesion on skin has no upper side, and eight views are better than one. Ultrasound
    /// comes from above, as does the shadow behind a mass; its mirror image is as likely, but averaging it in brought
    /// nothing on the val part of BUSI: a mass that only one of the two shows goes missing.
    pub fn of(modality: Modality) -> Option<Self> {
        match modality {
            Modality::Dermoscopy => Some(Self::All),
            Modality::Ultrasound => None,
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
