//! Millimetres per pixel, where a file tells them and they are true.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::attributes::{count, items, number, numbers};
use super::layout::Layout;
use crate::measure::{Rect, Scale, ScaleSource, ScaledRegion, Spacing};

/// Remark on a scale that holds at the detector.
const AT_THE_DETECTOR: &str =
    "The file gives the size of a pixel at the detector; in the body lengths are smaller.";
/// Remark on regions that do not fit the picture.
const OUTSIDE: &str = "The file’s calibrated regions reach outside the picture, which was reduced or cut after they were written, so it has no scale.";

/// Millimetres per pixel that are believed; what lies outside is a placeholder or a fault.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1e-5..=20.0;

/// How much of the picture's other side its regions must span for a region that sticks out of one side to count as
/// cut and not as reduced: a picture that was reduced has regions that are too large both ways.
const SPANNED: f64 = 0.95;

/// The scale of the picture, and the height of a pixel over its width.
pub(super) fn scale(
    object: &InMemDicomObject,
    layout: &Layout,
    remarks: &mut Vec<String>,
) -> (Option<Scale>, f64) {
    let regions = items(object, tags::SEQUENCE_OF_ULTRASOUND_REGIONS);
    let scale = if regions.is_empty() {
        spacing(object, layout, remarks)
    } else {
        let regions: Vec<Region> = regions.iter().filter_map(Region::read).collect();
        ultrasound(&regions, layout, remarks)
    };
    let aspect = match scale.as_ref().and_then(|scale| scale.regions.first()) {
        Some(region) => region.spacing.y / region.spacing.x,
        None => match numbers(object, tags::PIXEL_ASPECT_RATIO)[..] {
            [vertical, horizontal, ..] if vertical > 0.0 && horizontal > 0.0 => {
                vertical / horizontal
            }
            _ => 1.0,
        },
    };
    let believed = (0.1..=10.0).contains(&aspect);
    (scale, if believed { aspect } else { 1.0 })
}

/// Row and column spacing of an attribute.
fn pair(object: &InMemDicomObject, tag: Tag) -> Option<Spacing> {
    let [y, x] = numbers(object, tag).get(..2)?.try_into().ok()?;
    let believed = PLAUSIBLE.contains(&x) && PLAUSIBLE.contains(&y);
    believed.then_some(Spacing { x, y })
}

/// Of files without regions.
fn spacing(object: &InMemDicomObject, layout: &Layout, remarks: &mut Vec<String>) -> Option<Scale> {
    let detector = pair(object, tags::IMAGER_PIXEL_SPACING);
    let body = pair(object, tags::PIXEL_SPACING).or_else(|| measures(object, layout));
    // Equal values, without a word on a calibration, are those at the detector (PS3.3, 10.7.1.3).
    let calibrated = object.get(tags::PIXEL_SPACING_CALIBRATION_TYPE).is_some();
    match (body, detector) {
        (Some(spacing), None) => Some(Scale::everywhere(spacing, ScaleSource::PixelSpacing)),
        (Some(spacing), Some(detector)) if calibrated || spacing != detector => {
            Some(Scale::everywhere(spacing, ScaleSource::PixelSpacing))
        }
        (_, Some(spacing)) => {
            remarks.push(AT_THE_DETECTOR.to_owned());
            let source = ScaleSource::ImagerPixelSpacing;
            Some(Scale::everywhere(spacing, source))
        }
        (None, None) => None,
    }
}

/// Of enhanced multi-frame files: what all frames share, or what each says by itself where all say the same.
fn measures(object: &InMemDicomObject, layout: &Layout) -> Option<Spacing> {
    let of = |group: &InMemDicomObject| {
        let item = items(group, tags::PIXEL_MEASURES_SEQUENCE).first()?;
        pair(item, tags::PIXEL_SPACING)
    };
    let shared = items(object, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
    if let Some(spacing) = shared.first().and_then(of) {
        return Some(spacing);
    }
    let frames = items(object, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    let first = frames.first().and_then(of)?;
    let all = frames.len() == layout.frames as usize
        && frames.iter().all(|frame| of(frame) == Some(first));
    all.then_some(first)
}

/// A calibrated region of an ultrasound picture (PS3.3, C.8.5.5).
#[derive(Clone, Copy, Debug)]
struct Region {
    left: u32,
    top: u32,
    /// One past the last column, as the standard counts; some machines give the last one plus one themselves.
    right: u32,
    bottom: u32,
    /// None where the axes are no lengths, as in M-mode and Doppler spectra.
    spacing: Option<Spacing>,
}

impl Region {
    fn read(item: &InMemDicomObject) -> Option<Self> {
        let at = |tag| count(item, tag);
        let edge = |tag| at(tag).map(|last| last.saturating_add(1));
        Some(Self {
            left: at(tags::REGION_LOCATION_MIN_X0)?,
            top: at(tags::REGION_LOCATION_MIN_Y0)?,
            right: edge(tags::REGION_LOCATION_MAX_X1)?,
            bottom: edge(tags::REGION_LOCATION_MAX_Y1)?,
            spacing: lengths(item),
        })
    }
}

/// Spacing of a region of tissue or flow in two dimensions whose axes are both in centimetres.
fn lengths(item: &InMemDicomObject) -> Option<Spacing> {
    const TWO_DIMENSIONS: u32 = 1;
    const TISSUE: u32 = 1;
    const COLOUR_FLOW: u32 = 2;
    const CENTIMETRES: u32 = 3;
    let is = |tag, wanted: &[u32]| count(item, tag).is_some_and(|value| wanted.contains(&value));
    let flat = is(tags::REGION_SPATIAL_FORMAT, &[TWO_DIMENSIONS])
        && is(tags::REGION_DATA_TYPE, &[TISSUE, COLOUR_FLOW])
        && is(tags::PHYSICAL_UNITS_X_DIRECTION, &[CENTIMETRES])
        && is(tags::PHYSICAL_UNITS_Y_DIRECTION, &[CENTIMETRES]);
    // A delta is negative where the axis runs towards the first row or column.
    let millimetres = |tag| number(item, tag).map(|delta| 10.0 * delta.abs());
    let spacing = Spacing {
        x: millimetres(tags::PHYSICAL_DELTA_X)?,
        y: millimetres(tags::PHYSICAL_DELTA_Y)?,
    };
    let believed = PLAUSIBLE.contains(&spacing.x) && PLAUSIBLE.contains(&spacing.y);
    (flat && believed).then_some(spacing)
}

/// The regions with lengths, the largest first, cut to the picture.
fn ultrasound(regions: &[Region], layout: &Layout, remarks: &mut Vec<String>) -> Option<Scale> {
    let (width, height) = (u32::from(layout.columns), u32::from(layout.rows));
    if regions.iter().all(|region| region.spacing.is_none()) {
        return None;
    }
    if reduced(regions, width, height) {
        remarks.push(OUTSIDE.to_owned());
        return None;
    }
    let visible = |region: &Region| {
        let area = Rect {
            left: region.left.min(width),
            top: region.top.min(height),
            right: region.right.min(width),
            bottom: region.bottom.min(height),
        };
        let spacing = region.spacing?;
        let empty = area.left >= area.right || area.top >= area.bottom;
        (!empty).then_some(ScaledRegion {
            area: Some(area),
            spacing,
        })
    };
    let mut scaled: Vec<ScaledRegion> = regions.iter().filter_map(visible).collect();
    let size = |area: Rect| u64::from(area.right - area.left) * u64::from(area.bottom - area.top);
    scaled.sort_by_key(|region| std::cmp::Reverse(region.area.map(size)));
    (!scaled.is_empty()).then_some(Scale {
        source: ScaleSource::UltrasoundRegions,
        regions: scaled,
    })
}

/// Whether the picture may have been reduced after its regions were written, so that they tell wrong lengths.
///
/// Regions that stick out of the right and of the bottom tell that. Regions that stick out of one side only were cut
/// there, provided that they reach close to the picture's end on the other side: reduced ones would stick out of it too,
/// or end far from it.
fn reduced(regions: &[Region], width: u32, height: u32) -> bool {
    let right = regions.iter().map(|region| region.right).max();
    let bottom = regions.iter().map(|region| region.bottom).max();
    let (right, bottom) = (right.unwrap_or(0), bottom.unwrap_or(0));
    // Machines that count the end from 1 are one too far.
    let (out_right, out_bottom) = (right > width + 1, bottom > height + 1);
    let spans = |end: u32, side: u32| f64::from(end) >= SPANNED * f64::from(side);
    match (out_right, out_bottom) {
        (false, false) => false,
        (true, true) => true,
        (true, false) => !spans(bottom, height),
        (false, true) => !spans(right, width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(left: u32, top: u32, right: u32, bottom: u32) -> Region {
        Region {
            left,
            top,
            right,
            bottom,
            spacing: Some(Spacing { x: 0.2, y: 0.2 }),
        }
    }

    #[test]
    fn regions_of_a_picture_that_was_cut_hold_and_those_of_a_reduced_one_do_not() {
        let inside = [region(10, 10, 300, 200)];
        assert!(!reduced(&inside, 300, 200));
        // One column too far, as some machines count.
        assert!(!reduced(&[region(10, 10, 301, 200)], 300, 200));
        // 800x600 cut to 800x350.
        let cut = [region(120, 60, 801, 519), region(176, 522, 744, 577)];
        assert!(!reduced(&cut, 800, 350));
        // 640x480 reduced to 320x240.
        assert!(reduced(&[region(84, 31, 596, 415)], 320, 240));
        // A narrow region of 800x600 reduced to 400x300: out of one side only, and far from the other.
        assert!(reduced(&[region(100, 50, 341, 551)], 400, 300));
    }
}
