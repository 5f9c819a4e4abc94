//! A Rust toolchain for wasm32-unknown-unknown.
//!
//! Where the standard library for that target is installed or rustup can fetch it, nothing else is needed. Where it
//! cannot be fetched, Debian's `rustc-web` builds it from `rust-web-src` with Cargo's `build-std`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Result;
use crate::process::{Task, find_program};
use crate::project::Project;
use crate::say::{self, Step};
use crate::system;

const TARGET: &str = "wasm32-unknown-unknown";

/// The packages that carry a compiler, Cargo, the sources of the standard library and the linker.
const DEBIAN_PACKAGES: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "libstd-rust-web-dev",
    "rust-web-llvm",
    "lld-22",
];

/// Clippy for the same compiler.
const DEBIAN_CLIPPY: &str = "rust-web-clippy";

/// The oldest minor version of Rust 1 that the workspace builds with.
const OLDEST_MINOR: u32 = 95;

/// Which compiler builds what the browser runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The one on `PATH`, which has the target's standard library.
    Installed,
    /// Debian's, which builds the standard library from source.
    Debian,
}

impl Toolchain {
    /// Finds one; installs one where there is none.
    ///
    /// # Errors
    /// When there is none and none can be installed.
    pub fn ensure(project: &Project) -> Result<Self> {
        let name = "Rust for WebAssembly";
        if let Some(found) = Self::find(project) {
            say::already(name, found.description());
            return Ok(found);
        }
        if find_program("rustup").is_some() {
            let step = Step::begin(
                "Fetch the WebAssembly standard library with rustup",
                "about half a minute",
            );
            let added = Task::new("rustup")
                .args(["target", "add", TARGET])
                .in_folder(&project.root)
                .within(Duration::from_secs(180))
                .run();
            match added {
                Ok(()) if has_standard_library(project) => {
                    step.done();
                    return Ok(Self::Installed);
                }
                Ok(()) => say::note("rustup has it, but the compiler on PATH does not see it."),
                Err(error) => say::note(&format!("That did not work: {error}")),
            }
        }
        let elsewhere = "Install Rust with rustup and run `rustup target add wasm32-unknown-unknown`, \
                         or your system's package for that target (Fedora: rust-std-static-wasm32-unknown-unknown, \
                         Arch: rust-wasm).";
        system::install_packages(DEBIAN_PACKAGES, "about 2 minutes", elsewhere)?;
        Ok(Self::Debian)
    }

    fn find(project: &Project) -> Option<Self> {
        if has_standard_library(project) {
            Some(Self::Installed)
        } else if minor_version(Path::new("/usr/bin/rustc")) >= Some(OLDEST_MINOR)
            && system::has_packages(DEBIAN_PACKAGES)
        {
            Some(Self::Debian)
        } else {
            None
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Installed => "the compiler on PATH has it",
            Self::Debian => "Debian's compiler builds the standard library from source",
        }
    }

    /// Gives a program that calls Cargo this compiler and this project's folder for wasm32.
    pub fn apply(self, task: Task, project: &Project) -> Task {
        let task = task
            .env("CARGO_TARGET_DIR", project.wasm_target())
            // `.cargo/config.toml` says what the browser needs; the variables would replace that.
            .without_env("RUSTFLAGS")
            .without_env("CARGO_ENCODED_RUSTFLAGS");
        let tools = project.tools().join("bin");
        match self {
            Self::Installed => task.path_first(&[tools]),
            Self::Debian => task
                .path_first(&[tools, PathBuf::from("/usr/bin")])
                .env("RUSTC", "/usr/bin/rustc")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
        }
    }

    /// Whether this compiler has the sources of its standard library; tries to fetch them where they are a component of
    /// their own.
    pub fn ensure_sources(self, project: &Project) -> bool {
        let are_here = || match self {
            Self::Installed => Task::new("rustc")
                .args(["--print", "sysroot"])
                .in_folder(&project.root)
                .read()
                .is_some_and(|sysroot| {
                    let library = "lib/rustlib/src/rust/library/std";
                    Path::new(sysroot.trim()).join(library).is_dir()
                }),
            // They are one of `DEBIAN_PACKAGES`.
            Self::Debian => true,
        };
        if are_here() {
            return true;
        }
        if find_program("rustup").is_none() {
            return false;
        }
        let step = Step::begin(
            "Fetch the sources of the standard library with rustup",
            "some seconds",
        );
        let added = Task::new("rustup")
            .args(["component", "add", "rust-src"])
            .in_folder(&project.root)
            .within(Duration::from_secs(180))
            .run();
        match added {
            Ok(()) => step.done(),
            Err(error) => say::note(&format!("That did not work: {error}")),
        }
        are_here()
    }

    /// Whether this compiler has clippy; tries to install it where it is a package of its own.
    pub fn ensure_clippy(self) -> bool {
        match self {
            Self::Installed => Task::new("cargo")
                .args(["clippy", "--version"])
                .read()
                .is_some(),
            Self::Debian => match system::install_packages(&[DEBIAN_CLIPPY], "a few seconds", "") {
                Ok(()) => true,
                Err(error) => {
                    say::note(&error.to_string());
                    false
                }
            },
        }
    }
}

/// Whether the compiler on `PATH` has the target's standard library, from rustup or elsewhere.
fn has_standard_library(project: &Project) -> bool {
    let Some(folder) = Task::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .in_folder(&project.root)
        .read()
    else {
        return false;
    };
    fs::read_dir(folder.trim()).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
        })
    })
}

/// The 96 of `rustc 1.96.0 (…)`.
fn minor_version(rustc: &Path) -> Option<u32> {
    let text = Task::new(rustc).args(["--version"]).read()?;
    text.split_whitespace()
        .nth(1)?
        .split('.')
        .nth(1)?
        .parse()
        .ok()
}
