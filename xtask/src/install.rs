//! Installing what is missing: the tools that build the app, and what the tests need beside them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::process::{Task, find_program};
use crate::project::Project;
use crate::say::{self, Step};
use crate::system;
use crate::toolchain::Toolchain;

/// Trunk builds the page. Its 0.22 needs a newer compiler than the workspace.
const TRUNK: &str = "0.21.14";

/// Everything that a build of the app needs.
///
/// # Errors
/// When something is missing and cannot be installed.
pub fn for_building(project: &Project) -> Result<Toolchain> {
    let toolchain = Toolchain::ensure(project)?;
    let wasm_bindgen = locked_version(&project.root.join("Cargo.lock"), "wasm-bindgen")?;
    let tools = [
        // Trunk only calls others: it need not be fast, and its own profile takes three times as long to build.
        Tool {
            program: "trunk",
            package: "trunk",
            version: TRUNK,
            optimised: "1",
            takes: "about 5 minutes",
        },
        Tool {
            program: "wasm-bindgen",
            package: "wasm-bindgen-cli",
            version: &wasm_bindgen,
            optimised: "3",
            takes: "about 4 minutes",
        },
    ];
    for tool in tools {
        tool.ensure(project)?;
    }
    Ok(toolchain)
}

/// The browser that the tests drive; `CHROME` names another one.
///
/// # Errors
/// When there is none and none can be installed.
pub fn browser() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROME").map(PathBuf::from) {
        if path.is_file() {
            say::already("Chromium", "CHROME names it");
            return Ok(path);
        }
        return Err(Error::Missing {
            what: format!("{}, which CHROME names,", path.display()),
            hint: "Correct the variable, or unset it to have Chromium found or installed.".into(),
        });
    }
    if let Some(path) = find_browser() {
        say::already("Chromium", &path.display().to_string());
        return Ok(path);
    }
    let elsewhere = "Install Chromium or Chrome with your system's package manager (Fedora: dnf install chromium; \
                     Arch: pacman -S chromium; macOS: brew install --cask chromium), or set CHROME to its program.";
    system::install_packages(&["chromium"], "about 2 minutes", elsewhere)?;
    find_browser().ok_or_else(|| Error::Missing {
        what: "Chromium".into(),
        hint: elsewhere.into(),
    })
}

/// A browser beside Chromium that the app is tested in where it is available; elsewhere its tests are skipped.
#[derive(Clone, Copy, Debug)]
pub struct OtherBrowser {
    name: &'static str,
    /// The variable that tells the tests, and this command where it cannot find it, which program it is.
    pub variable: &'static str,
    programs: &'static [&'static str],
    packages: &'static [&'static str],
}

/// Firefox, and the WebKit that is nearest to Safari, which needs a virtual display.
pub const OTHER_BROWSERS: [OtherBrowser; 2] = [
    OtherBrowser {
        name: "Firefox",
        variable: "FIREFOX",
        programs: &["firefox-esr", "firefox"],
        packages: &["firefox-esr"],
    },
    OtherBrowser {
        name: "WebKit",
        variable: "WEBKIT_DRIVER",
        programs: &["WebKitWebDriver"],
        packages: &["webkit2gtk-driver", "xvfb", "xauth"],
    },
];

impl OtherBrowser {
    /// Its program, installed where the system can.
    pub fn find(&self) -> Option<PathBuf> {
        if let Some(path) = env::var_os(self.variable).map(PathBuf::from) {
            return Some(path);
        }
        let find = || self.programs.iter().find_map(|name| find_program(name));
        if find().is_none() {
            let elsewhere = format!("Without {} its tests are skipped.", self.name);
            if let Err(error) =
                system::install_packages(self.packages, "about a minute", &elsewhere)
            {
                say::note(&error.to_string());
            }
        }
        let found = find()?;
        say::already(self.name, &found.display().to_string());
        Some(found)
    }
}

/// Vulkan for the parity tests on the GPU device: Mesa's software driver serves where there is no GPU.
///
/// # Errors
/// When it cannot be installed on a system where it belongs.
pub fn vulkan() -> Result<()> {
    if !cfg!(target_os = "linux") {
        say::already("A GPU driver for the native tests", "part of the system");
        return Ok(());
    }
    let drivers = [
        "/usr/share/vulkan/icd.d",
        "/etc/vulkan/icd.d",
        "/usr/local/share/vulkan/icd.d",
    ];
    let has_driver = drivers
        .iter()
        .any(|folder| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()));
    if has_driver && (!system::is_debian() || system::has_packages(&["libvulkan1"])) {
        say::already(
            "A Vulkan driver for the native tests",
            "listed under /usr/share/vulkan",
        );
        return Ok(());
    }
    let elsewhere =
        "Install a Vulkan driver (Fedora: mesa-vulkan-drivers vulkan-loader; Arch: vulkan-swrast).";
    system::install_packages(
        &["mesa-vulkan-drivers", "libvulkan1"],
        "about 1 minute",
        elsewhere,
    )
}

/// Who judges the files that are written: `dciodvfy`, and a Python with pydicom and highdicom (DICOM), pycocotools (COCO) and
/// nibabel (NIfTI), whose program is returned. What cannot be installed is named, and its tests are skipped.
pub fn export_judges(project: &Project) -> Option<PathBuf> {
    let elsewhere = "Without it the tests that need it are skipped.";
    let packages = ["dicom3tools", "python3-venv"];
    if let Err(error) = system::install_packages(&packages, "about a minute", elsewhere) {
        say::note(&error.to_string());
    }
    let folder = project.cache.join("export-judges");
    let python = folder.join("bin/python");
    let has_all = |python: &Path| {
        let import = ["-c", "import pydicom, highdicom, pycocotools, nibabel"];
        Task::new(python).args(import).read().is_some()
    };
    if has_all(&python) {
        say::already(
            "pydicom, highdicom, pycocotools and nibabel",
            &python.display().to_string(),
        );
        return Some(python);
    }
    let step = Step::begin(
        "Install pydicom, highdicom, pycocotools and nibabel",
        "about a minute",
    );
    let made = Task::new("python3")
        .args(["-m".as_ref(), "venv".as_ref(), folder.as_os_str()])
        .run()
        .and_then(|()| {
            let install = ["-m", "pip", "install", "--quiet"];
            let packages = ["pydicom", "highdicom", "pycocotools", "nibabel"];
            Task::new(&python).args(install).args(packages).run()
        });
    match made {
        Ok(()) => {
            step.done();
            Some(python)
        }
        Err(error) => {
            say::note(&format!("{error} {elsewhere}"));
            None
        }
    }
}

/// A Python with numpy, Pillow and ONNX Runtime for the bench, and with PyTorch where `python3` has it, which is too large to be
/// installed unasked.
pub fn bench_python(project: &Project) -> Option<PathBuf> {
    let elsewhere = "Without it PyTorch and ONNX Runtime are not measured.";
    let folder = project.cache.join("bench/python");
    let python = folder.join("bin/python");
    let packages = ["numpy", "pillow", "onnxruntime"];
    let import = ["-c", "import numpy, PIL, onnxruntime"];
    if Task::new(&python).args(import).read().is_some() {
        say::already("A Python for the bench", &python.display().to_string());
        return Some(python);
    }
    let step = Step::begin(
        "Install numpy, Pillow and ONNX Runtime for Python",
        "about a minute",
    );
    let made = Task::new("python3")
        .args(["-m", "venv", "--system-site-packages"])
        .args([&folder])
        .run()
        .and_then(|()| {
            let install = ["-m", "pip", "install", "--quiet"];
            Task::new(&python).args(install).args(packages).run()
        });
    match made {
        Ok(()) => {
            step.done();
            Some(python)
        }
        Err(error) => {
            say::note(&format!("{error} {elsewhere}"));
            None
        }
    }
}

/// The batch system on which the cohort's job array is tried. Where it cannot be installed, that test is skipped.
pub fn batch_system() {
    let packages = ["slurm-wlm", "munge"];
    let elsewhere = "Without it the test of the job array is skipped.";
    if let Err(error) = system::install_packages(&packages, "about a minute", elsewhere) {
        say::note(&error.to_string());
    }
}

/// Node, npm and the packages of the browser tests.
///
/// # Errors
/// When something is missing and cannot be installed.
pub fn browser_test_packages(project: &Project) -> Result<()> {
    let elsewhere = "Install Node.js 18 or later with npm.";
    if find_program("node").is_none() || find_program("npm").is_none() {
        system::install_packages(&["nodejs", "npm"], "about 2 minutes", elsewhere)?;
    }
    let version = Task::new("node")
        .args(["--version"])
        .read()
        .unwrap_or_default();
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major < Some(18) {
        let what = format!("Node.js 18 or later (this one says {})", version.trim());
        return Err(Error::Missing {
            what,
            hint: elsewhere.into(),
        });
    }
    npm_packages(
        &project.browser_tests(),
        "The browser tests' packages",
        "about 10 seconds",
    )
}

/// What `cargo xtask bench` times the app against.
///
/// # Errors
/// When it cannot be installed.
pub fn bench_packages(project: &Project) -> Result<()> {
    npm_packages(
        &project.bench(),
        "ONNX Runtime Web for the bench",
        "about 20 seconds",
    )
}

/// Installs what the lock file in a folder names, where that was not done yet.
fn npm_packages(folder: &Path, name: &str, takes: &str) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(Error::file("read", &lock))?;
    let stamp = folder.join("node_modules/.installed-from");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        say::already(name, "as package-lock.json wants them");
        return Ok(());
    }
    let step = Step::begin(format!("Install with npm: {name}"), takes);
    Task::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .in_folder(folder)
        .hint(format!(
            "Run `npm ci` in {} and see what it says; the package registry must be reachable.",
            folder.display()
        ))
        .run()?;
    fs::write(&stamp, wanted).map_err(Error::file("write", &stamp))?;
    step.done();
    Ok(())
}

/// A program that Cargo builds from source, in exactly this version, into the cache.
struct Tool<'a> {
    program: &'a str,
    package: &'a str,
    version: &'a str,
    /// The optimisation level that it is worth.
    optimised: &'a str,
    takes: &'a str,
}

impl Tool<'_> {
    fn ensure(&self, project: &Project) -> Result<()> {
        let Self {
            program,
            package,
            version,
            ..
        } = self;
        let name = format!("{package} {version}");
        let own = project
            .tools()
            .join("bin")
            .join(format!("{program}{}", env::consts::EXE_SUFFIX));
        for path in [Some(own), find_program(program)].into_iter().flatten() {
            if reports_version(&path, version) {
                say::already(&name, &path.display().to_string());
                return Ok(());
            }
        }
        let step = Step::begin(format!("Build {name} from source"), self.takes);
        fs::create_dir_all(&project.cache).map_err(Error::file("create", &project.cache))?;
        let leftovers = project.cache.join("tools-build");
        if let Err(error) = self.install(project, &leftovers, &["--locked"]).run() {
            // The lock file of a package can name versions that its registry no longer has.
            say::note(&error.to_string());
            say::note("Once more, with the newest dependencies that fit:");
            self.install(project, &leftovers, &[]).run()?;
        }
        fs::remove_dir_all(&leftovers).map_err(Error::file("remove", &leftovers))?;
        step.done();
        Ok(())
    }

    fn install(&self, project: &Project, leftovers: &Path, locked: &[&str]) -> Task {
        let Self {
            package, version, ..
        } = self;
        Task::new("cargo")
            .args(["install", package, "--version", version])
            .args(locked)
            .args(["--root".as_ref(), project.tools().as_os_str()])
            .env("CARGO_TARGET_DIR", leftovers)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.optimised)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .in_folder(&project.cache)
            .hint(format!(
                "Run `cargo install {package} --version {version}` yourself and see what it says."
            ))
    }
}

fn reports_version(program: &Path, version: &str) -> bool {
    Task::new(program)
        .args(["--version"])
        .read()
        .is_some_and(|text| text.split_whitespace().any(|word| word == version))
}

fn find_browser() -> Option<PathBuf> {
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
        "chrome",
    ];
    let applications = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    names
        .iter()
        .find_map(|name| find_program(name))
        .or_else(|| {
            applications
                .iter()
                .map(PathBuf::from)
                .find(|path| path.is_file())
        })
}

/// The version of a package in `Cargo.lock`.
fn locked_version(lock: &Path, package: &str) -> Result<String> {
    let text = fs::read_to_string(lock).map_err(Error::file("read", lock))?;
    version_in_lock(&text, package).ok_or_else(|| Error::Missing {
        what: format!("the package {package} in Cargo.lock"),
        hint: "Run `cargo update --workspace` to write the lock file anew.".into(),
    })
}

fn version_in_lock(text: &str, package: &str) -> Option<String> {
    let (_, entry) = text.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(entry.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in_lock;

    #[test]
    fn the_version_of_a_package_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(
            version_in_lock(lock, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(version_in_lock(lock, "leptos"), None);
    }
}
