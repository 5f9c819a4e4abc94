//! The mask as LabelMe JSON (<https://github.com/wkentaro/labelme>), to go on with it there.
//!
//! A region without holes is a polygon of few corners, which a person can move. LabelMe's polygons have no holes: a region
//! with some is a `mask`, which LabelMe has known since version 5.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::format::ExportFormat;
use super::mask::mask_png;
use super::segmentation::Segmentation;
use crate::Error;
use crate::mask::RegionPolygon;

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: "labelme",
    name: "LabelMe annotation",
    label: "LabelMe, JSON",
    // LabelMe opens `lesion.json` with `lesion.jpg`.
    suffix: "",
    extension: "json",
    media_type: "application/json",
    copyable: false,
};

/// The version of LabelMe whose form the file has.
const VERSION: &str = "5.5.0";

pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let mask = segmentation.mask();
    let shapes = RegionPolygon::of(mask);
    let shapes = shapes
        .iter()
        .map(|polygon| shape(polygon, segmentation.label));
    let file = json!({
        "version": VERSION,
        "flags": {},
        "shapes": shapes.collect::<Result<Vec<_>, _>>()?,
        "imagePath": segmentation.name,
        "imageData": null,
        "imageHeight": mask.height(),
        "imageWidth": mask.width(),
    });
    Ok(format!("{file:#}\n").into_bytes())
}

fn shape(polygon: &RegionPolygon, label: &str) -> Result<Value, Error> {
    let mut shape = json!({
        "label": label,
        "group_id": null,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
        "mask": null,
    });
    if polygon.holes.is_empty() {
        shape["points"] = json!(polygon.smoothed().exterior);
        return Ok(shape);
    }
    let (mask, [left, top]) = polygon.filled();
    shape["shape_type"] = json!("mask");
    // The first and the last pixel.
    let last = [left + mask.width() - 1, top + mask.height() - 1];
    shape["points"] = json!([[left, top], last]);
    shape["mask"] = json!(STANDARD.encode(mask_png(&mask)?));
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::super::phantom_tests::encoded;
    use super::*;
    use crate::mask::Mask;

    #[test]
    fn a_region_is_a_polygon_and_one_with_a_hole_a_mask() {
        let file = encoded(
            &FORMAT,
            &["......##", ".###..##", ".#.#....", ".###....", "........"],
        );
        let file: Value = serde_json::from_slice(&file).expect("JSON");
        assert_eq!(
            (&file["imageWidth"], &file["imageHeight"]),
            (&json!(8), &json!(5))
        );
        assert_eq!(file["imagePath"], "lesion.jpg");
        let [polygon, mask] = file["shapes"].as_array().expect("shapes").as_slice() else {
            panic!("{file}");
        };
        assert_eq!(
            (&polygon["shape_type"], &mask["shape_type"]),
            (&json!("polygon"), &json!("mask"))
        );
        assert_eq!(mask["points"], json!([[1, 1], [3, 3]]));
        let png = STANDARD
            .decode(mask["mask"].as_str().expect("text"))
            .expect("base64");
        let picture = crate::imaging::decode(&png).map(|decoded| Mask::of_picture(&decoded.image));
        // Too small for an image, but a PNG of its pixels.
        assert!(picture.is_err() && png.starts_with(b"\x89PNG"));
    }
}
