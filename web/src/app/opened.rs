//! What is known of a document that was opened: its image, how far its segmentation is, and what the person did to it.

use std::collections::BTreeMap;

use delineo::imaging::Rendering;
use delineo::mask::Cleaning;
use delineo::measure::{Scale, ScaleSource, Spacing};

use super::edits::{Calibration, Edits};
use super::kept_map::{KeptMap, MapOrigin};
use super::proposal::Proposal;
use super::setting::Setting;
use super::viewport::{Size, Viewport};
use crate::protocol::{Area, ImageFacts, MaskSpec, MeasureSpec, Measured, Segmentation, Settings};

/// What is known of a document that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the engine said of it.
    pub image: ImageFacts,
    /// The frame and the window that are on the stage.
    pub rendering: Rendering,
    /// The frame and the window that the person wants; the stage follows.
    pub wanted: Rendering,
    /// How far its segmentation is.
    pub segmentation: SegmentationState,
    /// Class, threshold and cleaning.
    pub settings: Settings,
    /// What the settings were proposed by.
    pub proposal: Option<Proposal>,
    /// Hand corrections of the frame on the stage.
    pub edits: Edits,
    /// Hand corrections of the other frames.
    other_edits: BTreeMap<u32, Edits>,
    /// What is visible.
    pub viewport: Viewport,
    /// The mask that the document's summary is of.
    pub summarised: Option<MaskSpec>,
    /// How large the mask is, once known.
    pub area: Option<Area>,
    /// What was measured last, and of what.
    pub measured: Option<Box<(MeasureSpec, Measured)>>,
    /// Millimetres per pixel that the person set for all images of this size.
    pub inherited: Option<Spacing>,
    /// What made the probability map last.
    pub origin: Option<MapOrigin>,
    /// What made it when the person left the work that was restored, until the network has run again.
    pub left_with: Option<MapOrigin>,
    /// The copy of its map that is kept on this device.
    pub kept_map: Option<KeptMap>,
    /// Whether the person does not want the scale that the depth marks propose.
    pub ignores_depth_marks: bool,
}

impl Opened {
    /// An image that was just decoded, with nothing done to it.
    pub fn new(image: ImageFacts, rendering: Rendering) -> Self {
        let viewport = Viewport::of_aspect(image.pixel_aspect);
        Self {
            image,
            rendering,
            wanted: rendering,
            segmentation: SegmentationState::Pending,
            settings: Settings {
                class: 0,
                threshold: 0.5,
                cleaning: Cleaning::PROPOSED,
            },
            proposal: None,
            edits: Edits::default(),
            other_edits: BTreeMap::new(),
            viewport,
            summarised: None,
            area: None,
            measured: None,
            inherited: None,
            origin: None,
            left_with: None,
            kept_map: None,
            ignores_depth_marks: false,
        }
    }

    /// An image as it was left, with the corrections of its frames.
    pub fn with_edits(
        image: ImageFacts,
        rendering: Rendering,
        mut edits: BTreeMap<u32, Edits>,
    ) -> Self {
        let shown = edits.remove(&rendering.frame).unwrap_or_default();
        Self {
            edits: shown,
            other_edits: edits,
            ..Self::new(image, rendering)
        }
    }

    /// The corrections of all frames that were on the stage.
    pub fn edits_by_frame(&self) -> BTreeMap<u32, Edits> {
        let mut edits = self.other_edits.clone();
        edits.insert(self.rendering.frame, self.edits.clone());
        edits
    }

    /// Millimetres per pixel: what the person set, else what the file says, else what they set for all images of this
    /// size.
    pub fn scale(&self) -> Option<Scale> {
        let by_hand = |spacing| Scale::everywhere(spacing, ScaleSource::ByHand);
        let own = self.image.scale.clone();
        match self.calibration() {
            Some(Calibration {
                spacing: Some(spacing),
                ..
            }) => Some(by_hand(spacing)),
            Some(_) => own,
            None => own.or_else(|| self.inherited.map(by_hand)),
        }
    }

    /// The scale that was set last on any of the frames.
    pub fn calibration(&self) -> Option<Calibration> {
        let all = self.all_edits().filter_map(Edits::calibration);
        all.max_by_key(|calibration| calibration.order)
    }

    /// The image's own size.
    pub fn size(&self) -> Size {
        Size::new(self.image.width, self.image.height)
    }

    /// The engine decoded it again: this frame is on the stage now, with its own corrections.
    pub fn redrawn(&mut self, image: ImageFacts, rendering: Rendering) {
        if rendering.frame != self.rendering.frame {
            let edits = self.other_edits.remove(&rendering.frame);
            let before = std::mem::replace(&mut self.edits, edits.unwrap_or_default());
            self.other_edits.insert(self.rendering.frame, before);
            self.area = None;
            self.measured = None;
        }
        self.image = image;
        self.rendering = rendering;
        self.segmentation = SegmentationState::Pending;
    }

    /// The corrections of a frame, if it ever had any.
    pub fn edits_of(&mut self, frame: u32) -> Option<&mut Edits> {
        if frame == self.rendering.frame {
            Some(&mut self.edits)
        } else {
            self.other_edits.get_mut(&frame)
        }
    }

    /// The corrections of all frames that were on the stage.
    pub fn all_edits(&self) -> impl Iterator<Item = &Edits> {
        std::iter::once(&self.edits).chain(self.other_edits.values())
    }

    /// Changes threshold, class or cleaning, as a step that can be undone.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        let before = self.settings;
        change(&mut self.settings);
        if let Some(setting) = Setting::between(&before, &self.settings) {
            self.edits.set(setting);
        }
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        if let Some(setting) = self.edits.undo() {
            setting.apply(&mut self.settings);
        }
    }

    /// Repeats the step that was taken back last.
    pub fn redo(&mut self) {
        if let Some(setting) = self.edits.redo() {
            setting.apply(&mut self.settings);
        }
    }

    /// Another model has other classes: their changes can no longer be taken back.
    pub fn forget_classes(&mut self) {
        let others = self.other_edits.values_mut();
        for edits in others.chain([&mut self.edits]) {
            edits.forget_classes();
        }
    }

    /// The probability maps, where they are there.
    pub fn maps(&self) -> Option<&Segmentation> {
        match &self.segmentation {
            SegmentationState::Done { maps, .. } => Some(maps),
            SegmentationState::Pending | SegmentationState::Failed => None,
        }
    }

    /// Whether corrections would be lost if it were closed.
    pub fn has_unsaved_edits(&self) -> bool {
        self.all_edits().any(Edits::is_unsaved)
    }
}

/// How far a segmentation is.
#[derive(Clone, Debug, PartialEq)]
pub enum SegmentationState {
    /// The network has yet to run, or runs.
    Pending,
    /// It ran.
    Done {
        /// What came of it, in the engine.
        maps: Segmentation,
        /// What the network took; nothing where its maps were kept.
        milliseconds: Option<f64>,
    },
    /// It failed; the person was told.
    Failed,
}
