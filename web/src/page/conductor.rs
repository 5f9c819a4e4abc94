//! What happens next: the wishes of the person and the state of the engine, turned into the next request. What the
//! engine makes of it is for [`crate::answers`].
//!
//! [`advance`] looks at the state and asks the engine for one thing at a time, so that a wish that changed its mind is
//! never asked. Everything the engine holds can be given to it again: after a crash the same function opens the
//! picture anew.

use delineo_web::protocol::{Export, Modality, Request, Stage, Views};
use leptos::prelude::*;
use web_sys::Blob;

use crate::automatic;
use crate::easel;
use crate::engine::{self, Awaited, Load};
use crate::models;
use crate::store::{Activity, Border, Offered, Readiness, Source, Store};
use crate::successor;

/// Begins: the engine is started, and what there is to load is found out meanwhile.
pub fn start(store: Store) {
    begin(store, Stage::Device, None);
    models::discover(store);
    engine::launch(store);
    successor::prepare(store);
}

/// Takes pictures into the queue and opens the first of them.
pub fn add_pictures(store: Store, files: Vec<(String, Blob)>) {
    let first = store
        .queue
        .try_update(|queue| queue.append(files))
        .flatten();
    if let Some(first) = first {
        open(store, first);
    }
}

/// Shows a picture of the queue.
pub fn open(store: Store, id: u32) {
    let is_shown = store
        .shown
        .with_untracked(|shown| shown.as_ref().is_some_and(|shown| shown.id == id));
    store.opening.set((!is_shown).then_some(id));
    advance(store);
}

/// Shows the picture so many places further.
pub fn step(store: Store, step: isize) {
    let from = store.opening.get_untracked().or_else(|| shown_id(store));
    let to = from.and_then(|id| store.queue.with_untracked(|queue| queue.beside(id, step)));
    if let Some(to) = to {
        store.forget_errors();
        open(store, to);
    }
}

/// Takes a picture off the stage and out of the queue; its neighbour follows.
pub fn close(store: Store, id: u32) {
    let neighbour = store
        .queue
        .with_untracked(|queue| queue.beside(id, 1).or_else(|| queue.beside(id, -1)));
    store.queue.update(|queue| queue.remove(id));
    if store.opening.get_untracked() == Some(id) {
        store.opening.set(None);
    }
    if shown_id(store) == Some(id) {
        store.shown.set(None);
        store.area.set(None);
        easel::clear(store);
        match neighbour {
            Some(neighbour) => open(store, neighbour),
            None => store.engine.update_value(|engine| {
                engine.send(Request::Close);
                engine.holds = None;
            }),
        }
    }
}

/// Loads another model; the picture on the stage is segmented again with it.
pub fn choose_model(store: Store, source: Source) {
    store.forget_errors();
    store.automatic.set(false);
    if matches!(source, Source::Published(_)) && keep_running(store, &source) {
        return;
    }
    store.wanted_model.set(Some(source));
    if matches!(
        store.readiness.get_untracked(),
        Readiness::Ready | Readiness::Modelless | Readiness::Loading
    ) {
        load_model(store);
    }
}

/// The person chose what the app had chosen: nothing is to be computed again. Says whether that is so.
fn keep_running(store: Store, source: &Source) -> bool {
    if !store.runs(source) || store.readiness.get_untracked() != Readiness::Ready {
        return false;
    }
    store.set_model_automatic(false);
    models::remember_choice(store, source, false);
    if store.has_failed_now() {
        retry_segment(store);
    }
    true
}

/// Asks for a synthetic picture.
pub fn make_sample(store: Store, modality: Modality, seed: u32) {
    store.forget_errors();
    store.sampling.set(true);
    store
        .engine
        .update_value(|engine| engine.send(Request::MakeSample { modality, seed }));
}

/// Asks for a file of the picture on the stage.
pub fn export(store: Store, what: Export, clipboard: bool) -> bool {
    let Some(job) = shown_id(store) else {
        return false;
    };
    if !store.has_border_now() || store.exporting.get_untracked().is_some() {
        return false;
    }
    store.forget_errors();
    easel::send_corrections(store, job);
    store.exporting.set(Some(what));
    begin(store, Stage::Export, None);
    let style = store
        .preferences
        .with_untracked(|preferences| preferences.style(store.canvas.get_untracked().ratio));
    let settings = store.settings.get_untracked();
    store.engine.update_value(|engine| {
        engine.send(Request::Export {
            job,
            what,
            clipboard,
            settings,
            style,
        })
    });
    true
}

/// Loads the model again after that failed.
pub fn retry_model(store: Store) {
    if store.model.with_untracked(Option::is_some) {
        // One runs; what is missing is the one for the picture on the stage.
        store.withdraw(Offered::RetryModel);
        return retry_segment(store);
    }
    store.forget_errors();
    if store.wanted_model.with_untracked(Option::is_none) {
        models::choose_default(store);
    }
    load_model(store);
}

/// Runs the network again after that failed.
pub fn retry_segment(store: Store) {
    store.forget_errors();
    await_border(store);
    advance(store);
}

/// Asks the engine for the next thing, if it can take it.
pub fn advance(store: Store) {
    let is_waiting = store.engine.with_value(|engine| engine.awaited.is_some());
    if is_waiting || store.readiness.get_untracked() != Readiness::Ready {
        return;
    }
    let shown = store.shown.get_untracked();
    let is_done = shown
        .as_ref()
        .is_some_and(|shown| shown.border != Border::Awaited)
        && store.opening.get_untracked().is_none();
    if !is_done && successor::take_over(store) {
        return load_model(store);
    }
    let holds = store.engine.with_value(|engine| engine.holds);
    let reopened = shown
        .as_ref()
        .filter(|shown| holds != Some(shown.id) && shown.border != Border::Failed)
        .map(|shown| shown.id);
    match (store.opening.get_untracked().or(reopened), shown) {
        (Some(id), _) => request_open(store, id),
        (None, Some(shown)) if shown.border == Border::Awaited => {
            match automatic::due(store, shown.modality) {
                Some(source) => {
                    store.wanted_model.set(Some(source));
                    load_model(store);
                }
                None => request_segment(store, shown.id),
            }
        }
        _ => settle(store),
    }
}

fn request_open(store: Store, id: u32) {
    let picture = store.queue.with_untracked(|queue| {
        queue
            .get(id)
            .map(|picture| (picture.name.clone(), picture.file.clone()))
    });
    let Some((name, file)) = picture else {
        store.opening.set(None);
        return;
    };
    begin(store, Stage::Decode, None);
    store.engine.update_value(|engine| {
        engine.awaited = Some(Awaited::Open(id));
        engine.send_file(&Request::Open { job: id, name }, &file);
    });
}

fn request_segment(store: Store, id: u32) {
    store.carry_settings();
    begin(store, Stage::Segment, None);
    let views = wanted_views(store);
    store.engine.update_value(|engine| {
        engine.awaited = Some(Awaited::Segment(id));
        engine.send(Request::Segment { job: id, views });
    });
}

/// Loads the model that is wanted, or after a restart the one that ran.
pub fn load_model(store: Store) {
    if matches!(
        store.readiness.get_untracked(),
        Readiness::Starting | Readiness::Stopped
    ) {
        return;
    }
    // A model is to be loaded in any case.
    let _ = successor::take_over(store);
    let source = store
        .wanted_model
        .get_untracked()
        .or_else(|| models::running(store));
    let Some(source) = source else {
        return settle(store);
    };
    store.wanted_model.set(Some(source.clone()));
    store.readiness.set(Readiness::Loading);
    begin(store, Stage::Model, None);
    let load = Load {
        source: source.clone(),
        automatic: store.automatic.get_untracked(),
    };
    store
        .engine
        .update_value(|engine| engine.loads.push_back(load));
    let (request, file) = source.request();
    store
        .engine
        .with_value(|engine| engine.send_file(&request, &file));
}

pub fn await_border(store: Store) {
    if store.shown.with_untracked(Option::is_some) {
        store.shown.update(|shown| {
            if let Some(shown) = shown {
                shown.border = Border::Awaited;
            }
        });
    }
}

/// Segments the picture on the stage as a mean over its flipped and turned views from now on, or no longer.
pub fn average_views(store: Store, on: bool) {
    store
        .preferences
        .update(|preferences| preferences.views = on);
    await_border(store);
    advance(store);
}

/// The views to average for the picture on the stage.
pub fn wanted_views(store: Store) -> Option<Views> {
    let is_wanted = store
        .preferences
        .with_untracked(|preferences| preferences.views);
    store.shown.with_untracked(|shown| {
        shown
            .as_ref()
            .filter(|_| is_wanted)
            .and_then(|shown| Views::of(shown.modality))
    })
}

pub fn shown_id(store: Store) -> Option<u32> {
    store
        .shown
        .with_untracked(|shown| shown.as_ref().map(|shown| shown.id))
}

/// Says what takes a while. The same stage goes on rather than beginning anew.
pub fn begin(store: Store, stage: Stage, fraction: Option<f32>) {
    let now = window()
        .performance()
        .map_or(0.0, |performance| performance.now());
    store.activity.update(|activity| {
        let since = activity
            .filter(|activity| activity.stage == stage)
            .map_or(now, |activity| activity.since);
        *activity = Some(Activity {
            stage,
            fraction,
            since,
        });
    });
}

/// Takes the busy state off the screen once nothing is left to wait for.
pub fn settle(store: Store) {
    let is_waiting = store.engine.with_value(|engine| engine.awaited.is_some())
        || store.exporting.get_untracked().is_some();
    if !is_waiting
        && matches!(
            store.readiness.get_untracked(),
            Readiness::Ready | Readiness::Modelless
        )
    {
        store.activity.set(None);
    }
}
