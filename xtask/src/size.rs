//! What a visit costs: the sizes of the app's parts against their budgets.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread;

use delineo::manifest::sha256;

use crate::error::{Error, Result};
use crate::finish::Site;
use crate::project::Project;
use crate::say::{self, Step};

/// Brotli's best and slowest, as hosts compress what they keep compressed.
const QUALITY: u32 = 11;
/// The largest window that browsers take.
const WINDOW_BITS: u32 = 24;

struct Part {
    name: &'static str,
    /// In bytes, from the design.
    budget: Option<usize>,
    /// Whether the budget is on the compressed size.
    compressed: bool,
    /// Whether a file belongs to it; the second name is the default model's.
    belongs: fn(&str, &str) -> bool,
}

const PARTS: &[Part] = &[
    Part {
        name: "page shell",
        budget: Some(350_000),
        compressed: true,
        belongs: |name, _| is_shell(name),
    },
    Part {
        name: "engine wasm",
        budget: Some(3_000_000),
        compressed: true,
        belongs: |name, _| is_wasm_of("engine", name),
    },
    Part {
        name: "engine wasm, CPU alone",
        budget: None,
        compressed: true,
        belongs: |name, _| is_wasm_of("engine-cpu-relaxed", name),
    },
    Part {
        name: "engine wasm, CPU, threads",
        budget: None,
        compressed: true,
        belongs: |name, _| is_wasm_of("engine-cpu-threads-relaxed", name),
    },
    Part {
        name: "decoder wasm, when needed",
        budget: None,
        compressed: true,
        belongs: |name, _| is_wasm_of("decoder", name),
    },
    Part {
        name: "store wasm, when needed",
        budget: None,
        compressed: true,
        belongs: |name, _| is_wasm_of("store", name),
    },
    Part {
        name: "default model",
        budget: Some(900_000),
        compressed: false,
        belongs: is_of_model,
    },
    Part {
        name: "all files together",
        budget: None,
        compressed: true,
        belongs: |_, _| true,
    },
];

/// Prints the table.
///
/// # Errors
/// When the app cannot be read.
pub fn print(project: &Project) -> Result<()> {
    let site = Site::read(&project.dist())?;
    let models: Vec<String> =
        serde_json::from_str(site.text("models/index.json")?).unwrap_or_default();
    let model = models.into_iter().next().unwrap_or_default();
    let step = Step::begin(
        "Measure what a visit costs",
        "about a minute for an engine not measured before",
    );
    let compressed = compressed_sizes(&site, &project.cache.join("brotli-sizes.json"))?;
    step.done();
    say::note(&format!(
        "{:<26}{:>12}{:>12}{:>12}",
        "", "raw", "brotli", "budget"
    ));
    for part in PARTS {
        let files = || {
            site.files()
                .filter(|(name, _)| (part.belongs)(name, &model))
        };
        let raw: usize = files().map(|(_, bytes)| bytes.len()).sum();
        let brotli: usize = files()
            .map(|(name, _)| compressed.get(name).copied().unwrap_or_default())
            .sum();
        let counted = if part.compressed { brotli } else { raw };
        let verdict = match part.budget {
            Some(budget) if counted > budget => "  over budget",
            _ => "",
        };
        let budget = part.budget.map_or_else(String::new, kilobytes);
        say::note(&format!(
            "{:<26}{:>12}{:>12}{budget:>12}{verdict}",
            part.name,
            kilobytes(raw),
            kilobytes(brotli)
        ));
    }
    Ok(())
}

fn is_shell(name: &str) -> bool {
    let code = [".js", ".css", ".wasm", ".html"]
        .iter()
        .any(|end| name.ends_with(end));
    code && !name.starts_with("engine")
        && !name.starts_with("decoder")
        && !name.starts_with("store")
        && !name.starts_with("models/")
        && name != "service-worker.js"
}

/// Whether it is the WebAssembly of the engine of that name.
fn is_wasm_of(engine: &str, name: &str) -> bool {
    let rest = name.strip_prefix(engine);
    rest.is_some_and(|rest| rest.starts_with("_bg") && rest.ends_with(".wasm"))
}

fn is_of_model(name: &str, model: &str) -> bool {
    name.strip_prefix("models/")
        .and_then(|rest| rest.strip_prefix(model))
        .is_some_and(|rest| rest.starts_with('/'))
}

fn kilobytes(bytes: usize) -> String {
    format!(
        "{:.1} kB",
        f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000.0
    )
}

/// Compressed size by name. Compressing the engine takes a minute, so what was measured once is remembered by content.
fn compressed_sizes(site: &Site, memory: &Path) -> Result<BTreeMap<String, usize>> {
    let text = fs::read_to_string(memory).unwrap_or_default();
    let known: BTreeMap<String, usize> = serde_json::from_str(&text).unwrap_or_default();
    let sizes: Vec<(String, String, usize)> = thread::scope(|scope| {
        let threads: Vec<_> = site
            .files()
            .map(|(name, bytes)| {
                let known = &known;
                scope.spawn(move || {
                    let hash = sha256(bytes);
                    let size = known
                        .get(&hash)
                        .copied()
                        .unwrap_or_else(|| compressed_size(bytes));
                    (name.to_owned(), hash, size)
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    });
    let remembered: BTreeMap<_, _> = sizes
        .iter()
        .map(|(_, hash, size)| (hash.clone(), *size))
        .collect();
    if let Some(folder) = memory.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(memory, serde_json::json!(remembered).to_string())
        .map_err(Error::file("write", memory))?;
    Ok(sizes
        .into_iter()
        .map(|(name, _, size)| (name, size))
        .collect())
}

fn compressed_size(bytes: &[u8]) -> usize {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, QUALITY, WINDOW_BITS);
    // Writing to memory does not fail.
    let _ = writer.write_all(bytes);
    writer.into_inner().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_counts_where_it_belongs() {
        assert!(
            is_shell("page_bg-0123456789abcdef.wasm")
                && is_shell("index.html")
                && is_shell("snippets/a/inline0-1.js")
        );
        assert!(
            !is_shell("engine_bg-0123456789abcdef.wasm") && !is_shell("models/default/model.json")
        );
        assert!(
            is_wasm_of("engine", "engine_bg-0123456789abcdef.wasm")
                && !is_wasm_of("engine", "engine-0123456789abcdef.js")
                && !is_wasm_of("engine", "engine-cpu_bg-0123456789abcdef.wasm")
                && is_wasm_of("engine-cpu", "engine-cpu_bg-0123456789abcdef.wasm")
        );
    }

    #[test]
    fn compression_is_brotli_of_all_bytes() {
        let bytes = vec![7; 100_000];
        assert!((5..100).contains(&compressed_size(&bytes)));
    }
}
