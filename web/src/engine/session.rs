//! What the engine holds between requests, and how it answers each of them.

use std::rc::Rc;

use delineo::device;
#[cfg(feature = "engine")]
use delineo::device::Device;
use delineo::export::png;
use delineo::manifest::Manifest;
use delineo::mask::Style;
use delineo::model::Model;
use delineo::weights::Checkpoint;
use delineo::{imaging, phantom};
use delineo_web::protocol::{
    Area, DeviceChoice, DeviceReport, Event, Export, Modality, Request, Settings, Stage, Task,
    Tuned, Views,
};
use js_sys::Float32Array;
use wasm_bindgen::JsValue;

use crate::engine::error::EngineError;
#[cfg(feature = "engine")]
use crate::engine::gpu;
use crate::engine::job::Job;
#[cfg(feature = "engine-cpu-threads")]
use crate::engine::threads;
use crate::engine::{ON_GPU, download, now, post, stopped_working};

/// Size of a synthetic sample in pixels.
const SAMPLE: (u32, u32) = (768, 576);

/// Device, model and image; each may be missing.
#[derive(Default)]
pub struct Session {
    /// The GPU and its name, where it runs; else the CPU does.
    #[cfg(feature = "engine")]
    gpu: Option<(Device, String)>,
    model: Option<Rc<Model>>,
    /// The self-test of the model that runs, where it may not have been passed yet.
    #[cfg(feature = "engine")]
    trial: Option<gpu::Trial>,
    /// The site's models that ran before and do not now, by their folder. Pictures of both kinds in turn would
    /// otherwise mean to load and check a model for each.
    shelf: Vec<(String, Rc<Model>)>,
    /// The folder of the model that runs, where the site publishes it.
    published: Option<String>,
    job: Option<Job>,
}

impl Session {
    /// Answers one request.
    pub async fn answer(&mut self, request: Request, payload: JsValue) {
        let (task, job, result) = match request {
            Request::Start { device, tuned } => {
                (Task::Start, None, self.start(device, tuned).await)
            }
            Request::LoadPublished { id } => (Task::Model, None, self.load_published(&id).await),
            Request::LoadOwn { name, manifest } => (
                Task::Model,
                None,
                self.load_own(&name, manifest, &payload).await,
            ),
            Request::Open { job, name } => {
                (Task::Open, Some(job), self.open(job, name, &payload).await)
            }
            Request::Segment { job, views } => {
                (Task::Segment, Some(job), self.segment(job, views).await)
            }
            Request::Correct { job, strokes } => {
                if let Some(open) = self.job.as_mut().filter(|open| open.number == job) {
                    open.strokes = strokes;
                }
                return;
            }
            Request::Paint {
                job,
                frame,
                width,
                height,
                view,
                settings,
                style,
                exact,
            } => {
                let open = self.job.as_mut().filter(|open| open.number == job);
                let (area, rgba) = painted(open, (width, height), view, settings, style, exact);
                // An image that is gone gets an empty answer, so that the page never waits for one.
                let (width, height) = if rgba.is_empty() {
                    (0, 0)
                } else {
                    (width, height)
                };
                post::event_with(
                    &Event::Painted {
                        job,
                        frame,
                        width,
                        height,
                        view,
                        area,
                    },
                    &post::buffer(rgba),
                );
                return;
            }
            Request::Export {
                job,
                what,
                clipboard,
                settings,
                style,
            } => (
                Task::Export,
                Some(job),
                self.export(job, what, clipboard, settings, style),
            ),
            Request::MakeSample { modality, seed } => {
                (Task::Sample, None, make_sample(modality, seed))
            }
            Request::Logits { shape } => (Task::Segment, None, self.logits(shape, &payload).await),
            Request::Close => {
                self.job = None;
                return;
            }
        };
        if let Err(error) = result {
            post::event(&Event::Failed {
                task,
                job,
                message: error.to_string(),
            });
        }
    }

    async fn start(
        &mut self,
        choice: DeviceChoice,
        tuned: Option<Tuned>,
    ) -> Result<(), EngineError> {
        progress(Stage::Device, None);
        #[cfg(feature = "engine")]
        if choice == DeviceChoice::Auto {
            match gpu::open(tuned).await {
                Ok((device, name)) => {
                    self.gpu = Some((device, name.clone()));
                    post::event(&Event::DeviceReady(DeviceReport {
                        gpu: true,
                        name,
                        why: None,
                    }));
                }
                Err(why) => Self::report_cpu(Some(why), 1),
            }
            return Ok(());
        }
        let _ = (choice, tuned);
        #[cfg(feature = "engine-cpu-threads")]
        let threads = threads::start().await;
        #[cfg(not(feature = "engine-cpu-threads"))]
        let threads = 1;
        Self::report_cpu(None, threads);
        Ok(())
    }

    fn report_cpu(why: Option<String>, threads: usize) {
        post::event(&Event::DeviceReady(DeviceReport {
            gpu: false,
            name: match threads {
                1 => "WebAssembly SIMD".to_owned(),
                _ => format!("WebAssembly SIMD, {threads} threads"),
            },
            why,
        }));
    }

    async fn load_published(&mut self, id: &str) -> Result<(), EngineError> {
        if self.published.as_deref() == Some(id)
            && let Some(model) = self.model.take()
        {
            self.adopt(model, Some(id));
            return Ok(());
        }
        if let Some(place) = self.shelf.iter().position(|(shelved, _)| shelved == id) {
            let (_, model) = self.shelf.swap_remove(place);
            self.adopt(model, Some(id));
            return Ok(());
        }
        progress(Stage::Model, Some(0.0));
        let folder = format!("models/{id}");
        let manifest = Manifest::from_json(
            &download::site_file(&format!("{folder}/model.json"), |_| {}).await?,
        )?;
        let total = manifest.weights.bytes.max(1) as f32;
        let weights =
            download::site_file(&format!("{folder}/{}", manifest.weights.file), |received| {
                progress(Stage::Model, Some((received as f32 / total).min(1.0)));
            })
            .await
            .map_err(|error| error.about(&manifest.name))?;
        manifest.check_weights(&weights)?;
        self.load(manifest, Checkpoint::from_bytes(weights)?, Some(id))
            .await
    }

    async fn load_own(
        &mut self,
        name: &str,
        manifest: Option<String>,
        payload: &JsValue,
    ) -> Result<(), EngineError> {
        progress(Stage::Model, None);
        let weights = download::own_file(payload, name).await?;
        let manifest = manifest
            .map(|json| Manifest::from_json(json.as_bytes()))
            .transpose()?;
        if let Some(manifest) = &manifest {
            manifest.check_weights(&weights)?;
        }
        let digest = weights.clone();
        let checkpoint = Checkpoint::from_bytes(weights)?;
        let architecture = checkpoint.architecture();
        let manifest = manifest.unwrap_or_else(|| {
            let (channels, classes) = (architecture.in_channels, architecture.classes);
            Manifest::assumed(
                name,
                &architecture.variant.to_string(),
                channels,
                classes,
                &digest,
            )
        });
        drop(digest);
        self.load(manifest, checkpoint, None).await
    }

    /// Puts the checkpoint on the device and checks it there. A GPU compiles its kernels for that, which takes seconds in
    /// which an image can be opened, if the model is the site's; where its answer is wrong, the page starts the engine again
    /// on the CPU.
    async fn load(
        &mut self,
        manifest: Manifest,
        checkpoint: Checkpoint,
        published: Option<&str>,
    ) -> Result<(), EngineError> {
        #[cfg(feature = "engine")]
        if let Some((device, adapter)) = self.gpu.clone() {
            // One after the other.
            self.tried().await;
            let model = Rc::new(Model::new(manifest, &checkpoint, &device)?);
            gpu::suit(&model);
            if published.is_some() {
                self.trial = Some(gpu::Trial::begin(model.clone(), checkpoint, adapter));
            } else {
                progress(Stage::SelfTest, None);
                gpu::check(&model, &checkpoint).await?;
            }
            self.adopt(model, published);
            if published.is_none() {
                post::event(&Event::SelfTestPassed);
            }
            return Ok(());
        }
        progress(Stage::SelfTest, None);
        let model = Model::new(manifest, &checkpoint, &device::cpu())?;
        model.self_test(&checkpoint).await?;
        self.adopt(Rc::new(model), published);
        post::event(&Event::SelfTestPassed);
        Ok(())
    }

    /// Waits until the model that runs has passed its self-test.
    async fn tried(&mut self) {
        #[cfg(feature = "engine")]
        if let Some(trial) = self.trial.take() {
            progress(Stage::SelfTest, None);
            trial.passed().await;
        }
    }

    /// Runs a model from now on; the one before is kept at hand if the site publishes it.
    fn adopt(&mut self, model: Rc<Model>, published: Option<&str>) {
        let parameters = model.architecture().parameters() as u32;
        post::event(&Event::ModelReady {
            manifest: Box::new(model.manifest().clone()),
            parameters,
            own: published.is_none(),
        });
        let before = self.model.replace(model);
        let name = std::mem::replace(&mut self.published, published.map(str::to_owned));
        if let (Some(name), Some(before)) = (name, before) {
            self.shelf.push((name, before));
        }
    }

    async fn open(
        &mut self,
        number: u32,
        name: String,
        payload: &JsValue,
    ) -> Result<(), EngineError> {
        progress(Stage::Decode, None);
        let bytes = download::own_file(payload, &name).await?;
        let decoded = imaging::decode(&bytes)?;
        drop(bytes);
        let job = Job::new(number, name, decoded.image);
        let bitmap = job.bitmap().await?;
        let (width, height) = job.image.dimensions();
        let modality = Modality::of(&job.image);
        self.job = Some(job);
        post::event_with(
            &Event::Opened {
                job: number,
                width,
                height,
                modality,
                remarks: decoded.remarks,
            },
            &bitmap,
        );
        Ok(())
    }

    async fn segment(&mut self, number: u32, views: Option<Views>) -> Result<(), EngineError> {
        self.tried().await;
        let model = self.model.as_ref().ok_or(EngineError::NoModel)?;
        let job = self
            .job
            .as_mut()
            .filter(|job| job.number == number)
            .ok_or(EngineError::NoImage)?;
        progress(Stage::Segment, None);
        let start = now();
        let maps = match views {
            Some(views) => model.segment_averaged(&job.image, views).await,
            None => model.segment(&job.image).await,
        };
        match maps {
            Ok(maps) => job.maps = maps,
            Err(error) if ON_GPU.get() => {
                post::event(&Event::Fatal {
                    message: error.to_string(),
                    no_gpu: stopped_working(),
                });
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        post::event(&Event::Segmented {
            job: number,
            views,
            milliseconds: now() - start,
        });
        Ok(())
    }

    async fn logits(&mut self, shape: [usize; 4], payload: &JsValue) -> Result<(), EngineError> {
        self.tried().await;
        let model = self.model.as_ref().ok_or(EngineError::NoModel)?;
        let input = Float32Array::new(payload).to_vec();
        let start = now();
        let logits = model.logits(input, shape).await?;
        let milliseconds = now() - start;
        let buffer = Float32Array::from(logits.as_slice()).buffer();
        post::event_with(&Event::Logits { milliseconds }, &buffer);
        Ok(())
    }

    fn export(
        &self,
        number: u32,
        what: Export,
        clipboard: bool,
        settings: Settings,
        style: Style,
    ) -> Result<(), EngineError> {
        progress(Stage::Export, None);
        let job = self
            .job
            .as_ref()
            .filter(|job| job.number == number)
            .ok_or(EngineError::NoImage)?;
        let (file_name, bytes) = job.export(what, settings, style)?;
        post::event_with(
            &Event::Exported {
                job: number,
                what,
                clipboard,
                file_name,
            },
            &post::buffer(&bytes),
        );
        Ok(())
    }
}

/// The overlay and the area of an open image; empty where there is none.
fn painted(
    job: Option<&mut Job>,
    canvas: (u32, u32),
    view: delineo::mask::View,
    settings: Settings,
    style: Style,
    exact: bool,
) -> (Area, &[u8]) {
    const NOTHING: Area = Area {
        pixels: 0.0,
        fraction: 0.0,
        exact: false,
    };
    let Some(job) = job else {
        return (NOTHING, &[]);
    };
    let area = job.area(settings, exact).unwrap_or(NOTHING);
    (
        area,
        job.paint(canvas, view, settings, style).unwrap_or_default(),
    )
}

fn make_sample(modality: Modality, seed: u32) -> Result<(), EngineError> {
    let (width, height) = SAMPLE;
    let phantom = match modality {
        Modality::Dermoscopy => phantom::dermoscopy(seed, width, height),
        Modality::Ultrasound => phantom::ultrasound(seed, width, height),
    };
    let file_name = format!("synthetic-{modality}-{seed}.png");
    post::event_with(
        &Event::SampleMade { file_name },
        &post::buffer(&png(&phantom.image)?),
    );
    Ok(())
}

fn progress(stage: Stage, fraction: Option<f32>) {
    post::event(&Event::Progress { stage, fraction });
}
