//! Models: which there are, which one the person or the app chose, and what is known of those that were loaded.
//!
//! What is stored is the choice and what was learnt; which model a document needs follows from both
//! ([`Models::wanted`]).

use std::collections::BTreeMap;
use std::rc::Rc;

use delineo::manifest::Manifest;

use super::kept_map::MapOrigin;
use super::model_entry::{ModelEntry, OwnModel, PublishedModel, own_entry, published_entry};
use super::proposal::Proposal;
use super::wording::megabytes;
use crate::protocol::{ImageFacts, Kind, Modality, ModelKey, Networks};

/// What is known of a model that was loaded.
#[derive(Clone, Debug)]
pub struct ModelInfo {
    /// What it says of itself.
    pub manifest: Rc<Manifest>,
    /// How many parameters it has.
    pub parameters: u32,
    /// The networks in its file.
    pub networks: Networks,
}

/// All models.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// Those that can be chosen; `None` before they are known.
    entries: Option<Vec<ModelEntry>>,
    /// What the person chose; the app chooses where that is nothing.
    pub choice: Option<ModelKey>,
    /// The choice before the present one, with what was remembered as such, to go back to when the model cannot be had.
    pub earlier: Option<(Option<ModelKey>, Option<String>)>,
    /// The model that was loaded last of those that were wanted.
    active: Option<ModelKey>,
    /// The site's model to begin with where the app chooses: the one that ran last.
    pub latest: Option<ModelKey>,
    loaded: BTreeMap<ModelKey, ModelInfo>,
    /// What went wrong with a model; it is not tried again before the person asks for that.
    failures: BTreeMap<ModelKey, String>,
    own: BTreeMap<Rc<str>, OwnModel>,
    /// Which network of a file with several the person chose.
    networks: BTreeMap<ModelKey, String>,
    /// Of maps that were kept: what made them.
    kept: Vec<(MapOrigin, Rc<Manifest>)>,
}

impl Models {
    /// Takes the lists of models.
    pub fn list(&mut self, published: &[PublishedModel], own: Vec<OwnModel>) {
        let mut entries: Vec<ModelEntry> = published.iter().map(published_entry).collect();
        for model in own {
            entries.push(own_entry(&model));
            self.own.entry(model.digest.clone()).or_insert(model);
        }
        self.entries = Some(entries);
    }

    /// Those that can be chosen.
    pub fn entries(&self) -> &[ModelEntry] {
        self.entries.as_deref().unwrap_or_default()
    }

    /// Whether the lists have been read.
    pub fn are_listed(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether a model can be chosen.
    pub fn is_offered(&self, key: &ModelKey) -> bool {
        self.entries().iter().any(|entry| entry.key == *key)
    }

    /// Whether the app can choose by what an image shows: there is a model for each modality, and not the same.
    pub fn has_automatic(&self) -> bool {
        let [first, second] = Modality::ALL.map(|modality| self.best(modality));
        first.is_some() && second.is_some() && first != second
    }

    /// Whether the app chooses by what each image shows.
    pub fn is_automatic(&self) -> bool {
        self.choice.is_none() && self.has_automatic()
    }

    /// The site's model for a modality: one that was trained for it alone rather than for several, and among those the
    /// smallest, which answers soonest on every device.
    pub fn best(&self, modality: Modality) -> Option<&ModelEntry> {
        self.published()
            .filter(|entry| is_for(&entry.modalities, modality))
            .min_by_key(|entry| (entry.modalities.len(), entry.bytes))
    }

    fn published(&self) -> impl Iterator<Item = &ModelEntry> {
        self.entries()
            .iter()
            .filter(|entry| matches!(entry.key, ModelKey::Published(_)))
    }

    /// The model to use for an image of this modality, or to have ready where there is no image.
    pub fn wanted(&self, modality: Option<Modality>) -> Option<&ModelKey> {
        if let Some(choice) = &self.choice {
            return Some(choice);
        }
        let chosen = modality
            .filter(|_| self.has_automatic())
            .and_then(|modality| self.best(modality))
            .map(|entry| &entry.key);
        // Without a reason to choose, any of the site's models is as good to begin with as another.
        let is_published =
            |key: &&ModelKey| matches!(key, ModelKey::Published(_)) && self.is_offered(key);
        chosen
            .or_else(|| self.active.as_ref().filter(is_published))
            .or_else(|| self.latest.as_ref().filter(is_published))
            .or_else(|| self.published().next().map(|entry| &entry.key))
    }

    /// A model was loaded. Says whether it is another one than before.
    pub fn loaded(
        &mut self,
        key: &ModelKey,
        manifest: Manifest,
        parameters: u32,
        networks: Networks,
    ) -> bool {
        self.failures.remove(key);
        let info = ModelInfo {
            manifest: Rc::new(manifest),
            parameters,
            networks,
        };
        self.loaded.insert(key.clone(), info);
        let is_another = self.active.as_ref() != Some(key);
        self.active = Some(key.clone());
        is_another
    }

    /// A model that was loaded before is the one that runs again.
    pub fn activate(&mut self, key: &ModelKey) {
        if self.loaded.contains_key(key) {
            self.active = Some(key.clone());
        }
    }

    /// The network of its file that the person chose.
    pub fn network(&self, key: &ModelKey) -> Option<&String> {
        self.networks.get(key)
    }

    /// The person chooses one of the networks in a file; it has to be loaded anew.
    pub fn choose_network(&mut self, key: &ModelKey, network: String) {
        self.networks.insert(key.clone(), network);
    }

    /// A model could not be loaded.
    pub fn fail(&mut self, key: &ModelKey, message: String) {
        self.failures.insert(key.clone(), message);
    }

    /// Whether a model could not be loaded.
    pub fn has_failed(&self, key: &ModelKey) -> bool {
        self.failures.contains_key(key)
    }

    /// All models may be tried again.
    pub fn forget_failures(&mut self) {
        self.failures.clear();
    }

    /// The model that runs.
    pub fn active(&self) -> Option<(&ModelKey, &ModelInfo)> {
        let key = self.active.as_ref()?;
        Some((key, self.loaded.get(key)?))
    }

    /// What is known of a model that was loaded.
    pub fn info(&self, key: &ModelKey) -> Option<&ModelInfo> {
        self.loaded.get(key)
    }

    /// SHA-256 of a model's weights as they are now, hexadecimal, once that is known.
    pub fn sha256<'a>(&'a self, key: &'a ModelKey) -> Option<&'a str> {
        if let ModelKey::Own(digest) = key {
            return Some(digest);
        }
        if let Some(info) = self.loaded.get(key) {
            return Some(&info.manifest.weights.sha256);
        }
        let mut entries = self.entries().iter();
        let entry = entries.find(|entry| entry.key == *key)?;
        entry.sha256.as_deref()
    }

    /// A map that was kept is by this model, which need not be loaded.
    pub fn note_kept(&mut self, origin: MapOrigin, manifest: Manifest) {
        let manifest = Rc::new(manifest);
        self.kept.retain(|(of, _)| *of != origin);
        self.kept.push((origin, manifest));
    }

    /// What is known of the model that made a map; of one that was kept, what its copy says.
    pub fn manifest_of(&self, origin: &MapOrigin) -> Option<&Rc<Manifest>> {
        let loaded = self.loaded.get(&origin.model).map(|info| &info.manifest);
        let loaded = loaded.filter(|loaded| origin.sha256.as_ref() == Some(&loaded.weights.sha256));
        loaded.or_else(|| {
            let mut kept = self.kept.iter();
            kept.find_map(|(of, manifest)| (of == origin).then_some(manifest))
        })
    }

    /// The settings that a model proposes.
    pub fn proposal(&self, key: &ModelKey) -> Option<Proposal> {
        let info = self.loaded.get(key)?;
        Some(Proposal {
            model: key.clone(),
            threshold: info.manifest.threshold,
            class: info.manifest.lesion_class() as u32,
        })
    }

    /// What a model is called in sentences.
    pub fn name(&self, key: &ModelKey) -> String {
        if let Some(info) = self.loaded.get(key) {
            return info.manifest.name.clone();
        }
        if let Some(entry) = self.entries().iter().find(|entry| entry.key == *key) {
            return entry.label.clone();
        }
        match key {
            ModelKey::Published(id) => id.clone(),
            ModelKey::Own(digest) => self
                .own(digest)
                .map_or_else(|| "your own model".to_owned(), |own| own.name.clone()),
        }
    }

    /// A person's own weights.
    pub fn own(&self, digest: &str) -> Option<&OwnModel> {
        self.own.get(digest)
    }

    /// Takes a person's own weights in. What is known of the same file is completed, not replaced.
    pub fn bring(&mut self, model: OwnModel) {
        let known = self
            .own
            .entry(model.digest.clone())
            .or_insert_with(|| model.clone());
        known.file = model.file.or(known.file);
        known.is_remembered |= model.is_remembered;
        if model.manifest.is_some() {
            known.manifest = model.manifest;
        }
    }

    /// A person's own model is kept on this device from now on, or no longer.
    pub fn set_remembered(&mut self, digest: &str, is_remembered: bool) {
        let Some(own) = self.own.get_mut(digest) else {
            return;
        };
        own.is_remembered = is_remembered;
        let entry = own_entry(own);
        if let Some(entries) = &mut self.entries {
            entries.retain(|other| other.key != entry.key);
            if is_remembered {
                entries.push(entry);
            }
        }
    }

    /// What the person reads in the list of models: the name, and what one costs that is larger than the one that the
    /// app would take for the same images.
    pub fn label(&self, entry: &ModelEntry) -> String {
        let is_larger = |modality| {
            self.best(modality)
                .is_some_and(|best| best.bytes < entry.bytes)
        };
        let is_priced = matches!(entry.key, ModelKey::Published(_))
            && Modality::ALL
                .into_iter()
                .any(|modality| is_for(&entry.modalities, modality) && is_larger(modality));
        if is_priced {
            return format!("{} ({})", entry.label, megabytes(entry.bytes as f64));
        }
        let is_repeated = |key: &ModelKey, name: &str| *key != entry.key && name == entry.label;
        let is_name_repeated = self
            .entries()
            .iter()
            .any(|other| is_repeated(&other.key, &other.label))
            || self
                .own
                .values()
                .any(|own| is_repeated(&ModelKey::Own(own.digest.to_string()), &own.name));
        match &entry.key {
            // Two files of one name are two models.
            ModelKey::Own(digest) if is_name_repeated => {
                format!("{} ({})", entry.label, digest.get(..6).unwrap_or(digest))
            }
            _ => entry.label.clone(),
        }
    }

    /// That the model which the person chose is for other images than this one, if so.
    pub fn mismatch(&self, image: &ImageFacts) -> Option<String> {
        let (_, info) = self.active()?;
        let trained = &info.manifest.modalities;
        // A model.json that names none says nothing either way.
        let is_unlike = !self.is_automatic()
            && !trained.is_empty()
            && !is_for(trained, image.modality)
            && !names(trained, image.judgement.kind);
        is_unlike.then(|| {
            let is_of_an_organ = |word: &String| Modality::ALL.iter().all(|one| one.word() != word);
            let looks = if trained.iter().any(is_of_an_organ) {
                image.judgement.kind.word()
            } else {
                image.modality.word()
            };
            format!(
                "This image looks like {}, but the model was trained on {}.",
                spoken(looks),
                spoken(&trained.join(" and "))
            )
        })
    }

    /// That there is a model for just such images, while the app's choice goes by the modality alone: organs are told apart
    /// well on the images that this was measured on (docs/judgement.md), which are of one thyroid archive.
    fn better(&self, image: &ImageFacts) -> Option<String> {
        let kind = image.judgement.kind;
        let (_, info) = self.active()?;
        let mut entries = self.published();
        let entry = entries.find(|entry| names(&entry.modalities, kind))?;
        let is_another = self.is_automatic() && !names(&info.manifest.modalities, kind);
        is_another.then(|| {
            format!(
                "This image looks like {}: choose the model “{}”.",
                spoken(kind.word()),
                entry.label
            )
        })
    }

    /// What the person is told of the image and the model together: that it is of no kind that the model was made for, or
    /// of another one, or that another model was made for it.
    pub fn doubt(&self, image: &ImageFacts) -> Option<String> {
        match image.judgement.kind {
            Kind::Other => {
                let (_, info) = self.active()?;
                let warning = image.judgement.warning(&info.manifest.modalities);
                warning.map(str::to_owned)
            }
            _ => self.mismatch(image).or_else(|| self.better(image)),
        }
    }

    /// What the person is told beside the choice: which model was taken for the image and why, or that the one they took
    /// themselves is for others.
    pub fn note(&self, image: &ImageFacts) -> Option<String> {
        if !self.is_automatic() {
            return self.doubt(image);
        }
        let modality = image.modality;
        let entry = self.best(modality)?;
        if image.judgement.kind == Kind::Other {
            return Some(format!(
                "No model here was made for images like this one. {} runs.",
                entry.label
            ));
        }
        self.better(image).or_else(|| {
            Some(format!(
                "Chosen for this image: {}. It looks like {}.",
                entry.label,
                modality.word()
            ))
        })
    }
}

fn is_for(modalities: &[String], modality: Modality) -> bool {
    modalities.iter().any(|word| word == modality.word())
}

/// Whether they name this kind of image, as models for one organ do.
fn names(modalities: &[String], kind: Kind) -> bool {
    modalities.iter().any(|word| word == kind.word())
}

/// A word of `model.json` as it is said.
fn spoken(word: &str) -> String {
    word.replace('-', " ")
}

#[cfg(test)]
mod tests {
    use delineo::imaging::Rendering;

    use super::*;
    use crate::app::rig::facts;

    fn with(entries: &[(&str, &[&str], u64)]) -> Models {
        let entries = entries.iter().map(|(id, modalities, bytes)| ModelEntry {
            key: ModelKey::Published((*id).to_owned()),
            label: (*id).to_owned(),
            modalities: modalities.iter().map(|word| (*word).to_owned()).collect(),
            bytes: *bytes,
            sha256: None,
        });
        Models {
            entries: Some(entries.collect()),
            ..Models::default()
        }
    }

    fn best(models: &Models, modality: Modality) -> Option<&str> {
        models.best(modality).map(|entry| entry.label.as_str())
    }

    #[test]
    fn each_modality_gets_the_model_that_was_trained_for_it() {
        let models = with(&[
            ("skin", &["dermoscopy"], 800),
            ("breast", &["ultrasound"], 900),
        ]);
        assert!(models.is_automatic());
        assert_eq!(best(&models, Modality::Dermoscopy), Some("skin"));
        assert_eq!(best(&models, Modality::Ultrasound), Some("breast"));
    }

    #[test]
    fn a_model_for_one_modality_comes_before_one_for_both_and_a_small_one_before_a_large_one() {
        let models = with(&[
            ("both", &["dermoscopy", "ultrasound"], 100),
            ("breast-base", &["ultrasound"], 6000),
            ("breast-s", &["ultrasound"], 900),
        ]);
        assert_eq!(best(&models, Modality::Dermoscopy), Some("both"));
        assert_eq!(best(&models, Modality::Ultrasound), Some("breast-s"));
    }

    #[test]
    fn where_one_model_does_for_both_or_a_modality_has_none_there_is_no_choice_to_make() {
        assert!(!with(&[]).has_automatic());
        assert!(!with(&[("both", &["dermoscopy", "ultrasound"], 1)]).has_automatic());
        let one_sided = with(&[("a", &["ultrasound"], 1), ("b", &["ultrasound"], 2)]);
        assert!(!one_sided.has_automatic());
        assert!(!with(&[("a", &[], 1), ("b", &[], 2)]).has_automatic());
    }

    #[test]
    fn the_list_says_what_a_larger_model_costs_and_tells_equal_names_apart() {
        let mut models = with(&[
            ("breast", &["ultrasound"], 900_000),
            ("breast-base", &["ultrasound"], 6_300_000),
            ("skin", &["dermoscopy"], 7_000_000),
        ]);
        for digest in ["aaaaaabbb", "cccccc"] {
            models.bring(own(digest));
            models.set_remembered(digest, true);
        }
        let labels: Vec<_> = models
            .entries()
            .iter()
            .map(|entry| models.label(entry))
            .collect();
        let expected = [
            "breast",
            "breast-base (6.3 MB)",
            "skin",
            "mine.pth (aaaaaa)",
            "mine.pth (cccccc)",
        ];
        assert_eq!(labels, expected);
    }

    fn own(digest: &str) -> OwnModel {
        OwnModel {
            digest: digest.into(),
            name: "mine.pth".to_owned(),
            file: None,
            manifest: None,
            is_remembered: false,
        }
    }

    #[test]
    fn a_model_for_other_images_is_told_and_one_that_names_none_is_not() {
        let mut models = with(&[("a", &[], 1)]);
        let key = ModelKey::Published("a".to_owned());
        let mut manifest = Manifest::assumed("mine", "S", 3, 1, b"");
        models.loaded(&key, manifest.clone(), 1, Networks::default());
        let mole = facts("mole", Modality::Dermoscopy, Rendering::default());
        let breast = facts("breast", Modality::Ultrasound, Rendering::default());
        let thyroid = facts("thyroid", Modality::Ultrasound, Rendering::default());
        assert_eq!(models.mismatch(&breast), None);
        manifest.modalities = vec!["dermoscopy".to_owned()];
        models.loaded(&key, manifest.clone(), 1, Networks::default());
        assert_eq!(models.mismatch(&mole), None);
        assert_eq!(
            models.mismatch(&breast).as_deref(),
            Some("This image looks like ultrasound, but the model was trained on dermoscopy.")
        );
        manifest.modalities = vec!["thyroid-ultrasound".to_owned()];
        models.loaded(&key, manifest, 1, Networks::default());
        assert_eq!(models.mismatch(&thyroid), None);
        assert_eq!(
            models.mismatch(&breast).as_deref(),
            Some(
                "This image looks like breast ultrasound, but the model was trained on thyroid ultrasound."
            )
        );
    }

    #[test]
    fn a_model_with_a_background_class_proposes_the_lesion() {
        let mut models = with(&[("a", &[], 1)]);
        let key = ModelKey::Published("a".to_owned());
        models.loaded(
            &key,
            Manifest::assumed("mine", "S", 3, 2, b""),
            1,
            Networks::default(),
        );
        assert_eq!(
            models.proposal(&key).map(|proposal| proposal.class),
            Some(1)
        );
    }
}
