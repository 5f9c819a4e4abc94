//! What the page says of its state: what takes a while, which device serves, what became of the image on the stage.

use super::engines::{Pending, Phase};
use super::opened::SegmentationState;
use super::state::App;
use super::wording;

/// Something that takes a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// What.
    pub task: crate::protocol::Task,
    /// How much of it is done, where that is known.
    pub fraction: Option<f32>,
    /// When it began, in milliseconds of the page's clock.
    pub since: f64,
}

impl App {
    /// What takes a while just now.
    pub fn activity(&self) -> Option<Activity> {
        let engine = self.engines.serving.as_ref()?;
        if engine.phase != Phase::Ready {
            return Some(Activity {
                task: crate::protocol::Task::Device,
                fraction: None,
                since: engine.since,
            });
        }
        let current = self.documents.current_id();
        let is_awaited = |pending: &&Pending| {
            !pending.is_background || self.awaits_document() && pending.purpose.suspect() == current
        };
        engine
            .pending
            .iter()
            .filter(is_awaited)
            .find_map(|pending| {
                let task = pending.purpose.task()?;
                let (task, fraction) = pending.progress.unwrap_or((task, None));
                Some(Activity {
                    task,
                    fraction,
                    since: pending.asked,
                })
            })
    }

    /// One word for the state of the whole page: the styles use it.
    pub fn page_state(&self) -> &'static str {
        if self.is_stopped() {
            return "stopped";
        }
        if self.stage.is_playing {
            return "done";
        }
        if self.activity().is_some() {
            return "busy";
        }
        match self.shown().map(|shown| &shown.segmentation) {
            None => "empty",
            Some(SegmentationState::Done { .. }) => "done",
            Some(SegmentationState::Pending) => "busy",
            Some(SegmentationState::Failed) => "failed",
        }
    }

    /// Which device serves, as a sentence; empty before that is known.
    pub fn device_sentence(&self) -> String {
        self.device().map_or_else(String::new, |(report, why)| {
            wording::device(report, why.as_deref())
        })
    }

    /// What GPU and CPU take, as a sentence, where both were measured.
    pub fn timing_sentence(&self) -> Option<String> {
        let timing = self.engines.timing.as_ref()?;
        Some(format!(
            "Measured on this device, a segmentation: {} on the GPU ({}), {} on the CPU.",
            wording::duration(timing.gpu),
            timing.adapter,
            wording::duration(timing.cpu)
        ))
    }

    /// How far the app is, as a sentence.
    pub fn status(&self) -> String {
        if self.is_stopped() {
            return "The engine is stopped.".to_owned();
        }
        if self.stage.is_playing {
            return "Playing. The border is drawn when the frames stop.".to_owned();
        }
        if let Some(gathering) = &self.gathering {
            let (done, all) = gathering.progress();
            return format!("Exporting all pictures, {done} of {all}…");
        }
        if let Some(activity) = self.activity() {
            return format!("{}…", wording::task(activity.task));
        }
        let Some(shown) = self.shown() else {
            let is_without_model = self.models.are_listed() && self.models.active().is_none();
            return if is_without_model && !self.is_starting() {
                "No model is loaded.".to_owned()
            } else {
                "Ready.".to_owned()
            };
        };
        match &shown.segmentation {
            SegmentationState::Pending => "Ready.".to_owned(),
            SegmentationState::Failed => "No border was found.".to_owned(),
            SegmentationState::Done { .. } if self.is_mask_empty() => {
                "No border found at this threshold. Lower it, or draw by hand.".to_owned()
            }
            SegmentationState::Done { maps, milliseconds } => {
                let by = if self.models.is_automatic() {
                    format!(" by “{}”", self.models.name(&maps.model))
                } else {
                    String::new()
                };
                match milliseconds {
                    Some(milliseconds) => {
                        format!("Border found in {}{by}.", wording::duration(*milliseconds))
                    }
                    None => format!("Border found before{by}, and kept."),
                }
            }
        }
    }

    /// How large the mask is, as a sentence, once that is known exactly.
    pub fn area_sentence(&self) -> String {
        match self
            .shown()
            .filter(|shown| shown.maps().is_some())
            .and_then(|shown| shown.area)
        {
            Some(area) if area.exact && area.pixels < 0.5 => "The mask is empty.".to_owned(),
            Some(area) if area.exact => {
                format!("The mask covers {}.", wording::percent(area.fraction))
            }
            _ => String::new(),
        }
    }

    /// What the image says to those who cannot see it. Begins with the file's name.
    pub fn alternative(&self) -> Option<String> {
        let (document, opened) = self.documents.shown()?;
        Some(wording::alternative(
            &document.name,
            &opened.image,
            opened.scale().as_ref(),
            opened.area.as_ref(),
        ))
    }
}
