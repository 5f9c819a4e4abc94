//! `_headers`: what a host should send with each file, in the notation that Netlify and Cloudflare Pages read.
//! `cargo xtask serve` reads it too.

use std::fmt::Write as _;

use super::names;
use super::site::{HEADERS, NO_JEKYLL, Site, is_for_the_host};

/// The content security policy, directive by directive: nothing but the app's own files.
///
/// `'wasm-unsafe-eval'` lets WebAssembly compile and nothing else; `blob:` shows pictures that the page made itself.
pub const POLICY: &[&str] = &[
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
];

/// What only a header can say, a `<meta>` tag cannot.
const POLICY_IN_HEADER: &str = "frame-ancestors 'none'";

/// What a page and its workers must say to be cross-origin isolated, without which no browser lets them share memory and
/// so have threads (HTML, "cross-origin isolation"). The service worker sends the same.
pub const ISOLATION: &[(&str, &str)] = &[
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// The service worker sends this policy too, for hosts that send none: a worker takes its policy from its own response.
pub fn policy() -> String {
    format!("{}; {POLICY_IN_HEADER}", POLICY.join("; "))
}

/// The lines for all files and for single ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A path, with `*` at its end for all that begin so.
    pub pattern: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
}

impl Rule {
    /// Whether it is for this path, which begins with a slash.
    pub fn matches(&self, path: &str) -> bool {
        self.pattern
            .strip_suffix('*')
            .map_or(self.pattern == path, |start| path.starts_with(start))
    }
}

/// Writes the file.
pub fn write(site: &mut Site) {
    let mut text = format!(
        "/*\n  Content-Security-Policy: {}\n  X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n  \
         Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\n",
        policy(),
    );
    for (name, value) in ISOLATION {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name}: {value}");
    }
    let names: Vec<&str> = site
        .files()
        .map(|(name, _)| name)
        .filter(|name| !is_for_the_host(name))
        .collect();
    // One rule for each file: hosts join the values of all rules that match, which would contradict each other.
    for path in std::iter::once(String::new()).chain(names.iter().map(|name| (*name).to_owned())) {
        let cache = if names::is_hashed(&path) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let _ = write!(text, "/{path}\n  Cache-Control: {cache}\n");
    }
    site.put(HEADERS, text.into_bytes());
    site.put(NO_JEKYLL, Vec::new());
}

/// Reads the notation.
pub fn parse(text: &str) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        match (
            line.starts_with(char::is_whitespace),
            line.trim().split_once(':'),
        ) {
            (true, Some((name, value))) => {
                if let Some(rule) = rules.last_mut() {
                    rule.headers
                        .push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            _ => rules.push(Rule {
                pattern: line.trim().to_owned(),
                headers: Vec::new(),
            }),
        }
    }
    rules
}
