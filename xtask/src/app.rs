//! Building the app: Trunk compiles page and engines; those that need flags of their own are added; the finishing step
//! makes `dist/` of it all.

use std::fs;
use std::path::{Path, PathBuf};

use delineo::manifest::sha256;

use crate::engines;
use crate::error::{Error, Result};
use crate::finish;
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};
use crate::toolchain::Toolchain;

/// What the app is made of. When none of it changed, neither did the app.
const INPUTS: &[&str] = &[
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "assets",
    "crate/Cargo.toml",
    "crate/src",
    "index.html",
    "public",
    "web/Cargo.toml",
    "web/src",
    "xtask/src/finish",
    "xtask/src/engines.rs",
];

/// Builds `dist/` when something it is made of changed since.
///
/// # Errors
/// When the build fails; the compiler's messages are printed above.
pub fn build(project: &Project, toolchain: Toolchain) -> Result<()> {
    finish::write_model_index(&project.root.join("public/models"))?;
    let fingerprint = fingerprint(project)?;
    let stamp = project.root.join("target/dist.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|before| before == fingerprint)
        && project.dist().join("index.html").is_file()
    {
        say::already("The app in dist/", "nothing it is made of changed");
        return Ok(());
    }
    let step = Step::begin(
        "Build the app",
        "about 25 minutes on two cores the first time, 2 to 5 after a change",
    );
    // wasm-bindgen leaves the snippets of earlier builds behind, and Trunk would copy them.
    let snippets = project.wasm_target().join("wasm-bindgen");
    if snippets.exists() {
        fs::remove_dir_all(&snippets).map_err(Error::file("remove", &snippets))?;
    }
    trunk(project, toolchain, "build")
        .args(["--release"])
        .hint("If there is no compiler error above, run `cargo xtask build` again with RUST_LOG=trunk=debug.")
        .run()?;
    step.done();
    engines::build(project, toolchain)?;
    let step = Step::begin("Finish the app", "a second");
    let site = finish::finish(&project.trunk_output(), &assets(project), &project.dist())?;
    say::note(&format!(
        "Version {}, {} files.",
        finish::version(&site)?,
        site.files().count()
    ));
    fs::write(&stamp, fingerprint).map_err(Error::file("write", &stamp))?;
    step.done();
    Ok(())
}

/// Lists models and files of a finished app anew.
///
/// # Errors
/// When the folder is not a finished app.
pub fn seal(project: &Project, dist: &Path) -> Result<()> {
    let site = finish::seal(dist, &assets(project))?;
    say::note(&format!(
        "Version {}, {} files.",
        finish::version(&site)?,
        site.files().count()
    ));
    Ok(())
}

/// Runs `trunk serve`, which builds again whenever a file changes.
///
/// # Errors
/// When Trunk does not start or stops with an error.
pub fn develop(project: &Project, toolchain: Toolchain, port: u16) -> Result<()> {
    finish::write_model_index(&project.root.join("public/models"))?;
    say::note(
        "Trunk serves the unfinished app: no service worker, no policy, one thread, the same optimised code.",
    );
    let output = project.root.join("target/dev");
    trunk(project, toolchain, "serve")
        .args(["--port", &port.to_string()])
        .args(["--dist".as_ref(), output.as_os_str()])
        .hint("The port may be taken: give another one with --port.")
        .run()
}

fn trunk(project: &Project, toolchain: Toolchain, command: &str) -> Task {
    let task = Task::new("trunk")
        .args([command])
        .in_folder(&project.root)
        .env("TRUNK_SKIP_VERSION_CHECK", "true")
        // Trunk wants `true` or `false` in it where everybody else writes 1.
        .without_env("NO_COLOR");
    toolchain.apply(task, project)
}

/// Where the scripts are that the finishing step fills in.
fn assets(project: &Project) -> PathBuf {
    project.root.join("assets")
}

fn fingerprint(project: &Project) -> Result<String> {
    let mut lines = String::new();
    for input in INPUTS {
        add_to_fingerprint(&project.root.join(input), &mut lines)?;
    }
    Ok(sha256(lines.as_bytes()))
}

fn add_to_fingerprint(path: &Path, lines: &mut String) -> Result<()> {
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(Error::file("read", path))?;
        let mut paths: Vec<_> = entries
            .filter_map(std::result::Result::ok)
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        return paths
            .iter()
            .try_for_each(|path| add_to_fingerprint(path, lines));
    }
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    lines.push_str(&format!("{} {}\n", path.display(), sha256(&bytes)));
    Ok(())
}
