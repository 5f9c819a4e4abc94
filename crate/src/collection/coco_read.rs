//! COCO JSON, read: polygons and run lengths, packed or not. Of an image all annotations are one mask, whatever their category.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::left_out::LeftOut;
use super::outline::Canvas;
use super::rle_read;
use crate::Error;
use crate::mask::Mask;

/// A file, as far as it is of use.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
}

#[derive(Debug, Deserialize)]
struct Image {
    id: Id,
    file_name: String,
    #[serde(default)]
    width: Option<f64>,
    #[serde(default)]
    height: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Annotation {
    image_id: Id,
    #[serde(default)]
    segmentation: Option<Segmentation>,
}

/// Numbers by the standard; some programs write texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Segmentation {
    Polygons(Vec<Vec<f64>>),
    RunLengths { size: [u32; 2], counts: Counts },
    Unknown(IgnoredAny),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Counts {
    Numbers(Vec<u64>),
    Text(String),
}

/// The file in a text.
pub(super) fn parse(text: &str) -> Result<File, serde_json::Error> {
    serde_json::from_str(text)
}

/// Gives `each` the images of a file that have annotations.
pub(super) fn read(
    file: File,
    each: &mut impl FnMut(&str, Mask) -> Result<(), Error>,
) -> Result<LeftOut, Error> {
    let mut left_out = LeftOut::default();
    let mut of_image: HashMap<Id, Vec<Segmentation>> = HashMap::new();
    for annotation in file.annotations {
        let outlines = of_image.entry(annotation.image_id).or_default();
        outlines.extend(annotation.segmentation);
    }
    for image in file.images {
        let Some(outlines) = of_image.remove(&image.id) else {
            continue;
        };
        match mask(&image, &outlines) {
            Ok(mask) => each(&image.file_name, mask)?,
            Err(why) => left_out.add(&image.file_name, &why),
        }
    }
    Ok(left_out)
}

/// All outlines of an image, or why one cannot be drawn: a part of a mask would be a wrong one.
fn mask(image: &Image, outlines: &[Segmentation]) -> Result<Mask, String> {
    let size = |length: Option<f64>| {
        let usable = length.filter(|length| (1.0..4e9).contains(length));
        usable.map(|length| length as u32)
    };
    let told = size(image.width).zip(size(image.height));
    let of_counts = outlines.iter().find_map(|outline| match outline {
        Segmentation::RunLengths { size, .. } => Some((size[1], size[0])),
        _ => None,
    });
    let size = told
        .or(of_counts)
        .ok_or("the file does not say how large this image is.")?;
    let mut canvas = Canvas::new(size)?;
    let mut is_empty = true;
    for outline in outlines {
        match outline {
            Segmentation::Polygons(polygons) => {
                for polygon in polygons {
                    is_empty = false;
                    canvas.polygon(polygon.as_chunks().0)?;
                }
            }
            Segmentation::RunLengths { size: of, counts } => {
                is_empty = false;
                if (of[1], of[0]) != size {
                    return Err("its run lengths are those of an image of another size.".to_owned());
                }
                match counts {
                    Counts::Numbers(counts) => rle_read::add(&mut canvas, counts)?,
                    Counts::Text(text) => rle_read::add(&mut canvas, &rle_read::unpacked(text)?)?,
                }
            }
            Segmentation::Unknown(_) => {
                return Err("it has an outline of a form that is not known.".to_owned());
            }
        }
    }
    if is_empty {
        return Err("it has boxes and no outlines.".to_owned());
    }
    Ok(canvas.into_mask())
}
