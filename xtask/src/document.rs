//! Tables in `docs/` that a command writes anew.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// What ends a table.
const END: &str = "<!-- until here -->";

/// Puts `text` where the document says that it belongs: between the line `<!-- MARKER -->` and the next
/// `<!-- until here -->`.
///
/// # Errors
/// When the document cannot be read or written, or lacks one of the lines.
pub fn write_between(document: &Path, marker: &str, text: &str) -> Result<()> {
    let before = fs::read_to_string(document).map_err(Error::file("read", document))?;
    let after = between(&before, marker, text).ok_or_else(|| {
        Error::Document(format!(
            "{} lacks the lines `<!-- {marker} -->` and `{END}`",
            document.display()
        ))
    })?;
    fs::write(document, after).map_err(Error::file("write", document))
}

fn between(document: &str, marker: &str, text: &str) -> Option<String> {
    let start = format!("<!-- {marker} -->");
    let (before, rest) = document.split_once(&start)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{start}\n\n{}\n\n{END}{after}",
        text.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_replaces_what_stands_between_the_markers_and_nothing_else() {
        let document = format!("# A\n<!-- one -->\nold\n{END}\nB\n<!-- two -->\n{END}\n");
        let new = between(&document, "one", "new\n").unwrap_or_default();
        assert_eq!(
            new,
            format!("# A\n<!-- one -->\n\nnew\n\n{END}\nB\n<!-- two -->\n{END}\n")
        );
        assert_eq!(between(&new, "one", "new"), Some(new.clone()));
        assert_eq!(between(&document, "three", "new"), None);
    }
}
