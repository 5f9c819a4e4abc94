//! `session.json`: all that is needed to make the same masks again.

use serde_json::json;

use super::item::{Entry, Item, ModelInfo};
use super::places::Place;
use super::set_format::{About, SetFormat, Writer};
use crate::Error;
use crate::measure::RESEARCH_USE;

/// The version of the form; a reader refuses later ones.
pub(super) const VERSION: u32 = 1;

pub(super) static FORMAT: SetFormat = SetFormat {
    id: "session",
    name: "Session",
    label: "Session, JSON",
    root: "session.json",
};

pub(super) fn begin(about: &About) -> Box<dyn Writer + Send> {
    Box::new(Session {
        about: about.clone(),
        models: Vec::new(),
        images: Vec::new(),
    })
}

#[derive(Debug)]
struct Session {
    about: About,
    models: Vec<ModelInfo>,
    /// As text.
    images: Vec<String>,
}

impl Writer for Session {
    fn push(&mut self, item: &Item, place: &Place, files: &[String]) -> Result<Vec<Entry>, Error> {
        if let Some(model) = item.model.filter(|model| !self.models.contains(model)) {
            self.models.push(model.clone());
        }
        let of = item.segmentation;
        let (width, height) = of.image.dimensions();
        let image = json!({
            "path": place.path,
            "sha256": item.sha256,
            "width": width,
            "height": height,
            "scale": item.scale,
            "model": item.model.map(|model| &model.sha256),
            "class": of.label,
            "views": item.views,
            // As it is written, not as its nearest double is.
            "threshold": of.threshold.to_string().parse::<f64>().ok(),
            "cleaning": of.cleaning,
            "corrections": of.corrections,
            "decision": item.review.decision,
            "flagged": item.review.is_flagged,
            "note": item.review.note,
            "area": of.mask().area(),
            "files": files,
        });
        self.images.push(image.to_string());
        Ok(Vec::new())
    }

    fn fail(&mut self, path: &str, why: &str) {
        self.images
            .push(json!({ "path": path, "error": why }).to_string());
    }

    fn finish(self: Box<Self>) -> Result<Vec<Entry>, Error> {
        let head = json!({
            "format": "delineo-session",
            "version": VERSION,
            "program": { "name": "Delineo", "version": self.about.version, "use": RESEARCH_USE },
            "made": self.about.made,
            "models": self.models,
        });
        let head = head.to_string();
        let head = head.trim_end_matches('}');
        let text = format!("{head},\n\"images\":[\n{}\n]}}", self.images.join(",\n"));
        let entry = Entry {
            path: FORMAT.root.to_owned(),
            bytes: format!("{text}\n").into_bytes(),
        };
        Ok(vec![entry])
    }
}
