//! What came of the files of one arrival, batch by batch, so that it is said once and at the end.

use crate::protocol::DocumentId;

/// Of all batches so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Whether files of a folder are among them.
    pub has_folder: bool,
    /// How many files and folders were refused, each with its reason.
    pub refused: usize,
    /// Whether the document to be shown was chosen.
    pub is_shown: bool,
    /// How many documents were opened.
    pub opened: usize,
    /// How many were open already, and the first of them with its name.
    pub open_already: usize,
    /// Of those that were open already.
    pub first_open: Option<(DocumentId, String)>,
    /// Files taken for true masks: how many, and the names of the first and its image.
    pub truths: usize,
    /// The name of the first true mask and of its image.
    pub first_truth: Option<(String, String)>,
    /// How many files of folders were no images.
    pub passed_over: usize,
    /// How many of these look like weights.
    pub weights: usize,
    /// How many are archives in a folder or in an archive.
    pub archives: usize,
    /// How many archives and annotations are read.
    pub imports: usize,
}

impl Tally {
    /// A mask was taken for the truth about an image.
    pub fn count_truth(&mut self, mask: &str, image: &str) {
        self.truths += 1;
        self.first_truth
            .get_or_insert_with(|| (mask.to_owned(), image.to_owned()));
    }

    /// What is worth knowing at the end; empty where nothing is.
    pub fn sentence(&self) -> String {
        let mut parts = Vec::new();
        match (self.truths, &self.first_truth) {
            (1, Some((mask, image))) => {
                parts.push(format!("“{mask}” is taken for the true mask of “{image}”."));
            }
            (2.., _) => parts.push(format!(
                "{} files are taken for the true masks of their images.",
                self.truths
            )),
            _ => {}
        }
        match (self.open_already, &self.first_open) {
            (1, Some((_, name))) => parts.push(format!("“{name}” is open already.")),
            (2.., _) => parts.push(format!("{} pictures are open already.", self.open_already)),
            _ => {}
        }
        match self.passed_over {
            0 => {}
            1 => parts.push("1 file was passed over: it is no image.".to_owned()),
            many => parts.push(format!(
                "{many} files were passed over: they are no images."
            )),
        }
        if self.weights > 0 {
            parts.push("A model is loaded where its file is opened by itself.".to_owned());
        }
        if self.archives > 0 {
            parts.push("An archive is opened where it is dropped by itself.".to_owned());
        }
        parts.join(" ")
    }

    /// Whether a folder held nothing to open, and nothing was said of that yet.
    pub fn is_empty_folder(&self) -> bool {
        self.has_folder
            && self.opened + self.open_already + self.truths + self.refused + self.imports == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_passed_over_is_one_sentence() {
        let mut tally = Tally {
            has_folder: true,
            opened: 3,
            passed_over: 12,
            ..Tally::default()
        };
        assert_eq!(
            tally.sentence(),
            "12 files were passed over: they are no images."
        );
        tally.count_truth("1_mask.png", "1.png");
        tally.passed_over = 1;
        assert_eq!(
            tally.sentence(),
            "“1_mask.png” is taken for the true mask of “1.png”. 1 file was passed over: it is no image."
        );
        assert!(!tally.is_empty_folder());
    }
}
