//! The scale that the depth marks of an ultrasound picture propose: a line between two of them, whose length the person
//! confirms or types. It is never taken without their word.

use delineo::measure::DepthMarks;

use super::stage::{Ruler, Tool};
use super::state::App;

impl App {
    /// The depth marks to propose: of the picture on the stage, while neither the file nor the person says its scale.
    pub fn depth_marks(&self) -> Option<DepthMarks> {
        let shown = self.shown()?;
        let is_open = shown.scale().is_none()
            && shown.calibration().is_none()
            && !shown.ignores_depth_marks
            && self.stage.tool != Tool::Scale;
        shown.image.depth_marks.filter(|_| is_open)
    }

    /// The same as a sentence.
    pub fn depth_marks_sentence(&self) -> Option<String> {
        let marks = self.depth_marks()?;
        let DepthMarks {
            side,
            marks: count,
            period_px,
            likely_mm,
            ..
        } = marks;
        let side = side.word();
        let apart = self.figure(period_px, "pixels");
        Some(match likely_mm {
            Some(mm) => {
                let mm = self.figure(mm, "mm");
                format!(
                    "{count} depth marks were found at the {side}, {apart} apart; by the numbers beside them {mm}."
                )
            }
            None => format!(
                "{count} depth marks were found at the {side}, {apart} apart. How many mm that is, you read in the picture."
            ),
        })
    }

    /// How long the line on the stage is in mm, where it is the one between two depth marks and their numbers tell.
    pub fn likely_length(&self) -> Option<f64> {
        let marks = self.shown()?.image.depth_marks?;
        let is_line = self.stage.ruler == Some(line(marks));
        marks.likely_mm.filter(|_| is_line)
    }
}

/// The line between two depth marks.
pub(super) fn line(marks: DepthMarks) -> Ruler {
    let [from, to] = marks.line();
    Ruler { from, to: Some(to) }
}
