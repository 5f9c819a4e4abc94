//! Packages of the operating system: installed on Debian and systems derived from it, named to the person elsewhere.

use std::env;
use std::io::IsTerminal as _;
use std::path::Path;

use crate::error::{Error, Result};
use crate::process::{Task, find_program};
use crate::say::Step;

/// Whether this system installs packages with `apt-get`.
pub fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && find_program("apt-get").is_some()
}

/// Whether all these Debian packages are installed.
pub fn has_packages(names: &[&str]) -> bool {
    missing_packages(names).is_empty()
}

/// Installs what is missing of these Debian packages.
///
/// # Errors
/// When `apt-get` fails, or when this is not such a system; `elsewhere` then says what to do.
pub fn install_packages(names: &[&str], takes: &str, elsewhere: &str) -> Result<()> {
    let missing = missing_packages(names);
    if missing.is_empty() {
        return Ok(());
    }
    if !is_debian() {
        return Err(Error::Missing {
            what: names.join(", "),
            hint: elsewhere.into(),
        });
    }
    let step = Step::begin(
        format!("Install {} with apt-get", missing.join(", ")),
        takes,
    );
    let hint = format!(
        "Run `apt-get update && apt-get install {}` as root and see what it says. {elsewhere}",
        missing.join(" ")
    );
    // The package lists of a fresh machine are empty or old; from old ones come browsers that the tests cannot drive.
    let updated = apt(&["update", "--quiet=2"]).hint(&hint).run();
    let installed = apt(&["install", "--yes", "--no-install-recommends", "--quiet=2"])
        .args(&missing)
        .hint(&hint)
        .run();
    // Where the lists are at hand, it does not matter that they could not be fetched anew.
    if installed.is_err() {
        updated?;
    }
    installed?;
    step.done();
    Ok(())
}

fn missing_packages<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let installed = |name: &str| {
        Task::new("dpkg-query")
            .args(["--show", "--showformat=${db:Status-Status}", name])
            .read()
            .is_some_and(|status| status == "installed")
    };
    names
        .iter()
        .copied()
        .filter(|name| !installed(name))
        .collect()
}

fn apt(args: &[&str]) -> Task {
    let is_root = Task::new("id")
        .args(["-u"])
        .read()
        .is_some_and(|id| id.trim() == "0");
    let task = if is_root {
        Task::new("apt-get")
    } else {
        // `sudo` may ask for a password only where somebody can type it.
        let attended = std::io::stdin().is_terminal() && env::var_os("CI").is_none();
        Task::new("sudo").args(if attended {
            &["apt-get"][..]
        } else {
            &["--non-interactive", "apt-get"]
        })
    };
    task.args(args).env("DEBIAN_FRONTEND", "noninteractive")
}
