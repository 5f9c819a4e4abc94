//! The model by what the picture shows: which of the site's models is for which modality, and whether another one than
//! the one that runs is due.

use delineo::manifest::Manifest;
use delineo_web::protocol::Modality;
use leptos::prelude::*;

use crate::conductor;
use crate::models;
use crate::store::{Offer, Readiness, Source, Store};
use crate::wording::megabytes;

/// The key of this choice among the [`Offer`]s.
pub const KEY: &str = "automatic";

/// The site's model for a modality: one that was trained for it alone rather than for several, and among those the
/// smallest, which answers soonest on every device.
pub fn best(offers: &[Offer], modality: Modality) -> Option<&Offer> {
    offers
        .iter()
        .filter(|offer| !offer.own && is_for(&offer.modalities, modality))
        .min_by_key(|offer| (offer.modalities.len(), offer.bytes))
}

/// Whether there is something to choose by modality: a model for each, and not the same.
pub fn is_offered(offers: &[Offer]) -> bool {
    let [first, second] = Modality::ALL.map(|modality| best(offers, modality));
    first.is_some() && second.is_some() && first != second
}

/// What the person reads in the list of models: the name, and what one costs that is larger than the one that the app
/// would take for the same pictures.
pub fn entry(offers: &[Offer], offer: &Offer) -> String {
    let is_larger = |modality| best(offers, modality).is_some_and(|best| best.bytes < offer.bytes);
    let mut modalities = Modality::ALL.into_iter();
    let is_priced =
        modalities.any(|modality| is_for(&offer.modalities, modality) && is_larger(modality));
    if is_priced && !offer.own {
        let size = megabytes(offer.bytes as f64);
        format!("{} ({size})", offer.label)
    } else {
        offer.label.clone()
    }
}

/// The model that the picture on the stage waits for, where it is not the one that runs.
pub fn due(store: Store, modality: Modality) -> Option<Source> {
    if !store.automatic.get_untracked() {
        return None;
    }
    let source = store
        .offers
        .with_untracked(|offers| best(offers, modality).and_then(Offer::published))?;
    (!store.runs(&source)).then_some(source)
}

/// The person leaves the choice to the app again.
pub fn choose(store: Store) {
    store.forget_errors();
    store.automatic.set(true);
    store
        .preferences
        .update(|preferences| preferences.model = Some(KEY.to_owned()));
    let running = models::running(store);
    let modality = store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.modality));
    let is_settled = store.readiness.get_untracked() == Readiness::Ready;
    let source = match modality {
        Some(modality) => due(store, modality),
        // Without a picture any of the site's models is as good to begin with as another.
        None if matches!(running, Some(Source::Published(_))) => None,
        None => store
            .offers
            .with_untracked(|offers| offers.iter().find_map(Offer::published)),
    };
    match source.or_else(|| running.filter(|_| !is_settled)) {
        Some(source) => {
            store.wanted_model.set(Some(source));
            conductor::load_model(store);
        }
        None => {
            store.set_model_automatic(true);
            if store.has_failed_now() {
                conductor::retry_segment(store);
            }
        }
    }
}

/// What the person is told beside the choice: which model was taken for the picture and why, or that the model which
/// they took themselves is for other pictures. Empty where there is nothing to tell. Tracked.
pub fn note(store: Store) -> String {
    let Some(modality) = store
        .shown
        .with(|shown| shown.as_ref().map(|shown| shown.modality))
    else {
        return String::new();
    };
    if !store.automatic.get() {
        return mismatch(store);
    }
    store.offers.with(|offers| {
        best(offers, modality).map_or_else(String::new, |offer| {
            let word = modality.word();
            format!(
                "Chosen for this image: {}. It looks like {word}.",
                offer.label
            )
        })
    })
}

/// That the model which the person took is for other pictures than the one on the stage, if so. Tracked.
pub fn mismatch(store: Store) -> String {
    let modality = store
        .shown
        .with(|shown| shown.as_ref().map(|shown| shown.modality));
    let is_automatic = store.automatic.get();
    store.model.with(|model| match (model, modality) {
        (Some(model), Some(modality)) if !is_automatic => unlike(&model.manifest, modality),
        _ => String::new(),
    })
}

fn unlike(manifest: &Manifest, modality: Modality) -> String {
    // A model.json that names none says nothing either way.
    if manifest.modalities.is_empty() || is_for(&manifest.modalities, modality) {
        return String::new();
    }
    format!(
        "This image looks like {}, but the model was trained on {}.",
        modality.word(),
        manifest.modalities.join(" and ")
    )
}

fn is_for(modalities: &[String], modality: Modality) -> bool {
    modalities.iter().any(|word| word == modality.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(id: &str, modalities: &[&str], bytes: u64) -> Offer {
        Offer {
            key: format!("published/{id}"),
            label: id.to_owned(),
            own: false,
            modalities: modalities.iter().map(|word| (*word).to_owned()).collect(),
            bytes,
        }
    }

    fn best_key(offers: &[Offer], modality: Modality) -> Option<&str> {
        best(offers, modality).map(|offer| offer.key.as_str())
    }

    #[test]
    fn each_modality_gets_the_model_that_was_trained_for_it() {
        let offers = [
            offer("skin", &["dermoscopy"], 800),
            offer("breast", &["ultrasound"], 900),
        ];
        assert!(is_offered(&offers));
        assert_eq!(
            best_key(&offers, Modality::Dermoscopy),
            Some("published/skin")
        );
        assert_eq!(
            best_key(&offers, Modality::Ultrasound),
            Some("published/breast")
        );
    }

    #[test]
    fn one_that_was_trained_for_it_alone_goes_before_one_for_both_and_a_small_one_before_a_large_one()
     {
        let offers = [
            offer("both", &["dermoscopy", "ultrasound"], 100),
            offer("breast-base", &["ultrasound"], 6000),
            offer("breast-s", &["ultrasound"], 900),
        ];
        assert!(is_offered(&offers));
        assert_eq!(
            best_key(&offers, Modality::Dermoscopy),
            Some("published/both")
        );
        assert_eq!(
            best_key(&offers, Modality::Ultrasound),
            Some("published/breast-s")
        );
    }

    #[test]
    fn where_one_model_does_for_both_or_a_modality_has_none_there_is_no_choice_to_make() {
        assert!(!is_offered(&[]));
        assert!(!is_offered(&[offer(
            "both",
            &["dermoscopy", "ultrasound"],
            1
        )]));
        assert!(!is_offered(&[
            offer("a", &["ultrasound"], 1),
            offer("b", &["ultrasound"], 2)
        ]));
        assert!(!is_offered(&[offer("a", &[], 1), offer("b", &[], 2)]));
    }

    #[test]
    fn a_model_of_ones_own_is_never_taken_by_itself() {
        let mut own = offer("mine", &["dermoscopy"], 1);
        own.own = true;
        assert_eq!(best(&[own], Modality::Dermoscopy), None);
    }

    #[test]
    fn the_list_says_what_a_larger_model_costs() {
        let offers = [
            offer("breast", &["ultrasound"], 900_000),
            offer("breast-base", &["ultrasound"], 6_300_000),
            offer("skin", &["dermoscopy"], 7_000_000),
        ];
        let entries = offers.each_ref().map(|offer| entry(&offers, offer));
        assert_eq!(entries, ["breast", "breast-base (6.3 MB)", "skin"]);
    }

    #[test]
    fn a_model_for_other_pictures_is_told_and_one_that_names_none_is_not() {
        let mut manifest = Manifest::assumed("mine", "S", 3, 1, b"");
        assert_eq!(unlike(&manifest, Modality::Ultrasound), "");
        manifest.modalities = vec!["dermoscopy".to_owned()];
        assert_eq!(unlike(&manifest, Modality::Dermoscopy), "");
        assert_eq!(
            unlike(&manifest, Modality::Ultrasound),
            "This image looks like ultrasound, but the model was trained on dermoscopy."
        );
    }
}
