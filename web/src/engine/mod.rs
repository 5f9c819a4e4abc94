//! The engine: it owns the device, the models and the open documents, and answers the page's requests in order.
//!
//! Everything that takes longer than a few milliseconds happens here, in a worker, so that the page can always answer
//! the person. The engine keeps nothing that the page could not give it again: after a panic or a lost device the page
//! starts a new one and repeats its requests.
//!
//! ```text
//!   browser ── Request ──▶ Engine::answer ── Answer ──▶ Outbox
//!                            │       │
//!                        Platform  models, documents ──▶ delineo
//! ```
//!
//! What a request does is plain Rust, told apart from the browser by two traits: [`Platform`] is what the engine needs
//! of its surroundings, [`Outbox`] is where its messages go. The workers' side of both is `browser`.
//!
//! There are three programs: `engine` for the GPU, which carries burn and wgpu; `engine-cpu` without them, which is a
//! tenth of the size and so starts at every visit; and `engine-cpu-threads`, which is that on several threads, for
//! pages that may share memory between workers.

#[cfg(feature = "browser")]
pub mod browser;

mod difference;
mod document;
mod error;
mod gathering;
mod models;
mod outbox;
mod platform;
mod sample;
mod summary;
#[cfg(test)]
mod tests;

pub use error::EngineError;
pub use outbox::{Outbox, Payload};
pub use platform::{OpenDevice, Platform};

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use delineo::export::{REPORT, SegmentationInfo, Site};
use delineo::imaging::{self, Rendering};
use delineo::measure::ReportPage;
use delineo::{MapCopy, RgbImage};

use crate::decoder::Order;
use crate::engine::document::{Document, Drawing};
use crate::engine::error::Fault;
use crate::engine::gathering::{Gathering, Portion};
use crate::engine::models::{Asked, Models};
use crate::protocol::{
    Answer, DeviceKind, DocumentId, GatherStep, ImageFacts, MaskSpec, Message, ModelKey, Request,
    RequestId, Segmentation, Task,
};

/// Runs whose median is a model's time, after one to warm up.
const TIMED_RUNS: usize = 3;
/// Milliseconds after which no further run is begun: a device that takes so long is not told from others by a median.
const LONGEST_TIMING: f64 = 1000.0;
/// What sentences call the copy of a probability map.
const KEPT_MAP: &str = "The kept probability map";

/// Device, models and documents; each may be missing.
#[derive(Debug)]
pub struct Engine<P, O> {
    platform: P,
    outbox: O,
    device: Option<OpenDevice>,
    models: Models,
    /// Those that the page has not closed. It bounds how many there are, and how large.
    documents: BTreeMap<DocumentId, Document>,
    /// The data set that is being made.
    gathering: Option<Gathering>,
    /// The one that was drawn last: it alone keeps the buffers for drawing, which are larger than all else but images.
    drawn: Option<DocumentId>,
    /// Files that the decoder reads: for another frame or window they are not read here again.
    rare: BTreeSet<DocumentId>,
    /// The pixels of the last overlay, whose memory the next one takes over.
    spare: Vec<u8>,
}

/// What a request brought.
struct Reply {
    answer: Answer,
    payload: Payload,
    /// A document that is open once the answer is on its way.
    opens: Option<Document>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::with(answer, Payload::None)
    }
}

impl Reply {
    fn with(answer: Answer, payload: Payload) -> Self {
        Self {
            answer,
            payload,
            opens: None,
        }
    }
}

impl<P: Platform, O: Outbox> Engine<P, O> {
    /// An engine without a device.
    pub fn new(platform: P, outbox: O) -> Self {
        Self {
            platform,
            outbox,
            device: None,
            models: Models::default(),
            documents: BTreeMap::new(),
            gathering: None,
            drawn: None,
            rare: BTreeSet::new(),
            spare: Vec::new(),
        }
    }

    /// Meets one request and answers it, exactly once. Breaks when the engine cannot go on; the page was told then.
    pub async fn answer(
        &mut self,
        id: RequestId,
        request: Request,
        attachment: P::Attachment,
    ) -> ControlFlow<()> {
        let fault = match self.meet(id, request, attachment).await {
            Ok(reply) => match self.outbox.deliver(id, reply.answer, &reply.payload).await {
                Ok(()) => {
                    if let Payload::Overlay { rgba, .. } = reply.payload {
                        self.spare = rgba;
                    }
                    if let Some(document) = reply.opens {
                        self.documents.insert(document.id, document);
                    }
                    return ControlFlow::Continue(());
                }
                Err(error) => Fault::Failed(error),
            },
            Err(fault) => fault,
        };
        match fault {
            Fault::Failed(error) => {
                let message = error.to_string();
                self.outbox.send(&Message::Failed { id, message });
                ControlFlow::Continue(())
            }
            Fault::Fatal { message, gpu_fault } => {
                self.outbox.send(&Message::Fatal { message, gpu_fault });
                ControlFlow::Break(())
            }
        }
    }

    async fn meet(
        &mut self,
        id: RequestId,
        request: Request,
        attachment: P::Attachment,
    ) -> Result<Reply, Fault> {
        match request {
            Request::Start { device } => self.start(id, device).await,
            Request::LoadModel {
                model,
                name,
                manifest,
                network,
            } => {
                let asked = Asked { manifest, network };
                self.load_model(id, model, &name, asked, &attachment).await
            }
            Request::UnloadModel { model } => {
                self.models.forget(&model);
                Ok(Answer::Done.into())
            }
            Request::TimeModel { model } => self.time_model(&model).await,
            Request::Open {
                document,
                name,
                rendering,
                with_picture,
            } => {
                report(&self.outbox, id, Task::Decode, None);
                self.open(document, name, rendering, with_picture, &attachment)
                    .await
            }
            Request::Segment(what) => self.segment(id, what).await,
            Request::PackMaps(what) => {
                let document = segmented(&mut self.documents, &what)?;
                let said = document.said(&what)?;
                let bytes = MapCopy::pack(&said.manifest, what.views, &said.maps)?;
                Ok(Reply::with(Answer::MapsPacked, Payload::Bytes(bytes)))
            }
            Request::RestoreMaps { maps, sha256 } => self.restore(maps, &sha256, &attachment).await,
            Request::Edit {
                document,
                version,
                corrections,
            } => {
                opened(&mut self.documents, document)?.edit(version, corrections);
                Ok(Answer::Done.into())
            }
            Request::Paint { mask, frame } => {
                self.draws(mask.segmentation.document);
                let document = segmented(&mut self.documents, &mask.segmentation)?;
                let mut rgba = std::mem::take(&mut self.spare);
                let (answer, size) = document.paint(&mask, &frame, &mut rgba)?;
                let Some((width, height)) = size else {
                    self.spare = rgba;
                    return Ok(answer.into());
                };
                let payload = Payload::Overlay {
                    width,
                    height,
                    rgba,
                };
                Ok(Reply::with(answer, payload))
            }
            Request::Summarise { mask, side, colour } => {
                self.draws(mask.segmentation.document);
                let document = segmented(&mut self.documents, &mask.segmentation)?;
                let (summary, thumbnail) = document.summarise(&mask, side, colour)?;
                Ok(Reply::with(Answer::Summarised(summary), thumbnail))
            }
            Request::Measure(spec) => {
                let document = segmented(&mut self.documents, &spec.mask.segmentation)?;
                Ok(Answer::Measured(Box::new(document.measure(&spec)?)).into())
            }
            Request::AttachTruth {
                document,
                file,
                name,
                place,
            } => {
                opened(&mut self.documents, document)?;
                let rendering = Rendering::default();
                let (picture, _) = self.decode(file, &name, rendering, &attachment).await?;
                opened(&mut self.documents, document)?.attach(&name, place, &picture)?;
                Ok(Answer::Done.into())
            }
            Request::Unpack { path } => {
                let unpacked = self.platform.unpack(&attachment, Order::Unpack { path });
                let (contents, masks) = unpacked.await?;
                let answer = Answer::Unpacked(Box::new(contents));
                Ok(Reply::with(answer, Payload::Bytes(masks)))
            }
            Request::Export {
                mask,
                format,
                style,
                lines,
                scale,
                report: page,
            } => {
                report(&self.outbox, id, Task::Export, None);
                let drawing = Drawing {
                    style,
                    lines,
                    scale,
                    page: page.map(|page| *page),
                };
                self.export(&mask, &format, drawing, &attachment).await
            }
            Request::Gather(step) => self.gather(id, step, &attachment).await,
            Request::MakeSample { modality, seed } => {
                report(&self.outbox, id, Task::Sample, None);
                let (file_name, bytes) = sample::make(modality, seed)?;
                let answer = Answer::SampleMade { file_name };
                Ok(Reply::with(answer, Payload::Bytes(bytes)))
            }
            Request::Logits { model, shape } => self.logits(&model, shape, &attachment).await,
            Request::Close { document } => {
                self.documents.remove(&document);
                Ok(Answer::Done.into())
            }
        }
    }

    /// A document is about to be drawn: the one that was drawn before frees what it drew with.
    fn draws(&mut self, id: DocumentId) {
        let before = self.drawn.replace(id).filter(|before| *before != id);
        if let Some(before) = before.and_then(|before| self.documents.get_mut(&before)) {
            before.free_buffers();
        }
    }

    async fn start(&mut self, id: RequestId, kind: DeviceKind) -> Result<Reply, Fault> {
        if let Some(device) = &self.device
            && device.report.kind != kind
        {
            return Err(EngineError::OtherDevice.into());
        }
        if self.device.is_none() {
            report(&self.outbox, id, Task::Device, None);
            self.device = Some(self.platform.open_device(kind).await?);
        }
        Ok(Answer::Started(self.device()?.report.clone()).into())
    }

    async fn load_model(
        &mut self,
        id: RequestId,
        key: ModelKey,
        name: &str,
        asked: Asked,
        attachment: &P::Attachment,
    ) -> Result<Reply, Fault> {
        let device = self.device.as_ref().ok_or(EngineError::NotStarted)?;
        let progress = |task, fraction| report(&self.outbox, id, task, fraction);
        if !self.models.have(&key, &asked) {
            let source = match &key {
                ModelKey::Published(folder) => {
                    models::fetch(&self.platform, folder, |fraction| {
                        progress(Task::Model, Some(fraction));
                    })
                    .await?
                }
                ModelKey::Own(digest) => {
                    progress(Task::Model, None);
                    let weights = self.platform.bytes(attachment, name).await?;
                    models::own(digest, name, &asked, weights)?
                }
            };
            progress(Task::SelfTest, None);
            let networks = source.networks();
            let model = models::checked(source, device).await?;
            // What another model of this name said of the documents counts no longer.
            for document in self.documents.values_mut() {
                document.forget(&key);
            }
            self.models.keep(key.clone(), model, asked, networks);
        }
        let model = self.models.get(&key)?;
        let answer = Answer::ModelLoaded {
            manifest: Box::new(model.manifest().clone()),
            parameters: model.architecture().parameters() as u32,
            networks: self.models.networks(&key)?.clone(),
        };
        Ok(answer.into())
    }

    async fn time_model(&mut self, key: &ModelKey) -> Result<Reply, Fault> {
        let model = self.models.get(key)?;
        let input = &model.manifest().input;
        let image = RgbImage::new(input.width, input.height);
        let began = self.platform.now();
        let mut times = Vec::with_capacity(TIMED_RUNS);
        for run in 0..=TIMED_RUNS {
            let start = self.platform.now();
            if !times.is_empty() && start - began > LONGEST_TIMING {
                break;
            }
            let maps = model.segment(&image).await;
            maps.map_err(|error| self.fault(error))?;
            if run > 0 {
                times.push(self.platform.now() - start);
            }
        }
        times.sort_by(f64::total_cmp);
        let milliseconds = times[times.len() / 2];
        Ok(Answer::Timed { milliseconds }.into())
    }

    async fn open(
        &mut self,
        document: DocumentId,
        name: String,
        rendering: Rendering,
        with_picture: bool,
        attachment: &P::Attachment,
    ) -> Result<Reply, Fault> {
        let (image, facts) = self.decode(document, &name, rendering, attachment).await?;
        let modality = facts.modality;
        let answer = Answer::Opened(Box::new(facts));
        let payload = if with_picture {
            let (width, height, rgba) = imaging::display_rgba(&image);
            Payload::Image {
                width,
                height,
                rgba,
            }
        } else {
            Payload::None
        };
        Ok(Reply {
            answer,
            payload,
            opens: Some(Document::new(document, rendering, name, modality, image)),
        })
    }

    /// The picture in a file, decoded here or, where that needs what is rare, by the decoder.
    async fn decode(
        &mut self,
        document: DocumentId,
        name: &str,
        rendering: Rendering,
        attachment: &P::Attachment,
    ) -> Result<(RgbImage, ImageFacts), EngineError> {
        if !self.rare.contains(&document) {
            let bytes = self.platform.bytes(attachment, name).await?;
            match imaging::render(&bytes, &rendering) {
                Ok(decoded) => {
                    let facts = ImageFacts::from(&decoded);
                    return Ok((decoded.image, facts));
                }
                Err(delineo::Error::RareFormat) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let order = Order::Decode {
            document,
            rendering,
        };
        let decoded = self.platform.decode(attachment, order).await?;
        self.rare.insert(document);
        Ok(decoded)
    }

    async fn export(
        &mut self,
        mask: &MaskSpec,
        format: &str,
        drawing: Drawing,
        attachment: &P::Attachment,
    ) -> Result<Reply, Fault> {
        let document = segmented(&mut self.documents, &mask.segmentation)?;
        let (answer, encoded) = document.export(mask, format, &drawing)?;
        let bytes = match encoded {
            Err(delineo::Error::RareFormat) => {
                let manifest = &document.said(&mask.segmentation)?.manifest;
                let info = SegmentationInfo {
                    site: Site::of(&manifest.modalities),
                    algorithm: manifest.name.clone(),
                    version: manifest.weights.sha256.chars().take(12).collect(),
                    corrected: mask.edits > 0,
                    frame: mask.segmentation.rendering.frame,
                    stamp: self.platform.stamp(),
                };
                let (order, map) = document.encode_order(mask, format, drawing, info)?;
                self.platform
                    .encode(attachment, order, map.values())
                    .await?
            }
            encoded => encoded?,
        };
        Ok(Reply::with(answer, Payload::Bytes(bytes)))
    }

    async fn gather(
        &mut self,
        id: RequestId,
        step: GatherStep,
        attachment: &P::Attachment,
    ) -> Result<Reply, Fault> {
        let none = EngineError::NothingGathered;
        let Portion { bytes, files } = match step {
            GatherStep::Begin {
                packing,
                formats,
                sets,
            } => {
                let stamp = self.platform.stamp();
                self.gathering = Some(Gathering::begin(packing, &formats, &sets, stamp)?);
                Portion::default()
            }
            GatherStep::Add(document) => {
                report(&self.outbox, id, Task::Export, None);
                let formats = self.gathering.as_ref().ok_or(none)?.formats().to_vec();
                let mask = &document.mask;
                let mut drawing = Drawing {
                    style: document.style,
                    lines: document.lines.clone(),
                    scale: document.scale.clone(),
                    page: None,
                };
                if formats.iter().any(|format| format.id == REPORT) {
                    let open = segmented(&mut self.documents, &mask.segmentation)?;
                    let model = &open.said(&mask.segmentation)?.manifest.id;
                    drawing.page = Some(ReportPage::of_whole(
                        &open.segmentation(mask, &drawing)?,
                        document.scale.as_ref(),
                        (mask.truths == 0).then_some(model),
                        mask.edits > 0,
                    ));
                }
                let mut files = Vec::new();
                for format in formats {
                    let reply = self.export(mask, format.id, drawing.clone(), attachment);
                    if let Payload::Bytes(bytes) = reply.await?.payload {
                        files.push(bytes);
                    }
                }
                let open = segmented(&mut self.documents, &mask.segmentation)?;
                let manifest = &open.said(&mask.segmentation)?.manifest;
                let segmentation = open.segmentation(mask, &drawing)?;
                let gathering = self
                    .gathering
                    .as_mut()
                    .ok_or(EngineError::NothingGathered)?;
                gathering.add(&document, segmentation, manifest, files)?
            }
            GatherStep::Fail { path, why } => {
                self.gathering.as_mut().ok_or(none)?.fail(&path, &why);
                Portion::default()
            }
            GatherStep::Finish => self.gathering.take().ok_or(none)?.finish()?,
        };
        let answer = Answer::Gathered {
            bytes: bytes.len() as u64,
            files,
        };
        Ok(Reply::with(answer, Payload::Bytes(bytes)))
    }

    async fn segment(&mut self, id: RequestId, what: Segmentation) -> Result<Reply, Fault> {
        let model = self.models.get(&what.model)?;
        let document = segmented(&mut self.documents, &what)?;
        report(&self.outbox, id, Task::Segment, None);
        let start = self.platform.now();
        let maps = match what.views {
            Some(views) => model.segment_averaged(&document.image, views).await,
            None => model.segment(&document.image).await,
        };
        let milliseconds = self.platform.now() - start;
        match maps {
            Ok(maps) => document.keep(what, model.manifest().clone(), maps),
            Err(error) => return Err(self.fault(error)),
        }
        Ok(Answer::Segmented { milliseconds }.into())
    }

    /// Takes maps that were kept. The model that made them need not be loaded, nor be there any more.
    async fn restore(
        &mut self,
        maps: Segmentation,
        sha256: &str,
        attachment: &P::Attachment,
    ) -> Result<Reply, Fault> {
        segmented(&mut self.documents, &maps)?;
        let bytes = self.platform.bytes(attachment, KEPT_MAP).await?;
        let copy = MapCopy::unpack(&bytes)?;
        if copy.manifest.weights.sha256 != sha256 || copy.views != maps.views {
            return Err(EngineError::OtherMaps.into());
        }
        let manifest = Box::new(copy.manifest.clone());
        let document = segmented(&mut self.documents, &maps)?;
        document.keep(maps, copy.manifest, copy.maps);
        Ok(Answer::MapsRestored { manifest }.into())
    }

    async fn logits(
        &mut self,
        key: &ModelKey,
        shape: [usize; 4],
        attachment: &P::Attachment,
    ) -> Result<Reply, Fault> {
        let model = self.models.get(key)?;
        let input = self.platform.floats(attachment)?;
        let start = self.platform.now();
        let logits = model.logits(input, shape).await;
        let milliseconds = self.platform.now() - start;
        let logits = logits.map_err(|error| self.fault(error))?;
        Ok(Reply::with(
            Answer::Logits { milliseconds },
            Payload::Floats(logits),
        ))
    }

    fn device(&self) -> Result<&OpenDevice, EngineError> {
        self.device.as_ref().ok_or(EngineError::NotStarted)
    }

    /// What an error of a model that was running means: a device that fails is not to be trusted again if it is the GPU.
    fn fault(&self, error: delineo::Error) -> Fault {
        let on_gpu = self
            .device
            .as_ref()
            .is_some_and(|device| device.report.kind == DeviceKind::Gpu);
        match error {
            delineo::Error::Device { .. } if on_gpu => Fault::Fatal {
                message: error.to_string(),
                gpu_fault: Some(error::GPU_STOPPED.to_owned()),
            },
            error => error.into(),
        }
    }
}

/// Says how far a request is.
fn report(outbox: &impl Outbox, id: RequestId, task: Task, fraction: Option<f32>) {
    outbox.send(&Message::Progress { id, task, fraction });
}

/// The document that a segmentation is of, if it is open in the same frame and window.
fn segmented<'a>(
    documents: &'a mut BTreeMap<DocumentId, Document>,
    of: &Segmentation,
) -> Result<&'a mut Document, EngineError> {
    let document = opened(documents, of.document)?;
    if document.rendering == of.rendering {
        Ok(document)
    } else {
        Err(EngineError::NotSegmented)
    }
}

/// A document, if it is open.
fn opened(
    documents: &mut BTreeMap<DocumentId, Document>,
    id: DocumentId,
) -> Result<&mut Document, EngineError> {
    documents.get_mut(&id).ok_or(EngineError::DocumentNotOpen)
}
