//! What could not be used of a file that others wrote.

/// What was left out of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many images or outlines.
    pub count: usize,
    /// Why the first was, as a sentence.
    pub why: Option<String>,
}

impl LeftOut {
    pub(super) fn add(&mut self, of: &str, why: &str) {
        self.count += 1;
        self.why.get_or_insert_with(|| format!("{of}: {why}"));
    }
}
