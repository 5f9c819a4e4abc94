//! The browser's side of the page: runs what `App::update` wants done and turns what the browser says into events. It
//! decides nothing.

mod address;
mod canvas;
mod directories;
mod files;
mod image_levels;
mod intake;
mod kept;
mod keyboard;
mod layout;
mod listener;
mod liveness;
mod models;
mod numbers;
mod overlay;
mod own_models;
mod preferences;
mod reflect;
mod save;
mod save_file;
mod save_folder;
mod service_worker;
mod session;
mod stage;
pub mod thumbnails;
mod timers;
mod worker;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::adapter;
use crate::app::event::{Event, EventSink};
use crate::app::ids::FileId;
use crate::app::{App, Effect};

use canvas::StageRenderer;
use files::Files;
use intake::Intake;
use kept::Kept;
use overlay::Frame;
use save::Outlet;
use save_file::SaveFile;
use save_folder::SaveFolder;
use service_worker::Offline;
use session::SessionStore;
use timers::Timers;
use worker::Workers;

/// A GPU that was not found by then is none: a driver may leave the question open, and much waits for the answer.
const LONGEST_SEARCH: Duration = Duration::from_secs(15);

/// Starts the app. Returned are its state, which components read, and where their events go.
pub fn start() -> (RwSignal<App, LocalStorage>, EventSink) {
    console_error_panic_hook::set_once();
    let state = RwSignal::new_local(App::new(preferences::recall()));
    let shell = Shell::new(state);
    shell.listen();
    shell.tell(Event::Begun(address::surroundings()));
    (state, Rc::new(move |event| shell.tell(event)))
}

struct Shell {
    state: RwSignal<App, LocalStorage>,
    waiting: RefCell<VecDeque<Event>>,
    is_busy: Cell<bool>,
    /// Where everything in here sends its events.
    sink: EventSink,
    files: Rc<Files>,
    workers: Rc<Workers>,
    renderer: Rc<StageRenderer>,
    kept: Kept,
    intake: Rc<Intake>,
    outlet: Outlet,
    save_file: SaveFile,
    save_folder: SaveFolder,
    timers: Timers,
    offline: Rc<Offline>,
    session: Rc<SessionStore>,
}

impl Shell {
    fn new(state: RwSignal<App, LocalStorage>) -> Rc<Self> {
        Rc::new_cyclic(|shell: &Weak<Self>| {
            let shell = shell.clone();
            let sink: EventSink = Rc::new(move |event| {
                if let Some(shell) = shell.upgrade() {
                    shell.tell(event);
                }
            });
            let files = Rc::new(Files::default());
            Self {
                state,
                waiting: RefCell::default(),
                is_busy: Cell::default(),
                workers: Workers::new(Rc::clone(&files), Rc::clone(&sink)),
                renderer: StageRenderer::new(),
                kept: Kept::default(),
                intake: Intake::new(Rc::clone(&files), Rc::clone(&sink)),
                outlet: Outlet::new(Rc::clone(&files), Rc::clone(&sink)),
                save_file: SaveFile::new(Rc::clone(&files), Rc::clone(&sink)),
                save_folder: SaveFolder::new(Rc::clone(&files), Rc::clone(&sink)),
                timers: Timers::new(Rc::clone(&sink)),
                offline: Offline::new(Rc::clone(&sink)),
                session: SessionStore::new(Rc::clone(&files), Rc::clone(&sink)),
                files,
                sink,
            }
        })
    }

    fn listen(&self) {
        self.intake.listen();
        self.offline.listen();
        keyboard::listen_to_keys(self.state, &self.sink);
        layout::observe_layout(Rc::clone(&self.sink));
        stage::observe_size(Rc::clone(&self.sink));
    }

    /// Takes an event in. Those that an effect brings about at once are taken in after it.
    fn tell(&self, event: Event) {
        self.waiting.borrow_mut().push_back(event);
        if self.is_busy.replace(true) {
            return;
        }
        while let Some(event) = self.next() {
            let effects = self.state.try_update(|app| app.update(event, now()));
            self.state.with_untracked(|app| self.renderer.follow(app));
            for effect in effects.unwrap_or_default() {
                self.run(effect);
            }
        }
        self.is_busy.set(false);
    }

    fn next(&self) -> Option<Event> {
        self.waiting.borrow_mut().pop_front()
    }

    fn run(&self, effect: Effect) {
        match effect {
            Effect::StartWorker { engine, build } => self.workers.start(engine, build),
            Effect::StopWorker(engine) => self.workers.stop(engine),
            Effect::Ask {
                engine,
                id,
                request,
                file,
            } => self.workers.ask(engine, id, &request, &self.file(file)),
            Effect::FindAdapter => self.find_adapter(),
            Effect::ListModels => {
                self.later(|files| async move { Some(models::list(&files).await) });
            }
            Effect::ReadOwnModel {
                weights,
                name,
                manifest,
            } => self.later(move |files| async move {
                let read = models::read_own(&files, weights, name, manifest).await;
                Some(Event::OwnModelRead(read))
            }),
            Effect::RecallModel(digest) => self.later(move |files| async move {
                Some(Event::OwnModelRead(models::recall(&files, digest).await))
            }),
            Effect::RememberModel(model) => {
                self.later(move |files| async move { Some(models::remember(&files, model).await) });
            }
            Effect::ForgetModel(digest) => self.later(move |_| models::forget(digest)),
            Effect::KeepImage { document, payload } => {
                if let Some(bitmap) = self.files.take_payload(payload) {
                    let renderer = Rc::clone(&self.renderer);
                    self.kept.keep_image(document, bitmap, move |levels| {
                        renderer.has_another_copy(levels);
                    });
                }
            }
            Effect::KeepOverlay {
                document,
                payload,
                bounds,
                frame,
            } => self.kept.keep_overlay(
                document,
                Frame {
                    bitmap: payload.and_then(|payload| self.files.take_payload(payload)),
                    bounds,
                    view: frame.view,
                    asked: 0.0,
                },
            ),
            Effect::ForgetImage(document) => self.kept.forget(document),
            Effect::KeepThumbnail { document, payload } => {
                if let Some(bitmap) = self.files.take_payload(payload) {
                    thumbnails::keep(document, bitmap);
                    thumbnails::draw_where_it_is_awaited(document);
                }
            }
            Effect::ForgetThumbnail(document) => thumbnails::forget(document),
            Effect::ShowImage { document, size } => {
                if let Some(levels) = self.kept.image(document) {
                    self.renderer.show_image(levels, size);
                }
            }
            Effect::ShowKeptOverlay { document, asked } => {
                if let Some(frame) = self.kept.take_overlay(document) {
                    self.renderer.show_overlay(Frame { asked, ..frame });
                }
            }
            Effect::ShowOverlay {
                payload,
                bounds,
                frame,
                asked,
            } => self.renderer.show_overlay(Frame {
                bitmap: payload.and_then(|payload| self.files.take_payload(payload)),
                bounds,
                view: frame.view,
                asked,
            }),
            Effect::ClearOverlay => self.renderer.clear_overlay(),
            Effect::ClearStage => self.renderer.clear(),
            Effect::SaveFile {
                payload,
                file_name,
                media_type,
            } => self.outlet.save(payload, file_name, &media_type),
            Effect::KeepPart(payload) => self.outlet.keep_part(payload),
            Effect::DropParts => self.outlet.drop_parts(),
            Effect::SaveParts {
                file_name,
                media_type,
            } => self.outlet.save_parts(file_name, media_type),
            Effect::PickSaveFile { file_name } => self.save_file.pick(&file_name),
            Effect::WritePart(payload) => self.save_file.write(payload),
            Effect::EmptySaveFile => self.save_file.empty(),
            Effect::CloseSaveFile => self.save_file.close(),
            Effect::AbandonSaveFile => self.save_file.abandon(),
            Effect::PickSaveFolder { name } => self.save_folder.pick(name),
            Effect::WriteFiles { payload, files } => self.save_folder.write(payload, files),
            Effect::EmptySaveFolder => self.save_folder.empty(),
            Effect::CloseSaveFolder => self.save_folder.close(),
            Effect::ReserveClipboard {
                id,
                what,
                media_type,
            } => self.outlet.reserve(id, what, media_type),
            Effect::FillClipboard { id, payload } => self.outlet.fill(id, payload),
            Effect::AbandonClipboard(id) => self.outlet.abandon(id),
            Effect::CopyText { what, text } => self.outlet.copy_text(what, &text),
            Effect::AdoptFile {
                payload,
                name,
                media_type,
            } => self.intake.adopt(payload, name, media_type),
            Effect::AdoptMembers { archive, members } => {
                self.intake.adopt_members(archive, members);
            }
            Effect::KeepParts { id, whole, parts } => {
                let files = self.files.keep_parts(whole, &parts);
                (self.sink)(Event::PartsKept { id, files });
            }
            Effect::DropFile(file) => self.files.drop_file(file),
            Effect::DropPayload(payload) => self.files.drop_payload(payload),
            Effect::SetTimer { timer, after } => self.timers.set(timer, after),
            Effect::StorePreferences(preferences) => preferences::store(&preferences),
            Effect::OpenSession { ask } => self.session.open(ask),
            Effect::Store { order, file } => self.session.order(&order, file),
            Effect::StoreMap { key, payload } => self.session.put_map(key, payload),
            Effect::CloseSession => self.session.close(),
            Effect::GuardUnload(is_guarded) => self.outlet.guard(is_guarded),
            Effect::PickFiles => self.intake.pick(),
            Effect::PickFolder => self.intake.pick_folder(),
            Effect::FocusNote => stage::focus_field("note"),
            Effect::FocusLength => stage::focus_field("scale-length"),
            Effect::FocusStage => stage::focus(),
            Effect::RegisterServiceWorker => self.offline.register(),
            Effect::KeepOffline(address) => self.offline.keep(address),
            Effect::Update => self.offline.update(),
        }
    }

    fn file(&self, file: Option<FileId>) -> JsValue {
        file.and_then(|file| self.files.get(file))
            .map_or(JsValue::UNDEFINED, JsValue::from)
    }

    /// Does what takes a while, and tells what comes of it.
    fn later<F: Future<Output = Option<Event>> + 'static>(
        &self,
        work: impl FnOnce(Rc<Files>) -> F,
    ) {
        let work = work(Rc::clone(&self.files));
        let sink = Rc::clone(&self.sink);
        spawn_local(async move {
            if let Some(event) = work.await {
                sink(event);
            }
        });
    }

    fn find_adapter(&self) {
        let sink = Rc::clone(&self.sink);
        let is_answered = Cell::new(false);
        let answer = Rc::new(move |found| {
            if !is_answered.replace(true) {
                sink(Event::AdapterFound(found));
            }
        });
        let late = Rc::clone(&answer);
        set_timeout(
            move || late(Err("The GPU did not answer.".to_owned())),
            LONGEST_SEARCH,
        );
        spawn_local(async move { answer(adapter::name().await) });
    }
}

/// Milliseconds on the page's clock.
fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
