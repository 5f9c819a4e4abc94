//! When probability maps are packed for the store, taken from their copies, and left. See [`crate::app::kept_map`].

use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::engines::{Phase, Purpose};
use crate::app::ids::{EngineId, FileId, PayloadId};
use crate::app::keeping::{Keeping, State};
use crate::app::kept_map::{KeptMap, MapOrigin};
use crate::app::notices::{Offer, Tone};
use crate::app::opened::Opened;
use crate::app::state::App;
use crate::app::wording;
use crate::protocol::{DocumentId, Request, Segmentation};
use crate::session::messages::{Fault, Item, Order};
use delineo::manifest::Manifest;

impl App {
    /// The copy that can be taken for these maps of a document.
    pub(super) fn restorable(&self, opened: &Opened, maps: &Segmentation) -> Option<FileId> {
        let kept = opened.kept_map.as_ref()?;
        let is_it = kept.can_stand(maps.rendering)
            && kept.origin.is_of(maps, self.models.sha256(&maps.model));
        kept.file.filter(|_| is_it)
    }

    /// Has an engine take a copy.
    pub(super) fn ask_restore(
        &mut self,
        engine: EngineId,
        maps: Segmentation,
        is_background: bool,
        now: f64,
    ) {
        let document = self.documents.get(maps.document);
        let Some(opened) = document.and_then(|document| document.opened.as_ref()) else {
            return;
        };
        let kept = opened.kept_map.as_ref();
        let sha256 = kept.and_then(|kept| kept.origin.sha256.clone());
        let (Some(file), Some(sha256)) = (self.restorable(opened, &maps), sha256) else {
            return;
        };
        let request = Request::RestoreMaps {
            maps: maps.clone(),
            sha256,
        };
        let purpose = Purpose::RestoreMaps(maps);
        self.ask_for(engine, purpose, request, Some(file), is_background, now);
    }

    /// An engine has the maps of a copy.
    pub(super) fn maps_restored(&mut self, maps: Segmentation, manifest: Manifest) {
        let document = self.documents.get(maps.document);
        let kept = document.and_then(|document| document.opened.as_ref()?.kept_map.as_ref());
        let present = self.models.sha256(&maps.model);
        let Some(kept) = kept.filter(|kept| kept.origin.is_of(&maps, present)) else {
            return;
        };
        let origin = kept.origin.clone();
        self.models.note_kept(origin.clone(), manifest);
        self.has_maps(maps, origin, None);
    }

    /// A copy cannot be read: the document is segmented anew.
    pub(super) fn maps_not_restored(&mut self, maps: &Segmentation, message: &str) {
        self.engines.incidents.push(message.to_owned());
        self.drop_map_copy(maps.document);
    }

    /// A document has no copy any more; the store removes its file once it has the document without it.
    pub(super) fn drop_map_copy(&mut self, id: DocumentId) {
        if let Some(kept) = self.take_kept_map(id) {
            self.keeping.maps.outdate(kept.key);
            self.effects.extend(kept.file.map(Effect::DropFile));
        }
    }

    /// The copies of these documents are no more.
    pub(super) fn forget_map_copies(&mut self, ids: Vec<DocumentId>) {
        for id in ids {
            if let Some(kept) = self.take_kept_map(id) {
                self.effects.extend(kept.file.map(Effect::DropFile));
            }
        }
    }

    fn take_kept_map(&mut self, id: DocumentId) -> Option<KeptMap> {
        let has_one = |opened: &Opened| opened.kept_map.is_some();
        let document = self.documents.get(id)?;
        document.opened.as_ref().filter(|opened| has_one(opened))?;
        self.documents.get_mut(id)?.opened.as_mut()?.kept_map.take()
    }

    /// Has the engine pack a map that the store lacks, when nobody waits for anything: that on the stage first.
    pub(super) fn pack_maps(&mut self, now: f64) {
        let is_free = self.background.is_quiet && self.stage.gesture.count() == 0;
        if !self.keeping.is_writing() || !is_free || self.awaits_document() {
            return;
        }
        let Some(engine) = &self.engines.serving else {
            return;
        };
        let is_nothing = |purpose: &Purpose| *purpose == Purpose::Close;
        let mut pending = engine.pending.iter();
        if engine.phase != Phase::Ready || !pending.all(|pending| is_nothing(&pending.purpose)) {
            return;
        }
        let held = engine.held.keys().copied();
        let mut ids = self.documents.shown_id().into_iter().chain(held);
        if let Some(id) = ids.find(|id| self.map_to_pack(*id).is_some()) {
            self.pack_maps_of(id, now);
        }
    }

    /// Has the engine pack the map of a document, if the store lacks it.
    pub(super) fn pack_maps_of(&mut self, id: DocumentId, now: f64) {
        let Some((maps, origin)) = self.map_to_pack(id) else {
            return;
        };
        if let Some(engine) = self.engines.serving.as_ref().map(|engine| engine.id) {
            let request = Request::PackMaps(maps.clone());
            let purpose = Purpose::PackMaps(maps, origin);
            self.ask_for(engine, purpose, request, None, true, now);
        }
    }

    /// The map of a document that the engine has and the store lacks.
    fn map_to_pack(&self, id: DocumentId) -> Option<(Segmentation, MapOrigin)> {
        let engine = self.engines.serving.as_ref()?;
        let opened = self.documents.get(id)?.opened.as_ref()?;
        let (maps, origin) = (opened.maps()?, opened.origin.as_ref()?);
        let is_kept = |kept: &KeptMap| kept.origin == *origin && kept.rendering == maps.rendering;
        let is_asked = |purpose: &Purpose| match purpose {
            Purpose::PackMaps(asked, _) => asked.document == id,
            _ => false,
        };
        let is_due = self.keeping.is_writing()
            && self.keeping.documents.contains_key(&id)
            && !self.keeping.maps.is_settled(id)
            && maps.weights.is_none()
            && origin.is_of(maps, self.models.sha256(&maps.model))
            && !opened.kept_map.as_ref().is_some_and(is_kept)
            && engine.has_maps(maps)
            && !engine.is_asked(is_asked);
        is_due.then(|| (maps.clone(), origin.clone()))
    }

    /// A map is packed: the store gets it.
    pub(super) fn maps_packed(
        &mut self,
        maps: &Segmentation,
        origin: MapOrigin,
        payload: PayloadId,
    ) {
        let document = self.documents.get(maps.document);
        let opened = document.and_then(|document| document.opened.as_ref());
        let is_it = opened.is_some_and(|opened| opened.origin.as_ref() == Some(&origin));
        if !is_it || !self.keeping.is_writing() || self.keeping.maps.is_settled(maps.document) {
            self.effects.push(Effect::DropPayload(payload));
            return;
        }
        let key = self.keeping.next_key();
        let map = KeptMap {
            key,
            name: self.models.name(&origin.model),
            origin,
            rendering: maps.rendering,
            file: None,
            stands: false,
        };
        self.keeping.maps.begin(maps.document, map);
        self.effects.push(Effect::StoreMap { key, payload });
    }

    /// The store answered about an item. Says whether that was the copy of a map.
    pub(super) fn map_copy_settled(&mut self, item: Item, fault: Option<&Fault>) -> bool {
        let Item::File(key) = item else {
            return false;
        };
        if !self.keeping.maps.is_on_its_way(key) {
            return false;
        }
        if let Some(fault) = fault {
            let text = format!("A probability map is not kept: {fault}");
            self.engines.incidents.push(text);
        }
        if let Some((id, map)) = self.keeping.maps.settle(key, fault) {
            let document = self.documents.get_mut(id);
            let opened = document.and_then(|document| document.opened.as_mut());
            match opened.filter(|opened| opened.origin.as_ref() == Some(&map.origin)) {
                Some(opened) => {
                    if let Some(before) = opened.kept_map.replace(map) {
                        self.keeping.maps.outdate(before.key);
                        self.effects.extend(before.file.map(Effect::DropFile));
                    }
                }
                None => self.keeping.maps.outdate(key),
            }
        }
        true
    }

    /// Removes copies that no record names any more.
    pub(super) fn remove_outdated_maps(&mut self) {
        let all = &self.documents;
        let Keeping {
            maps, documents, ..
        } = &mut self.keeping;
        let is_settled = |id| match (all.get(id), documents.get(&id)) {
            (Some(document), Some(kept)) => {
                !kept.is_on_its_way && !kept.has_failed && !kept.is_due(document)
            }
            _ => true,
        };
        for key in maps.take_outdated(is_settled) {
            self.order(Order::RemoveFile(key), None);
        }
    }

    /// The person chose what makes the maps from now on.
    pub(super) fn leave_kept_maps(&mut self) {
        let stands = |opened: &Opened| opened.kept_map.as_ref().is_some_and(|kept| kept.stands);
        let is_used = self
            .documents
            .iter()
            .any(|document| document.opened.as_ref().is_some_and(stands));
        if is_used {
            for opened in self.documents.all_opened_mut() {
                if let Some(kept) = &mut opened.kept_map {
                    kept.stands = false;
                }
            }
        }
        self.notices.withdraw(&Command::SegmentAgain);
        self.background.recount_soon();
    }

    /// The pictures that came back with another model's border get the present one's.
    pub(super) fn segment_again(&mut self) {
        for id in self.drawn_by_others() {
            let document = self.documents.get_mut(id);
            if let Some(opened) = document.and_then(|document| document.opened.as_mut())
                && let Some(kept) = &mut opened.kept_map
            {
                kept.stands = false;
                // So that it is said under which work the border changes.
                opened.left_with = Some(kept.origin.clone());
            }
        }
        self.notices.withdraw(&Command::SegmentAgain);
        self.background.recount_soon();
    }

    fn drawn_by_others(&self) -> Vec<DocumentId> {
        let wanted = self.wanted_models();
        let is_by_another = |opened: &Opened| {
            wanted.kept_by_another(opened).is_some()
                && self.models.wanted(Some(opened.image.modality)).is_some()
        };
        let all = self.documents.iter();
        all.filter(|document| document.opened.as_ref().is_some_and(is_by_another))
            .map(|document| document.id)
            .collect()
    }

    /// Once the session and the models are known: which pictures are shown as they were left, and how to change that.
    pub(super) fn say_what_others_drew(&mut self) {
        if self.keeping.state() != &State::Writer || self.keeping.has_said_who_drew {
            return;
        }
        let ids = self.drawn_by_others();
        if ids.is_empty() {
            return;
        }
        self.keeping.has_said_who_drew = true;
        let names = ids.iter().filter_map(|id| self.documents.get(*id));
        let names: Vec<&str> = names.map(|document| document.name.as_str()).collect();
        let text = wording::drawn_by_others(&names);
        let offer = Offer {
            label: "Segment again",
            command: Command::SegmentAgain,
        };
        self.notices.tell(Tone::Info, text, Some(offer));
    }

    /// The copy that the picture on the stage is shown by, where another model made it, or another version of it.
    fn shown_by_another(&self) -> Option<&KeptMap> {
        let shown = self.shown()?;
        self.wanted_models().kept_by_another(shown)
    }

    /// What is said beside the choice of a model.
    pub fn model_note(&self) -> Option<String> {
        let shown = self.shown()?;
        let Some(kept) = self.shown_by_another() else {
            return self.models.note(&shown.image);
        };
        let present = self.models.wanted(Some(shown.image.modality));
        let version = match present == Some(&kept.origin.model) {
            true => ", an earlier version or with other views",
            false => "",
        };
        Some(format!(
            "The border is as you left it, drawn by {}{version}.",
            kept.name
        ))
    }

    /// The classes that the map of the picture on the stage has.
    pub fn classes(&self) -> Vec<String> {
        let origin = self.shown().and_then(|shown| shown.origin.as_ref());
        let manifest = origin.and_then(|origin| self.models.manifest_of(origin));
        let active = || self.models.active().map(|(_, info)| &info.manifest);
        let manifest = manifest.or_else(active);
        manifest.map_or_else(Vec::new, |manifest| manifest.classes.clone())
    }
}
