//! Each pass of an inference on its own, on the CPU and on the GPU that is there (Mesa's lavapipe is one too), with the
//! bytes of the maps that it reads and writes.
//!
//! ```sh
//! cargo bench -p delineo --features bench                    # all
//! cargo bench -p delineo --features bench -- "cpu.*S, 10"    # one
//! ```
//!
//! By divan and not by criterion, which turns on a feature of `either`: tests and command line would each want
//! a build of all of burn for themselves.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use delineo::device::{self, Device};
use delineo::manifest::Manifest;
use delineo::model::Model;
use delineo::weights::Checkpoint;
use divan::Bencher;
use divan::counter::BytesCount;

/// Sides of the image, in pixels.
const SIDES: [usize; 2] = [256, 256];
/// The published model of S size, and base's random weights where they lie beside the checkout.
const WEIGHTS: [&str; 2] = [
    "../public/models/dermoscopy-s/weights.safetensors",
    "../../shared/reference/cmunext_base.pth",
];

static CPU: LazyLock<Vec<Model>> = LazyLock::new(|| models(&device::cpu()));
static GPU: LazyLock<Vec<Model>> = LazyLock::new(|| match device::gpu() {
    Ok(gpu) => models(&gpu),
    Err(error) => {
        eprintln!("Without a GPU: {error}");
        Vec::new()
    }
});

fn main() {
    divan::main();
}

#[divan::bench(args = cases(&CPU), sample_count = 20)]
fn cpu(bencher: Bencher, case: &Case) {
    time(bencher, &CPU, case);
}

#[divan::bench(args = cases(&GPU), sample_count = 20)]
fn gpu(bencher: Bencher, case: &Case) {
    time(bencher, &GPU, case);
}

/// One pass of one model.
struct Case {
    model: usize,
    pass: usize,
    name: String,
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}

fn cases(models: &[Model]) -> Vec<Case> {
    let of = |(model, network): (usize, &Model)| {
        let variant = network.architecture().variant;
        let passes = network.passes(SIDES).into_iter().enumerate();
        let case = |(pass, found): (usize, delineo::network::Pass)| Case {
            model,
            pass,
            name: format!("{variant}, {pass:02}: {}", found.name),
        };
        passes.map(case).collect::<Vec<_>>()
    };
    models.iter().enumerate().flat_map(of).collect()
}

fn time(bencher: Bencher, models: &[Model], case: &Case) {
    let mut pass = models[case.model].passes(SIDES).swap_remove(case.pass);
    bencher
        .counter(BytesCount::new(pass.bytes))
        .bench_local(|| (pass.run)());
}

fn models(device: &Device) -> Vec<Model> {
    WEIGHTS
        .iter()
        .filter_map(|weights| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(weights);
            let bytes = std::fs::read(&path)
                .inspect_err(|error| eprintln!("Without {}: {error}", path.display()))
                .ok()?;
            let digested = bytes.clone();
            let checkpoint = Checkpoint::from_bytes(bytes).expect("a checkpoint");
            let architecture = checkpoint.architecture();
            let manifest = Manifest::assumed(
                "bench",
                &architecture.variant.to_string(),
                architecture.in_channels,
                architecture.classes,
                &digested,
            );
            Some(Model::new(manifest, &checkpoint, device).expect("a model"))
        })
        .collect()
}
