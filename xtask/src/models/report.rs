//! What `delineo evaluate` writes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};

/// On how many of the normal images there is a false alarm.
pub fn alarms(report: &Value) -> String {
    let normals = &report["normals"];
    match normals["share_over_one_percent"]["mean"].as_f64() {
        None => "—".to_owned(),
        Some(share) => format!("{:.0} % of {}", 100.0 * share, normals["images"]),
    }
}

/// Reads a report.
///
/// # Errors
/// When it cannot be read or is not JSON.
pub fn json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(Error::file("read", path))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Document(format!("{}: {error}", path.display())))
}
