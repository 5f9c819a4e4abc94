//! Which models there are to choose from: those that this site publishes and those that the person had it remember.

use std::rc::Rc;

use delineo::manifest::Manifest;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

use crate::automatic;
use crate::conductor;
use crate::remembered;
use crate::store::{Offer, Offered, OwnModel, Source, Store, Tone};

/// Finds out what there is, and begins with the model that the address, the person's last visit or the site prefers.
pub fn discover(store: Store) {
    spawn_local(async move {
        let published = published().await;
        let own = remembered::names().await.unwrap_or_default();
        let mut offers = described(&published, published.len() + own.len() < 2).await;
        offers.extend(own.into_iter().map(own_offer));
        store.offers.set(offers);
        choose_default(store);
        conductor::load_model(store);
    });
}

/// Makes the preferred model the wanted one: what the address asks for, else what the person chose, else the choice by
/// modality where there is one, which begins with the model that ran last.
pub fn choose_default(store: Store) {
    let offers = store.offers.get_untracked();
    let offered = |key: &String| offers.iter().find(|offer| offer.key == *key && !offer.own);
    let asked = asked();
    if let (Some(asked), true) = (&asked, asked.as_ref().and_then(offered).is_none()) {
        let id = asked.trim_start_matches("published/");
        store.fail(format!(
            "There is no model “{id}” here, so the usual one is used."
        ));
    }
    let (chosen, latest) = store.preferences.with_untracked(|preferences| {
        let chosen = preferences.model.as_ref().and_then(offered);
        (chosen, preferences.latest.as_ref().and_then(offered))
    });
    let by_hand = asked.as_ref().and_then(offered).or(chosen);
    let first = || offers.iter().find(|offer| !offer.own);
    match by_hand.or(latest).or_else(first).and_then(Offer::published) {
        // The person's own may be on its way by now.
        Some(source) if store.wanted_model.with_untracked(Option::is_none) => {
            store
                .automatic
                .set(by_hand.is_none() && automatic::is_offered(&offers));
            store.wanted_model.set(Some(source));
        }
        Some(_) => {}
        None => store.tell(
            Tone::Error,
            "The list of models could not be read. Check the connection and try again, or drop your own weights.",
            Some(Offered::RetryModel),
        ),
    }
}

/// Remembers what the person chose and what ran. An address that asks for a model, as a link may, is no choice of
/// theirs, and their own weights are gone after this visit.
pub fn remember_choice(store: Store, source: &Source, automatic: bool) {
    if matches!(source, Source::Own(_)) {
        return;
    }
    let key = source.key();
    let is_chosen = !automatic && asked().as_ref() != Some(&key);
    store.preferences.update(|preferences| {
        if is_chosen {
            preferences.model = Some(key.clone());
        }
        preferences.latest = Some(key);
    });
}

/// The key of the model that the page's address asks for.
fn asked() -> Option<String> {
    query("model").map(|id| format!("published/{id}"))
}

/// Where the model that runs comes from.
pub fn running(store: Store) -> Option<Source> {
    store
        .model
        .with_untracked(|model| model.as_ref().map(|model| model.source.clone()))
}

/// Chooses among the offers by key.
pub fn choose(store: Store, key: String) {
    if key == automatic::KEY {
        automatic::choose(store);
    } else if let Some(id) = key.strip_prefix("published/") {
        conductor::choose_model(store, Source::Published(id.to_owned()));
    } else if let Some(name) = key.strip_prefix("own/") {
        let name = name.to_owned();
        spawn_local(async move {
            match remembered::recall(&name).await {
                Ok((weights, manifest)) => conductor::choose_model(
                    store,
                    Source::Own(Rc::new(OwnModel {
                        name,
                        weights,
                        manifest,
                    })),
                ),
                Err(_) => {
                    store.fail(format!(
                        "“{name}” is no longer on this device. Drop the file again."
                    ));
                    store
                        .offers
                        .update(|offers| offers.retain(|offer| offer.key != key));
                }
            }
        });
    }
}

/// Runs a person's own weights.
pub fn bring(store: Store, name: String, weights: Blob, manifest: Option<String>) {
    conductor::choose_model(
        store,
        Source::Own(Rc::new(OwnModel {
            name,
            weights,
            manifest,
        })),
    );
}

/// Keeps the person's own model, that runs just now, on this device.
pub fn remember(store: Store) {
    let Some(model) = store.model.get_untracked() else {
        return;
    };
    let Source::Own(own) = &model.source else {
        return;
    };
    let own = Rc::clone(own);
    // With the digest in the description, a file that was damaged on the disk is noticed.
    let manifest = own
        .manifest
        .clone()
        .or_else(|| serde_json::to_string(&model.manifest).ok());
    spawn_local(async move {
        match remembered::keep(&own.name, &own.weights, manifest.as_deref()).await {
            Ok(()) => {
                let offer = own_offer(own.name.clone());
                store.offers.update(|offers| {
                    offers.retain(|other| other.key != offer.key);
                    offers.push(offer);
                });
                store.tell(Tone::Info, format!("“{}” is remembered on this device.", own.name), None);
            }
            Err(_) => store.fail(format!(
                "“{}” ({}) could not be remembered: the browser has no room for it or does not allow it. It runs until you close the page.",
                own.name,
                crate::wording::megabytes(own.weights.size())
            )),
        }
    });
}

/// Forgets a remembered model. If it runs, it runs on until the page is closed.
pub fn forget(store: Store, key: String) {
    let Some(name) = key.strip_prefix("own/").map(str::to_owned) else {
        return;
    };
    spawn_local(async move {
        if remembered::forget(&name).await.is_err() {
            store.fail(format!(
                "“{name}” could not be forgotten. Clear this site's data in the browser's settings."
            ));
            return;
        }
        store
            .offers
            .update(|offers| offers.retain(|offer| offer.key != key));
        store.tell(
            Tone::Info,
            format!("“{name}” is no longer remembered on this device."),
            None,
        );
    });
}

/// A parameter of the page's address.
pub fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search)
        .ok()?
        .get(name)
}

async fn published() -> Vec<String> {
    let text = fetch_text("models/index.json").await.unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The site's models as they describe themselves. What is `alone` needs no description: there is no choice.
async fn described(ids: &[String], alone: bool) -> Vec<Offer> {
    // All are asked for before the first is awaited.
    let texts: Vec<_> = ids
        .iter()
        .map(|id| (!alone).then(|| fetch_text(&format!("models/{id}/model.json"))))
        .collect();
    let mut offers = Vec::new();
    for (id, text) in ids.iter().zip(texts) {
        let text = match text {
            Some(text) => text.await.unwrap_or_default(),
            None => String::new(),
        };
        let key = Source::Published(id.clone()).key();
        offers.push(match Manifest::from_json(text.as_bytes()) {
            Ok(manifest) => Offer {
                key,
                label: manifest.name,
                own: false,
                modalities: manifest.modalities,
                bytes: manifest.weights.bytes,
            },
            Err(_) => Offer {
                key,
                label: id.clone(),
                own: false,
                modalities: Vec::new(),
                bytes: 0,
            },
        });
    }
    offers
}

fn own_offer(name: String) -> Offer {
    Offer {
        key: format!("own/{name}"),
        label: name,
        own: true,
        modalities: Vec::new(),
        bytes: 0,
    }
}

/// Begins to fetch at once; the text comes when it is awaited.
fn fetch_text(address: &str) -> impl Future<Output = Result<String, JsValue>> + use<> {
    let response = JsFuture::from(window().fetch_with_str(address));
    async move {
        let response: Response = response.await?.dyn_into()?;
        if !response.ok() {
            return Err(JsValue::NULL);
        }
        JsFuture::from(response.text()?)
            .await?
            .as_string()
            .ok_or(JsValue::NULL)
    }
}
