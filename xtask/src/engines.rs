//! The engines for the CPU alone that Trunk cannot build, because their compiler flags and, in part, their standard
//! library are others than those of the rest of the app. The loaders in `assets` choose among them.
//!
//! | engine | beside Trunk's `engine-cpu` |
//! |---|---|
//! | `engine-cpu-relaxed` | one instruction multiplies and adds, where the browser has relaxed SIMD |
//! | `engine-cpu-threads` | several threads |
//! | `engine-cpu-threads-relaxed` | both |
//!
//! Threads in WebAssembly share one memory and wait for each other with its atomic instructions. The standard library
//! that compilers bring has none of that, so it is built along.

use std::fs;

use crate::error::{Error, Result};
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};
use crate::toolchain::Toolchain;

/// What the linker must do for a memory that workers share; wasm-bindgen asks for the exports.
const LINKING: &[&str] = &[
    "--shared-memory",
    "--import-memory",
    // Shared memory must say how large it may grow; phones refuse to set four gigabytes aside.
    "--max-memory=2147483648",
    "--export=__wasm_init_tls",
    "--export=__tls_size",
    "--export=__tls_align",
    "--export=__tls_base",
];

struct Engine {
    /// The binary and the feature of `delineo-web` that it needs.
    binary: &'static str,
    /// What its files are called.
    name: &'static str,
    /// These replace the flags of `.cargo/config.toml`.
    features: &'static str,
    on_threads: bool,
}

const ENGINES: &[Engine] = &[
    Engine {
        binary: "engine-cpu",
        name: "engine-cpu-relaxed",
        features: "+simd128,+relaxed-simd",
        on_threads: false,
    },
    Engine {
        binary: "engine-cpu-threads",
        name: "engine-cpu-threads",
        features: "+simd128,+atomics,+bulk-memory",
        on_threads: true,
    },
    Engine {
        binary: "engine-cpu-threads",
        name: "engine-cpu-threads-relaxed",
        features: "+simd128,+relaxed-simd,+atomics,+bulk-memory",
        on_threads: true,
    },
];

/// What chooses among the engines, as it is called in `assets`; with threads, and in any case.
const LOADERS: [(bool, &str); 3] = [
    (false, "relaxed.js"),
    (false, "engine-cpu_loader.js"),
    (true, "engine-cpu-threads_loader.js"),
];

/// Adds the engines to what Trunk wrote, or says why not all of them.
///
/// # Errors
/// When one could be built and cannot.
pub fn build(project: &Project, toolchain: Toolchain) -> Result<()> {
    let has_sources = toolchain.ensure_sources(project);
    if !has_sources {
        say::note(
            "Without the sources of the standard library the CPU has one thread in the app; everything else is there.",
        );
    }
    let step = Step::begin(
        "Build the other engines for the CPU",
        "about 10 minutes on two cores the first time, 2 after a change",
    );
    for engine in ENGINES {
        if has_sources || !engine.on_threads {
            engine.build(project, toolchain)?;
        }
    }
    for (needs_threads, loader) in LOADERS {
        if has_sources || !needs_threads {
            let source = project.root.join("assets").join(loader);
            fs::copy(&source, project.trunk_output().join(loader))
                .map_err(Error::file("copy", &source))?;
        }
    }
    step.done();
    Ok(())
}

impl Engine {
    fn build(&self, project: &Project, toolchain: Toolchain) -> Result<()> {
        let features = format!("-Ctarget-feature={}", self.features);
        let linking = LINKING.iter().map(|flag| format!("-Clink-arg={flag}"));
        let linking = linking.filter(|_| self.on_threads);
        let flags: Vec<String> = std::iter::once(features).chain(linking).collect();
        let cargo = Task::new("cargo")
            .args(["build", "--profile", "web", "--package", "delineo-web"])
            .args([
                "--target",
                "wasm32-unknown-unknown",
                "--no-default-features",
            ])
            .args(["--features", self.binary, "--features", "browser"])
            .args(["--bin", self.binary])
            .in_folder(&project.root)
            .hint("The compiler's messages are printed above.");
        let target = project.wasm_variant_target(self.name);
        let cargo = toolchain
            .apply(cargo, project)
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        let cargo = if self.on_threads {
            cargo
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        } else {
            cargo
        };
        cargo.run()?;
        let wasm = format!("wasm32-unknown-unknown/web/{}.wasm", self.binary);
        let wasm_bindgen = Task::new("wasm-bindgen")
            .args(["--target", "web", "--no-typescript", "--out-dir"])
            .args([project.trunk_output()])
            .args(["--out-name", self.name])
            .args([target.join(wasm)])
            .hint("`cargo xtask install` installs the version of it that fits.");
        toolchain.apply(wasm_bindgen, project).run()
    }
}
