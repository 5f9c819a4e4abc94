//! What happens on an event. One file a subject; `work` decides what the engines are asked next.

mod answers;
mod background;
mod commands;
mod engines;
mod files;
mod frames;
mod gathering;
mod importing;
mod keeping;
mod kept_maps;
mod measuring;
mod restoring;
mod reviewing;
mod stage;
mod tools;
mod truths;
mod wanted;
mod work;

pub use commands::LARGEST_ISLANDS;

use std::time::Duration;

use super::command::Command;
use super::effect::Effect;
use super::event::{Event, OfflineNews, Surroundings, Timer};
use super::gestures::{Pointer, PointerPhase};
use super::model_entry::OwnModelFault;
use super::notices::{Offer, Tone};
use super::state::App;
use super::wording;
use crate::protocol::{DeviceKind, ModelKey};

/// How long news stays.
const NEWS: Duration = Duration::from_secs(7);
/// How long news stays that asks for nothing and that the status line says too.
const SHORT_NEWS: Duration = Duration::from_secs(4);

/// A pointer that only moves changes no document, and comes often; nor is a stroke kept before it ends.
fn changes_documents(event: &Event) -> bool {
    !matches!(
        event,
        Event::Pointer(Pointer {
            phase: PointerPhase::Moved,
            ..
        })
    )
}

impl App {
    /// Takes in what happened at `now`, in milliseconds of the page's clock, and says what is to be done.
    pub fn update(&mut self, event: Event, now: f64) -> Vec<Effect> {
        let before = self.preferences.clone();
        let is_act = self.is_act(&event);
        let may_change = changes_documents(&event);
        self.take_in(event, now);
        self.settle_imports();
        if is_act {
            self.person_acted();
        }
        // It takes no other sentence's place.
        if self.offline.is_untold && !self.notices.has_news() {
            self.offline.is_untold = false;
            self.news_for("Ready to work offline.", None, SHORT_NEWS);
        }
        self.work(now);
        if may_change {
            self.keep();
        }
        if self.preferences != before {
            let preferences = Box::new(self.preferences.clone());
            self.effects.push(Effect::StorePreferences(preferences));
        }
        self.listing.follow(&mut self.documents);
        let has_unsaved = self.listing.has_unsaved()
            && self
                .documents
                .iter()
                .any(|document| self.is_at_risk(document));
        if has_unsaved != self.is_guarded {
            self.is_guarded = has_unsaved;
            self.effects.push(Effect::GuardUnload(has_unsaved));
        }
        std::mem::take(&mut self.effects)
    }

    fn take_in(&mut self, event: Event, now: f64) {
        match event {
            Event::Begun(surroundings) => self.begin(surroundings, now),
            Event::Command { command, document } => self.command(command, document, now),
            Event::Key(press) => {
                let may_type = self.preferences.single_keys;
                let has_brush = self.stage.tool != super::stage::Tool::Move;
                if let Some(command) = press.command(may_type, has_brush) {
                    self.command(command, self.documents.shown_id(), now);
                }
            }
            Event::KeyReleased => self.stage.is_comparing = false,
            Event::Pointer(pointer) => self.pointer(pointer),
            Event::CanvasResized(canvas) => self.resize(canvas),
            Event::LayoutChanged { is_narrow } => self.is_narrow = is_narrow,
            Event::FilesArrived(arrival) => self.arrive(arrival),
            Event::PartsKept { id, files } => self.parts_kept(id, files),
            Event::AdapterFound(found) => self.adapter_found(found),
            Event::ModelsListed { published, own } => {
                self.models_listed(published, own);
                self.say_what_others_drew();
            }
            Event::OwnModelRead(Ok(model)) => {
                let key = ModelKey::Own(model.digest.to_string());
                self.models.bring(model);
                self.choose_model(Some(key));
            }
            Event::OwnModelRead(Err(OwnModelFault { digest, message })) => {
                if let Some(digest) = digest {
                    self.models.set_remembered(&digest, false);
                }
                self.fail(message);
            }
            Event::ModelRemembered { digest, is_kept } => self.model_remembered(&digest, is_kept),
            Event::ModelKept(digest) => self.model_kept(&digest),
            Event::Engine {
                engine,
                message,
                payload,
            } => self.heard(engine, message, payload, now),
            Event::EngineDied { engine, reason } => self.engine_died(engine, reason, None, now),
            Event::FileSaved {
                file_name,
                is_saved: true,
            } => self.news(format!("Saved as {file_name}."), None),
            Event::FileSaved { .. } => self
                .fail("The browser did not save the file. Check whether it blocks downloads here."),
            Event::SaveFile(news) => self.save_file_news(news),
            Event::ClipboardWritten {
                what,
                is_written: true,
            } => self.news(format!("{what} copied to the clipboard."), None),
            Event::ClipboardWritten { .. } => self.fail(
                "The browser did not allow the clipboard. Allow it, or export a file instead.",
            ),
            Event::Timer(timer) => self.timer(timer, now),
            Event::Offline(news) => self.offline_news(news),
            Event::Session { message, files } => self.session_said(message, files),
            Event::SessionEnded(reason) => self.session_ended(reason),
            Event::SessionPersistent(is_promised) => self.keeping.is_persistent = Some(is_promised),
        }
    }

    fn begin(&mut self, surroundings: Surroundings, now: f64) {
        self.asked_device = surroundings.device;
        self.asked_model = surroundings.model;
        self.may_share_memory = surroundings.may_share_memory;
        self.numbers = surroundings.numbers;
        self.has_folder_picker = surroundings.has_folder_picker;
        self.has_save_picker = surroundings.has_save_picker;
        self.has_save_folder_picker = surroundings.has_save_folder_picker;
        self.engines.timing = self.preferences.timing.clone();
        if self.preferences.keep_session == Some(true) {
            self.open_session(false);
        }
        self.effects.push(Effect::ListModels);
        self.launch(now);
        if self.asked_device == Some(DeviceKind::Cpu) {
            self.adapter_found(Ok(String::new()));
        } else {
            self.effects.push(Effect::FindAdapter);
        }
    }

    fn timer(&mut self, timer: Timer, now: f64) {
        match timer {
            Timer::Relaunch if self.engines.serving.is_none() && !self.is_stopped() => {
                self.launch(now)
            }
            Timer::Relaunch => {}
            Timer::Launch(engine) => self.launch_is_late(engine, now),
            Timer::Background => self.background.is_quiet = true,
            Timer::NextFrame => self.next_frame(),
            Timer::Measure => self.overlay.is_quiet = true,
            Timer::Notice(id) => self.notices.dismiss(id),
        }
    }

    fn offline_news(&mut self, news: OfflineNews) {
        match news {
            OfflineNews::Ready { is_new } => {
                self.offline.is_ready = true;
                self.offline.is_untold = is_new;
            }
            OfflineNews::UpdateFound | OfflineNews::UpdatedElsewhere => {
                self.offline.has_update = true;
                let text = match news {
                    OfflineNews::UpdatedElsewhere => {
                        "Delineo was updated in another tab. This one goes on with the old version until it is loaded anew."
                    }
                    _ if self.keeping.is_writing() => {
                        "Update available. Updating reloads the page; your pictures come back."
                    }
                    _ => "Update available. Updating reloads the page and closes its pictures.",
                };
                let offer = Offer {
                    label: "Update now",
                    command: Command::Update,
                };
                self.news(text, Some(offer));
            }
        }
    }

    /// Says something worth knowing; without an offer it goes after a while.
    pub(super) fn news(&mut self, text: impl Into<String>, offer: Option<Offer>) {
        self.news_for(text, offer, NEWS);
    }

    fn news_for(&mut self, text: impl Into<String>, offer: Option<Offer>, after: Duration) {
        let stays = offer.is_some();
        let id = self.notices.tell(Tone::Info, text.into(), offer);
        if !stays {
            self.effects.push(Effect::SetTimer {
                timer: Timer::Notice(id),
                after,
            });
        }
    }

    /// Says what did not work.
    pub(super) fn fail(&mut self, text: impl AsRef<str>) {
        let text = wording::sentence(text.as_ref());
        self.notices.tell(Tone::Error, text, None);
    }

    /// Says what did not work, and offers another try.
    pub(super) fn fail_with_retry(&mut self, text: &str) {
        let offer = Offer {
            label: "Try again",
            command: Command::Retry,
        };
        self.notices
            .tell(Tone::Error, wording::sentence(text), Some(offer));
    }
}
