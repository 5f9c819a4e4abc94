//! `index.html`: no inline code, integrity on what it loads, a content security policy.
//!
//! Only what Trunk writes is understood here, tag by tag; this is no general HTML parser.

use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha384};

use super::headers;
use super::site::Site;
use super::template::fill;
use crate::error::{Error, Result};

/// The script that starts the page, as it is called before it gets its hash.
pub const START: &str = "start.js";

/// The script that starts the engine on several threads, as it is called before it gets its hash.
const THREADS: &str = "engine-cpu-threads_loader.js";

/// The page.
const PAGE: &str = "index.html";

/// Puts a file of its own, made of `template`, in the place of Trunk's inline script, so that the policy needs no
/// exception for it.
///
/// # Errors
/// When there is not exactly one such script, it is not as Trunk 0.21 writes it, or the template lacks a placeholder.
pub fn take_out_inline_script(site: &mut Site, template: &str) -> Result<()> {
    let html = site.text(PAGE)?.to_owned();
    let opening = r#"<script type="module">"#;
    let Some((before, rest)) = html.split_once(opening) else {
        return Err(Error::Page(
            "index.html has no inline module script from Trunk".into(),
        ));
    };
    let Some((script, after)) = rest.split_once("</script>") else {
        return Err(Error::Page("index.html has a script without an end".into()));
    };
    let unknown = || {
        Error::Page(format!(
            "Trunk's script is not as its version 0.21 writes it:\n{script}"
        ))
    };
    let glue = between(script, "from './", "'").ok_or_else(unknown)?;
    let wasm = between(script, "module_or_path: './", "'").ok_or_else(unknown)?;
    let bytes = site.get(wasm).ok_or_else(unknown)?;
    let values = [
        ("__PAGE__", glue),
        ("__WASM__", wasm),
        ("__INTEGRITY__", &integrity(bytes)),
    ];
    let start = fill(START, template, &values)?;
    site.put(START, start.into_bytes());
    site.put(
        PAGE,
        format!(r#"{before}<script type="module" src="./{START}"></script>{after}"#).into_bytes(),
    );
    Ok(())
}

/// Tells the page of the engine on several threads, which is not always built and which Trunk does not know.
///
/// # Errors
/// When the page names no engine for the CPU.
pub fn announce_threads(site: &mut Site) -> Result<()> {
    if site.get(THREADS).is_none() {
        return Ok(());
    }
    let mut html = site.text(PAGE)?.to_owned();
    let place = tags(&html)
        .into_iter()
        .find(|range| attribute(&html[range.clone()], "name") == Some("engine-cpu"))
        .ok_or_else(|| Error::Page("index.html names no engine for the CPU".into()))?;
    let tag = format!(r#"<meta name="engine-cpu-threads" content="{THREADS}">"#);
    html.insert_str(place.start, &format!("{tag}\n    "));
    site.put(PAGE, html.into_bytes());
    Ok(())
}

/// Adds integrity and the policy.
///
/// # Errors
/// When the page has something inline that the policy would block, or loads something that is not in the app.
pub fn harden(site: &mut Site) -> Result<()> {
    let mut html = site.text(PAGE)?.to_owned();
    refuse_inline(&html)?;
    // From the last tag to the first, so that the places of those before stay right.
    for range in tags(&html).into_iter().rev() {
        let tag = &html[range.clone()];
        let Some(target) = loaded(tag) else { continue };
        let name = target.trim_start_matches("./");
        let bytes = site
            .get(name)
            .ok_or_else(|| Error::Page(format!("it loads {target}, which is not in the app")))?;
        let bare = without_attribute(tag, "integrity");
        // Chromium warns about integrity on preloaded data; the start script asks for it when it takes the data.
        let tag = if attribute(tag, "as") == Some("fetch") {
            bare
        } else {
            format!(
                "{} integrity=\"{}\">",
                bare.trim_end_matches(['/', '>']).trim_end(),
                integrity(bytes)
            )
        };
        html.replace_range(range, &tag);
    }
    let policy = format!(
        r#"<meta http-equiv="Content-Security-Policy" content="{}">"#,
        headers::POLICY.join("; ")
    );
    let place = tags(&html)
        .into_iter()
        .find(|range| {
            html[range.clone()]
                .to_ascii_lowercase()
                .starts_with("<meta charset")
        })
        .or_else(|| {
            tags(&html).into_iter().find(|range| {
                html[range.clone()]
                    .to_ascii_lowercase()
                    .starts_with("<head")
            })
        })
        .ok_or_else(|| Error::Page("index.html has no head".into()))?;
    html.insert_str(place.end, &format!("\n{policy}"));
    site.put(PAGE, html.into_bytes());
    Ok(())
}

/// The value of an `integrity` attribute (W3C Subresource Integrity, section 3.1).
pub fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

/// The places of all opening tags.
fn tags(html: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|offset| at + offset) {
        if html[start..].starts_with("<!--") {
            at = html[start..]
                .find("-->")
                .map_or(html.len(), |offset| start + offset + 3);
            continue;
        }
        let mut quote = None;
        let end = html[start..].bytes().position(|byte| {
            match (quote, byte) {
                (None, b'>') => return true,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
            false
        });
        let end = end.map_or(html.len(), |offset| start + offset + 1);
        if html[start + 1..].starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            found.push(start..end);
        }
        at = end;
    }
    found
}

/// What a tag loads that browsers check: scripts, style sheets and preloads (Subresource Integrity, section 3.5).
fn loaded(tag: &str) -> Option<&str> {
    let name = tag[1..]
        .split(|letter: char| letter.is_whitespace() || letter == '>')
        .next()?;
    match name {
        "script" => attribute(tag, "src"),
        "link" if ["stylesheet", "modulepreload", "preload"].contains(&attribute(tag, "rel")?) => {
            attribute(tag, "href")
        }
        _ => None,
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    between(tag, &format!(" {name}=\""), "\"")
}

fn without_attribute(tag: &str, name: &str) -> String {
    match attribute(tag, name) {
        Some(value) => tag.replace(&format!(" {name}=\"{value}\""), ""),
        None => tag.to_owned(),
    }
}

fn refuse_inline(html: &str) -> Result<()> {
    for range in tags(html) {
        let tag = &html[range];
        let is_script = tag.starts_with("<script") && attribute(tag, "src").is_none();
        let has_handler = tag
            .split_whitespace()
            .skip(1)
            .any(|word| word.starts_with("on") && word.contains('='));
        if is_script || tag.starts_with("<style") || tag.contains(" style=") || has_handler {
            return Err(Error::Page(format!(
                "index.html has something inline that the policy would block: {tag}"
            )));
        }
    }
    Ok(())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}
