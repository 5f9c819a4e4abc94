//! A static server for this machine: `dist/` on the loopback addresses, with the headers that its `_headers` asks for.
//!
//! It answers `GET` alone, without compression or ranges. It is for looking at the app and for the tests; a real host
//! does this better.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use oxhttp::model::header::{ALLOW, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use oxhttp::model::{Body, HeaderValue, Method, Request, Response, StatusCode};
use oxhttp::{ListeningServer, Server};
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::finish::{Rule, parse_headers};
use crate::say;

/// A browser opens six connections to a host; tests run several browsers.
const MOST_CONNECTIONS: usize = 256;

/// Prints the address of the app and serves it until the person presses Ctrl-C.
///
/// # Errors
/// When there is no app or the port is taken.
pub fn serve(folder: &Path, port: u16) -> Result<()> {
    let (server, port) = listen(folder, port)?;
    say::note(&format!(
        "Serving {}; press Ctrl-C to stop.",
        folder.display()
    ));
    say::announce(&format!("http://localhost:{port}"));
    server.join().map_err(cannot_listen(port))
}

/// Listens on the loopback addresses; port 0 takes a free one.
fn listen(folder: &Path, port: u16) -> Result<(ListeningServer, u16)> {
    if !folder.join("index.html").is_file() {
        return Err(Error::Missing {
            what: format!("the page in {}", folder.display()),
            hint: "`cargo xtask build` makes it.".into(),
        });
    }
    // The server does not tell which port it took, so a free one is looked for before.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .and_then(|listener| listener.local_addr())
        .map_err(cannot_listen(port))?
        .port();
    let files = folder.to_path_buf();
    // No time limit: on this machine a connection whose other end is gone is closed at once.
    let mut server = Server::new(move |request| answer(request, &files))
        .with_max_concurrent_connections(MOST_CONNECTIONS)
        .bind((Ipv4Addr::LOCALHOST, port));
    // `localhost` is either of the two; a machine without IPv6 has only the first.
    if TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok() {
        server = server.bind((Ipv6Addr::LOCALHOST, port));
    }
    let server = server.spawn().map_err(cannot_listen(port))?;
    Ok((server, port))
}

fn cannot_listen(port: u16) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Start {
        program: format!("the server on port {port}"),
        source,
        hint: "Give it another port with --port.".into(),
    }
}

fn answer(request: &Request<Body>, folder: &Path) -> Response<Body> {
    if request.method() != Method::GET {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
        return response;
    }
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let Some(file) = locate(folder, &path) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let (Ok(metadata), Ok(body)) = (fs::metadata(&file), fs::read(&file)) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", body.len(), changed.as_nanos());
    let rules = fs::read_to_string(folder.join("_headers"))
        .map(|text| parse_headers(&text))
        .unwrap_or_default();
    let asked_for = rules
        .iter()
        .filter(|rule| rule.matches(&path))
        .flat_map(|Rule { headers, .. }| headers);
    let is_known = request
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = Response::builder()
        .header(CONTENT_TYPE, media_type(&file))
        .header(ETAG, tag);
    for (name, value) in asked_for {
        response = response.header(name, value);
    }
    if is_known {
        response
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty())
    } else {
        response.body(Body::from(body))
    }
    // A header in `_headers` that cannot be sent.
    .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

/// A status without a body.
fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The file behind a path, inside the folder and nowhere else.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let is_plain = |part: &&str| {
        !part.starts_with('.') && !part.contains(['\\', ':', '\0']) && *part != "_headers"
    };
    let (last, folders) = parts.split_last()?;
    if !folders
        .iter()
        .all(|part| !part.is_empty() && is_plain(part))
        || !is_plain(last)
    {
        return None;
    }
    let mut file = folders
        .iter()
        .fold(folder.to_path_buf(), |file, part| file.join(part));
    file.push(if last.is_empty() { "index.html" } else { last });
    file.is_file().then_some(file)
}

fn media_type(file: &Path) -> &'static str {
    match file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpStream;
    use std::thread;

    use super::*;

    /// An app in a folder of its own, which goes with the test.
    struct App {
        folder: PathBuf,
        port: u16,
    }

    impl App {
        fn serve(name: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("delineo-serve-{name}-{}", std::process::id()));
            fs::create_dir_all(folder.join("models/a b")).unwrap();
            fs::write(folder.join("index.html"), "<!doctype html>").unwrap();
            fs::write(folder.join("engine_bg-1.wasm"), b"\0asm").unwrap();
            fs::write(folder.join("models/a b/model.json"), "{}").unwrap();
            let headers = "/*\n  X-One: 1\n/engine_bg-1.wasm\n  Cache-Control: public, immutable\n";
            fs::write(folder.join("_headers"), headers).unwrap();
            let (_, port) = listen(&folder, 0).unwrap();
            Self { folder, port }
        }
    }

    impl Drop for App {
        fn drop(&mut self) {
            // What cannot be removed is in the system's folder for temporary files.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    /// The first line of a request with the header that no request may lack.
    fn head(first: &str) -> String {
        format!("{first} HTTP/1.1\r\nHost: localhost\r\n")
    }

    fn ask(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream
            .write_all(format!("{request}Connection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn get(port: u16, path: &str) -> String {
        ask(port, &head(&format!("GET {path}")))
    }

    #[test]
    fn files_come_with_their_type_and_the_headers_asked_for() {
        let app = App::serve("files");
        let port = app.port;
        let page = get(port, "/?device=cpu");
        assert!(
            page.starts_with("HTTP/1.1 200 OK")
                && page.contains("content-type: text/html")
                && page.contains("content-length: 15")
                && page.ends_with("<!doctype html>"),
            "{page}"
        );
        let wasm = get(port, "/engine_bg-1.wasm");
        assert!(
            wasm.contains("content-type: application/wasm")
                && wasm.contains("x-one: 1")
                && wasm.contains("cache-control: public, immutable"),
            "{wasm}"
        );
        assert!(get(port, "/models/a%20b/model.json").ends_with("{}"));
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let app = App::serve("outside");
        let port = app.port;
        for path in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/..%2f..%2fetc/passwd",
            "//etc/passwd",
            "/.git",
            "/_headers",
            "/models",
            "/%zz",
            "/%ff",
            "/%00",
        ] {
            let answer = get(port, path);
            assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
        }
    }

    #[test]
    fn a_file_that_the_browser_already_has_is_not_sent_again() {
        let app = App::serve("tag");
        let port = app.port;
        let first = get(port, "/index.html");
        let tag = first
            .lines()
            .find_map(|line| line.strip_prefix("etag: "))
            .unwrap();
        let request = head("GET /index.html");
        let second = ask(port, &format!("{request}If-None-Match: {tag}\r\n"));
        assert!(
            second.starts_with("HTTP/1.1 304") && second.ends_with("\r\n\r\n"),
            "{second}"
        );
    }

    #[test]
    fn a_connection_takes_several_requests_one_after_the_other() {
        let app = App::serve("connection");
        let mut stream =
            BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, app.port)).unwrap());
        for _ in 0..3 {
            let request = format!("{}\r\n", head("GET /"));
            stream.get_mut().write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"<!doctype html>") {
                assert_ne!(stream.read_until(b'>', &mut answer).unwrap(), 0);
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
        }
    }

    #[test]
    fn only_reading_is_allowed() {
        let app = App::serve("reading");
        for method in ["HEAD", "POST", "DELETE"] {
            let answer = ask(app.port, &head(&format!("{method} /")));
            assert!(
                answer.starts_with("HTTP/1.1 405") && answer.ends_with("\r\n\r\n"),
                "{answer}"
            );
        }
    }

    #[test]
    fn an_endless_request_is_refused() {
        let app = App::serve("endless");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, app.port)).unwrap();
        let request = format!("{}X: {}", head("GET /"), "x".repeat(100_000));
        // The server may hang up while we still write, and its answer may be lost with that.
        let _ = stream.write_all(request.as_bytes());
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        assert!(text.is_empty() || text.starts_with(b"HTTP/1.1 400"));
    }

    #[test]
    fn many_connections_at_once_are_all_answered() {
        let app = App::serve("many");
        let port = app.port;
        let threads: Vec<_> = (0..64)
            .map(|_| thread::spawn(move || get(port, "/")))
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap().starts_with("HTTP/1.1 200"));
        }
    }
}
