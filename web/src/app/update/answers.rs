//! What comes of an engine's answers.

use delineo::imaging::Rendering;
use delineo::manifest::Manifest;

use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::engines::{Gpu, Held, Pending, Purpose};
use crate::app::ids::{EngineId, PayloadId};
use crate::app::kept_map::MapOrigin;
use crate::app::notices::Offer;
use crate::app::opened::{Opened, SegmentationState};
use crate::app::overlay::Wish;
use crate::app::state::App;
use crate::app::viewport::Size;
use crate::app::wording;
use crate::protocol::{
    Answer, Area, DocumentId, Frame, ImageFacts, MaskSpec, MeasureSpec, Measured, ModelKey,
    Networks, Segmentation,
};

impl App {
    /// A request was met.
    pub(super) fn answered(
        &mut self,
        engine: EngineId,
        serves: bool,
        pending: Pending,
        answer: Answer,
        payload: Option<PayloadId>,
    ) {
        let is_background = pending.is_background;
        match (pending.purpose, answer, payload) {
            (Purpose::Start, Answer::Started(report), _) => self.started(engine, report),
            (
                Purpose::Load(key),
                Answer::ModelLoaded {
                    manifest,
                    parameters,
                    networks,
                },
                _,
            ) => {
                let wanted = self.models.network(&key);
                if wanted.is_some() && wanted != networks.chosen.as_ref() {
                    // The person chose another of its networks meanwhile, which is loaded next.
                    return;
                }
                if let Some(engine) = self.engines.get_mut(engine) {
                    engine.models.insert(key.clone());
                }
                if serves {
                    let active = self.models.active().map(|(active, _)| active.clone());
                    self.model_loaded(key, *manifest, parameters, networks);
                    // What runs in the background is not what the person is told to run.
                    if let Some(active) = active.filter(|_| is_background) {
                        self.models.activate(&active);
                    }
                }
            }
            (Purpose::Time, Answer::Timed { milliseconds }, _) => {
                self.was_timed(serves, milliseconds);
            }
            (
                Purpose::Open {
                    document,
                    rendering,
                    with_picture,
                },
                Answer::Opened(image),
                payload,
            ) if payload.is_some() == with_picture => {
                if let Some(engine) = self.engines.get_mut(engine) {
                    engine.held.insert(document, Held::new(rendering));
                }
                self.opened(document, *image, rendering, payload);
            }
            (Purpose::Segment(maps), Answer::Segmented { milliseconds }, _) => {
                self.engine_has_maps(engine, &maps);
                self.segmented(maps, milliseconds);
            }
            (Purpose::RestoreMaps(maps), Answer::MapsRestored { manifest }, _) => {
                self.engine_has_maps(engine, &maps);
                self.maps_restored(maps, *manifest);
            }
            (Purpose::PackMaps(maps, origin), Answer::MapsPacked, Some(payload)) => {
                self.maps_packed(&maps, origin, payload);
            }
            (Purpose::Summarise(mask), Answer::Summarised(summary), Some(payload)) => {
                self.summarised(mask, summary, payload);
            }
            (Purpose::PaintAhead(mask, frame), Answer::Painted { bounds, area }, payload) => {
                self.painted_ahead(Wish { mask, frame }, bounds, area, payload);
            }
            (Purpose::Paint(mask, frame), Answer::Painted { bounds, area }, payload) => {
                self.painted(mask, frame, bounds, area, payload, pending.asked);
            }
            (Purpose::Gather(step), Answer::Gathered { bytes, files }, Some(payload)) => {
                self.gathered(&step, payload, bytes, files);
            }
            (Purpose::Measure(spec), Answer::Measured(measured), _) => {
                self.was_measured(spec, *measured);
            }
            (
                Purpose::AttachTruth {
                    document,
                    file,
                    place,
                },
                Answer::Done,
                _,
            ) => self.truth_attached(engine, document, file, place),
            (
                Purpose::Export {
                    document,
                    frame,
                    edits,
                    to_clipboard,
                    ..
                },
                Answer::Exported {
                    file_name,
                    media_type,
                },
                Some(payload),
            ) => {
                if let Some(exported) = self
                    .documents
                    .get_mut(document)
                    .and_then(|document| document.opened.as_mut()?.edits_of(frame))
                {
                    exported.mark_exported(edits);
                }
                self.effects.push(if to_clipboard {
                    Effect::FillClipboard {
                        id: pending.id,
                        payload,
                    }
                } else {
                    Effect::SaveFile {
                        payload,
                        file_name,
                        media_type,
                    }
                });
            }
            (Purpose::Unpack(file), Answer::Unpacked(contents), Some(payload)) => {
                self.unpacked(file, *contents, payload);
            }
            (Purpose::Sample, Answer::SampleMade { file_name }, Some(payload)) => {
                self.pop_sample();
                self.effects.push(Effect::AdoptFile {
                    payload,
                    name: file_name,
                    media_type: "image/png",
                });
            }
            (Purpose::Edit(_) | Purpose::Unload | Purpose::Close, Answer::Done, _) => {}
            (purpose, answer, payload) => {
                // Page and engine are of different versions, or one of them has a fault. Nothing is shown of it, and
                // what was asked for ends as if it had failed.
                self.effects.extend(payload.map(Effect::DropPayload));
                self.engines
                    .incidents
                    .push(format!("{purpose:?} was answered by {answer:?}"));
                let pending = Pending { purpose, ..pending };
                self.failed(
                    serves,
                    pending,
                    "The engine gave an answer to another question.",
                );
            }
        }
    }

    /// A request could not be met.
    pub(super) fn failed(&mut self, serves: bool, pending: Pending, message: &str) {
        if !serves {
            let reason = match pending.purpose {
                Purpose::Start => message,
                _ => "the model could not be run there",
            };
            return self.candidate_failed(reason, message.to_owned());
        }
        match pending.purpose {
            Purpose::Start => self.stop(message),
            Purpose::Load(key) => self.model_failed(key, message),
            Purpose::Open {
                document,
                rendering,
                ..
            } => self.could_not_open(document, rendering, pending.is_background, message),
            Purpose::Segment(maps) => {
                let is_shown = self.documents.shown_id() == Some(maps.document);
                if !is_shown {
                    return self.not_segmented(&maps, message);
                }
                let is_wanted = self.wanted_maps().as_ref() == Some(&maps);
                if is_wanted && let Some(shown) = self.documents.shown_mut() {
                    shown.segmentation = SegmentationState::Failed;
                    self.fail_with_retry(message);
                }
            }
            Purpose::RestoreMaps(maps) => self.maps_not_restored(&maps, message),
            Purpose::PackMaps(maps, _) => {
                self.engines.incidents.push(message.to_owned());
                self.keeping.maps.refuse(maps.document);
            }
            Purpose::Export { to_clipboard, .. } => {
                if to_clipboard {
                    self.effects.push(Effect::AbandonClipboard(pending.id));
                }
                self.fail(message);
            }
            Purpose::Unpack(file) => self.not_unpacked(file, message),
            Purpose::Sample => {
                self.pop_sample();
                self.fail(message);
            }
            // The CPU could not be timed, so it goes on; a frame or a count that is not to be had is asked again with
            // the next change.
            Purpose::Time => {
                self.candidate_failed("the CPU could not be timed", message.to_owned());
            }
            Purpose::Edit(document) => {
                let engine = self.engines.serving.as_mut();
                if let Some(held) = engine.and_then(|engine| engine.held.get_mut(&document)) {
                    held.edits = None;
                }
                self.engines.incidents.push(message.to_owned());
            }
            Purpose::AttachTruth { document, file, .. } => {
                self.refuse_truth(document, file, message);
            }
            Purpose::Summarise(mask) => self.not_summarised(mask, message),
            Purpose::Gather(step) => self.not_gathered(&step, message),
            Purpose::Paint(..)
            | Purpose::PaintAhead(..)
            | Purpose::Measure(_)
            | Purpose::Unload
            | Purpose::Close => {
                self.engines.incidents.push(message.to_owned());
            }
        }
    }

    fn was_timed(&mut self, serves: bool, measured: f64) {
        if let Gpu::Preparing {
            adapter,
            milliseconds,
            ..
        } = &mut self.engines.gpu
        {
            match *milliseconds {
                None if !serves => *milliseconds = Some(measured),
                Some(gpu) if serves => {
                    let adapter = adapter.clone();
                    self.timed(adapter, gpu, measured);
                }
                _ => {}
            }
        }
    }

    fn pop_sample(&mut self) {
        if !self.samples.is_empty() {
            self.samples.remove(0);
        }
    }

    fn model_loaded(
        &mut self,
        key: ModelKey,
        manifest: Manifest,
        parameters: u32,
        networks: Networks,
    ) {
        let modality = self.shown().map(|shown| shown.image.modality);
        let name = manifest.name.clone();
        let variant = manifest.variant.clone();
        let had_one = self.models.active().is_some();
        let was_active = self
            .models
            .active()
            .is_some_and(|(active, _)| *active == key);
        let said = wording::networks(&networks);
        let was_chosen = self.models.network(&key).is_some();
        self.models.loaded(&key, manifest, parameters, networks);
        if self.models.wanted(modality) != Some(&key) {
            // The person changed their mind; what runs is what they want now.
            return;
        }
        self.models.activate(&key);
        self.notices.withdraw(&Command::Retry);
        match &key {
            ModelKey::Published(_) => {
                self.preferences.latest = Some(key.to_string());
                if had_one && !was_active && !self.models.is_automatic() {
                    self.news(format!("“{name}” runs now."), None);
                }
            }
            ModelKey::Own(digest) if !was_active => {
                let is_remembered = self.models.own(digest).is_some_and(|own| own.is_remembered);
                let offer = (!is_remembered).then(|| Offer {
                    label: "Remember on this device",
                    command: Command::RememberModel(key.clone()),
                });
                let parameters = wording::grouped(parameters.into());
                self.news(
                    format!(
                        "Your own model “{name}” runs: CMUNeXt-{variant}, {parameters} parameters.{said}"
                    ),
                    offer,
                );
            }
            ModelKey::Own(_) if was_chosen => self.news(format!("“{name}” runs.{said}"), None),
            ModelKey::Own(_) => {}
        }
    }

    fn model_failed(&mut self, key: ModelKey, message: &str) {
        let modality = self.shown().map(|shown| shown.image.modality);
        let is_wanted = self.models.wanted(modality) == Some(&key);
        self.models.fail(&key, message.to_owned());
        if !is_wanted {
            return self.fail(message);
        }
        if self.models.choice.as_ref() == Some(&key)
            && let Some((choice, preference)) = self.models.earlier.take()
        {
            // The model before takes its place, and the mask by that stays.
            self.models.choice = choice;
            self.preferences.model = preference;
        }
        if self.models.wanted(modality) == Some(&key) {
            self.fail_with_retry(message);
        } else {
            self.fail(message);
        }
    }

    /// An image was decoded: it is on the stage from now on if it belongs there and came with its picture, else it is
    /// kept for later.
    fn opened(
        &mut self,
        id: DocumentId,
        image: ImageFacts,
        rendering: Rendering,
        payload: Option<PayloadId>,
    ) {
        let canvas = self.stage.canvas.size();
        let is_reopened = self.documents.shown_id() == Some(id);
        let is_for_stage =
            payload.is_some() && (is_reopened || self.documents.opening_id() == Some(id));
        let inherited = self.common_scale(image.width, image.height, image.pixel_aspect);
        let Some(document) = self.documents.get_mut(id) else {
            self.effects.extend(payload.map(Effect::DropPayload));
            return;
        };
        document.failure = None;
        let mut is_same_frame = is_reopened;
        match &mut document.opened {
            Some(opened) if !is_for_stage && opened.rendering == rendering => {
                // The engine has it again, without maps.
                opened.image = image;
            }
            Some(opened) => {
                is_same_frame &= opened.rendering.frame == rendering.frame;
                opened.redrawn(image, rendering);
            }
            empty => {
                let opened = empty.insert(Opened::new(image, rendering));
                opened.inherited = inherited;
                opened.settings.cleaning.islands_below = self.preferences.islands_below;
            }
        }
        let Some(opened) = &mut document.opened else {
            return;
        };
        let size = opened.size();
        if let Some(payload) = payload {
            self.background.keep(id, rendering);
            let document = id;
            self.effects.push(Effect::KeepImage { document, payload });
        }
        if !is_for_stage {
            return;
        }
        if !is_reopened {
            self.stage.is_playing = false;
            opened.area = None;
            if opened.viewport.fitted {
                opened.viewport = opened.viewport.fit(size, canvas);
            }
        }
        self.documents.show(id);
        self.show_image(id, size, is_same_frame);
    }

    /// An image could not be decoded. Another frame or window of the one on the stage is given up, and that one stays.
    /// One that is prepared in the background, or was before, stays in the list with the reason.
    fn could_not_open(
        &mut self,
        id: DocumentId,
        rendering: Rendering,
        is_background: bool,
        message: &str,
    ) {
        let is_shown = self.documents.shown_id() == Some(id);
        let is_opening = self.documents.opening_id() == Some(id);
        let has_stage = self.documents.shown_id().is_some();
        if let Some(document) = self.documents.get_mut(id)
            && !is_shown
            && has_stage
            && (is_background || document.failure.is_some())
        {
            let sentence = wording::sentence(message);
            let text = format!("{}: {sentence}", document.name);
            document.failure = Some(sentence);
            self.background.recount_soon();
            if is_opening {
                self.documents.give_up_opening();
                self.notices.refuse(text);
            }
            return;
        }
        match self.documents.shown_mut() {
            Some(shown) if is_shown && shown.rendering != rendering => {
                shown.wanted = shown.rendering;
                self.stage.is_playing = false;
                self.fail(message);
            }
            _ => self.refuse_document(id, message),
        }
    }

    pub(super) fn show_image(&mut self, document: DocumentId, size: Size, is_same_frame: bool) {
        self.effects.push(Effect::ShowImage { document, size });
        if !is_same_frame {
            self.effects.push(Effect::ClearOverlay);
            self.stage.let_go();
        }
        self.overlay.reset();
    }

    fn engine_has_maps(&mut self, engine: EngineId, maps: &Segmentation) {
        let engine = self.engines.get_mut(engine);
        let held = engine.and_then(|engine| engine.held.get_mut(&maps.document));
        if let Some(held) = held.filter(|held| held.rendering == maps.rendering) {
            held.maps = Some(maps.clone());
        }
    }

    fn segmented(&mut self, maps: Segmentation, milliseconds: f64) {
        let origin = MapOrigin {
            model: maps.model.clone(),
            sha256: self.models.sha256(&maps.model).map(str::to_owned),
            views: maps.views,
        };
        self.has_maps(maps, origin, Some(milliseconds));
    }

    /// The engine has maps of a document, and this is what made them; `milliseconds` are what the network took, if it ran.
    pub(super) fn has_maps(
        &mut self,
        maps: Segmentation,
        origin: MapOrigin,
        milliseconds: Option<f64>,
    ) {
        let is_shown = self.documents.shown_id() == Some(maps.document);
        if is_shown {
            self.overlay.reset();
        }
        let document = self.documents.get(maps.document);
        let wanted = document.and_then(|document| {
            let opened = document.opened.as_ref()?;
            self.maps_for(document, opened)
        });
        // The person may have changed their mind meanwhile; then the segmentation is still pending.
        if wanted.as_ref() != Some(&maps) {
            return;
        }
        if is_shown {
            self.notices.withdraw(&Command::Retry);
            self.models.activate(&maps.model);
        }
        let document_id = maps.document;
        let Some(document) = self.documents.get_mut(document_id) else {
            return;
        };
        document.crashes = 0;
        if let Some(opened) = &mut document.opened {
            let left_with = opened.left_with.take();
            opened.origin = Some(origin.clone());
            opened.segmentation = SegmentationState::Done { maps, milliseconds };
            opened.area = None;
            if let Some(left_with) = left_with {
                self.say_if_redrawn(document_id, &left_with, &origin);
            }
        }
    }

    fn painted(
        &mut self,
        mask: MaskSpec,
        frame: Frame,
        bounds: [u32; 4],
        area: Area,
        payload: Option<PayloadId>,
        asked: f64,
    ) {
        if self.documents.shown_id() != Some(mask.segmentation.document) {
            self.effects.extend(payload.map(Effect::DropPayload));
            return;
        }
        self.effects.push(Effect::ShowOverlay {
            payload,
            bounds,
            frame,
            asked,
        });
        let measured = self.overlay.measured.as_ref();
        let is_measured = measured.is_some_and(|spec| spec.mask == mask);
        // An approximate figure never replaces an exact one of the same mask.
        if (area.exact || !is_measured)
            && let Some(shown) = self.documents.shown_mut()
        {
            shown.area = Some(area);
        }
    }

    fn was_measured(&mut self, spec: MeasureSpec, measured: Measured) {
        if self.mask().as_ref() == Some(&spec.mask)
            && let Some(shown) = self.documents.shown_mut()
        {
            shown.area = Some(measured.area);
            shown.measured = Some(Box::new((spec, measured)));
        }
    }
}
