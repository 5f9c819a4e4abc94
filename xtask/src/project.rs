//! Where things are: the checkout, and the build cache outside it.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The folders that the commands work in.
#[derive(Clone, Debug)]
pub struct Project {
    /// The checkout.
    pub root: PathBuf,
    /// The build cache, shared by all checkouts of one person.
    pub cache: PathBuf,
}

impl Project {
    /// Finds the checkout that this program was compiled in and the cache that the environment names.
    ///
    /// # Errors
    /// When there is no home folder and no variable to replace it.
    pub fn find() -> Result<Self> {
        // Cargo says where the package is when it runs; the place of compilation serves when the program runs alone.
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .filter(|path| path.ends_with("xtask"))
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = package.parent().map_or(package.clone(), Path::to_path_buf);
        Ok(Self {
            root,
            cache: cache_folder()?,
        })
    }

    /// The finished app.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// What Trunk writes, before it is finished.
    pub fn trunk_output(&self) -> PathBuf {
        self.root.join("target/trunk")
    }

    /// Cargo's target folder for wasm32.
    pub fn wasm_target(&self) -> PathBuf {
        self.cache.join("wasm")
    }

    /// Cargo's target folder for an engine with flags of its own, which would otherwise undo the others' builds.
    pub fn wasm_variant_target(&self, engine: &str) -> PathBuf {
        self.cache.join("wasm-variants").join(engine)
    }

    /// Cargo's target folder for this machine.
    pub fn native_target(&self) -> PathBuf {
        self.cache.join("native")
    }

    /// Where `cargo install` puts the tools of this project.
    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// What is timed in the browser.
    pub fn bench(&self) -> PathBuf {
        self.root.join("tests/bench")
    }

    /// The browser tests.
    pub fn browser_tests(&self) -> PathBuf {
        self.root.join("tests/browser")
    }
}

fn cache_folder() -> Result<PathBuf> {
    let folder = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("DELINEO_CACHE")
        .or_else(|| folder("XDG_CACHE_HOME").map(|path| path.join("delineo")))
        .or_else(|| folder("HOME").map(|path| path.join(".cache/delineo")))
        .or_else(|| folder("LOCALAPPDATA").map(|path| path.join("delineo")))
        .ok_or_else(|| Error::Missing {
            what: "a folder for the build cache".into(),
            hint: "Set DELINEO_CACHE to one outside the checkout.".into(),
        })
}
