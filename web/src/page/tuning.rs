//! What carries over when another model takes a picture on: a threshold that the person moved stays, one that nobody
//! touched follows the model.

use delineo_web::protocol::Settings;

use crate::store::Model;

/// The model that a picture's settings were made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// The key of its source.
    model: String,
    /// The threshold that it proposes.
    threshold: f32,
}

impl Tuning {
    /// Of the model that runs.
    pub fn to(model: &Model) -> Self {
        Self {
            model: model.source.key(),
            threshold: model.manifest.threshold,
        }
    }

    /// The threshold that it proposes.
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The settings for another model.
    pub fn carried(&self, settings: Settings, other: &Self) -> Settings {
        if self.model == other.model {
            return settings;
        }
        let is_untouched = (settings.threshold - self.threshold).abs() < 1e-6;
        Settings {
            class: 0,
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

    fn tuning(model: &str, threshold: f32) -> Tuning {
        Tuning {
            model: model.to_owned(),
            threshold,
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
    fn a_threshold_that_nobody_touched_follows_the_model() {
        let carried = tuning("skin", 0.4).carried(settings(0, 0.4), &tuning("breast", 0.55));
        assert_eq!(carried.threshold, 0.55);
    }

    #[test]
    fn a_threshold_that_the_person_moved_stays() {
        let carried = tuning("skin", 0.4).carried(settings(0, 0.7), &tuning("breast", 0.55));
        assert_eq!(carried.threshold, 0.7);
    }

    #[test]
    fn the_same_model_again_changes_nothing() {
        // 0.55 is another model's proposal, which ran in between on another picture.
        let skin = tuning("skin", 0.4);
        assert_eq!(
            skin.carried(settings(2, 0.55), &skin.clone()),
            settings(2, 0.55)
        );
    }

    #[test]
    fn another_model_has_other_classes() {
        let carried = tuning("skin", 0.4).carried(settings(2, 0.4), &tuning("breast", 0.4));
        assert_eq!(carried.class, 0);
    }
}
