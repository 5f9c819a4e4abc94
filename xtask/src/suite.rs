//! `cargo xtask test`: formatting, lints, native tests, the app's build and the browser tests, with one count at the end.

use std::env;
use std::path::Path;

use clap::ValueEnum;

use crate::app;
use crate::error::{Error, Result};
use crate::install;
use crate::process::Task;
use crate::project::Project;
use crate::say::{self, Step};
use crate::size;
use crate::toolchain::Toolchain;

/// One kind of test, quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// `rustfmt`.
    Fmt,
    /// `clippy` and `rustdoc`, natively and for wasm32.
    Lint,
    /// Cargo's tests.
    Native,
    /// The release app.
    Build,
    /// The app in headless Chromium.
    Browser,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u32,
    failed: u32,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs the suites; `more` goes to the runner of the browser tests or, without those, to Cargo's.
///
/// # Errors
/// When something cannot be installed, or a test failed.
pub fn run(project: &Project, suites: &[Suite], more: &[String]) -> Result<()> {
    let wants = |suite: Suite| suites.contains(&suite);
    let toolchain = if wants(Suite::Lint) || wants(Suite::Build) || wants(Suite::Browser) {
        Some(install::for_building(project)?)
    } else {
        None
    };
    let mut count = Count::default();
    let mut failures = Vec::new();
    let mut judge = |name: &str, result: Result<Count>| {
        let result = result.unwrap_or_else(|error| {
            say::note(&format!("{name}: {error}"));
            Count {
                passed: 0,
                failed: 1,
            }
        });
        if result.failed > 0 {
            failures.push(name.to_owned());
        }
        count.add(result);
    };
    if wants(Suite::Fmt) {
        judge("formatting", formatting(project));
    }
    if wants(Suite::Lint) {
        for (name, result) in lints(project, toolchain) {
            judge(&name, result);
        }
    }
    if wants(Suite::Native) {
        install::vulkan()?;
        let judges = install::export_judges(project);
        install::batch_system();
        let filter = if wants(Suite::Browser) { &[] } else { more };
        let packages = [
            (
                "delineo",
                &["--features", "cli,train"][..],
                "about 15 minutes the first time, 2 afterwards",
            ),
            (
                "delineo-web",
                &["--features", "page,engine-cpu"],
                "about 3 minutes the first time, seconds afterwards",
            ),
            (
                "xtask",
                &[],
                "about a minute the first time, seconds afterwards",
            ),
        ];
        for (package, features, takes) in packages {
            judge(
                &format!("tests of {package}"),
                native(project, package, features, filter, judges.as_deref(), takes),
            );
        }
    }
    if let Some(toolchain) = toolchain.filter(|_| wants(Suite::Build) || wants(Suite::Browser)) {
        let built = app::build(project, toolchain).and_then(|()| size::print(project));
        let is_built = built.is_ok();
        judge(
            "the app's build",
            built.map(|()| Count {
                passed: 1,
                failed: 0,
            }),
        );
        if wants(Suite::Browser) {
            let missing = || Error::Missing {
                what: "the app".into(),
                hint: "Fix its build first.".into(),
            };
            judge(
                "browser tests",
                if is_built {
                    browser(project, more)
                } else {
                    Err(missing())
                },
            );
        }
    }
    say::announce(&format!("{} passed, {} failed", count.passed, count.failed));
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Error::Tests(failures.join(", ")))
    }
}

fn one(task: Task, name: &str, takes: &str) -> Result<Count> {
    let step = Step::begin(name, takes);
    task.run()?;
    step.done();
    Ok(Count {
        passed: 1,
        failed: 0,
    })
}

fn formatting(project: &Project) -> Result<Count> {
    let task = Task::new("cargo")
        .args(["fmt", "--all", "--check"])
        .in_folder(&project.root);
    one(
        task.hint("Run `cargo fmt --all`."),
        "Check the formatting",
        "a second",
    )
}

fn native_cargo(project: &Project, command: &str) -> Task {
    Task::new("cargo")
        .args([command, "--release"])
        .env("CARGO_TARGET_DIR", project.native_target())
        .in_folder(&project.root)
}

fn lints(project: &Project, toolchain: Option<Toolchain>) -> Vec<(String, Result<Count>)> {
    let first = "about 5 minutes the first time, seconds afterwards";
    let mut results = Vec::new();
    let packages = [
        ("delineo", &["--features", "cli,train,bench"][..], true),
        ("delineo-web", &["--features", "page,engine-cpu"], false),
        // Without a feature it is the page's decisions alone, which need no browser.
        ("delineo-web", &["--lib"], false),
        ("xtask", &[], true),
    ];
    for (package, features, has_documentation) in packages {
        let name = format!("Lint {package} with its tests {}", features.join(" "));
        let task = native_cargo(project, "clippy").args(["--all-targets", "--package", package]);
        let task = task
            .args(features)
            .args(["--", "-Dwarnings"])
            .hint("Fix what clippy says.");
        results.push((name.clone(), one(task, &name, first)));
        if has_documentation {
            let name = format!("Check the documentation of {package}");
            let task = native_cargo(project, "doc")
                .args(["--no-deps", "--package", package])
                .args(features);
            let task = task
                .env("RUSTDOCFLAGS", "-Dwarnings")
                .hint("Fix what rustdoc says.");
            results.push((name.clone(), one(task, &name, first)));
        }
    }
    let Some(toolchain) = toolchain else {
        return results;
    };
    let has_clippy = toolchain.ensure_clippy();
    if !has_clippy {
        say::note("There is no clippy for wasm32 here; the release build stands in for it.");
    }
    for binary in [
        "page",
        "engine",
        "engine-cpu",
        "engine-cpu-threads",
        "decoder",
        "store",
    ] {
        let cargo = |command: &str| {
            let task = Task::new("cargo")
                .args([
                    command,
                    "--profile",
                    "web",
                    "--target",
                    "wasm32-unknown-unknown",
                    "--package",
                    "delineo-web",
                ])
                .args([
                    "--no-default-features",
                    "--features",
                    "browser",
                    "--features",
                    binary,
                    "--bin",
                    binary,
                ])
                .in_folder(&project.root);
            toolchain.apply(task, project)
        };
        if has_clippy {
            let name = format!("Lint the {binary} for wasm32");
            let task = cargo("clippy")
                .args(["--", "-Dwarnings"])
                .hint("Fix what clippy says.");
            results.push((name.clone(), one(task, &name, first)));
        }
        let name = format!("Check the documentation of the {binary}");
        let task = cargo("doc")
            .args(["--no-deps"])
            .env("RUSTDOCFLAGS", "-Dwarnings")
            .hint("Fix what rustdoc says.");
        results.push((name.clone(), one(task, &name, first)));
    }
    results
}

fn native(
    project: &Project,
    package: &str,
    features: &[&str],
    more: &[String],
    python: Option<&Path>,
    takes: &str,
) -> Result<Count> {
    let step = Step::begin(format!("Run the tests of {package}"), takes);
    let task = native_cargo(project, "test")
        .args(["--package", package, "--no-fail-fast"])
        .args(features)
        .args(more);
    let task = match python {
        Some(python) => task.env("DELINEO_PYTHON", python),
        None => task,
    };
    let result = counted(task.hint("Install Rust with cargo on PATH."), cargo_count)?;
    step.done();
    Ok(result)
}

fn browser(project: &Project, more: &[String]) -> Result<Count> {
    let chromium = install::browser()?;
    let others = install::OTHER_BROWSERS
        .map(|browser| (browser.variable, browser.find().unwrap_or_default()));
    install::browser_test_packages(project)?;
    command_line(project)?;
    let own = env::current_exe().map_err(Error::file("find", Path::new("this program")))?;
    let step = Step::begin("Run the browser tests", "about 12 minutes");
    let mut task = Task::new("node").args(["run.mjs"]).args(more);
    for (variable, program) in others {
        task = task.env(variable, program);
    }
    let task = task
        .env("CHROME", chromium)
        .env("DELINEO_XTASK", own)
        .env("DELINEO_DIST", project.dist())
        .env(
            "DELINEO_CLI",
            project.native_target().join("release/delineo"),
        )
        .in_folder(&project.browser_tests())
        .hint("Install Node.js 18 or later.");
    let result = counted(task, node_count)?;
    step.done();
    Ok(result)
}

/// Builds the program that makes the browser tests' phantoms and that the browser is compared with, as its own tests do.
fn command_line(project: &Project) -> Result<()> {
    let step = Step::begin(
        "Build the command line",
        "seconds after its tests, about 12 minutes without them",
    );
    native_cargo(project, "build")
        .args(["--package", "delineo", "--features", "cli,train"])
        .hint("Fix what the compiler says.")
        .run()?;
    step.done();
    Ok(())
}

/// Runs a test runner and adds up what it says; one that fails without a count is one failed test.
fn counted(task: Task, count_line: fn(&str) -> Option<Count>) -> Result<Count> {
    let mut count = Count::default();
    let is_good = task.watch(|line| {
        if let Some(more) = count_line(line) {
            count.add(more);
        }
    })?;
    if !is_good && count.failed == 0 {
        count.failed = 1;
    }
    Ok(count)
}

/// `test result: ok. 12 passed; 0 failed; …`
fn cargo_count(line: &str) -> Option<Count> {
    let rest = line.trim().strip_prefix("test result: ")?;
    let number = |word: &str| {
        let before = rest.split(word).next()?;
        before.split_whitespace().next_back()?.parse().ok()
    };
    Some(Count {
        passed: number(" passed")?,
        failed: number(" failed")?,
    })
}

/// `ℹ pass 12` and `ℹ fail 0`, or with `#` where the output is not a terminal.
fn node_count(line: &str) -> Option<Count> {
    let rest = line.trim().trim_start_matches(['ℹ', '#']).trim();
    let (word, number) = rest.split_once(' ')?;
    if rest.len() == line.trim().len() {
        return None;
    }
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Count {
            passed: number,
            failed: 0,
        }),
        "fail" | "cancelled" => Some(Count {
            passed: 0,
            failed: number,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_both_runners_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(
            cargo_count(line),
            Some(Count {
                passed: 12,
                failed: 3
            })
        );
        assert_eq!(cargo_count("running 12 tests"), None);
        assert_eq!(
            node_count("ℹ pass 7"),
            Some(Count {
                passed: 7,
                failed: 0
            })
        );
        assert_eq!(
            node_count("# fail 2"),
            Some(Count {
                passed: 0,
                failed: 2
            })
        );
        assert_eq!(node_count("pass 7"), None);
    }

    #[test]
    fn a_runner_that_ends_without_a_count_is_a_failure() {
        let count = counted(Task::new("sh").args(["-c", "exit 1"]), cargo_count);
        assert!(matches!(
            count,
            Ok(Count {
                passed: 0,
                failed: 1
            })
        ));
    }
}
