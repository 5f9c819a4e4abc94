//! Which page of a TIFF is shown.

use image::metadata::Orientation;

use super::super::colour::Profile;
use super::super::format::Pixels;
use super::super::header::{CUT, Header};
use super::super::pixels;
use super::super::refused::RAW;
use super::super::windowing::Rendering;
use super::directory::{Directory, File, tag};
use super::format::FORMAT;
use super::layout::Layout;
use super::values;
use crate::Error;

/// Pages after which no more are counted: a small file can hold a chain without an end.
const MAX_PAGES: usize = 1000;
/// How many times more pixels than the first page another must have for the first to be a preview of it.
const PREVIEW: u64 = 4;

/// The page that is shown, and what is to be said about the others.
struct Choice {
    page: Directory,
    remark: Option<String>,
    is_raw: bool,
}

/// Pages in the order of the file. Those that a page lists as its own children are previews of it, or are what it is a
/// preview of.
fn pages(file: &File) -> Vec<(Directory, bool)> {
    let mut pages = Vec::new();
    let mut seen = Vec::new();
    let mut next = file.first();
    while let Some(at) = next
        && pages.len() < MAX_PAGES
        && !seen.contains(&at)
    {
        seen.push(at);
        let Some(page) = file.directory(at) else {
            break;
        };
        next = page.next;
        let children = page.numbers(file, tag::SUB_DIRECTORIES);
        pages.push((page, false));
        for child in children {
            if pages.len() < MAX_PAGES && !seen.contains(&child) {
                seen.push(child);
                pages.extend(file.directory(child).map(|page| (page, true)));
            }
        }
    }
    pages
}

/// The first page, unless it is a preview of a larger one.
fn choose(file: &File) -> Option<Choice> {
    let mut all = pages(file);
    let is_raw = file.is_canon_raw()
        || all.iter().any(|(page, _)| {
            let kind = page.number(file, tag::PHOTOMETRIC);
            page.has(tag::DNG_VERSION) || kind.is_some_and(|kind| matches!(kind, 32803 | 34892))
        });
    // A mask of transparency is no picture, nor is what tells no size.
    all.retain(|(page, _)| {
        let kind = page.number(file, tag::KIND).unwrap_or(0);
        kind & 4 == 0 && page.size(file).is_some()
    });
    let area = |page: &Directory| {
        let (width, height) = page.size(file).unwrap_or_default();
        u64::from(width) * u64::from(height)
    };
    let is_reduced = |page: &Directory| {
        page.number(file, tag::KIND).unwrap_or(0) & 1 != 0
            || page.number(file, tag::OLD_KIND) == Some(2)
    };
    // The first of the largest.
    let largest = (0..all.len())
        .rev()
        .max_by_key(|index| area(&all[*index].0))?;
    let first = area(&all[0].0);
    let is_preview = is_reduced(&all[0].0) || area(&all[largest].0) >= PREVIEW * first;
    let chosen = if is_preview { largest } else { 0 };
    let count = all
        .iter()
        .filter(|(page, is_child)| !is_child && !is_reduced(page))
        .count();
    let remark = if area(&all[chosen].0) > first {
        Some(
            "The first page is a small preview; the largest picture of the file is shown."
                .to_owned(),
        )
    } else {
        (count > 1).then(|| format!("Only the first of {count} pages is shown."))
    };
    Some(Choice {
        page: all.swap_remove(chosen).0,
        remark,
        is_raw,
    })
}

pub fn header(bytes: &[u8]) -> Result<Header, Error> {
    let cut = || FORMAT.damaged(CUT);
    let file = File::new(bytes).ok_or_else(cut)?;
    let Choice {
        page,
        remark,
        is_raw,
    } = choose(&file).ok_or_else(cut)?;
    let mut header = Header::new(page.size(&file).ok_or_else(cut)?);
    let orientation = page.number(&file, tag::ORIENTATION);
    let orientation = orientation.and_then(|value| Orientation::from_exif(value.try_into().ok()?));
    header.orientation = orientation.unwrap_or(header.orientation);
    header.remarks.extend(remark);
    header.refusal = is_raw.then_some(RAW);
    Ok(header)
}

pub fn decode(bytes: &[u8], header: &Header, rendering: &Rendering) -> Result<Pixels, Error> {
    let cut = || FORMAT.damaged(CUT);
    let file = File::new(bytes).ok_or_else(cut)?;
    let page = choose(&file).ok_or_else(cut)?.page;
    let layout = Layout::read(&file, &page)?;
    let finished = pixels::finished_bytes(header.size);
    let stored = values::stored(&file, &page, &layout, finished)?;
    let profile = page.bytes(&file, tag::PROFILE);
    let profile = profile.map(|profile| Profile::Icc(profile.to_vec()));
    pixels::finish(&FORMAT, stored, profile.as_ref(), rendering)
}
