//! Content hashes in file names.
//!
//! A file that mentions another changes when the other's name does, so names are given from the leaves up: a
//! WebAssembly file before the glue that loads it, the glue before the worker's loader, all of them before the page.

use std::collections::BTreeMap;

use delineo::manifest::sha256;

use super::site::{SERVICE_WORKER, Site};
use crate::error::{Error, Result};

/// Length of a hash in a name, in hexadecimal digits.
const DIGITS: usize = 16;

/// Gives every script, style sheet and WebAssembly file the hash of its content and rewrites what refers to it.
///
/// # Errors
/// When files refer to each other in a circle, which no hash can name.
pub fn hash(site: &mut Site) -> Result<()> {
    let mut waiting: Vec<String> = site
        .files()
        .map(|(name, _)| name.to_owned())
        .filter(|name| wants_hash(name))
        .collect();
    let mut given = BTreeMap::new();
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.iter().cloned().partition(|name| {
            let others = waiting.iter().filter(|other| *other != name);
            !others.into_iter().any(|other| {
                site.get(name)
                    .is_some_and(|bytes| is_text(name) && mentions(bytes, other))
            })
        });
        if ready.is_empty() {
            return Err(Error::Page(format!(
                "these files refer to each other in a circle: {}",
                rest.join(", ")
            )));
        }
        for name in ready {
            let bytes = site.take(&name).unwrap_or_default();
            let bytes = if is_text(&name) {
                rewrite(&bytes, &given)
            } else {
                bytes
            };
            let new = hashed_name(&name, &bytes);
            site.put(&new, bytes);
            given.insert(name, new);
        }
        waiting = rest;
    }
    let html = site.text("index.html")?.as_bytes().to_vec();
    site.put("index.html", rewrite(&html, &given));
    Ok(())
}

/// Whether a name carries a hash that [`hash`] gave it.
pub fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('-')
        .is_some_and(|(_, tail)| tail.len() == DIGITS && is_hexadecimal(tail))
        && wants_hash(name)
}

fn wants_hash(name: &str) -> bool {
    let is_code = [".js", ".mjs", ".css", ".wasm"]
        .iter()
        .any(|end| name.ends_with(end));
    // Models keep their names: `model.json` carries the hash of the weights. So do wasm-bindgen's snippets: their paths
    // are written into the WebAssembly itself.
    is_code
        && name != SERVICE_WORKER
        && !["models/", "snippets/"]
            .iter()
            .any(|folder| name.starts_with(folder))
}

fn is_text(name: &str) -> bool {
    !name.ends_with(".wasm")
}

/// `page-1a2b_bg.wasm` becomes `page_bg-HASH.wasm`: Trunk's own hash is of an earlier stage and goes.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let (folder, stem) = stem
        .rsplit_once('/')
        .map_or(("", stem), |(folder, stem)| (folder, stem));
    let bare: Vec<&str> = stem
        .split('-')
        .map(|part| match part.split_once('_') {
            Some((hash, rest)) if is_trunk_hash(hash) => rest,
            _ => part,
        })
        .collect();
    // `page`, `bg` are joined as wasm-bindgen joins them.
    let bare = match bare.as_slice() {
        [first, "bg"] if stem.ends_with("_bg") => format!("{first}_bg"),
        parts => parts
            .iter()
            .filter(|part| !is_trunk_hash(part))
            .copied()
            .collect::<Vec<_>>()
            .join("-"),
    };
    let slash = if folder.is_empty() { "" } else { "/" };
    format!(
        "{folder}{slash}{bare}-{}.{extension}",
        &sha256(bytes)[..DIGITS]
    )
}

fn is_trunk_hash(part: &str) -> bool {
    (12..=16).contains(&part.len()) && is_hexadecimal(part)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn mentions(bytes: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    positions(&text, name).next().is_some()
}

/// Where a path is written as a whole: between quotes, brackets or white space, after `./` or alone.
fn positions<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_edge = |byte: Option<u8>| byte.is_none_or(|byte| b"'\"`()=,; \n\t<>".contains(&byte));
    text.match_indices(name)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = &text[..at];
            let before = before.strip_suffix("./").unwrap_or(before);
            let after = text.as_bytes().get(at + name.len()).copied();
            is_edge(before.bytes().next_back())
                && (is_edge(after) || matches!(after, Some(b'?' | b'#')))
        })
}

fn rewrite(bytes: &[u8], given: &BTreeMap<String, String>) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for (old, new) in given {
        let places: Vec<usize> = positions(&text, old).collect();
        for at in places.into_iter().rev() {
            text.replace_range(at..at + old.len(), new);
        }
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_hash_is_replaced_and_other_parts_of_a_name_stay() {
        let hash = &sha256(b"x")[..DIGITS];
        for (old, new) in [
            ("page-1234567890abcdef_bg.wasm", "page_bg"),
            ("page-1234567890abcdef.js", "page"),
            ("engine_bg.wasm", "engine_bg"),
            ("engine_loader.js", "engine_loader"),
            ("app-fedcba098765432.css", "app"),
            (
                "snippets/some-crate-0a1b2c3d4e5f6071/inline0.js",
                "snippets/some-crate-0a1b2c3d4e5f6071/inline0",
            ),
        ] {
            let extension = old.rsplit_once('.').map_or("", |(_, extension)| extension);
            assert_eq!(hashed_name(old, b"x"), format!("{new}-{hash}.{extension}"));
        }
    }

    #[test]
    fn a_name_inside_another_name_is_not_a_mention() {
        assert!(mentions(b"import x from './engine.js';", "engine.js"));
        assert!(!mentions(b"import x from './my_engine.js';", "engine.js"));
        assert!(!mentions(b"import x from './engine.json';", "engine.js"));
    }
}
