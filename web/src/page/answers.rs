//! What the engine answered, turned into state.

use delineo::manifest::Manifest;
use delineo_web::protocol::{Area, DeviceReport, Event, Task, Views};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ImageBitmap;

use crate::conductor::{
    add_pictures, advance, await_border, begin, load_model, settle, shown_id, wanted_views,
};
use crate::easel;
use crate::engine::Load;
use crate::models;
use crate::queue::{Keepsake, Progress};
use crate::recovery;
use crate::save;
use crate::sight::{Sight, Size};
use crate::store::{Border, Model, Offered, Readiness, Shown, Source, Store, Tone};
use crate::successor::Gpu;
use crate::wording;

/// An answer of the engine.
pub fn answer(store: Store, event: Event, payload: JsValue) {
    match event {
        Event::Loaded => {}
        Event::Progress { stage, fraction } => begin(store, stage, fraction),
        Event::DeviceReady(report) => device_ready(store, report),
        Event::ModelReady {
            manifest,
            parameters,
            own,
        } => model_ready(store, *manifest, parameters, own),
        Event::Opened {
            job,
            width,
            height,
            modality,
            remarks,
        } => {
            let shown = Shown {
                id: job,
                name: String::new(),
                width,
                height,
                modality,
                remarks,
                border: Border::Awaited,
            };
            opened(store, shown, payload);
        }
        Event::Segmented {
            job,
            views,
            milliseconds,
        } => segmented(store, job, views, milliseconds),
        Event::Painted {
            job,
            frame,
            width,
            height,
            view,
            area,
        } => {
            if let Some(exact) = easel::painted(store, job, frame, (width, height), view, &payload)
            {
                count(store, area, exact);
            }
        }
        Event::Exported {
            what,
            clipboard,
            file_name,
            ..
        } => {
            store.exporting.set(None);
            settle(store);
            save::exported(store, what, clipboard, &file_name, &payload);
        }
        Event::SampleMade { file_name } => {
            store.sampling.set(false);
            match save::png_blob(&payload) {
                Ok(blob) => add_pictures(store, vec![(file_name, blob)]),
                Err(_) => store.fail("The sample could not be made. Try again."),
            }
        }
        // Of the engine that serves it is no news; only tests ask for logits.
        Event::Tuned(_) | Event::SelfTestPassed | Event::Logits { .. } => {}
        Event::Failed { task, job, message } => failed(store, task, job, &message),
        Event::Fatal { message, no_gpu } => recovery::engine_died(store, message, no_gpu),
    }
}

fn device_ready(store: Store, report: DeviceReport) {
    store.withdraw(Offered::RestartEngine);
    let was_gpu = store
        .device
        .with_untracked(|device| device.as_ref().is_some_and(|device| device.gpu));
    store.device.set(Some(report));
    if was_gpu
        && matches!(store.gpu.get_untracked(), Gpu::Refused(_))
        && let Some(report) = untrack(|| store.running_device())
    {
        store.tell(Tone::Info, wording::device(&report), None);
    }
    if store.readiness.get_untracked() == Readiness::Starting {
        store.readiness.set(Readiness::Modelless);
        load_model(store);
    }
}

fn model_ready(store: Store, manifest: Manifest, parameters: u32, own: bool) {
    let Some((Load { source, automatic }, is_last)) = answered_load(store) else {
        return;
    };
    let before = store
        .model
        .with_untracked(|model| model.as_ref().map(|model| model.source.key()));
    let is_another = before.as_ref().is_none_or(|key| *key != source.key());
    if is_another && own {
        let name = manifest.name.clone();
        let is_remembered = store
            .offers
            .with_untracked(|offers| offers.iter().any(|offer| offer.key == source.key()));
        let offered = (!is_remembered).then_some(Offered::Remember);
        let text = format!(
            "Your own model “{name}” runs: CMUNeXt-{}, {} parameters.",
            manifest.variant,
            wording::grouped(parameters.into())
        );
        store.tell(Tone::Info, text, offered);
    } else if is_another && before.is_some() && !automatic {
        store.tell(Tone::Info, format!("“{}” runs now.", manifest.name), None);
    }
    models::remember_choice(store, &source, automatic);
    store.model.set(Some(Model {
        manifest,
        parameters,
        source,
        automatic,
    }));
    if !is_last {
        return;
    }
    store.wanted_model.set(None);
    store.withdraw(Offered::RetryModel);
    store.readiness.set(Readiness::Ready);
    await_border(store);
    advance(store);
}

/// The image is there; `shown` lacks its name.
fn opened(store: Store, mut shown: Shown, payload: JsValue) {
    let job = shown.id;
    store.engine.update_value(|engine| {
        engine.awaited = None;
        engine.holds = Some(job);
        engine.corrected = None;
    });
    let Ok(bitmap) = payload.dyn_into::<ImageBitmap>() else {
        return failed(
            store,
            Task::Open,
            Some(job),
            "The browser could not show the image. Close other tabs and try again.",
        );
    };
    if store.opening.get_untracked() == Some(job) {
        store.opening.set(None);
    }
    let picture = store.queue.with_untracked(|queue| {
        queue
            .get(job)
            .map(|picture| (picture.name.clone(), picture.keepsake.clone()))
    });
    let Some((name, keepsake)) = picture else {
        bitmap.close();
        return advance(store);
    };
    shown.name = name;
    let is_reopened = shown_id(store) == Some(job);
    if !is_reopened {
        store.keep();
    }
    let size = shown.size();
    easel::hang(store, bitmap, size, is_reopened);
    store.shown.set(Some(shown));
    if !is_reopened {
        store.area.set(None);
        take_up(store, job, size, keepsake);
    }
    advance(store);
}

/// A picture goes on where the person left it, or begins.
fn take_up(store: Store, job: u32, size: Size, keepsake: Option<Keepsake>) {
    match keepsake {
        Some(keepsake) => {
            store.settings.set(keepsake.settings);
            store.tuning.set(keepsake.tuning);
            store.history.set(keepsake.history);
            store.sight.set(if keepsake.sight.fitted {
                Sight::fit(size, store.canvas.get_untracked().size())
            } else {
                keepsake.sight
            });
        }
        None => {
            store.begin_settings();
            store.history.set(Default::default());
            store
                .sight
                .set(Sight::fit(size, store.canvas.get_untracked().size()));
        }
    }
    store.queue.update(|queue| {
        if let Some(picture) = queue.get_mut(job) {
            picture.progress = Progress::Seen;
        }
    });
}

fn segmented(store: Store, job: u32, views: Option<Views>, milliseconds: f64) {
    store.withdraw(Offered::RetrySegment);
    store.engine.update_value(|engine| engine.awaited = None);
    // The person may have changed their mind meanwhile; then the border is still awaited.
    if shown_id(store) == Some(job) && wanted_views(store) == views {
        store.shown.update(|shown| {
            if let Some(shown) = shown {
                shown.border = Border::Found(milliseconds);
            }
        });
        easel::repaint(store);
    }
    advance(store);
}

/// An approximate figure never replaces an exact one of the same mask.
fn count(store: Store, area: Area, replace: bool) {
    if area.exact || replace || !store.area.get_untracked().is_some_and(|area| area.exact) {
        store.area.set(Some(area));
    }
}

fn failed(store: Store, task: Task, job: Option<u32>, message: &str) {
    let message = wording::sentence(message);
    match task {
        Task::Start => {
            recovery::give_up(store, message);
        }
        Task::Model => {
            let Some((load, is_last)) = answered_load(store) else {
                return;
            };
            if !is_last {
                return store.fail(message);
            }
            let has_model = store.model.with_untracked(Option::is_some);
            let was_own = matches!(load.source, Source::Own(_));
            store.readiness.set(if has_model {
                Readiness::Ready
            } else {
                Readiness::Modelless
            });
            // A mask by a model for other pictures would be worse than none.
            let lacks_its_model = has_model && load.automatic && fail_awaited_border(store);
            store.model.with_untracked(|model| {
                if let Some(model) = model {
                    store.automatic.set(model.automatic);
                }
            });
            let offered =
                (lacks_its_model || !has_model && !was_own).then_some(Offered::RetryModel);
            if has_model || was_own {
                store.wanted_model.set(None);
            }
            store.tell(Tone::Error, message, offered);
            if !has_model && was_own {
                retry_default(store);
            }
        }
        Task::Open => {
            store.engine.update_value(|engine| engine.awaited = None);
            match job {
                Some(job) => refuse_picture(store, job, &message),
                None => store.fail(message),
            }
        }
        Task::Segment => {
            store.engine.update_value(|engine| engine.awaited = None);
            store.shown.update(|shown| {
                if let Some(shown) = shown
                    .as_mut()
                    .filter(|shown| job.is_none_or(|job| shown.id == job))
                {
                    shown.border = Border::Failed;
                }
            });
            store.tell(Tone::Error, message, Some(Offered::RetrySegment));
        }
        Task::Export => {
            store.exporting.set(None);
            save::refused();
            store.fail(message);
        }
        Task::Sample => {
            store.sampling.set(false);
            store.fail(message);
        }
    }
    settle(store);
    advance(store);
}

/// The picture on the stage goes without a border if it waits for one; says whether it did.
fn fail_awaited_border(store: Store) -> bool {
    let is_awaited = store.shown.with_untracked(Shown::is_awaited);
    if is_awaited {
        store.shown.update(|shown| {
            if let Some(shown) = shown {
                shown.border = Border::Failed;
            }
        });
    }
    is_awaited
}

/// The model that an answer is about, and whether no other was asked for since: answers come in the order of requests.
fn answered_load(store: Store) -> Option<(Load, bool)> {
    store
        .engine
        .try_update_value(|engine| Some((engine.loads.pop_front()?, engine.loads.is_empty())))
        .flatten()
}

/// The person's own model failed before any other ran: the site's own takes its place.
fn retry_default(store: Store) {
    models::choose_default(store);
    load_model(store);
}

/// Takes a picture out that cannot be shown; the next of those that came with it follows.
pub fn refuse_picture(store: Store, id: u32, message: &str) {
    let (name, next) = store.queue.with_untracked(|queue| {
        (
            queue.get(id).map(|picture| picture.name.clone()),
            queue.next_waiting(id),
        )
    });
    let was_shown = shown_id(store) == Some(id);
    store.queue.update(|queue| queue.remove(id));
    if store.opening.get_untracked() == Some(id) || store.opening.get_untracked().is_none() {
        store.opening.set(next);
    }
    if was_shown {
        store.shown.set(None);
        store.area.set(None);
        easel::clear(store);
    }
    store.fail(match name {
        Some(name) => format!("{name}: {message}"),
        None => message.to_owned(),
    });
}
