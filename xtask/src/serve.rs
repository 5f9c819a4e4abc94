//! A static server for this machine: `dist/` on the loopback addresses, with the headers that its `_headers` asks for.
//!
//! It answers `GET` and `HEAD`, keeps connections open and serves each from a thread of its own. It is for looking at
//! the app and for the tests; a real host does this better.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::finish::{Rule, parse_headers};
use crate::say;

/// A browser opens six connections to a host; tests run several browsers.
const MOST_CONNECTIONS: usize = 256;
/// Longest request line and longest header section, in bytes.
const LONGEST_HEAD: u64 = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    folder: PathBuf,
    /// Where it listens.
    pub port: u16,
}

impl Server {
    /// Listens on the loopback addresses; port 0 takes a free one.
    ///
    /// # Errors
    /// When the folder has no page or the port is taken.
    pub fn listen(folder: &Path, port: u16) -> Result<Self> {
        if !folder.join("index.html").is_file() {
            return Err(Error::Missing {
                what: format!("the page in {}", folder.display()),
                hint: "`cargo xtask build` makes it.".into(),
            });
        }
        let taken = |source| Error::Start {
            program: format!("the server on port {port}"),
            source,
            hint: "Give it another port with --port.".into(),
        };
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(taken)?;
        let port = first.local_addr().map_err(taken)?.port();
        // `localhost` is either of the two; a machine without IPv6 has only the first.
        let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok();
        Ok(Self {
            listeners: std::iter::once(first).chain(second).collect(),
            folder: folder.to_path_buf(),
            port,
        })
    }

    /// Serves until the program ends.
    pub fn run(self) {
        let open = Arc::new(AtomicUsize::new(0));
        let folder = Arc::new(self.folder);
        let threads: Vec<_> = self
            .listeners
            .into_iter()
            .map(|listener| {
                let (open, folder) = (Arc::clone(&open), Arc::clone(&folder));
                thread::spawn(move || accept(&listener, &folder, &open))
            })
            .collect();
        for thread in threads {
            // A listener ends only with the program.
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, folder: &Arc<PathBuf>, open: &Arc<AtomicUsize>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of file handles: some connection will end.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        if open.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (folder, open) = (Arc::clone(folder), Arc::clone(open));
        thread::spawn(move || {
            // A connection that breaks is the browser's choice.
            let _ = converse(&stream, &folder);
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Answers the requests of one connection in turn.
fn converse(stream: &TcpStream, folder: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = Request::read(&mut reader)? {
        let answer = answer(&request, folder);
        answer.write(&mut writer, &request)?;
        if !request.keeps_open {
            break;
        }
    }
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    method: String,
    target: String,
    known_tag: Option<String>,
    keeps_open: bool,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Self>> {
        let mut head = reader.take(LONGEST_HEAD);
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (Some(method), Some(target), Some(version)) =
            (words.next(), words.next(), words.next())
        else {
            return Err(ErrorKind::InvalidData.into());
        };
        let mut request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            known_tag: None,
            keeps_open: version == "HTTP/1.1",
        };
        loop {
            let mut line = String::new();
            if head.read_line(&mut line)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "if-none-match" => request.known_tag = Some(value.to_owned()),
                "connection" if value.eq_ignore_ascii_case("close") => request.keeps_open = false,
                // A body would be read as the next request; nothing here takes one.
                "content-length" | "transfer-encoding" => request.keeps_open = false,
                _ => {}
            }
        }
        Ok(Some(request))
    }
}

#[derive(Debug, Default)]
struct Answer {
    status: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn plain(status: &'static str) -> Self {
        let headers = vec![(
            "Content-Type".to_owned(),
            "text/plain; charset=utf-8".to_owned(),
        )];
        Self {
            status,
            headers,
            body: status.as_bytes().to_vec(),
        }
    }

    fn write(&self, writer: &mut impl Write, request: &Request) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let connection = if request.keeps_open {
            "keep-alive"
        } else {
            "close"
        };
        let length = self.body.len();
        head.push_str(&format!(
            "Content-Length: {length}\r\nConnection: {connection}\r\n\r\n"
        ));
        writer.write_all(head.as_bytes())?;
        if request.method != "HEAD" {
            writer.write_all(&self.body)?;
        }
        writer.flush()
    }
}

fn answer(request: &Request, folder: &Path) -> Answer {
    if !["GET", "HEAD"].contains(&request.method.as_str()) {
        return Answer::plain("405 Method Not Allowed");
    }
    let path = request.target.split(['?', '#']).next().unwrap_or_default();
    let Some(path) = decode(path) else {
        return Answer::plain("400 Bad Request");
    };
    let Some(file) = locate(folder, &path) else {
        return Answer::plain("404 Not Found");
    };
    let (Ok(metadata), Ok(body)) = (fs::metadata(&file), fs::read(&file)) else {
        return Answer::plain("404 Not Found");
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
        .flat_map(|Rule { headers, .. }| headers.iter().cloned());
    let mut headers = vec![
        ("Content-Type".to_owned(), media_type(&file).to_owned()),
        ("ETag".to_owned(), tag.clone()),
    ];
    headers.extend(asked_for);
    if request.known_tag.as_deref() == Some(&tag) {
        return Answer {
            status: "304 Not Modified",
            headers,
            body: Vec::new(),
        };
    }
    Answer {
        status: "200 OK",
        headers,
        body,
    }
}

/// Undoes percent-encoding (RFC 3986, section 2.1).
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
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

/// Says where the app is and serves it until the person presses Ctrl-C.
///
/// # Errors
/// When there is no app or the port is taken.
pub fn serve(folder: &Path, port: u16) -> Result<()> {
    let server = Server::listen(folder, port)?;
    say::note(&format!(
        "Serving {}; press Ctrl-C to stop.",
        folder.display()
    ));
    say::announce(&format!("http://localhost:{}", server.port));
    server.run();
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
            let server = Server::listen(&folder, 0).unwrap();
            let port = server.port;
            thread::spawn(move || server.run());
            Self { folder, port }
        }
    }

    impl Drop for App {
        fn drop(&mut self) {
            // What is left lies in the system's folder for such things.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    fn ask(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn get(port: u16, path: &str) -> String {
        ask(
            port,
            &format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n"),
        )
    }

    #[test]
    fn files_come_with_their_type_and_the_headers_asked_for() {
        let app = App::serve("files");
        let port = app.port;
        let page = get(port, "/?device=cpu");
        assert!(
            page.starts_with("HTTP/1.1 200 OK")
                && page.contains("text/html")
                && page.ends_with("<!doctype html>"),
            "{page}"
        );
        let wasm = get(port, "/engine_bg-1.wasm");
        assert!(
            wasm.contains("application/wasm")
                && wasm.contains("X-One: 1")
                && wasm.contains("immutable"),
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
            .find_map(|line| line.strip_prefix("ETag: "))
            .unwrap();
        let second = ask(
            port,
            &format!(
                "GET /index.html HTTP/1.1\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n"
            ),
        );
        assert!(
            second.starts_with("HTTP/1.1 304") && second.contains("Content-Length: 0"),
            "{second}"
        );
    }

    #[test]
    fn a_connection_takes_several_requests_and_only_reading_is_allowed() {
        let app = App::serve("connection");
        let port = app.port;
        let both = ask(
            port,
            "HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        );
        assert_eq!(both.matches("HTTP/1.1 200 OK").count(), 2, "{both}");
        assert_eq!(both.matches("<!doctype html>").count(), 1, "{both}");
        assert!(
            ask(port, "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx").starts_with("HTTP/1.1 405")
        );
    }

    #[test]
    fn an_endless_request_is_cut_off() {
        let app = App::serve("endless");
        let port = app.port;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        // The server may hang up while we still write.
        let _ =
            stream.write_all(format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100_000)).as_bytes());
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        assert!(text.is_empty());
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
