//! The engine on several threads: what Trunk cannot build, because its compiler flags and its standard library are
//! others than those of the rest of the app.
//!
//! Threads in WebAssembly share one memory and wait for each other with its atomic instructions. The standard library
//! that compilers bring has none of that, so it is built along.

use std::fs;

use crate::error::{Error, Result};
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};
use crate::toolchain::Toolchain;

/// The binary, its feature and its files.
const ENGINE: &str = "engine-cpu-threads";

/// Beside the SIMD of `.cargo/config.toml`, which these flags replace.
const FEATURES: &str = "-Ctarget-feature=+simd128,+atomics,+bulk-memory";

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

/// Adds the engine to what Trunk wrote, or says why not.
///
/// # Errors
/// When it could be built and cannot.
pub fn build(project: &Project, toolchain: Toolchain) -> Result<()> {
    if !toolchain.ensure_sources(project) {
        say::note(
            "Without the sources of the standard library the CPU has one thread in the app; everything else is there.",
        );
        return Ok(());
    }
    let step = Step::begin(
        "Build the engine on several threads",
        "about 5 minutes on two cores the first time, 1 after a change",
    );
    let flags: Vec<String> = std::iter::once(FEATURES.to_owned())
        .chain(LINKING.iter().map(|flag| format!("-Clink-arg={flag}")))
        .collect();
    let cargo = Task::new("cargo")
        .args(["build", "--profile", "web", "--package", "delineo-web"])
        .args([
            "--target",
            "wasm32-unknown-unknown",
            "--no-default-features",
        ])
        .args(["--features", ENGINE, "--bin", ENGINE])
        .in_folder(&project.root)
        .hint("What the compiler says stands above.");
    let target = project.wasm_threads_target();
    toolchain
        .apply(cargo, project)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .run()?;
    let output = project.trunk_output();
    let wasm_bindgen = Task::new("wasm-bindgen")
        .args(["--target", "web", "--no-typescript", "--out-dir"])
        .args([&output])
        .args([target.join(format!("wasm32-unknown-unknown/web/{ENGINE}.wasm"))])
        .hint("`cargo xtask install` installs the version of it that fits.");
    toolchain.apply(wasm_bindgen, project).run()?;
    let loader = format!("{ENGINE}_loader.js");
    let source = project.root.join("assets").join(&loader);
    fs::copy(&source, output.join(loader)).map_err(Error::file("copy", &source))?;
    step.done();
    Ok(())
}
