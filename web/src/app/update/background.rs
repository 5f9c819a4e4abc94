//! What is prepared while the person does something else, and what is let go of so that memory stays bounded. See
//! [`crate::app::background`].

use std::collections::BTreeSet;

use crate::app::background::{MOST_PIXELS, MOST_READY, PAINTED_AHEAD, QUIET, THUMBNAIL};
use crate::app::command::Command;
use crate::app::documents::Document;
use crate::app::effect::Effect;
use crate::app::engines::{Engine, Gpu, Phase, Purpose};
use crate::app::event::{Event, Timer};
use crate::app::gestures::PointerPhase;
use crate::app::ids::{FileId, PayloadId};
use crate::app::opened::{Opened, SegmentationState};
use crate::app::overlay::Wish;
use crate::app::preferences::Mode as LookMode;
use crate::app::progress::Mode;
use crate::app::state::App;
use crate::protocol::{
    Area, DocumentId, Frame, GatherStep, MaskSpec, ModelKey, Request, Segmentation, Summary,
};

/// The next thing to prepare, and of which document.
#[derive(Debug)]
struct Preparation {
    /// None for a step that is about all.
    document: Option<DocumentId>,
    step: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    Open { with_picture: bool },
    Load(ModelKey),
    Segment(Segmentation),
    Restore(Segmentation),
    GiveUp,
    AttachTruth,
    Summarise(MaskSpec),
    PaintAhead(Wish),
    Gather(GatherStep),
}

impl App {
    /// Whether an event is the person's doing, so that the engine should be free for what follows. A step to another
    /// document is not: what is prepared next is what follows.
    pub(super) fn is_act(&self, event: &Event) -> bool {
        match event {
            Event::Command { command, .. } => {
                !matches!(command, Command::Step(_) | Command::Show(_))
            }
            Event::Key(press) => {
                let may_type = self.preferences.single_keys;
                let command = press.command(may_type, false);
                !matches!(command, Some(Command::Step(_) | Command::Show(_)))
            }
            Event::Pointer(pointer) => {
                pointer.phase != PointerPhase::Moved || self.stage.gesture.count() > 0
            }
            Event::FilesArrived(_) => true,
            _ => false,
        }
    }

    /// Others are prepared once the person has done nothing for a while.
    pub(super) fn person_acted(&mut self) {
        self.background.is_quiet = false;
        self.effects.push(Effect::SetTimer {
            timer: Timer::Background,
            after: QUIET,
        });
    }

    /// Whether the page keeps a document's image as it is wanted.
    pub(super) fn is_kept(&self, document: &Document) -> bool {
        let kept = self.background.images.get(&document.id);
        kept.is_some_and(|kept| kept.rendering == document.wanted())
    }

    /// Shows the document that is to be shown, if its image is kept.
    pub(super) fn show_kept(&mut self, now: f64) {
        let opening = self.documents.opening();
        let Some(document) = opening.filter(|document| self.is_kept(document)) else {
            return;
        };
        let id = document.id;
        // The one moment at which no mask is on the stage.
        let is_free = |engine: &Engine| engine.phase == Phase::Ready && !engine.is_busy();
        if matches!(self.engines.gpu, Gpu::Ready { .. })
            && self.engines.serving.as_ref().is_some_and(is_free)
        {
            self.hand_over();
        }
        let canvas = self.stage.canvas.size();
        let serving = self.engines.serving.as_ref();
        let has_maps = |maps: &Segmentation| serving.is_some_and(|engine| engine.has_maps(maps));
        let ahead = self.background.images.get_mut(&id);
        let ahead = ahead.and_then(|kept| kept.ahead.take());
        let Some(opened) = self
            .documents
            .get_mut(id)
            .and_then(|document| document.opened.as_mut())
        else {
            return;
        };
        let size = opened.size();
        if opened.viewport.fitted {
            opened.viewport = opened.viewport.fit(size, canvas);
        }
        opened.area = None;
        if !opened.maps().is_some_and(has_maps) {
            opened.segmentation = SegmentationState::Pending;
        }
        self.stage.is_playing = false;
        self.documents.show(id);
        self.show_image(id, size, false);
        let (Some((wish, Some(area))), Some((document, opened))) = (ahead, self.documents.shown())
        else {
            return;
        };
        let is_wanted = self.mask().as_ref() == Some(&wish.mask);
        if is_wanted && self.wish_ahead(document, opened, &wish.mask).as_ref() == Some(&wish) {
            self.effects.push(Effect::ShowKeptOverlay {
                document: id,
                asked: now,
            });
            self.overlay_is_there(wish, now);
            if let Some(shown) = self.documents.shown_mut() {
                shown.area = Some(area);
            }
        }
    }

    /// Asks for the next thing to prepare, if the engine and the person have nothing else to do.
    pub(super) fn work_in_background(&mut self, now: f64) {
        while self.may_prepare() {
            let Some(Preparation { document, step }) = self.next_preparation() else {
                // The last one is not to be missed.
                if self.background.progress().is_some() {
                    self.background.recount_soon();
                }
                return;
            };
            let Some(engine) = self.engines.serving.as_ref().map(|engine| engine.id) else {
                return;
            };
            if let Some(document) = document {
                self.background.turn_to(document);
            }
            let document = document.unwrap_or(DocumentId(0));
            let no_file: Option<FileId> = None;
            let (purpose, request, file) = match step {
                Step::Open { with_picture } => {
                    let Some(wanted) = self.documents.get(document).map(Document::wanted) else {
                        return;
                    };
                    let Some((purpose, request, file)) =
                        self.opening(document, wanted, with_picture)
                    else {
                        return;
                    };
                    (purpose, request, Some(file))
                }
                Step::Load(key) => return self.ask_load(engine, key, true, now),
                Step::Segment(maps) => {
                    self.begin_segmentation(&maps);
                    let request = Request::Segment(maps.clone());
                    (Purpose::Segment(maps), request, no_file)
                }
                Step::Restore(maps) => return self.ask_restore(engine, maps, true, now),
                Step::GiveUp => {
                    let document = self.documents.get_mut(document);
                    if let Some(opened) = document.and_then(|document| document.opened.as_mut()) {
                        opened.segmentation = SegmentationState::Failed;
                    }
                    self.background.recount_soon();
                    continue;
                }
                Step::Gather(step) => {
                    let file = match &step {
                        GatherStep::Add(added) => {
                            self.send_edits(added.mask.segmentation.document, true, now);
                            self.documents.get(document).map(|document| document.file)
                        }
                        _ => None,
                    };
                    let request = Request::Gather(step.clone());
                    (Purpose::Gather(step), request, file)
                }
                Step::AttachTruth => {
                    self.attach_truth_of(document, engine, true, now);
                    return;
                }
                Step::Summarise(mask) => {
                    self.send_edits(document, true, now);
                    let request = Request::Summarise {
                        mask: mask.clone(),
                        side: THUMBNAIL,
                        colour: self.style().colour,
                    };
                    (Purpose::Summarise(mask), request, no_file)
                }
                Step::PaintAhead(wish) => {
                    self.send_edits(document, true, now);
                    if let Some(kept) = self.background.images.get_mut(&document) {
                        kept.ahead = Some((wish.clone(), None));
                    }
                    let Wish { mask, frame } = wish;
                    let request = Request::Paint {
                        mask: mask.clone(),
                        frame,
                    };
                    (Purpose::PaintAhead(mask, frame), request, no_file)
                }
            };
            self.ask_for(engine, purpose, request, file, true, now);
        }
    }

    fn may_prepare(&self) -> bool {
        let Some(engine) = &self.engines.serving else {
            return false;
        };
        // GPU and CPU are timed while the other one rests.
        let is_timing = match &self.engines.gpu {
            Gpu::Preparing { engine, .. } => engine.is_asked(|purpose| *purpose == Purpose::Time),
            _ => false,
        };
        let is_free = |purpose: &Purpose| *purpose == Purpose::Close;
        self.background.mode != Mode::Paused
            && self.background.is_quiet
            && (!self.documents.is_empty() || self.gathering.is_some())
            && engine.phase == Phase::Ready
            && engine
                .pending
                .iter()
                .all(|pending| is_free(&pending.purpose))
            && !is_timing
            && !self.awaits_document()
            && !self.awaits_sample()
            && !self.stage.is_playing
            && self.stage.gesture.count() == 0
    }

    fn next_preparation(&self) -> Option<Preparation> {
        if let Some((document, step)) = self.next_gathering() {
            return Some(Preparation { document, step });
        }
        let (shown, opened) = self.documents.shown()?;
        let wanted = self.wanted_models();
        let engine = self.engines.serving.as_ref()?;
        // The person may have changed its mask.
        if opened.wanted == opened.rendering
            && let Some(mask) = self.mask()
            && opened.summarised.as_ref() != Some(&mask)
            && self.maps_for(shown, opened).as_ref() == Some(&mask.segmentation)
        {
            return Some(Preparation {
                document: Some(shown.id),
                step: Step::Summarise(mask),
            });
        }
        // What was shown by its copy needed no model; what comes next does.
        let model = self.models.wanted(Some(opened.image.modality));
        if let Some(model) = model
            && !engine.models.contains(model)
            && !self.models.has_failed(model)
        {
            return Some(Preparation {
                document: None,
                step: Step::Load(model.clone()),
            });
        }
        let mut room = Room::beside(opened);
        let around = self.listing.around(shown.id);
        for document in around.filter_map(|id| self.documents.get(id)) {
            if document.failure.is_some() {
                continue;
            }
            let is_near = room.takes(document);
            if !is_near && self.background.mode == Mode::Stopped {
                return None;
            }
            let opened = document.opened.as_ref();
            if opened.is_some_and(|opened| matches!(opened.segmentation, SegmentationState::Failed))
                || !is_near && opened.is_some_and(|opened| wanted.is_current(opened))
            {
                continue;
            }
            let is_ahead = is_near && room.taken <= PAINTED_AHEAD;
            let is_current = opened.is_some_and(|opened| wanted.is_current(opened));
            if let Some(step) = self.preparation_of(document, engine, is_near, is_ahead, is_current)
            {
                return Some(Preparation {
                    document: Some(document.id),
                    step,
                });
            }
        }
        None
    }

    /// What is to be done next to a document.
    pub(super) fn preparation_of(
        &self,
        document: &Document,
        engine: &Engine,
        is_near: bool,
        is_ahead: bool,
        is_current: bool,
    ) -> Option<Step> {
        let with_picture = is_near && !self.is_kept(document);
        let held = engine.held.get(&document.id);
        let held = held.filter(|held| held.rendering == document.wanted());
        let (Some(held), Some(opened), false) = (held, &document.opened, with_picture) else {
            return Some(Step::Open { with_picture });
        };
        let mask = self.mask_for(document, opened)?;
        let maps = &mask.segmentation;
        if held.maps.as_ref() != Some(maps) || opened.maps() != Some(maps) {
            if self.restorable(opened, maps).is_some() {
                return Some(Step::Restore(maps.clone()));
            }
            if self.models.has_failed(&maps.model) {
                return Some(Step::GiveUp);
            }
            if !engine.models.contains(&maps.model) {
                return Some(Step::Load(maps.model.clone()));
            }
            return Some(Step::Segment(maps.clone()));
        }
        if self.awaits_truth(document, opened) {
            return Some(Step::AttachTruth);
        }
        if !is_current {
            return Some(Step::Summarise(mask));
        }
        let wish = self.wish_ahead(document, opened, &mask);
        let wish = wish.filter(|_| is_ahead && !self.stage.canvas.size().is_empty())?;
        let kept = self.background.images.get(&document.id)?;
        let is_there = kept.ahead.as_ref().is_some_and(|(asked, _)| *asked == wish);
        (!is_there).then_some(Step::PaintAhead(wish))
    }

    /// The frame with which a document will come on the stage; none where it is compared with a truth, which the engine
    /// gets once it is there.
    fn wish_ahead(&self, document: &Document, opened: &Opened, mask: &MaskSpec) -> Option<Wish> {
        if self.preferences.mode == LookMode::Difference && !document.truths.is_empty() {
            return None;
        }
        let canvas = self.stage.canvas;
        let viewport = if opened.viewport.fitted {
            opened.viewport.fit(opened.size(), canvas.size())
        } else {
            opened.viewport
        };
        let frame = Frame {
            width: canvas.width,
            height: canvas.height,
            view: viewport.view,
            style: self.style(),
            band: self.mode() == LookMode::Uncertainty,
            wipe: None,
            truths: 0,
        };
        let mask = mask.clone();
        Some(Wish { mask, frame })
    }

    /// Has the engine close what is far away, and the page let go of its image.
    pub(super) fn close_far(&mut self, now: f64) {
        let current = self.documents.current_id();
        let (shown, opening) = (self.documents.shown_id(), self.documents.opening_id());
        let held = self
            .engines
            .serving
            .as_ref()
            .filter(|engine| engine.phase == Phase::Ready);
        let count = held.map_or(0, |engine| engine.held.len());
        if count.max(self.background.images.len()) < 2 && shown.is_some() {
            return;
        }
        let mut near: BTreeSet<DocumentId> = shown.into_iter().chain(opening).collect();
        if let Some(current) = current {
            let mut room = match self.shown() {
                Some(opened) => Room::beside(opened),
                None => Room::default(),
            };
            let around = self.listing.around(current);
            let ready = around
                .filter_map(|id| self.documents.get(id))
                .filter(|document| document.failure.is_none())
                .take_while(|document| room.takes(document));
            near.extend(ready.map(|document| document.id));
        }
        let images = self.background.images.keys();
        let far: Vec<DocumentId> = images.filter(|id| !near.contains(id)).copied().collect();
        for id in far {
            self.background.images.remove(&id);
            self.effects.push(Effect::ForgetImage(id));
        }
        // One far document is being worked on.
        if let Some(at) = self
            .background
            .at
            .filter(|at| self.documents.get(*at).is_some())
        {
            near.insert(at);
        }
        let Some(engine) = self.engines.serving.as_ref().filter(|_| count > 0) else {
            return;
        };
        let is_far = |id: &&DocumentId| !near.contains(id) && !engine.is_opening(**id);
        let far: Vec<DocumentId> = engine.held.keys().filter(is_far).copied().collect();
        let engine = engine.id;
        for document in far {
            self.pack_maps_of(document, now);
            self.hold(engine, |engine| {
                engine.held.remove(&document);
            });
            let request = Request::Close { document };
            self.ask_for(engine, Purpose::Close, request, None, true, now);
        }
    }

    /// A document was summed up.
    pub(super) fn summarised(&mut self, mask: MaskSpec, summary: Summary, payload: PayloadId) {
        let id = mask.segmentation.document;
        let Some(document) = self.documents.get_mut(id) else {
            self.effects.push(Effect::DropPayload(payload));
            return;
        };
        document.summary = Some(summary);
        if let Some(opened) = &mut document.opened {
            opened.summarised = Some(mask);
        }
        self.effects.push(Effect::KeepThumbnail {
            document: id,
            payload,
        });
        self.background.finish();
    }

    /// A document could not be summed up: it is not tried again before its mask changes.
    pub(super) fn not_summarised(&mut self, mask: MaskSpec, message: &str) {
        self.engines.incidents.push(message.to_owned());
        let document = self.documents.get_mut(mask.segmentation.document);
        if let Some(opened) = document.and_then(|document| document.opened.as_mut()) {
            opened.summarised = Some(mask);
        }
        self.background.finish();
    }

    /// A document that is not on the stage could not be segmented. It is tried again when the person shows it.
    pub(super) fn not_segmented(&mut self, maps: &Segmentation, message: &str) {
        self.engines.incidents.push(message.to_owned());
        let document = self.documents.get_mut(maps.document);
        if let Some(opened) = document.and_then(|document| document.opened.as_mut()) {
            opened.segmentation = SegmentationState::Failed;
        }
        self.background.recount_soon();
    }

    /// The overlay with which a document comes on the stage is there.
    pub(super) fn painted_ahead(
        &mut self,
        wish: Wish,
        bounds: [u32; 4],
        area: Area,
        payload: Option<PayloadId>,
    ) {
        let document = wish.mask.segmentation.document;
        let kept = self.background.images.get_mut(&document);
        match kept.and_then(|kept| kept.ahead.as_mut()) {
            Some((asked, there)) if *asked == wish => {
                *there = Some(area);
                self.effects.push(Effect::KeepOverlay {
                    document,
                    payload,
                    bounds,
                    frame: wish.frame,
                });
            }
            _ => self.effects.extend(payload.map(Effect::DropPayload)),
        }
    }
}

/// What is ready beside the image on the stage: as many as memory allows.
#[derive(Debug, Default)]
struct Room {
    taken: usize,
    pixels: u64,
    /// Of an image whose size is not known yet.
    usual: u64,
}

impl Room {
    fn beside(shown: &Opened) -> Self {
        Self {
            usual: pixels(shown),
            ..Self::default()
        }
    }

    /// Whether a document has room; once one has none, those that are farther away have none either.
    fn takes(&mut self, document: &Document) -> bool {
        self.taken += 1;
        self.pixels += document.opened.as_ref().map_or(self.usual, pixels);
        self.taken <= MOST_READY && self.pixels <= MOST_PIXELS
    }
}

fn pixels(opened: &Opened) -> u64 {
    u64::from(opened.image.width) * u64::from(opened.image.height)
}
