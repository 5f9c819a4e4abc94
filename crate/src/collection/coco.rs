//! COCO JSON (<https://cocodataset.org/#format-data>): an annotation a region, its border as a polygon that holds exactly its
//! pixels. COCO's polygons have no holes: a cut without width leads to each.

use serde_json::{Value, json};

use super::item::{Entry, Item};
use super::places::Place;
use super::set_format::{About, SetFormat, Writer};
use crate::Error;
use crate::mask::RegionPolygon;

pub(super) static FORMAT: SetFormat = SetFormat {
    id: "coco",
    name: "COCO",
    label: "COCO, JSON with polygons",
    root: "coco.json",
};

pub(super) fn begin(about: &About) -> Box<dyn Writer + Send> {
    Box::new(Coco::new(about, FORMAT.root, |polygon, _| {
        json!([polygon.with_cuts().concat()])
    }))
}

/// What stands for a region of an image of so many columns and rows.
type Segment = fn(&RegionPolygon, (u32, u32)) -> Value;

/// A COCO file that is being written, its images and annotations as text.
pub(super) struct Coco {
    about: About,
    file: &'static str,
    segment: Segment,
    categories: Vec<String>,
    images: Vec<String>,
    annotations: Vec<String>,
}

impl std::fmt::Debug for Coco {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "Coco of {} images", self.images.len())
    }
}

impl Coco {
    pub fn new(about: &About, file: &'static str, segment: Segment) -> Self {
        Self {
            about: about.clone(),
            file,
            segment,
            categories: Vec::new(),
            images: Vec::new(),
            annotations: Vec::new(),
        }
    }
}

impl Writer for Coco {
    fn push(&mut self, item: &Item, place: &Place, _: &[String]) -> Result<Vec<Entry>, Error> {
        if !item.is_usable() {
            return Ok(Vec::new());
        }
        let mask = item.segmentation.mask();
        let size = (mask.width(), mask.height());
        // Tools take 0 for none, of images and of annotations.
        let image = self.images.len() + 1;
        let category = number(&mut self.categories, item.segmentation.label);
        let image_json =
            json!({ "id": image, "file_name": place.path, "width": size.0, "height": size.1 });
        self.images.push(image_json.to_string());
        for polygon in RegionPolygon::of(mask) {
            let (region, [left, top]) = polygon.filled();
            let annotation = json!({
                "id": self.annotations.len() + 1,
                "image_id": image,
                "category_id": category,
                "segmentation": (self.segment)(&polygon, size),
                "area": region.area(),
                "bbox": [left, top, region.width(), region.height()],
                "iscrowd": 0,
            });
            self.annotations.push(annotation.to_string());
        }
        Ok(Vec::new())
    }

    fn finish(self: Box<Self>) -> Result<Vec<Entry>, Error> {
        let categories = self.categories.iter().zip(1..);
        let categories: Vec<Value> = categories
            .map(|(name, id)| json!({ "id": id, "name": name, "supercategory": "" }))
            .collect();
        let info = json!({
            "description": "Segmented by Delineo; research use, not a medical device",
            "version": self.about.version,
            "date_created": self.about.made,
        });
        let text = format!(
            "{{\"info\":{info},\"licenses\":[],\"categories\":{},\n\"images\":[\n{}\n],\n\"annotations\":[\n{}\n]}}\n",
            Value::Array(categories),
            self.images.join(",\n"),
            self.annotations.join(",\n")
        );
        let entry = Entry {
            path: self.file.to_owned(),
            bytes: text.into_bytes(),
        };
        Ok(vec![entry])
    }
}

/// The number of a class, from 1 in the order in which they come.
pub(super) fn number(classes: &mut Vec<String>, class: &str) -> usize {
    let found = classes.iter().position(|other| other == class);
    let index = found.unwrap_or_else(|| {
        classes.push(class.to_owned());
        classes.len() - 1
    });
    index + 1
}
