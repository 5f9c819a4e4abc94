//! LabelMe JSON, read: polygons, rectangles, circles and masks. All shapes are one mask, whatever their labels; points and lines
//! hold no pixels.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::left_out::LeftOut;
use super::outline::Canvas;
use crate::Error;
use crate::mask::Mask;

/// A file, as far as it is of use.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    shapes: Vec<Shape>,
    #[serde(default)]
    image_path: Option<String>,
    #[serde(default)]
    image_width: Option<f64>,
    #[serde(default)]
    image_height: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Shape {
    Known {
        /// Polygons had none before version 3.
        #[serde(default)]
        shape_type: Option<String>,
        points: Vec<[f64; 2]>,
        #[serde(default)]
        mask: Option<String>,
    },
    Unknown(IgnoredAny),
}

/// The file in a text.
pub(super) fn parse(text: &str) -> Result<File, serde_json::Error> {
    serde_json::from_str(text)
}

/// Gives `each` the image of a file at `path`.
pub(super) fn read(
    file: &File,
    path: &str,
    each: &mut impl FnMut(&str, Mask) -> Result<(), Error>,
) -> Result<LeftOut, Error> {
    let mut left_out = LeftOut::default();
    let image = image(path, file.image_path.as_deref());
    match mask(file) {
        Ok(mask) => each(&image, mask)?,
        Err(why) => left_out.add(&image, &why),
    }
    Ok(left_out)
}

/// Where the image is: beside the file, unless the file says otherwise. Without a name it is called as the file is.
fn image(path: &str, image: Option<&str>) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let image = image.map(|image| image.replace('\\', "/"));
    let image = image.filter(|image| !image.trim().is_empty());
    let image = image.unwrap_or_else(|| name.strip_suffix(".json").unwrap_or(name).to_owned());
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in image.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// All shapes, or why one cannot be drawn: a part of a mask would be a wrong one.
fn mask(file: &File) -> Result<Mask, String> {
    let size = |length: Option<f64>| {
        let usable = length.filter(|length| (1.0..4e9).contains(length));
        usable.map(|length| length as u32)
    };
    let size = size(file.image_width).zip(size(file.image_height));
    let mut canvas = Canvas::new(size.ok_or("the file does not say how large this image is.")?)?;
    let mut is_empty = true;
    for shape in &file.shapes {
        let Shape::Known {
            shape_type,
            points,
            mask,
        } = shape
        else {
            return Err("it has a shape of a form that is not known.".to_owned());
        };
        match (shape_type.as_deref().unwrap_or("polygon"), &points[..]) {
            ("polygon" | "oriented_rectangle" | "rotation", corners) => canvas.polygon(corners)?,
            ("rectangle", &[[left, top], [right, bottom]]) => {
                canvas.polygon(&[[left, top], [right, top], [right, bottom], [left, bottom]])?;
            }
            ("rectangle", corners) => canvas.polygon(corners)?,
            ("circle", &[centre, edge]) => {
                let radius = (edge[0] - centre[0]).hypot(edge[1] - centre[1]);
                canvas.disc(centre, radius)?;
            }
            ("mask", &[first, _]) => add_mask(&mut canvas, first, mask.as_deref())?,
            ("point" | "points" | "line" | "linestrip", _) => continue,
            _ => return Err("it has a shape of a form that is not known.".to_owned()),
        }
        is_empty = false;
    }
    if is_empty {
        return Err("it has no outlines.".to_owned());
    }
    Ok(canvas.into_mask())
}

/// A part of the image as a PNG, whose first pixel is at `first`.
fn add_mask(canvas: &mut Canvas, first: [f64; 2], picture: Option<&str>) -> Result<(), String> {
    let damaged = || "a mask in it is damaged.".to_owned();
    let (width, height) = canvas.size();
    let fits = |at: f64, most: usize| at >= 0.0 && at < most as f64;
    let [left, top] = first;
    if !fits(left, width) || !fits(top, height) {
        return Err("a mask in it lies outside the image.".to_owned());
    }
    let (left, top) = (left as usize, top as usize);
    let bytes = STANDARD
        .decode(picture.ok_or_else(damaged)?)
        .map_err(|_| damaged())?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|_| damaged())?;
    let (across, down) = (reader.info().width as usize, reader.info().height as usize);
    if across > width - left || down > height - top {
        return Err("a mask in it reaches beyond the image.".to_owned());
    }
    let mut y = top;
    while let Some(row) = reader.next_row().map_err(|_| damaged())? {
        let samples = (row.data().len() / across.max(1)).max(1);
        for (x, pixel) in row.data().chunks_exact(samples).enumerate() {
            if pixel[0] != 0 {
                canvas.pixel(left + x, y);
            }
        }
        y += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_where_the_file_says() {
        assert_eq!(image("set/a/1.json", Some("1.jpg")), "set/a/1.jpg");
        assert_eq!(
            image("set/json/1.json", Some("..\\images\\1.jpg")),
            "set/images/1.jpg"
        );
        assert_eq!(image("1.json", Some("../../x/1.jpg")), "x/1.jpg");
        assert_eq!(image("set/1.json", None), "set/1");
    }
}
