//! The browser's GPU: opening it, and not trusting it at once.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;

use delineo::Error;
use delineo::device::{self, Device};
use delineo::model::Model;
use delineo::network::Workgroup;
use delineo::weights::Checkpoint;
use delineo_web::adapter;
use delineo_web::protocol::{Event, Tuned};
use futures_channel::oneshot;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::engine::{ON_GPU, now, post, scope, stopped_working};

thread_local! {
    /// What suits the GPU that is open: of an earlier visit, or measured.
    static WORKGROUP: Cell<Option<Workgroup>> = const { Cell::new(None) };
}

/// Opens the browser's GPU: the device and its name, or why not. `tuned` is what is known of some GPU.
pub async fn open(tuned: Option<Tuned>) -> Result<(Device, String), String> {
    // Asked before wgpu does, because wgpu cannot say why there is none.
    let name = adapter::name().await?;
    let device = device::gpu(|reason| {
        post::event(&Event::Fatal {
            message: format!("The GPU was lost: {reason}"),
            no_gpu: stopped_working(),
        })
    })
    .await
    .map_err(|error| error.to_string())?;
    ON_GPU.set(true);
    let known = tuned.filter(|tuned| tuned.adapter == name);
    WORKGROUP.set(known.and_then(|tuned| Workgroup::new(tuned.workgroup)));
    Ok((device, name))
}

/// Gives a model on the GPU what suits that, if it is known.
pub fn suit(model: &Model) {
    if let Some(workgroup) = WORKGROUP.get() {
        model.set_workgroup(workgroup);
    }
}

/// Measures what suits the GPU, unless that is known.
async fn tune(model: &Model, adapter: String) -> Result<(), Error> {
    if WORKGROUP.get().is_some() {
        return Ok(());
    }
    if let Some(workgroup) = model.tune(now, next_task).await? {
        WORKGROUP.set(Some(workgroup));
        post::event(&Event::Tuned(Tuned {
            adapter,
            workgroup: workgroup.threads(),
        }));
    }
    Ok(())
}

/// A model's self-test, and with it the compilation of its kernels, while the engine goes on with other requests.
pub struct Trial(oneshot::Receiver<()>);

impl Trial {
    /// Begins it. The checkpoint is needed where the manifest knows no answer, the GPU's name where it is tuned.
    pub fn begin(model: Rc<Model>, checkpoint: Checkpoint, adapter: String) -> Self {
        let (sender, receiver) = oneshot::channel();
        spawn_local(async move {
            model.compile(next_task).await;
            let passed = async {
                model.self_test(&checkpoint).await?;
                tune(&model, adapter).await
            };
            if let Err(error) = passed.await {
                give_up(error).await;
            }
            post::event(&Event::SelfTestPassed);
            // Whoever does not wait any more does not need to know.
            let _ = sender.send(());
        });
        Self(receiver)
    }

    /// Waits until it is passed; where it fails, for ever.
    pub async fn passed(self) {
        // It ends otherwise only with the worker.
        let _ = self.0.await;
    }
}

/// Checks a person's own model. What `model.json` knows of it may be wrong, and then the GPU is not to blame.
///
/// # Errors
/// Those of [`Model::self_test`] on the CPU, when it gives that answer neither.
pub async fn check(model: &Model, checkpoint: &Checkpoint) -> Result<(), Error> {
    if let Err(error) = model.self_test(checkpoint).await {
        let manifest = model.manifest().clone();
        let on_cpu = Model::new(manifest, checkpoint, &device::cpu())?;
        on_cpu.self_test(checkpoint).await?;
        give_up(error).await;
    }
    Ok(())
}

/// Asks the page for the CPU and waits until it ends this worker, in which nothing may rely on the GPU any more.
async fn give_up(error: Error) {
    post::event(&Event::Fatal {
        message: error.to_string(),
        no_gpu: Some("the GPU failed its self-test".to_owned()),
    });
    pending().await
}

/// Lets the worker's other tasks go first, such as a message of the page.
async fn next_task() {
    let waits = Promise::new(&mut |done, _| {
        // Without a timer there is nothing to wait for.
        if scope().set_timeout_with_callback(&done).is_err() {
            let _ = done.call0(&JsValue::UNDEFINED);
        }
    });
    let _ = JsFuture::from(waits).await;
}
