//! A person's corrections to one picture, with undo and redo.

use delineo::mask::{Stroke, StrokeKind};

/// One step that can be undone.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    Stroke(Stroke),
    Clear,
}

/// What was drawn, and what was taken back.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    done: Vec<Edit>,
    undone: Vec<Edit>,
    version: u64,
    /// The version that was exported last.
    exported: Option<u64>,
}

impl Edits {
    /// Changes with every change, so that two states compare without their points.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A version of them was exported.
    pub fn mark_exported(&mut self, version: u64) {
        self.exported = Some(version);
    }

    /// Whether strokes would be lost if the image were closed.
    pub fn is_unsaved(&self) -> bool {
        !self.is_empty() && self.exported != Some(self.version)
    }

    /// The strokes that count, oldest first.
    pub fn strokes(&self) -> Vec<Stroke> {
        let mut strokes = Vec::new();
        for edit in &self.done {
            match edit {
                Edit::Stroke(stroke) => strokes.push(stroke.clone()),
                Edit::Clear => strokes.clear(),
            }
        }
        strokes
    }

    /// Whether any stroke counts.
    pub fn is_empty(&self) -> bool {
        !matches!(self.done.last(), Some(Edit::Stroke(_)))
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
        self.undone.clear();
        self.done.push(Edit::Stroke(Stroke {
            kind,
            radius: radius as f32,
            points: vec![[point.0 as f32, point.1 as f32]],
        }));
        self.version += 1;
    }

    /// Moves the brush. Points closer than a sixth of the radius would draw nothing that can be seen; they are left out.
    pub fn extend(&mut self, point: (f64, f64)) -> bool {
        let Some(Edit::Stroke(stroke)) = self.done.last_mut() else {
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
        self.version += 1;
        true
    }

    /// Whether the last step is a stroke of this kind that ends at this point.
    pub fn ends_at(&self, kind: StrokeKind, point: (f64, f64)) -> bool {
        let Some(Edit::Stroke(stroke)) = self.done.last() else {
            return false;
        };
        let is_there = |last: &[f32; 2]| {
            (f64::from(last[0]) - point.0).hypot(f64::from(last[1]) - point.1)
                < f64::from(stroke.radius).max(1.0)
        };
        stroke.kind == kind && stroke.points.last().is_some_and(is_there)
    }

    /// Drops the stroke that was just begun, as if the brush had never touched.
    pub fn abandon(&mut self) {
        if let Some(Edit::Stroke(_)) = self.done.last() {
            self.done.pop();
            self.version += 1;
        }
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        if let Some(edit) = self.done.pop() {
            self.undone.push(edit);
            self.version += 1;
        }
    }

    /// Repeats the step that was taken back last.
    pub fn redo(&mut self) {
        if let Some(edit) = self.undone.pop() {
            self.done.push(edit);
            self.version += 1;
        }
    }

    /// Removes all strokes; this can be undone too.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.undone.clear();
            self.done.push(Edit::Clear);
            self.version += 1;
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
        let all = edits.strokes();
        edits.undo();
        assert_eq!(edits.strokes(), all[..1]);
        edits.redo();
        assert_eq!(edits.strokes(), all);
        assert!(!edits.can_redo());
    }

    #[test]
    fn clearing_can_be_undone() {
        let mut edits = two_strokes();
        let all = edits.strokes();
        edits.clear();
        assert!(edits.is_empty() && edits.strokes().is_empty());
        edits.undo();
        assert_eq!(edits.strokes(), all);
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
        assert_eq!(edits.strokes().len(), 1);
        assert!(!edits.can_redo());
    }
}
