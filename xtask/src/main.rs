//! `cargo xtask`: everything that is done to Delineo, from a fresh machine to a served app.

mod app;
mod bench;
mod digest;
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

use error::{Error, Result};
use project::Project;
use suite::Suite;

const HELP: &str = "\
cargo xtask COMMAND

  serve [--port N] [--no-build] [--dist DIR]
                        install what is missing, build the app, serve it on http://localhost:8080
  test [--only LIST] [-- ARGS]
                        install what is missing, run every test; LIST of fmt,lint,native,build,browser;
                        ARGS go to the runner, such as a test file of tests/browser
  build                 make dist/, which any static host can serve
  dev [--port N]        build again on every change and reload the page (trunk serve)
  install               install what the build and the tests need, and nothing else
  models [--data DIR] [--only MODEL]
                        measure the published models on the test parts and rewrite docs/models.md
  size                  what a visit costs, against the budgets
  bench [--only LIST] [--json] [--repeats N] [--seconds N] [--row N] [--line MBITS] [--no-build]
                        time Delineo against ONNX Runtime Web in one browser; LIST of cpu,threads,visit,gpu and
                        s,base and 256,512; writes docs/performance.md when nothing is left out
  seal [--dist DIR]     list models and files of a finished dist/ anew, after a model was added to it

  DELINEO_CACHE         the build cache, otherwise delineo in your cache folder
  CHROME                the browser that the tests drive";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let (command, rest) = args
        .split_first()
        .map_or(("help", &[][..]), |(command, rest)| {
            (command.as_str(), rest)
        });
    let options = Options::parse(command, rest)?;
    if ["help", "--help", "-h"].contains(&command) {
        say::announce(HELP);
        return Ok(());
    }
    let project = Project::find()?;
    let dist = options.dist.clone().unwrap_or_else(|| project.dist());
    match command {
        "serve" => {
            if !options.no_build {
                app::build(&project, install::for_building(&project)?)?;
            }
            serve::serve(&dist, options.port)
        }
        "build" => {
            app::build(&project, install::for_building(&project)?)?;
            size::print(&project)?;
            say::note(
                "dist/ is ready for any static host. It must serve .wasm as application/wasm; _headers says what",
            );
            say::note(
                "else to send with each file. Netlify and Cloudflare Pages read it; copy it where yours looks.",
            );
            Ok(())
        }
        "dev" => app::develop(&project, install::for_building(&project)?, options.port),
        "test" => suite::run(&project, &options.suites, &options.more),
        "install" => {
            install::for_building(&project)?.ensure_clippy();
            install::vulkan()?;
            install::browser()?;
            install::browser_test_packages(&project)
        }
        "models" => models::run(&project, options.data.as_deref(), options.model.as_deref()),
        "size" => size::print(&project),
        "bench" => bench::run(&project, &options.bench),
        "seal" => app::seal(&project, &dist),
        other => Err(Error::Usage(format!("There is no command {other}."))),
    }
}

/// What stands after the command.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    port: u16,
    no_build: bool,
    dist: Option<PathBuf>,
    data: Option<PathBuf>,
    model: Option<String>,
    suites: Vec<Suite>,
    more: Vec<String>,
    bench: bench::Wishes,
}

impl Options {
    fn parse(command: &str, args: &[String]) -> Result<Self> {
        let mut options = Self {
            port: 8080,
            no_build: false,
            dist: None,
            data: None,
            model: None,
            suites: Suite::ALL.to_vec(),
            more: Vec::new(),
            bench: bench::Wishes::default(),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .ok_or_else(|| Error::Usage(format!("{arg} wants a value.")))
            };
            match (command, arg.as_str()) {
                ("serve" | "dev", "--port") => {
                    let text = value()?;
                    options.port = text
                        .parse()
                        .map_err(|_| Error::Usage(format!("{text} is no port number.")))?;
                }
                ("serve", "--no-build") => options.no_build = true,
                ("serve" | "seal", "--dist") => options.dist = Some(value()?.into()),
                ("models", "--data") => options.data = Some(value()?.into()),
                ("models", "--only") => options.model = Some(value()?.clone()),
                ("test", "--only") => options.suites = suites(value()?)?,
                ("test", "--") => options.more = args.by_ref().cloned().collect(),
                ("bench", "--only") => options.bench.only(value()?)?,
                ("bench", "--json") => options.bench.json = true,
                ("bench", "--no-build") => options.bench.no_build = true,
                ("bench", "--repeats") => options.bench.repeats = number(value()?)?.max(1),
                ("bench", "--seconds") => options.bench.seconds = number(value()?)?,
                ("bench", "--row") => options.bench.row = number(value()?)?,
                ("bench", "--line") => options.bench.line = number(value()?)?.max(1),
                _ => return Err(Error::Usage(format!("`{command}` does not take {arg}."))),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| Error::Usage(format!("{text} is no number.")))
}

fn suites(list: &str) -> Result<Vec<Suite>> {
    let find = |name: &str| Suite::ALL.into_iter().find(|suite| suite.name() == name);
    list.split(',')
        .map(|name| {
            find(name).ok_or_else(|| Error::Usage(format!("There are no tests called {name}.")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Part;

    fn parse(line: &str) -> Result<Options> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Options::parse(&words[0], &words[1..])
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        assert!(
            parse("serve --port 9000 --no-build")
                .is_ok_and(|options| options.port == 9000 && options.no_build)
        );
        let some = parse("test --only fmt,browser -- offline.test.mjs");
        assert!(
            some.is_ok_and(|options| options.suites == [Suite::Fmt, Suite::Browser]
                && options.more == ["offline.test.mjs"])
        );
        let measured = parse("bench --only cpu,gpu,base --repeats 3 --json");
        assert!(
            measured.is_ok_and(|options| options.bench.parts == [Part::Cpu, Part::Gpu]
                && options.bench.only == ["base"]
                && options.bench.repeats == 3
                && options.bench.json)
        );
        for bad in [
            "serve --port",
            "serve --port x",
            "build --port 1",
            "test --only all",
            "dev --fast",
            "bench --only webgl",
            "bench --repeats many",
        ] {
            assert!(matches!(parse(bad), Err(Error::Usage(_))), "{bad}");
        }
    }
}
