//! A report of one page as HTML that needs nothing beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::report::{RESEARCH_USE, Report};

const STYLE: &str = "body{font:11pt/1.4 system-ui,sans-serif;max-width:48rem;margin:1.5rem auto;padding:0 1rem;color:#111;background:#fff}\
h1{font-size:1.3rem;margin:0 0 .5rem}.pictures{display:flex;gap:.75rem}figure{flex:1;margin:0;min-width:0}\
img{width:100%;max-height:38vh;object-fit:contain;background:#000}figcaption{font-size:.85rem}\
table{border-collapse:collapse;width:100%;margin:.75rem 0}th,td{text-align:left;padding:.2rem .5rem;border-bottom:1px solid #bbb;\
font-weight:normal}td:nth-child(2){white-space:nowrap;font-variant-numeric:tabular-nums}.use{font-weight:bold}\
@page{margin:15mm}@media print{body{margin:0;padding:0;max-width:none}}";

/// The words of a page: who has measured writes them, who has the pictures makes the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPage {
    /// The heading; may be empty.
    pub title: String,
    /// What, value with its unit, and what is to be said of it ([`Report::rows`]).
    pub rows: Vec<[String; 3]>,
    /// The same in words, and how the mask came about ([`Report::sentence`]).
    pub sentence: String,
    /// What the person adds; may be empty.
    pub notes: String,
    /// Version of the program.
    pub version: String,
}

impl ReportPage {
    /// The words of a report, with a person's notes.
    pub fn new(report: &Report, notes: &str) -> Self {
        Self {
            title: report.title.to_owned(),
            rows: report.rows(),
            sentence: report.sentence(),
            notes: notes.to_owned(),
            version: report.version.to_owned(),
        }
    }

    /// The page as HTML, to be saved or printed: both pictures (PNG), the figures, how the mask came about, the person's
    /// notes, and that it is for research. It loads nothing, runs nothing, and says nothing of the person that is not in
    /// the title or in the notes.
    pub fn html(&self, picture_png: &[u8], overlay_png: &[u8]) -> String {
        html(self, picture_png, overlay_png)
    }
}

fn html(page: &ReportPage, picture_png: &[u8], overlay_png: &[u8]) -> String {
    let title = match page.title.trim() {
        "" => "Lesion measurements".to_owned(),
        title => escaped(title),
    };
    let rows: String = page
        .rows
        .iter()
        .map(|[name, value, remark]| {
            let (name, value, remark) = (escaped(name), escaped(value), escaped(remark));
            format!("<tr><th scope=\"row\">{name}</th><td>{value}</td><td>{remark}</td></tr>\n")
        })
        .collect();
    let notes = match page.notes.trim() {
        "" => String::new(),
        notes => format!("<p>{}</p>\n", escaped(notes).replace('\n', "<br>")),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<div class=\"pictures\">\n{}{}</div>\n<table>\n<tbody>\n{rows}</tbody>\n</table>\n<p>{}</p>\n{notes}\
         <p class=\"use\">Delineo {}: {RESEARCH_USE}.</p>\n</body>\n</html>\n",
        figure(picture_png, "Image"),
        figure(overlay_png, "Image with the segmented lesion"),
        escaped(&page.sentence),
        escaped(&page.version),
    )
}

fn figure(png: &[u8], caption: &str) -> String {
    format!(
        "<figure><img alt=\"{caption}\" src=\"data:image/png;base64,{}\"><figcaption>{caption}</figcaption></figure>\n",
        STANDARD.encode(png)
    )
}

fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for at in words.chars() {
        match at {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(at),
        }
    }
    out
}
