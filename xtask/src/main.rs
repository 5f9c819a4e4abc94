//! `cargo xtask`: everything that is done to Delineo, from a fresh machine to a served app.

mod app;
mod bench;
mod document;
mod engines;
mod error;
mod finish;
mod install;
mod models;
mod process;
mod project;
mod say;
mod serve;
mod size;
mod suite;
mod system;
mod toolchain;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use error::Result;
use project::Project;
use suite::Suite;

/// Builds, serves, tests and measures Delineo.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", flatten_help = true, max_term_width = 100)]
#[command(after_help = "Environment:
  DELINEO_CACHE  the build cache; by default `delineo` in your cache folder
  CHROME         the Chromium that tests and benches drive; by default the first on PATH
  FIREFOX        the same for the tests in Firefox
  WEBKIT_DRIVER  the WebKitWebDriver for the tests in WebKit")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, build the app and serve it on this machine
    Serve {
        /// The port to listen on; 0 takes a free one
        #[arg(long, value_name = "N", default_value_t = 8080)]
        port: u16,
        /// Serve the app as it was last built
        #[arg(long)]
        no_build: bool,
        /// The folder of the finished app [default: dist]
        #[arg(long, value_name = "DIR")]
        dist: Option<PathBuf>,
    },
    /// Install what is missing and run the tests
    Test {
        /// Run only these kinds of tests
        #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',', default_values_t = Suite::value_variants(), hide_default_value = true)]
        only: Vec<Suite>,
        /// Passed on to the browser tests' runner (such as the name of a test file), or to Cargo's where no browser tests run
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Build dist/, which any static host can serve
    Build,
    /// Rebuild on every change and reload the page (trunk serve)
    Dev {
        /// The port to listen on
        #[arg(long, value_name = "N", default_value_t = 8080)]
        port: u16,
    },
    /// Install what the build and the tests need, and nothing else
    Install,
    /// Evaluate the published models on the test parts and rewrite docs/models.md
    Models {
        /// The folder with the data sets [default: ../shared/data]
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Evaluate only this model
        #[arg(long, value_name = "MODEL")]
        only: Option<String>,
        /// Only print the commands that make the models anew from their recipes and the data sets
        #[arg(long)]
        commands: bool,
    },
    /// Print what a visit downloads, against the budgets
    Size,
    /// Time Delineo against ONNX Runtime Web and against its budgets, in one browser
    Bench(bench::Options),
    /// Rewrite the lists of models and files of a finished app, after a model was added to it
    Seal {
        /// The folder of the finished app [default: dist]
        #[arg(long, value_name = "DIR")]
        dist: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let project = Project::find()?;
    match command {
        Command::Serve {
            port,
            no_build,
            dist,
        } => {
            if !no_build {
                app::build(&project, install::for_building(&project)?)?;
            }
            serve::serve(&dist.unwrap_or_else(|| project.dist()), port)
        }
        Command::Test { only, args } => suite::run(&project, &only, &args),
        Command::Build => {
            app::build(&project, install::for_building(&project)?)?;
            size::print(&project)?;
            say::note(
                "dist/ is ready for any static host. It must serve .wasm as application/wasm; _headers lists the",
            );
            say::note(
                "other headers to send. Netlify and Cloudflare Pages read that file; elsewhere copy its contents.",
            );
            Ok(())
        }
        Command::Dev { port } => app::develop(&project, install::for_building(&project)?, port),
        Command::Install => {
            install::for_building(&project)?.ensure_clippy();
            install::vulkan()?;
            install::browser()?;
            install::browser_test_packages(&project)
        }
        Command::Models {
            data,
            only,
            commands,
        } => {
            let data = data.unwrap_or_else(|| PathBuf::from("../shared/data"));
            if commands {
                models::print_commands(&project, &data, only.as_deref())
            } else {
                models::run(&project, &project.root.join(data), only.as_deref())
            }
        }
        Command::Size => size::print(&project),
        Command::Bench(options) => bench::run(&project, &options),
        Command::Seal { dist } => app::seal(&project, &dist.unwrap_or_else(|| project.dist())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> clap::error::Result<Command> {
        let words = ["xtask"].into_iter().chain(line.split(' '));
        Cli::try_parse_from(words).map(|cli| cli.command)
    }

    #[test]
    fn the_definitions_of_the_command_line_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_command_with_its_options() {
        let help = Cli::command().render_help().to_string();
        for part in [
            "cargo xtask serve",
            "--no-build",
            "cargo xtask bench",
            "overlay",
            "DELINEO_CACHE",
        ] {
            assert!(help.contains(part), "{part} in {help}");
        }
    }

    #[test]
    fn lists_are_split_at_commas_and_what_follows_two_dashes_goes_to_the_runner() {
        let command = parse("test --only fmt,browser -- offline.test.mjs").unwrap();
        assert!(
            matches!(&command, Command::Test { only, args }
                if *only == [Suite::Fmt, Suite::Browser] && *args == ["offline.test.mjs"]),
            "{command:?}"
        );
        let command = parse("test").unwrap();
        assert!(matches!(&command, Command::Test { only, .. } if only == Suite::value_variants()));
    }

    #[test]
    fn unknown_options_and_values_are_refused() {
        for bad in [
            "serve --port",
            "serve --port x",
            "build --port 1",
            "test --only all",
            "dev --fast",
            "bench --only webgl",
            "bench --repeats many",
            "bench --repeats 0",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
