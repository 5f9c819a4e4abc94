//! Running other programs: without Cargo's and rustup's variables of this run, without standard input, with a hint for
//! when they fail.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// A program to run.
#[derive(Debug)]
pub struct Task {
    command: Command,
    hint: String,
    limit: Option<Duration>,
}

impl Task {
    /// A program by name or path.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        // `cargo xtask` runs inside `cargo run`, which rustup's proxy may have started with another toolchain in mind.
        for (name, _) in env::vars_os() {
            if belongs_to_the_outer_cargo(&name) {
                command.env_remove(name);
            }
        }
        if let Some(paths) = env::var_os("LD_LIBRARY_PATH") {
            let kept: Vec<_> = env::split_paths(&paths)
                .filter(|path| !is_of_a_toolchain(path))
                .collect();
            match env::join_paths(&kept) {
                Ok(paths) if !kept.is_empty() => command.env("LD_LIBRARY_PATH", paths),
                _ => command.env_remove("LD_LIBRARY_PATH"),
            };
        }
        Self {
            command,
            hint: String::new(),
            limit: None,
        }
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable.
    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Puts folders in front of `PATH`, the first one first.
    pub fn path_first(self, folders: &[PathBuf]) -> Self {
        let rest = env::var_os("PATH").unwrap_or_default();
        let all = folders.iter().cloned().chain(env::split_paths(&rest));
        match env::join_paths(all) {
            Ok(path) => self.env("PATH", path),
            Err(_) => self,
        }
    }

    /// Runs it in a folder.
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What to do when it fails: a sentence.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Ends it when it runs longer.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Runs it; its output goes where ours goes.
    ///
    /// # Errors
    /// When it does not start, fails or runs too long.
    pub fn run(mut self) -> Result<()> {
        let status = self.command.spawn().and_then(|child| self.wait(child));
        match status.map_err(|source| self.cannot_run(source))? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.failed(format!("failed ({status})"))),
            None => Err(self.failed("took too long and was ended".into())),
        }
    }

    /// Runs it, prints each line that it writes to either stream and hands it to `look`; returns whether it succeeded.
    ///
    /// # Errors
    /// When it does not start.
    pub fn watch(mut self, look: impl FnMut(&str)) -> Result<bool> {
        self.print_lines(look)
            .map_err(|source| self.cannot_run(source))
    }

    fn print_lines(&mut self, mut look: impl FnMut(&str)) -> io::Result<bool> {
        let (reader, writer) = io::pipe()?;
        self.command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = self.command.spawn()?;
        // The pipe ends when its last writer is closed, and the command still could.
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        for line in BufReader::new(reader).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\r');
            println!("{line}");
            look(line);
        }
        Ok(child.wait()?.success())
    }

    /// Runs it without its standard output; returns its seconds and, on Linux, its bytes of memory at their peak.
    ///
    /// # Errors
    /// When it does not start or fails.
    pub fn timed(mut self) -> Result<(f64, Option<u64>)> {
        self.command.stdout(Stdio::null());
        let began = Instant::now();
        let mut peak = None;
        let status = self.command.spawn().and_then(|mut child| {
            let path = format!("/proc/{}/status", child.id());
            loop {
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
                peak = fs::read_to_string(&path)
                    .ok()
                    .and_then(|status| peak_memory(&status))
                    .or(peak);
                thread::sleep(Duration::from_millis(5));
            }
        });
        match status.map_err(|source| self.cannot_run(source))? {
            status if status.success() => Ok((began.elapsed().as_secs_f64(), peak)),
            status => Err(self.failed(format!("failed ({status})"))),
        }
    }

    /// Runs it silently; its standard output when it succeeded, `None` when it did not or is not there.
    pub fn read(mut self) -> Option<String> {
        let output = self.command.stderr(Stdio::null()).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// How it ended; `None` where it ran too long and was ended.
    fn wait(&self, mut child: Child) -> io::Result<Option<ExitStatus>> {
        let Some(limit) = self.limit else {
            return child.wait().map(Some);
        };
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            thread::sleep(Duration::from_millis(100));
        }
        child.kill()?;
        child.wait().map(|_| None)
    }

    fn cannot_run(&self, source: io::Error) -> Error {
        Error::Start {
            program: self.command.get_program().to_string_lossy().into_owned(),
            source,
            hint: self.hint.clone(),
        }
    }

    fn failed(&self, how: String) -> Error {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let command = words
            .map(OsStr::to_string_lossy)
            .collect::<Vec<_>>()
            .join(" ");
        Error::Failed {
            command,
            how,
            hint: self.hint.clone(),
        }
    }
}

/// Bytes of memory at their peak, from what Linux says of a process.
fn peak_memory(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Where a program is on `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

fn belongs_to_the_outer_cargo(name: &OsString) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    matches!(
        name,
        "CARGO"
            | "CARGO_CRATE_NAME"
            | "CARGO_PRIMARY_PACKAGE"
            | "OUT_DIR"
            | "RUSTUP_TOOLCHAIN"
            | "RUST_RECURSION_COUNT"
    ) || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn is_of_a_toolchain(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("toolchains")
        || text.contains("rustlib")
        || text.ends_with("deps")
        || text.contains("/build/")
        || ["debug", "release", "xtask"]
            .iter()
            .any(|profile| path.ends_with(profile))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_runs_too_long_is_ended_and_says_so() {
        let error = Task::new("sleep")
            .args(["30"])
            .within(Duration::from_millis(200))
            .hint("Wait.")
            .run()
            .unwrap_err();
        assert!(error.to_string().contains("took too long"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_comes_with_its_hint() {
        let error = Task::new("no-such-program-here")
            .hint("Install it.")
            .run()
            .unwrap_err();
        assert!(error.to_string().ends_with("Install it."), "{error}");
    }

    #[test]
    fn the_peak_of_memory_is_read_in_bytes() {
        let status = "Name:\tdelineo\nVmPeak:\t  200 kB\nVmHWM:\t   43148 kB\nVmRSS:\t  7 kB\n";
        assert_eq!(peak_memory(status), Some(43148 * 1024));
        assert_eq!(peak_memory("Name:\tzombie\n"), None);
    }

    #[test]
    fn lines_of_both_streams_are_seen() {
        let mut seen = Vec::new();
        let good = Task::new("sh")
            .args(["-c", "echo one; echo two >&2; exit 3"])
            .watch(|line| seen.push(line.to_owned()));
        assert!(!good.unwrap());
        assert_eq!(seen, ["one", "two"]);
    }

    #[test]
    fn variables_of_the_outer_cargo_are_dropped_and_the_persons_own_kept() {
        for name in [
            "CARGO",
            "RUSTUP_TOOLCHAIN",
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
        ] {
            assert!(belongs_to_the_outer_cargo(&name.into()), "{name}");
        }
        for name in ["CARGO_HOME", "RUSTUP_HOME", "CARGO_NET_OFFLINE", "PATH"] {
            assert!(!belongs_to_the_outer_cargo(&name.into()), "{name}");
        }
    }
}
