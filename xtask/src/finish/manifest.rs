//! The web app manifest: the installed app opens and receives the image formats of the library's table, and ZIP archives of
//! them, no others.

use std::collections::BTreeMap;

use delineo::imaging::{FORMATS, accept};
use serde_json::json;

use super::site::Site;
use super::template::fill;
use crate::error::Result;

const MANIFEST: &str = "manifest.webmanifest";
/// Media types and endings of archives.
pub(super) const ARCHIVES: [(&str, &str); 2] = [
    ("application/zip", ".zip"),
    ("application/x-zip-compressed", ".zip"),
];

/// Fills in the formats.
///
/// # Errors
/// When there is no manifest, or it lacks a placeholder.
pub fn write_formats(site: &mut Site) -> Result<()> {
    // What is shared with the app is a list of media types and endings (Web Share Target API); what it opens is a map
    // from media types to endings (File Handling, in the Web App Manifest incubations).
    let accept = accept();
    let mut shared: Vec<&str> = accept.split(',').collect();
    let mut opened: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for format in FORMATS {
        let endings = || format.extensions.iter().map(|ending| format!(".{ending}"));
        for media_type in format.media_types {
            opened.entry(media_type).or_default().extend(endings());
        }
    }
    for (media_type, ending) in ARCHIVES {
        opened.insert(media_type, vec![ending.to_owned()]);
        shared.extend([media_type, ending]);
    }
    let [opened, shared] = [json!(opened), json!(shared)].map(|value| value.to_string());
    let values = [
        ("\"__OPENED_FORMATS__\"", opened.as_str()),
        ("\"__SHARED_FORMATS__\"", shared.as_str()),
    ];
    let manifest = fill(MANIFEST, site.text(MANIFEST)?, &values)?;
    site.put(MANIFEST, manifest.into_bytes());
    Ok(())
}
