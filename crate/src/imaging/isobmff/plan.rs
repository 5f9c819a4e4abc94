//! From the boxes of a file to what is decoded and where it is drawn. No pixel is touched here.

use heifer_isobmff::boxes::{ColorInfo, Grid, Property};
use heifer_isobmff::{BoxIter, HeifFile, ItemId};
use image::metadata::Orientation;

use super::frame::Coding;

/// Bytes of a list in the header. Files of 100 megapixels have some hundred tiles, of less than 50 bytes in each list;
/// what reads the lists takes the square of their length.
const MAX_LIST: usize = 200_000;
/// Images made from one another.
const MAX_DEPTH: usize = 4;

/// Why there is no plan.
#[derive(Debug)]
pub(super) enum Fault {
    /// What is wrong, as part of a sentence.
    Damage(String),
    /// What is not read, as part of a sentence.
    Unreadable(String),
}

impl From<heifer_isobmff::Error> for Fault {
    fn from(error: heifer_isobmff::Error) -> Self {
        use heifer_isobmff::Error::{UnexpectedEof, Unimplemented};
        match error {
            UnexpectedEof => Self::Damage(super::super::header::CUT.to_owned()),
            Unimplemented(what) => Self::Unreadable(what.to_owned()),
            error => Self::Damage(error.to_string()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Hevc,
    Av1,
}

/// How the primary picture of a file is made.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub file: HeifFile<'a>,
    pub codec: Codec,
    /// Coded items, row by row.
    pub tiles: Vec<ItemId>,
    /// Tiles in a row.
    pub columns: u32,
    /// Width and height of a tile.
    pub tile: (u32, u32),
    /// Width and height of what the tiles cover, cut at the right and below.
    pub canvas: (u32, u32),
    /// Left, top, width and height of the part of the canvas that is the picture.
    pub crop: (u32, u32, u32, u32),
    pub orientation: Orientation,
    /// What the container says of colour.
    pub nclx: Option<Nclx>,
    pub profile: Option<Vec<u8>>,
    /// Whether an alpha image goes with the picture.
    pub alpha: bool,
}

/// Colour as numbers of ITU-T H.273.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nclx {
    pub primaries: u16,
    pub transfer: u16,
    pub coding: Coding,
}

impl<'a> Plan<'a> {
    pub fn of(bytes: &'a [u8]) -> Result<Self, Fault> {
        check_lists(bytes)?;
        let file = HeifFile::parse(bytes)?;
        let primary = file.primary_id;
        let (item, turns) = source(&file, primary)?;
        let (tiles, columns, canvas) = match &file.item(item)?.item_type.0 {
            b"grid" => {
                let Grid {
                    rows,
                    columns,
                    output_width,
                    output_height,
                } = file.grid(item)?;
                let tiles = file.referenced_items(item, b"dimg").to_vec();
                if tiles.len() != usize::from(rows) * usize::from(columns) {
                    return Err(damage("its grid lacks tiles"));
                }
                (tiles, u32::from(columns), (output_width, output_height))
            }
            _ => (vec![item], 1, size(&file, item)?),
        };
        let first = *tiles.first().ok_or_else(|| damage("its grid is empty"))?;
        let tile = size(&file, first)?;
        let codec = codec(&file, first)?;
        let rows = tiles.len() as u32 / columns.max(1);
        let reaches = |side: u32, count: u32, length: u32| {
            side != 0
                && u64::from(side) * u64::from(count) >= u64::from(length)
                && u64::from(side) * u64::from(count - 1) < u64::from(length)
        };
        if !reaches(tile.0, columns, canvas.0) || !reaches(tile.1, rows, canvas.1) {
            return Err(damage("its tiles do not cover it"));
        }
        for tile_item in &tiles {
            if super::plan::codec(&file, *tile_item)? != codec || size(&file, *tile_item)? != tile {
                return Err(damage("its tiles differ in kind or size"));
            }
            // Whether the bytes are there.
            if file.item_data(*tile_item)?.is_empty() {
                return Err(damage("a part of it is empty"));
            }
        }
        let (mut crop, mut orientation) = ((0, 0, canvas.0, canvas.1), Turn::NONE);
        for turn in turns {
            match turn {
                Step::Crop(_) if orientation != Turn::NONE => {
                    return Err(Fault::Unreadable(
                        "it is cropped after it is turned".to_owned(),
                    ));
                }
                Step::Crop(aperture) => {
                    crop = aperture
                        .within(crop)
                        .ok_or_else(|| damage("its crop lies outside of it"))?;
                }
                Step::Turn(turn) => orientation = orientation.then(turn),
            }
        }
        let described = [primary, item, first];
        let nclx = described.iter().find_map(|item| nclx(&file, *item));
        let profile = described.iter().find_map(|item| profile(&file, *item));
        let alpha = described
            .iter()
            .flat_map(|item| file.referencing_items(*item, b"auxl"))
            .any(|auxiliary| is_alpha(&file, auxiliary));
        Ok(Self {
            codec,
            tiles,
            columns,
            tile,
            canvas,
            crop,
            orientation: orientation.orientation(),
            nclx,
            profile,
            alpha,
            file,
        })
    }
}

fn damage(reason: &str) -> Fault {
    Fault::Damage(reason.to_owned())
}

/// Refuses lists that only an attacker writes so long.
fn check_lists(bytes: &[u8]) -> Result<(), Fault> {
    let within = |bytes: &[u8]| -> Result<(), Fault> {
        for part in BoxIter::new(bytes) {
            let part = part?;
            let listed = matches!(
                &part.header.box_type.0,
                b"iinf" | b"iloc" | b"iref" | b"ipma"
            );
            if listed && part.content.len() > MAX_LIST {
                return Err(Fault::Unreadable("it has too many parts".to_owned()));
            }
        }
        Ok(())
    };
    for part in BoxIter::new(bytes) {
        let part = part?;
        if part.header.box_type.0 != *b"meta" {
            continue;
        }
        let children = part.content.get(4..).unwrap_or_default();
        within(children)?;
        for child in BoxIter::new(children) {
            let child = child?;
            if child.header.box_type.0 == *b"iprp" {
                within(child.content)?;
            }
        }
    }
    Ok(())
}

/// The item whose pixels the picture shows, and what is done to them, in order.
fn source(file: &HeifFile<'_>, mut item: ItemId) -> Result<(ItemId, Vec<Step>), Fault> {
    let mut steps = transforms(file, item)?;
    for _ in 0..MAX_DEPTH {
        if file.item(item)?.item_type.0 != *b"iden" {
            return Ok((item, steps));
        }
        let &[from] = file.referenced_items(item, b"dimg") else {
            return Err(damage("it is a copy of nothing"));
        };
        item = from;
        let mut earlier = transforms(file, item)?;
        earlier.append(&mut steps);
        steps = earlier;
    }
    Err(damage("its parts are made from one another"))
}

fn size(file: &HeifFile<'_>, item: ItemId) -> Result<(u32, u32), Fault> {
    file.image_size(item)?
        .ok_or_else(|| damage("it does not tell its size"))
}

fn codec(file: &HeifFile<'_>, item: ItemId) -> Result<Codec, Fault> {
    let kind = file.item(item)?.item_type;
    match &kind.0 {
        b"hvc1" | b"hev1" => Ok(Codec::Hevc),
        b"av01" => Ok(Codec::Av1),
        _ => Err(Fault::Unreadable(format!("its pixels are coded as {kind}"))),
    }
}

fn properties<'f>(file: &'f HeifFile<'_>, item: ItemId) -> impl Iterator<Item = &'f Property> {
    file.item_properties(item).into_iter().flatten()
}

fn nclx(file: &HeifFile<'_>, item: ItemId) -> Option<Nclx> {
    properties(file, item).find_map(|property| match property {
        Property::Color(ColorInfo::Nclx {
            primaries,
            transfer,
            matrix,
            full_range,
        }) => Some(Nclx {
            primaries: *primaries,
            transfer: *transfer,
            coding: Coding {
                matrix: *matrix,
                full_range: *full_range,
            },
        }),
        _ => None,
    })
}

fn profile(file: &HeifFile<'_>, item: ItemId) -> Option<Vec<u8>> {
    properties(file, item).find_map(|property| match property {
        Property::Color(ColorInfo::Icc(profile)) => Some(profile.clone()),
        _ => None,
    })
}

fn is_alpha(file: &HeifFile<'_>, item: ItemId) -> bool {
    properties(file, item).any(|property| {
        matches!(property, Property::AuxiliaryType(kind)
            if kind == "urn:mpeg:hevc:2015:auxid:1"
                || kind == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
    })
}

/// What an item's properties do to its pixels.
#[derive(Clone, Copy, Debug)]
enum Step {
    Crop(Aperture),
    Turn(Turn),
}

fn transforms(file: &HeifFile<'_>, item: ItemId) -> Result<Vec<Step>, Fault> {
    let step = |property: &Property| match property {
        Property::CleanAperture {
            width,
            height,
            horiz_offset,
            vert_offset,
        } => Some(Step::Crop(Aperture {
            size: (*width, *height),
            offset: (*horiz_offset, *vert_offset),
        })),
        Property::Rotation(quarters) => Some(Step::Turn(Turn {
            quarters: *quarters % 4,
            mirrored: false,
        })),
        // Left for right is one mirror; top for bottom is the same after half a turn.
        Property::Mirror(top_bottom) => Some(Step::Turn(Turn {
            quarters: if *top_bottom { 2 } else { 0 },
            mirrored: true,
        })),
        _ => None,
    };
    file.item(item)?;
    Ok(properties(file, item).filter_map(step).collect())
}

/// Clean aperture (ISO/IEC 14496-12, 12.1.4): numerators and denominators.
#[derive(Clone, Copy, Debug)]
struct Aperture {
    size: ((u32, u32), (u32, u32)),
    /// Of its centre from the centre of the image.
    offset: ((i32, u32), (i32, u32)),
}

impl Aperture {
    /// The part of `(left, top, width, height)` that it leaves.
    fn within(self, whole: (u32, u32, u32, u32)) -> Option<(u32, u32, u32, u32)> {
        let side = |(numerator, denominator): (u32, u32), offset: (i32, u32), length: u32| {
            let size = f64::from(numerator) / f64::from(denominator);
            let centre = f64::from(offset.0) / f64::from(offset.1) + f64::from(length) / 2.0;
            let (size, start) = (size.round(), (centre - size / 2.0).round());
            // Also false for NaN, which a denominator of 0 makes.
            let inside = size >= 1.0 && start >= 0.0 && start + size <= f64::from(length);
            inside.then_some((start as u32, size as u32))
        };
        let (left, width) = side(self.size.0, self.offset.0, whole.2)?;
        let (top, height) = side(self.size.1, self.offset.1, whole.3)?;
        Some((whole.0 + left, whole.1 + top, width, height))
    }
}

/// One of the eight ways to turn an image: left for right first where it is mirrored, then quarters anticlockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    quarters: u8,
    mirrored: bool,
}

impl Turn {
    const NONE: Self = Self {
        quarters: 0,
        mirrored: false,
    };

    /// This and then `next`. A mirror after quarters is the mirror first and the quarters the other way round.
    fn then(self, next: Self) -> Self {
        let quarters = if next.mirrored {
            4 - self.quarters
        } else {
            self.quarters
        };
        Self {
            quarters: (quarters + next.quarters) % 4,
            mirrored: self.mirrored != next.mirrored,
        }
    }

    /// The same as EXIF has it, whose quarters are clockwise.
    fn orientation(self) -> Orientation {
        match (self.mirrored, self.quarters) {
            (false, 0) => Orientation::NoTransforms,
            (false, 1) => Orientation::Rotate270,
            (false, 2) => Orientation::Rotate180,
            (false, _) => Orientation::Rotate90,
            (true, 0) => Orientation::FlipHorizontal,
            // Mirrored, then a quarter anticlockwise: the transposed image.
            (true, 1) => Orientation::Rotate90FlipH,
            (true, 2) => Orientation::FlipVertical,
            (true, _) => Orientation::Rotate270FlipH,
        }
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::super::super::orientation::upright;
    use super::*;

    /// Pixel by pixel, as ISO/IEC 23008-12 (6.5.10 and 6.5.12) has it.
    fn turned(image: &RgbImage, turn: Turn) -> RgbImage {
        let mut image = image.clone();
        if turn.mirrored {
            let width = image.width();
            image = RgbImage::from_fn(width, image.height(), |x, y| {
                *image.get_pixel(width - 1 - x, y)
            });
        }
        for _ in 0..turn.quarters {
            let (width, height) = image.dimensions();
            image = RgbImage::from_fn(height, width, |x, y| *image.get_pixel(width - 1 - y, x));
        }
        image
    }

    #[test]
    fn each_pair_of_turns_is_the_one_turn_and_the_orientation_that_it_looks_like() {
        let image = RgbImage::from_fn(3, 2, |x, y| image::Rgb([(x + 3 * y) as u8; 3]));
        let every = || {
            (0..4).flat_map(|quarters| [false, true].map(|mirrored| Turn { quarters, mirrored }))
        };
        for first in every() {
            assert_eq!(
                upright(image.clone(), first.orientation()),
                turned(&image, first),
                "{first:?}"
            );
            for second in every() {
                let both = turned(&turned(&image, first), second);
                assert_eq!(
                    turned(&image, first.then(second)),
                    both,
                    "{first:?}, {second:?}"
                );
            }
        }
    }

    #[test]
    fn a_crop_lies_around_the_centre_or_is_refused() {
        let crop = |width: (u32, u32), offset: (i32, u32)| {
            Aperture {
                size: (width, (4, 1)),
                offset: (offset, (0, 1)),
            }
            .within((0, 0, 10, 4))
        };
        assert_eq!(crop((6, 1), (0, 1)), Some((2, 0, 6, 4)));
        assert_eq!(crop((6, 1), (2, 1)), Some((4, 0, 6, 4)));
        assert_eq!(crop((12, 2), (-4, 2)), Some((0, 0, 6, 4)));
        for (width, offset) in [
            ((6, 1), (3, 1)),
            ((0, 1), (0, 1)),
            ((6, 0), (0, 1)),
            ((6, 1), (1, 0)),
        ] {
            assert_eq!(crop(width, offset), None);
        }
    }
}
