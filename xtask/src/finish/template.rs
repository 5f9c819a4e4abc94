//! Scripts and other texts with placeholders that the build fills in.

use crate::error::{Error, Result};

/// Puts each value in the place of its placeholder.
///
/// # Errors
/// When the template does not have each placeholder exactly once.
pub fn fill(name: &str, template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut filled = template.to_owned();
    for (placeholder, value) in values {
        if template.matches(placeholder).count() != 1 {
            return Err(Error::Page(format!(
                "{name} must have {placeholder} exactly once"
            )));
        }
        filled = filled.replace(placeholder, value);
    }
    Ok(filled)
}
