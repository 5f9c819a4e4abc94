//! What a developer needs to know to find a fault.

use super::engines::Gpu;
use super::opened::SegmentationState;
use super::state::App;

impl App {
    /// What a developer needs to know to find a fault. No images, and no file names: those may name a patient.
    pub fn diagnostics(&self) -> String {
        let engine = self.engines.serving.as_ref();
        let gpu = match &self.engines.gpu {
            Gpu::Preparing {
                adapter,
                engine,
                milliseconds,
            } => {
                format!(
                    "preparing {adapter}, {:?}, {milliseconds:?} ms",
                    engine.phase
                )
            }
            Gpu::Ready { adapter, .. } => format!("ready, {adapter}"),
            other => format!("{other:?}"),
        };
        let mut lines = vec![
            format!("Delineo: {}", env!("CARGO_PKG_VERSION")),
            format!("Device: {}", self.device_sentence()),
            format!("GPU: {gpu}"),
            format!("Timing: {:?}", self.engines.timing),
            format!(
                "Engine: {:?}",
                engine.map(|engine| (engine.build, engine.phase))
            ),
            format!(
                "Activity: {:?}",
                self.activity().map(|activity| activity.task)
            ),
            self.model_diagnostics(),
        ];
        lines.push(match self.shown() {
            None => "Image: none".to_owned(),
            Some(shown) => format!(
                "Image: {}×{}, looks like {}, taken for {} ({:.2}), segmentation {}, {} corrections, {:?}, {:?}",
                shown.image.width,
                shown.image.height,
                shown.image.modality.word(),
                shown.image.judgement.kind.word(),
                shown.image.judgement.confidence,
                match &shown.segmentation {
                    SegmentationState::Pending => "pending".to_owned(),
                    SegmentationState::Done {
                        milliseconds: Some(milliseconds),
                        ..
                    } => format!("done in {milliseconds:.0} ms"),
                    SegmentationState::Done { .. } => "kept".to_owned(),
                    SegmentationState::Failed => "failed".to_owned(),
                },
                shown.edits.corrections().len(),
                shown.settings,
                shown.area
            ),
        });
        let canvas = self.stage.canvas;
        lines.push(format!(
            "Canvas: {}×{} at {}",
            canvas.width, canvas.height, canvas.ratio
        ));
        lines.push(format!("Images: {}", self.documents.len()));
        lines.push(format!("Offline: {:?}", self.offline));
        lines.push(format!("Session: {:?}", self.keeping.state()));
        lines.push(format!("Deaths: {:?}", self.engines.deaths));
        lines.extend(
            self.engines
                .incidents
                .iter()
                .map(|incident| format!("Incident: {incident}")),
        );
        lines.join("\n")
    }

    fn model_diagnostics(&self) -> String {
        let Some((key, info)) = self.models.active() else {
            return "Model: none".to_owned();
        };
        let manifest = &info.manifest;
        // The name of a person's own file is theirs.
        let id = match key {
            crate::protocol::ModelKey::Published(id) => id.as_str(),
            crate::protocol::ModelKey::Own(_) => "own",
        };
        let input = &manifest.input;
        format!(
            "Model: {id}, {}, CMUNeXt-{}, {} parameters, {} classes, {}×{} {:?} {:?} divisor {}, weights {}",
            if self.models.choice.is_none() {
                "chosen by the app"
            } else {
                "chosen"
            },
            manifest.variant,
            info.parameters,
            manifest.classes.len(),
            input.width,
            input.height,
            input.channels,
            input.resize,
            input.divisor,
            manifest.weights.sha256
        )
    }
}
