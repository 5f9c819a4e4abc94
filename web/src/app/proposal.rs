//! What a model proposes for the settings of a document, and what of them goes over to another model.

use serde::{Deserialize, Serialize};

use crate::protocol::{ModelKey, Settings};

/// What proposed a document's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The model.
    pub model: ModelKey,
    /// Its threshold.
    pub threshold: f32,
    /// The class that it is for, the lesion.
    pub class: u32,
}

impl Proposal {
    /// Settings that it proposed or the person changed, for another model: a threshold that the person moved stays, one
    /// that was not touched follows the model, and another model has other classes.
    pub fn carried(&self, settings: Settings, other: &Self) -> Settings {
        if self.model == other.model {
            return settings;
        }
        let is_untouched = (settings.threshold - self.threshold).abs() < 1e-6;
        Settings {
            class: other.class,
            threshold: if is_untouched {
                other.threshold
            } else {
                settings.threshold
            },
            ..settings
        }
    }
}

#[cfg(test)]
mod tests {
    use delineo::mask::Cleaning;

    use super::*;

    fn proposal(model: &str, threshold: f32) -> Proposal {
        Proposal {
            model: ModelKey::Published(model.to_owned()),
            threshold,
            class: 0,
        }
    }

    fn settings(class: u32, threshold: f32) -> Settings {
        Settings {
            class,
            threshold,
            cleaning: Cleaning::default(),
        }
    }

    #[test]
    fn an_untouched_threshold_follows_the_model() {
        let carried = proposal("skin", 0.4).carried(settings(0, 0.4), &proposal("breast", 0.55));
        assert_eq!(carried.threshold, 0.55);
    }

    #[test]
    fn a_threshold_that_the_person_moved_stays() {
        let carried = proposal("skin", 0.4).carried(settings(0, 0.7), &proposal("breast", 0.55));
        assert_eq!(carried.threshold, 0.7);
    }

    #[test]
    fn the_same_model_again_changes_nothing() {
        // 0.55 is another model's proposal, which ran in between on another image.
        let skin = proposal("skin", 0.4);
        assert_eq!(
            skin.carried(settings(2, 0.55), &skin.clone()),
            settings(2, 0.55)
        );
    }

    #[test]
    fn another_model_has_other_classes() {
        let carried = proposal("skin", 0.4).carried(settings(2, 0.4), &proposal("breast", 0.4));
        assert_eq!(carried.class, 0);
        let with_background = Proposal {
            class: 1,
            ..proposal("breast", 0.4)
        };
        let carried = proposal("skin", 0.4).carried(settings(0, 0.4), &with_background);
        assert_eq!(carried.class, 1);
    }
}
