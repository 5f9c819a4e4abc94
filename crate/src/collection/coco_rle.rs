//! COCO JSON whose regions are run lengths, holes among them: smaller, and for tools that read masks.

use serde_json::json;

use super::coco::Coco;
use super::rle::{counts, packed};
use super::set_format::{About, SetFormat, Writer};

pub(super) static FORMAT: SetFormat = SetFormat {
    id: "coco-rle",
    name: "COCO with run lengths",
    label: "COCO, JSON with run lengths",
    root: "coco-rle.json",
};

pub(super) fn begin(about: &About) -> Box<dyn Writer + Send> {
    Box::new(Coco::new(
        about,
        FORMAT.root,
        |polygon, (width, height)| json!({ "size": [height, width], "counts": packed(&counts(polygon, width, height)) }),
    ))
}
