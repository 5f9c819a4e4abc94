//! What a person did to one picture, with undo and redo: corrections and settings, which change the mask, and a scale and
//! diameters, which change what is said of it.

use delineo::mask::{Correction, Stroke, StrokeKind, ThresholdBox};
use delineo::measure::{Axis, Spacing};
use serde::{Deserialize, Serialize};

use super::setting::Setting;

/// The ends of a line in image pixels.
pub type Ends = [[f64; 2]; 2];

/// One step that can be undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Edit {
    Clear,
    /// Threshold, class or cleaning. The settings themselves are the document's; here are their changes.
    Set(Setting),
    /// The true mask takes the place of the model's and of the strokes before.
    StartFromTruth,
    Calibrate(Calibration),
    Diameter {
        axis: Axis,
        ends: Ends,
        /// Whether the last move was by the keyboard, of which each press would be a step otherwise.
        by_keys: bool,
    },
    ResetDiameters,
    /// Stored under the correction's own name.
    #[serde(untagged)]
    Correct(Correction),
}

impl Edit {
    /// Whether it changes the corrections of the mask.
    fn is_of_mask(&self) -> bool {
        matches!(self, Self::Correct(_) | Self::Clear | Self::StartFromTruth)
    }
}

/// A scale that was set by hand, or taken off again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The later one of two has the higher number, also where they were set on different frames of a file.
    pub order: u32,
    /// Millimetres per pixel; none for what the file says.
    pub spacing: Option<Spacing>,
}

/// What was drawn, and what was taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Edits {
    done: Vec<Edit>,
    undone: Vec<Edit>,
    version: u64,
    /// The version that was exported last.
    exported: Option<u64>,
    /// See [`Edits::revision`].
    #[serde(skip)]
    revision: u64,
}

impl Edits {
    /// Changes with every change of the corrections, so that two states compare without their points.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Changes with every change, also of what can be redone or was exported: what is kept on this device follows it.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A version of them was exported.
    pub fn mark_exported(&mut self, version: u64) {
        self.revision += 1;
        self.exported = Some(version);
    }

    /// Whether they were exported as they are.
    pub fn is_exported(&self) -> bool {
        self.exported == Some(self.version)
    }

    /// Whether corrections would be lost if the image were closed.
    pub fn is_unsaved(&self) -> bool {
        !self.is_empty() && self.exported != Some(self.version)
    }

    /// The corrections that count, oldest first.
    pub fn corrections(&self) -> Vec<Correction> {
        let mut corrections = Vec::new();
        for edit in &self.done {
            match edit {
                Edit::Correct(correction) => corrections.push(correction.clone()),
                Edit::Clear | Edit::StartFromTruth => corrections.clear(),
                Edit::Set(_)
                | Edit::Calibrate(_)
                | Edit::Diameter { .. }
                | Edit::ResetDiameters => {}
            }
        }
        corrections
    }

    /// Whether the mask is the model's: no stroke counts, and no true mask took its place.
    pub fn is_empty(&self) -> bool {
        let last = self.done.iter().rfind(|edit| edit.is_of_mask());
        matches!(last, None | Some(Edit::Clear))
    }

    /// Whether the strokes are on the true mask and not on the model's.
    pub fn starts_from_truth(&self) -> bool {
        let mut starts = self.done.iter().rev();
        starts.find(|edit| matches!(edit, Edit::Clear | Edit::StartFromTruth))
            == Some(&Edit::StartFromTruth)
    }

    /// Lets the true mask take the place of the model's.
    pub fn start_from_truth(&mut self) {
        self.push(Edit::StartFromTruth);
    }

    /// A setting was changed. Moves of a slider that follow each other are one step, and none where they lead back.
    pub fn set(&mut self, setting: Setting) {
        let mut merged = setting;
        if self.undone.is_empty()
            && let Some(Edit::Set(last)) = self.done.last()
            && let Some(both) = last.followed_by(&setting)
        {
            self.done.pop();
            self.revision += 1;
            merged = both;
        }
        if merged.is_change() {
            self.push(Edit::Set(merged));
        }
    }

    /// The classes are others now: their changes can no longer be taken back.
    pub fn forget_classes(&mut self) {
        let is_kept = |edit: &Edit| !matches!(edit, Edit::Set(Setting::Class { .. }));
        self.revision += 1;
        self.done.retain(is_kept);
        self.undone.retain(is_kept);
    }

    /// Adds a correction.
    pub fn correct(&mut self, correction: Correction) {
        self.push(Edit::Correct(correction));
    }

    /// The box that was drawn last, where nothing was done after it.
    pub fn last_box(&self) -> Option<ThresholdBox> {
        match self.done.last() {
            Some(Edit::Correct(Correction::Threshold(last))) => Some(*last),
            _ => None,
        }
    }

    /// Changes the box that was drawn last, which goes on being one step.
    pub fn change_box(&mut self, change: impl FnOnce(&mut ThresholdBox)) {
        if let Some(Edit::Correct(Correction::Threshold(last))) = self.done.last_mut() {
            let before = *last;
            change(last);
            if *last != before {
                self.revision += 1;
                self.version += 1;
                self.undone.clear();
            }
        }
    }

    /// The scale that was set last.
    pub fn calibration(&self) -> Option<Calibration> {
        self.done.iter().rev().find_map(|edit| match edit {
            Edit::Calibrate(calibration) => Some(*calibration),
            _ => None,
        })
    }

    /// Sets the scale, or takes it off.
    pub fn calibrate(&mut self, calibration: Calibration) {
        self.push(Edit::Calibrate(calibration));
    }

    /// The person's own ends of a diameter; none where the computed ones count.
    pub fn diameter(&self, axis: Axis) -> Option<Ends> {
        let edits = self.done.iter().rev();
        edits
            .map_while(|edit| (*edit != Edit::ResetDiameters).then_some(edit))
            .find_map(|edit| match edit {
                Edit::Diameter { axis: of, ends, .. } if *of == axis => Some(*ends),
                _ => None,
            })
    }

    /// Whether a diameter has ends of the person's own.
    pub fn has_diameters(&self) -> bool {
        [Axis::Longest, Axis::Perpendicular]
            .iter()
            .any(|axis| self.diameter(*axis).is_some())
    }

    /// Gives a diameter the person's own ends.
    pub fn set_diameter(&mut self, axis: Axis, ends: Ends) {
        self.push(Edit::Diameter {
            axis,
            ends,
            by_keys: false,
        });
    }

    /// The same for the keyboard: consecutive presses are one step.
    pub fn nudge_diameter(&mut self, axis: Axis, ends: Ends) {
        let goes_on = matches!(
            self.done.last(),
            Some(Edit::Diameter { axis: of, by_keys: true, .. }) if *of == axis
        );
        if goes_on {
            self.done.pop();
        }
        self.push(Edit::Diameter {
            axis,
            ends,
            by_keys: true,
        });
    }

    /// Moves the ends that were set last, while a pointer drags one.
    pub fn move_diameter(&mut self, moved: Ends) {
        if let Some(Edit::Diameter { ends, .. }) = self.done.last_mut() {
            self.revision += 1;
            *ends = moved;
        }
    }

    /// Drops the ends that a pointer began to drag.
    pub fn abandon_diameter(&mut self) {
        if let Some(Edit::Diameter { .. }) = self.done.last() {
            self.revision += 1;
            self.done.pop();
        }
    }

    /// Lets the computed ends count again.
    pub fn reset_diameters(&mut self) {
        if self.has_diameters() {
            self.push(Edit::ResetDiameters);
        }
    }

    fn push(&mut self, edit: Edit) {
        self.undone.clear();
        self.revision += 1;
        self.version += u64::from(edit.is_of_mask());
        self.done.push(edit);
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Puts the brush down: `radius` and `point` in image pixels.
    pub fn begin(&mut self, kind: StrokeKind, radius: f64, point: (f64, f64)) {
        self.correct(Correction::Stroke(Stroke {
            kind,
            radius: radius as f32,
            points: vec![[point.0 as f32, point.1 as f32]],
        }));
    }

    /// Moves the brush. Points closer than a sixth of the radius would draw nothing that can be seen; they are left out.
    pub fn extend(&mut self, point: (f64, f64)) -> bool {
        let Some(Edit::Correct(Correction::Stroke(stroke))) = self.done.last_mut() else {
            return false;
        };
        let point = [point.0 as f32, point.1 as f32];
        let near = stroke.points.last().is_some_and(|last| {
            (last[0] - point[0]).hypot(last[1] - point[1]) < (stroke.radius / 6.0).max(0.25)
        });
        if near {
            return false;
        }
        stroke.points.push(point);
        self.revision += 1;
        self.version += 1;
        true
    }

    /// Whether the last step is a stroke of this kind that ends at this point.
    pub fn ends_at(&self, kind: StrokeKind, point: (f64, f64)) -> bool {
        let Some(Edit::Correct(Correction::Stroke(stroke))) = self.done.last() else {
            return false;
        };
        let is_there = |last: &[f32; 2]| {
            (f64::from(last[0]) - point.0).hypot(f64::from(last[1]) - point.1)
                < f64::from(stroke.radius).max(1.0)
        };
        stroke.kind == kind && stroke.points.last().is_some_and(is_there)
    }

    /// Drops the correction that was just begun, as if the hand had never touched.
    pub fn abandon(&mut self) {
        if let Some(Edit::Correct(_)) = self.done.last() {
            self.done.pop();
            self.revision += 1;
            self.version += 1;
        }
    }

    /// Takes the last step back. Returns the setting that is to be as it was before.
    pub fn undo(&mut self) -> Option<Setting> {
        let edit = self.done.pop()?;
        self.revision += 1;
        self.version += u64::from(edit.is_of_mask());
        let setting = match &edit {
            Edit::Set(setting) => Some(setting.reversed()),
            _ => None,
        };
        self.undone.push(edit);
        setting
    }

    /// Repeats the step that was taken back last. Returns the setting that is to be as it was after it.
    pub fn redo(&mut self) -> Option<Setting> {
        let edit = self.undone.pop()?;
        self.revision += 1;
        self.version += u64::from(edit.is_of_mask());
        let setting = match &edit {
            Edit::Set(setting) => Some(*setting),
            _ => None,
        };
        self.done.push(edit);
        setting
    }

    /// Removes all corrections; this can be undone too.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.push(Edit::Clear);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_strokes() -> Edits {
        let mut edits = Edits::default();
        edits.begin(StrokeKind::Add, 6.0, (10.0, 10.0));
        edits.extend((20.0, 10.0));
        edits.begin(StrokeKind::Erase, 6.0, (50.0, 50.0));
        edits
    }

    #[test]
    fn undo_and_redo_walk_the_same_way() {
        let mut edits = two_strokes();
        let all = edits.corrections();
        edits.undo();
        assert_eq!(edits.corrections(), all[..1]);
        edits.redo();
        assert_eq!(edits.corrections(), all);
        assert!(!edits.can_redo());
    }

    #[test]
    fn clearing_can_be_undone() {
        let mut edits = two_strokes();
        let all = edits.corrections();
        edits.clear();
        assert!(edits.is_empty() && edits.corrections().is_empty());
        edits.undo();
        assert_eq!(edits.corrections(), all);
    }

    #[test]
    fn the_true_mask_takes_the_place_of_all_before_it_until_that_is_undone_or_cleared() {
        let mut edits = two_strokes();
        edits.start_from_truth();
        assert!(edits.starts_from_truth() && !edits.is_empty() && edits.corrections().is_empty());
        edits.begin(StrokeKind::Add, 6.0, (10.0, 10.0));
        assert!(edits.starts_from_truth() && edits.corrections().len() == 1);
        edits.clear();
        assert!(!edits.starts_from_truth() && edits.is_empty());
        edits.undo();
        edits.undo();
        edits.undo();
        assert!(!edits.starts_from_truth() && edits.corrections().len() == 2);
    }

    #[test]
    fn a_new_stroke_forgets_what_was_undone() {
        let mut edits = two_strokes();
        edits.undo();
        edits.begin(StrokeKind::Add, 1.0, (0.0, 0.0));
        assert!(!edits.can_redo());
    }

    #[test]
    fn points_that_would_draw_nothing_are_left_out() {
        let mut edits = two_strokes();
        let version = edits.version();
        assert!(!edits.extend((50.5, 50.0)));
        assert_eq!(edits.version(), version);
        assert!(edits.extend((52.0, 50.0)));
        assert_ne!(edits.version(), version);
    }

    #[test]
    fn a_stroke_goes_on_only_where_it_ended() {
        let edits = two_strokes();
        assert!(edits.ends_at(StrokeKind::Erase, (51.0, 50.0)));
        assert!(!edits.ends_at(StrokeKind::Add, (51.0, 50.0)));
        assert!(!edits.ends_at(StrokeKind::Erase, (80.0, 50.0)));
    }

    #[test]
    fn an_abandoned_stroke_leaves_no_trace() {
        let mut edits = two_strokes();
        edits.abandon();
        assert_eq!(edits.corrections().len(), 1);
        assert!(!edits.can_redo());
    }

    #[test]
    fn moves_of_a_slider_are_one_step_and_no_correction() {
        let mut edits = two_strokes();
        let version = edits.version();
        let threshold = |before, after| Setting::Threshold { before, after };
        edits.set(threshold(0.5, 0.6));
        edits.set(threshold(0.6, 0.8));
        assert_eq!(edits.version(), version);
        assert!(!edits.is_empty());
        assert_eq!(edits.undo(), Some(threshold(0.8, 0.5)));
        assert_eq!(edits.redo(), Some(threshold(0.5, 0.8)));
        edits.set(threshold(0.8, 0.5));
        assert_eq!(edits.undo(), None, "back where it was, it is no step");
        assert_eq!(edits.corrections().len(), 1);
    }

    #[test]
    fn a_setting_changed_after_an_undo_is_a_step_of_its_own() {
        let mut edits = Edits::default();
        edits.set(Setting::Threshold {
            before: 0.5,
            after: 0.6,
        });
        edits.begin(StrokeKind::Add, 6.0, (10.0, 10.0));
        edits.undo();
        edits.set(Setting::Threshold {
            before: 0.6,
            after: 0.7,
        });
        assert_eq!(
            edits.undo(),
            Some(Setting::Threshold {
                before: 0.7,
                after: 0.6
            })
        );
    }

    #[test]
    fn the_last_box_can_be_changed_and_stays_one_step() {
        let mut edits = two_strokes();
        let of = ThresholdBox {
            corners: [[1.0, 1.0], [9.0, 9.0]],
            threshold: None,
        };
        edits.correct(Correction::Threshold(of));
        let version = edits.version();
        edits.change_box(|of| of.threshold = Some(0.3));
        assert_ne!(edits.version(), version);
        assert_eq!(edits.last_box().and_then(|of| of.threshold), Some(0.3));
        edits.undo();
        assert_eq!((edits.last_box(), edits.corrections().len()), (None, 2));
    }

    #[test]
    fn all_that_was_done_is_read_back_as_it_was_stored() {
        let mut edits = two_strokes();
        edits.set(Setting::Class {
            before: 0,
            after: 1,
        });
        edits.undo();
        let text = serde_json::to_string(&edits).expect("writes");
        assert!(
            text.starts_with(r#"{"done":[{"stroke":{"kind":"Add","#),
            "{text}"
        );
        let read: Edits = serde_json::from_str(&text).expect("reads");
        assert_eq!(serde_json::to_string(&read).ok(), Some(text));
    }

    const LINE: Ends = [[1.0, 2.0], [30.0, 40.0]];

    #[test]
    fn a_scale_and_diameters_are_steps_and_leave_the_mask_alone() {
        let mut edits = two_strokes();
        let version = edits.version();
        let calibration = Calibration {
            order: 1,
            spacing: Some(Spacing { x: 0.1, y: 0.1 }),
        };
        edits.calibrate(calibration);
        edits.set_diameter(Axis::Longest, LINE);
        assert_eq!((edits.version(), edits.corrections().len()), (version, 2));
        assert!(!edits.is_empty());
        assert_eq!(edits.calibration(), Some(calibration));
        edits.undo();
        assert_eq!(edits.diameter(Axis::Longest), None);
        edits.undo();
        assert_eq!((edits.version(), edits.calibration()), (version, None));
        edits.undo();
        assert_eq!(edits.corrections().len(), 1);
        assert_ne!(edits.version(), version);
    }

    #[test]
    fn ends_of_ones_own_count_until_they_are_reset() {
        let mut edits = Edits::default();
        edits.set_diameter(Axis::Perpendicular, LINE);
        assert_eq!(edits.diameter(Axis::Longest), None);
        edits.reset_diameters();
        assert!(!edits.has_diameters());
        edits.undo();
        assert_eq!(edits.diameter(Axis::Perpendicular), Some(LINE));
    }

    #[test]
    fn presses_of_a_key_are_one_step_and_a_drag_is_another() {
        let mut edits = Edits::default();
        edits.set_diameter(Axis::Longest, LINE);
        edits.nudge_diameter(Axis::Longest, [[2.0, 2.0], LINE[1]]);
        edits.nudge_diameter(Axis::Longest, [[3.0, 2.0], LINE[1]]);
        edits.undo();
        assert_eq!(edits.diameter(Axis::Longest), Some(LINE));
    }
}
