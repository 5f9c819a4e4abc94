//! Finishing: what Trunk wrote becomes `dist/`, which any static host can serve.
//!
//! 1. Every script, style sheet and WebAssembly file gets the hash of its content into its name, so that a host may let
//!    browsers keep it forever and no two versions can be mixed ([`names`]).
//! 2. The page gets no inline script, an integrity hash on what it loads, and a content security policy ([`page`]).
//! 3. The web app manifest gets the image formats that the app reads ([`manifest`]).
//! 4. The list of models, the service worker with the list of all files, and the headers are written ([`seal`]).

mod headers;
mod manifest;
mod names;
mod offline;
mod page;
mod site;
mod template;

use std::path::Path;

use crate::error::{Error, Result};

pub use headers::{Rule, parse as parse_headers};
pub use offline::{version, write_model_index};
use site::SERVICE_WORKER;
pub use site::Site;

/// Writes the finished app.
///
/// # Errors
/// When Trunk's output or the scripts in `assets` are not as expected, or a folder cannot be read or written.
pub fn finish(trunk_output: &Path, assets: &Path, dist: &Path) -> Result<Site> {
    let mut site = Site::read(trunk_output)?;
    page::take_out_inline_script(&mut site, &read(&assets.join(page::START))?)?;
    page::announce_threads(&mut site)?;
    names::hash(&mut site)?;
    page::harden(&mut site)?;
    manifest::write_formats(&mut site)?;
    seal_site(&mut site, assets)?;
    site.write(dist)?;
    Ok(site)
}

/// Lists models and files anew after something in a finished `dist/` was changed, such as a model added to it.
///
/// # Errors
/// When it is not a finished app, or cannot be read or written.
pub fn seal(dist: &Path, assets: &Path) -> Result<Site> {
    let mut site = Site::read(dist)?;
    if site.get(SERVICE_WORKER).is_none() {
        return Err(Error::Page(format!(
            "{} is not a finished app; `cargo xtask build` makes one",
            dist.display()
        )));
    }
    seal_site(&mut site, assets)?;
    site.write(dist)?;
    Ok(site)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(Error::file("read", path))
}

fn seal_site(site: &mut Site, assets: &Path) -> Result<()> {
    let service_worker = read(&assets.join(SERVICE_WORKER))?;
    offline::list_models(site)?;
    offline::write_service_worker(site, &service_worker)?;
    headers::write(site);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::page::integrity;
    use super::*;
    use delineo::manifest::sha256;

    const START: &str = include_str!("../../../assets/start.js");
    const MANIFEST: &str = include_str!("../../../public/manifest.webmanifest");

    fn assets() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets")
    }

    /// What Trunk 0.21.14 writes for a page and a worker, shortened.
    fn trunk_output() -> Site {
        let mut site = Site::default();
        site.put("index.html", TRUNK_PAGE.into());
        site.put("page-1234567890abcdef.js", b"import { f } from './snippets/own-12ab/inline0.js';\nnew URL('page_bg.wasm', import.meta.url)".to_vec());
        site.put("page-1234567890abcdef_bg.wasm", b"\0asm page".to_vec());
        site.put(
            "engine.js",
            b"module_or_path = new URL('engine_bg.wasm', import.meta.url);".to_vec(),
        );
        site.put("engine_bg.wasm", b"\0asm engine".to_vec());
        site.put(
            "engine_loader.js",
            b"import init from './engine.js';await init();".to_vec(),
        );
        site.put(
            "engine-cpu.js",
            b"module_or_path = new URL('engine-cpu_bg.wasm', import.meta.url);".to_vec(),
        );
        site.put("engine-cpu_bg.wasm", b"\0asm small engine".to_vec());
        site.put(
            "engine-cpu_loader.js",
            b"import init from './engine-cpu.js';await init();".to_vec(),
        );
        site.put(
            "snippets/own-12ab/inline0.js",
            b"export const f = 1;".to_vec(),
        );
        site.put("app-fedcba0987654321.css", b"body{color:#000}".to_vec());
        site.put("icons/192.png", b"png".to_vec());
        site.put("manifest.webmanifest", MANIFEST.into());
        for (id, text) in [("default", "{}"), ("another", "{}")] {
            site.put(&format!("models/{id}/model.json"), text.into());
            site.put(&format!("models/{id}/weights.safetensors"), id.into());
        }
        site
    }

    const TRUNK_PAGE: &str = r#"<!doctype html>
<html lang="en"><head>
    <meta charset="utf-8">
    <meta name="engine" content="engine_loader.js">
    <meta name="engine-cpu" content="engine-cpu_loader.js">
    <link rel="icon" href="./icons/192.png">
    <link rel="stylesheet" href="./app-fedcba0987654321.css" integrity="sha384-old"/>
<script type="module">
import init from './page-1234567890abcdef.js';
const wasm = await init({ module_or_path: './page-1234567890abcdef_bg.wasm' });


dispatchEvent(new CustomEvent("TrunkApplicationStarted", {detail: {wasm}}));

</script>
<link rel="modulepreload" href="./page-1234567890abcdef.js" crossorigin="anonymous" integrity="sha384-old"><link rel="preload" href="./page-1234567890abcdef_bg.wasm" crossorigin="anonymous" integrity="sha384-old" as="fetch" type="application/wasm"></head>
<body></body></html>"#;

    fn finished() -> Site {
        let folder = tempfolder("finish");
        trunk_output().write(&folder.join("trunk")).unwrap();
        let site = finish(&folder.join("trunk"), &assets(), &folder.join("dist")).unwrap();
        assert_eq!(
            Site::read(&folder.join("dist")).unwrap(),
            site,
            "what is written is what is returned"
        );
        std::fs::remove_dir_all(folder).unwrap();
        site
    }

    fn tempfolder(name: &str) -> std::path::PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("delineo-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names_of<'a>(site: &'a Site, start: &str, end: &str) -> Vec<(&'a str, &'a [u8])> {
        site.files()
            .filter(|(name, _)| name.starts_with(start) && name.ends_with(end))
            .collect()
    }

    fn only<'a>(site: &'a Site, start: &str, end: &str) -> (&'a str, &'a [u8]) {
        let found = names_of(site, start, end);
        assert_eq!(
            found.len(),
            1,
            "{start}*{end} among {:?}",
            site.files().map(|(name, _)| name).collect::<Vec<_>>()
        );
        found[0]
    }

    #[test]
    fn every_script_sheet_and_wasm_is_named_after_its_content() {
        let site = finished();
        for (name, bytes) in site.files() {
            let hashed = [".js", ".css", ".wasm"]
                .iter()
                .any(|end| name.ends_with(end))
                && name != "service-worker.js"
                && !name.starts_with("snippets/");
            assert_eq!(names::is_hashed(name), hashed, "{name}");
            if hashed {
                assert!(name.contains(&sha256(bytes)[..16]), "{name}");
            }
        }
    }

    #[test]
    fn references_follow_the_names_through_loader_glue_and_meta_tag() {
        let site = finished();
        let (wasm, _) = only(&site, "engine_bg-", ".wasm");
        let engines = ["engine-cpu-", "engine-cpu_bg-", "engine-cpu_loader-"];
        let small = engines.map(|start| {
            let end = if start.contains("bg") { ".wasm" } else { ".js" };
            only(&site, start, end)
        });
        assert!(String::from_utf8_lossy(small[0].1).contains(&format!("'{}'", small[1].0)));
        assert!(String::from_utf8_lossy(small[2].1).contains(&format!("'./{}'", small[0].0)));
        let page = site.text("index.html").unwrap();
        assert!(page.contains(&format!(
            r#"<meta name="engine-cpu" content="{}">"#,
            small[2].0
        )));
        let glue = names_of(&site, "engine-", ".js");
        let (glue, glue_text) = glue
            .into_iter()
            .find(|(name, _)| !name.starts_with("engine-cpu"))
            .unwrap();
        let (loader, loader_text) = only(&site, "engine_loader-", ".js");
        assert!(String::from_utf8_lossy(glue_text).contains(&format!("'{wasm}'")));
        assert!(String::from_utf8_lossy(loader_text).contains(&format!("'./{glue}'")));
        assert!(
            site.text("index.html")
                .unwrap()
                .contains(&format!(r#"<meta name="engine" content="{loader}">"#))
        );
        let (page_glue, page_glue_text) = only(&site, "page-", ".js");
        assert!(
            String::from_utf8_lossy(page_glue_text).contains("'./snippets/own-12ab/inline0.js'")
        );
        let (_, start_text) = only(&site, "start-", ".js");
        assert!(String::from_utf8_lossy(start_text).contains(&format!("'./{page_glue}'")));
    }

    #[test]
    fn the_engine_on_several_threads_is_named_in_the_page_where_it_was_built() {
        let without = finished();
        let page = without.text("index.html").unwrap();
        assert!(!page.contains("engine-cpu-threads"), "{page}");

        let mut site = trunk_output();
        site.put(
            "engine-cpu-threads.js",
            b"export const run_thread = 1;".to_vec(),
        );
        site.put(
            "engine-cpu-threads_loader.js",
            b"import init, { run_thread } from './engine-cpu-threads.js';".to_vec(),
        );
        page::announce_threads(&mut site).unwrap();
        names::hash(&mut site).unwrap();
        let (glue, _) = only(&site, "engine-cpu-threads-", ".js");
        let (loader, text) = only(&site, "engine-cpu-threads_loader-", ".js");
        assert!(String::from_utf8_lossy(text).contains(&format!("'./{glue}'")));
        let page = site.text("index.html").unwrap();
        let tag = format!(r#"<meta name="engine-cpu-threads" content="{loader}">"#);
        assert!(page.contains(&tag), "{page}");
        let plain = only(&site, "engine-cpu_loader-", ".js").0;
        let tag = format!(r#"<meta name="engine-cpu" content="{plain}">"#);
        assert!(page.contains(&tag), "{page}");
    }

    #[test]
    fn nothing_inline_is_left_and_what_is_loaded_has_its_integrity() {
        let site = finished();
        let html = site.text("index.html").unwrap();
        assert!(
            !html.contains("<script type=\"module\">") && !html.contains("sha384-old"),
            "{html}"
        );
        for (start, end) in [("start-", ".js"), ("page-", ".js"), ("app-", ".css")] {
            let (name, bytes) = only(&site, start, end);
            let tag = html
                .split('<')
                .find(|tag| tag.contains(name))
                .unwrap_or_else(|| panic!("{name} in {html}"));
            assert!(
                tag.contains(&format!(r#"integrity="{}""#, integrity(bytes))),
                "{tag}"
            );
        }
        let policy = html.find("Content-Security-Policy").unwrap();
        assert!(
            policy < html.find("<link").unwrap(),
            "the policy must stand before what it governs: {html}"
        );
        assert!(
            html.contains("default-src 'none'") && !html.contains("unsafe-inline"),
            "{html}"
        );
        // The wasm is not a script: the start script asks for its integrity itself.
        let (_, start) = only(&site, "start-", ".js");
        assert!(
            String::from_utf8_lossy(start).contains(&integrity(only(&site, "page_bg-", ".wasm").1))
        );
    }

    #[test]
    fn the_service_worker_lists_every_file_with_its_hash() {
        let site = finished();
        let worker = site.text("service-worker.js").unwrap();
        for (name, bytes) in site.files() {
            let own = ["service-worker.js", "_headers", ".nojekyll"].contains(&name);
            let url = if name == "index.html" { "./" } else { name };
            let is_optional = name.starts_with("icons/") || name == "manifest.webmanifest";
            let optional = if is_optional {
                r#""optional":true,"#
            } else {
                ""
            };
            let entry = format!(
                r#"{{{optional}"sha256":"{}","url":"{url}"}}"#,
                sha256(bytes)
            );
            assert_eq!(worker.contains(&entry), !own, "{name}: {entry}");
        }
        for placeholder in ["__VERSION__", "__POLICY__", "__ISOLATION__", "__FILES__"] {
            assert!(!worker.contains(placeholder), "{placeholder} is filled in");
        }
    }

    #[test]
    fn the_installed_app_opens_and_receives_the_formats_that_the_library_reads() {
        let site = finished();
        let manifest: serde_json::Value =
            serde_json::from_str(site.text("manifest.webmanifest").unwrap()).unwrap();
        let opened = &manifest["file_handlers"][0]["accept"];
        let shared = &manifest["share_target"]["params"]["files"][0]["accept"];
        assert_eq!(opened["image/jpeg"], serde_json::json!([".jpg", ".jpeg"]));
        let shared: Vec<&str> = shared
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one.as_str())
            .collect();
        let archives =
            manifest::ARCHIVES.map(|(media_type, ending)| format!(",{media_type},{ending}"));
        assert_eq!(
            shared.join(","),
            delineo::imaging::accept() + &archives.concat()
        );
        assert_eq!(opened["application/zip"], serde_json::json!([".zip"]));
        for format in delineo::imaging::FORMATS {
            for media_type in format.media_types {
                assert!(opened[media_type].is_array(), "{media_type} in {opened}");
            }
        }
    }

    #[test]
    fn the_default_model_is_listed_first() {
        assert_eq!(
            finished().text("models/index.json").unwrap().trim(),
            r#"["default","another"]"#
        );
    }

    #[test]
    fn a_larger_model_for_the_same_pictures_comes_last_and_is_fetched_when_it_is_chosen() {
        let mut site = finished();
        let models = [
            ("skin-base", "dermoscopy", 6_000_000),
            ("skin-s", "dermoscopy", 900_000),
            ("us-s", "ultrasound", 900_001),
            ("default", r#"dermoscopy","ultrasound"#, 5),
        ];
        for (id, modalities, bytes) in models {
            let manifest =
                format!(r#"{{"modalities":["{modalities}"],"weights":{{"bytes":{bytes}}}}}"#);
            site.put(&format!("models/{id}/model.json"), manifest.into_bytes());
            site.put(&format!("models/{id}/weights.safetensors"), id.into());
        }
        seal_site(&mut site, &assets()).unwrap();
        assert_eq!(
            site.text("models/index.json").unwrap().trim(),
            r#"["default","another","skin-s","us-s","skin-base"]"#
        );
        let worker = site.text("service-worker.js").unwrap();
        let on_demand: Vec<&str> = worker
            .split('{')
            .filter(|entry| entry.contains(r#""onDemand":true"#))
            .collect();
        let [only] = on_demand.as_slice() else {
            panic!("{on_demand:?}");
        };
        assert!(
            only.contains("models/skin-base/weights.safetensors"),
            "{only}"
        );
    }

    #[test]
    fn sealing_again_changes_nothing_and_a_changed_model_changes_the_version() {
        let mut site = finished();
        let before = site.clone();
        seal_site(&mut site, &assets()).unwrap();
        assert_eq!(site, before);
        site.put("models/default/weights.safetensors", b"better".to_vec());
        seal_site(&mut site, &assets()).unwrap();
        let version = |site: &Site| offline::version(site).unwrap().to_owned();
        assert_ne!(version(&site), version(&before));
    }

    #[test]
    fn an_inline_style_or_handler_is_refused_because_the_policy_would_block_it() {
        for bad in [
            r#"<p style="color:red">"#,
            r#"<body onload="x()">"#,
            "<style>p{}</style>",
            "<script>x()</script>",
        ] {
            let mut site = trunk_output();
            site.put(
                "index.html",
                TRUNK_PAGE
                    .replace("<body></body>", &format!("<body></body>{bad}"))
                    .into(),
            );
            let result = page::take_out_inline_script(&mut site, START)
                .and_then(|()| page::harden(&mut site));
            assert!(matches!(result, Err(Error::Page(_))), "{bad}");
        }
    }

    #[test]
    fn hashed_files_are_cached_forever_and_all_others_are_revalidated() {
        let site = finished();
        let rules = parse_headers(site.text("_headers").unwrap());
        let cache = |path: &str| {
            let matching = rules
                .iter()
                .filter(|rule| rule.matches(path))
                .flat_map(|rule| &rule.headers);
            let values: Vec<_> = matching
                .filter(|(name, _)| name == "Cache-Control")
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(values.len(), 1, "{path}");
            values[0].to_owned()
        };
        assert!(cache(&format!("/{}", only(&site, "engine_bg-", ".wasm").0)).contains("immutable"));
        for path in [
            "/",
            "/index.html",
            "/service-worker.js",
            "/models/default/model.json",
            "/manifest.webmanifest",
        ] {
            assert_eq!(cache(path), "no-cache", "{path}");
        }
        let everywhere: Vec<_> = rules
            .iter()
            .filter(|rule| rule.matches("/x"))
            .flat_map(|rule| &rule.headers)
            .collect();
        assert!(
            everywhere
                .iter()
                .any(|(name, value)| name == "Content-Security-Policy"
                    && value.contains("frame-ancestors 'none'"))
        );
        for (name, value) in headers::ISOLATION {
            let wanted = ((*name).to_owned(), (*value).to_owned());
            assert!(everywhere.contains(&&wanted), "{name} in {everywhere:?}");
        }
    }
}
