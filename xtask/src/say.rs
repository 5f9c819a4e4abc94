//! What `cargo xtask` prints about its own work: each step, how long it takes, and whether it was already done.

use std::io::Write;
use std::time::Instant;

/// A step that is going on.
#[derive(Debug)]
pub struct Step {
    name: String,
    began: Instant,
}

impl Step {
    /// Prints what begins and roughly how long it takes on two cores.
    pub fn begin(name: impl Into<String>, takes: &str) -> Self {
        let name = name.into();
        line(&format!("==> {name} ({takes})"));
        Self {
            name,
            began: Instant::now(),
        }
    }

    /// Prints that it is done and how long it took.
    pub fn done(self) {
        line(&format!(
            "    {}: done in {}",
            self.name,
            duration(self.began.elapsed().as_secs_f64())
        ));
    }
}

/// Prints that a step was not needed.
pub fn already(name: &str, why: &str) {
    line(&format!("    {name}: already there ({why})"));
}

/// Prints something that a person should know.
pub fn note(text: &str) {
    line(&format!("    {text}"));
}

/// Prints what the command was run for, alone on its line, so that a person finds it and a program can read it.
pub fn announce(text: &str) {
    line(text);
}

/// Prints at once, so that the lines of the programs we start come after ours.
fn line(text: &str) {
    println!("{text}");
    // A closed pipe is noticed by the next write.
    let _ = std::io::stdout().flush();
}

/// Seconds, or minutes from 90 s on.
pub fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}
