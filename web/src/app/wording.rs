//! Numbers and states as people read them. English, SI, no diagnosis.

use delineo::measure::{Scale, Spacing};

use super::arrival::Way;
use super::folders::Brought;
use super::progress::{Mode, Progress};
use crate::protocol::{Area, DeviceKind, DeviceReport, ImageFacts, Networks, Task};

/// So many pictures a sentence names.
const NAMED: usize = 3;

/// A whole number with its thousands set apart: `1 234 567`.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A fraction in per cent, with as many decimals as tell something: `0.04 %`, `12.3 %`.
pub fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    match percent {
        p if p <= 0.0 => "0 %".to_owned(),
        p if p < 0.01 => "< 0.01 %".to_owned(),
        p if p < 1.0 => format!("{p:.2} %"),
        p => format!("{p:.1} %"),
    }
}

/// A mark before a figure that was counted on a reduced grid.
pub fn roughly(area: &Area) -> &'static str {
    if area.exact { "" } else { "≈ " }
}

/// What the image region says to those who cannot see it. Begins with the file's name.
pub fn alternative(
    name: &str,
    image: &ImageFacts,
    scale: Option<&Scale>,
    area: Option<&Area>,
) -> String {
    let scale = scale.map_or_else(String::new, |known| format!(", {}", self::scale(known)));
    let size = format!("{name}, {} by {} pixels{scale}.", image.width, image.height);
    match area {
        None => size,
        Some(area) if area.pixels < 0.5 => format!("{size} The lesion mask is empty."),
        Some(area) => {
            let about = if area.exact { "" } else { "about " };
            format!(
                "{size} Lesion mask covers {about}{} of the image, {about}{} pixels.",
                percent(area.fraction),
                grouped(area.pixels)
            )
        }
    }
}

/// A scale and where it came from: `0.125 mm per pixel (ultrasound region of the file)`.
pub fn scale(scale: &Scale) -> String {
    let mut spacings: Vec<Spacing> = Vec::new();
    for region in &scale.regions {
        if !spacings.contains(&region.spacing) {
            spacings.push(region.spacing);
        }
    }
    let each: Vec<String> = spacings.into_iter().map(spacing).collect();
    format!("{} mm per pixel ({})", each.join(" or "), scale.source)
}

fn spacing(spacing: Spacing) -> String {
    let [x, y] = [spacing.x, spacing.y].map(significant);
    if x == y { x } else { format!("{x} × {y}") }
}

/// Three digits that tell something: `0.125`, `12.3`.
pub fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".to_owned();
    }
    let decimals = (2 - number.abs().log10().floor() as i32).max(0) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// What was read of a file, for the About sheet: format, size, frames, scale.
pub fn image_facts(image: &ImageFacts, scale: Option<&Scale>) -> String {
    let mut parts = vec![
        image.format.clone(),
        format!("{} × {} pixels", image.width, image.height),
    ];
    if image.frames > 1 {
        parts.push(format!("{} frames", image.frames));
    }
    if image.windowing.is_some() {
        parts.push("more than 8 bits a value".to_owned());
    }
    parts.push(scale.map_or_else(|| "no scale: pixels only".to_owned(), self::scale));
    parts.join(", ")
}

/// What a file of weights held besides the network that runs, as sentences after another one; nothing where there is
/// nothing to say.
pub fn networks(networks: &Networks) -> String {
    let mut text = String::new();
    let is_chosen = |(name, _): &&(String, String)| Some(name) == networks.chosen.as_ref();
    let count = networks.all.len();
    if let (2.., Some((_, label))) = (count, networks.all.iter().find(is_chosen)) {
        text += &format!(
            " The file holds {count} networks; “{label}” was taken, the others are under Model."
        );
    }
    for remark in &networks.remarks {
        text += " ";
        text += remark;
    }
    text
}

/// Why nothing was opened of what came, if that is worth a word.
pub fn nothing_came(way: Way, brought: &Brought) -> Option<String> {
    let sentence = match (way, brought) {
        (Way::Chosen | Way::Unpacked, Brought::Files) => return None,
        (_, Brought::Folder) => "There is no file in this folder.".to_owned(),
        (_, Brought::Link(address)) => format!(
            "{} is elsewhere, and Delineo fetches nothing from the network. Save the picture on this device and open the file.",
            address_name(address)
        ),
        (Way::Pasted, Brought::Text) => "The clipboard holds a text, not an image.".to_owned(),
        (_, Brought::Text) => "This is a text, not an image file.".to_owned(),
        (Way::Dropped, Brought::Files) => {
            "Nothing that can be opened was dropped. Drop image files.".to_owned()
        }
        (Way::Pasted, Brought::Files) => "The clipboard holds no image.".to_owned(),
        (Way::Shared, Brought::Files) => {
            "The shared image did not arrive. Share it again, or open it here.".to_owned()
        }
    };
    Some(sentence)
}

/// What to call an address in a sentence: its file, or its host.
fn address_name(address: &str) -> String {
    let place = address.split_once("://").map(|(_, place)| place);
    let path = place.unwrap_or_default().split(['?', '#']).next();
    match path
        .unwrap_or_default()
        .rsplit('/')
        .find(|part| !part.is_empty())
    {
        Some(name) => format!("“{name}”"),
        None => "This picture".to_owned(),
    }
}

/// A duration: `84 ms`, `1.3 s`, `12 s`.
pub fn duration(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 9_950.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.0} s", ms / 1000.0),
    }
}

/// How far the other documents are: `340 of 1 000, 33 s left`.
pub fn preparing(progress: &Progress) -> String {
    let count = format!(
        "{} of {}",
        grouped(progress.done as f64),
        grouped(progress.all as f64)
    );
    match (progress.mode, progress.seconds) {
        (Mode::Paused, _) => format!("{count}, paused"),
        (Mode::Stopped, _) => format!("{count}, stopped"),
        (Mode::Running, None) => count,
        (Mode::Running, Some(seconds)) => format!("{count}, {} left", time_left(seconds)),
    }
}

/// `12 s`, `4 min`, `1 h 20 min`; no more exactly than is known.
fn time_left(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => {
            let minutes = seconds.div_ceil(60);
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

/// A file size: `0.8 MB`.
pub fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

/// So many pictures.
pub fn pictures(count: usize) -> String {
    match count {
        1 => "1 picture".to_owned(),
        _ => format!("{} pictures", grouped(count as f64)),
    }
}

/// What goes on, as a headline.
pub fn task(task: Task) -> &'static str {
    match task {
        Task::Device => "Looking for a device",
        Task::Model => "Loading the model",
        Task::SelfTest => "Compiling and checking the model",
        Task::Decode => "Reading the image",
        Task::Segment => "Finding the border",
        Task::Export => "Writing the file",
        Task::Sample => "Making the sample",
        Task::Unpack => "Reading what is in the file",
    }
}

/// Which device runs and, where it is not the GPU, why.
pub fn device(report: &DeviceReport, why: Option<&str>) -> String {
    let kind = match report.kind {
        DeviceKind::Gpu => "GPU",
        DeviceKind::Cpu => "CPU",
    };
    // Some names repeat the kind: `CPU (WebAssembly SIMD)`.
    let name = report.name.trim().trim_start_matches(kind).trim();
    let bare = name
        .strip_prefix('(')
        .and_then(|name| name.strip_suffix(')'));
    let name = match bare.unwrap_or(name) {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    match why.map(|why| lowered(why.trim().trim_end_matches('.'))) {
        Some(why) if !why.is_empty() => format!("Runs on the {kind}{name}: {why}."),
        _ => format!("Runs on the {kind}{name}."),
    }
}

/// A sentence as the end of another one: its first letter is small unless it begins a name such as `WebGPU`.
fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() && !text.starts_with("WebGPU") => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A sentence begins with a capital, unless it begins with the name of a file, and ends with a full stop, wherever it
/// comes from.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let is_file = first_word
        .trim_end_matches(['.', ',', ':'])
        .contains(['.', '/']);
    let mut letters = text.chars();
    let capital = letters
        .next()
        .map(|first| match is_file {
            true => text.to_owned(),
            false => first.to_uppercase().chain(letters).collect::<String>(),
        })
        .unwrap_or_default();
    if capital.is_empty() || capital.ends_with(['.', '!', '?']) {
        capital
    } else {
        capital + "."
    }
}

/// The names of the first few pictures, and how many more there are.
pub fn named<T: AsRef<str>>(all: &[T]) -> String {
    let named = all.iter().take(NAMED);
    let mut names: Vec<String> = named.map(|name| format!("“{}”", name.as_ref())).collect();
    if all.len() > NAMED {
        names.push(format!("{} more", all.len() - NAMED));
    }
    names.join(", ")
}

/// That pictures came back as they were left.
pub fn drawn_by_others(names: &[&str]) -> String {
    let (is, border) = match names.len() {
        1 => ("is", "its border was"),
        _ => ("are", "their borders were"),
    };
    format!(
        "{} {is} shown as you left {}: {border} drawn by another model, another version of it, or with other views.",
        named(names),
        if names.len() == 1 { "it" } else { "them" }
    )
}

#[cfg(test)]
mod tests {
    use delineo::measure::ScaleSource;

    use super::*;
    use crate::protocol::{Judgement, Kind, Modality};

    #[test]
    fn the_time_left_is_told_no_more_exactly_than_it_is_known() {
        let progress = Progress {
            done: 340,
            all: 1000,
            seconds: Some(61),
            mode: Mode::Running,
        };
        assert_eq!(preparing(&progress), "340 of 1\u{202f}000, 2 min left");
        let mode = Mode::Paused;
        assert_eq!(
            preparing(&Progress { mode, ..progress }),
            "340 of 1\u{202f}000, paused"
        );
        assert_eq!(time_left(4801), "1 h 21 min");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7.0), "7");
        assert_eq!(grouped(1234.0), "1\u{202f}234");
        assert_eq!(grouped(1_234_567.4), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn small_lesions_keep_their_decimals() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_01), "< 0.01 %");
        assert_eq!(percent(0.0042), "0.42 %");
        assert_eq!(percent(0.1234), "12.3 %");
    }

    #[test]
    fn the_alternative_begins_with_the_name_and_says_the_area() {
        let area = Area {
            pixels: 1234.0,
            fraction: 0.123,
            exact: true,
        };
        let text = alternative("a.png", &image(), None, Some(&area));
        assert!(text.starts_with("a.png, 100 by 50 pixels."));
        assert!(text.contains("Lesion mask covers 12.3 % of the image"));
        let empty = Area {
            pixels: 0.0,
            ..area
        };
        assert!(alternative("a.png", &image(), None, Some(&empty)).contains("empty"));
    }

    fn image() -> ImageFacts {
        ImageFacts {
            width: 100,
            height: 50,
            format: "DICOM".to_owned(),
            modality: Modality::Ultrasound,
            judgement: Judgement {
                kind: Kind::BreastUltrasound,
                confidence: 0.9,
            },
            remarks: Vec::new(),
            frames: 24,
            frame_time: None,
            windowing: None,
            scale: None,
            depth_marks: None,
            pixel_aspect: 1.0,
        }
    }

    #[test]
    fn a_known_scale_is_said_with_its_source_and_an_unknown_one_too() {
        let spacing = Spacing { x: 0.15, y: 0.3 };
        let scale = Scale::everywhere(spacing, ScaleSource::PixelSpacing);
        let alternative = alternative("a", &image(), Some(&scale), None);
        assert_eq!(
            alternative,
            "a, 100 by 50 pixels, 0.15 × 0.3 mm per pixel (pixel spacing of the file)."
        );
        assert_eq!(
            image_facts(&image(), None),
            "DICOM, 100 × 50 pixels, 24 frames, no scale: pixels only"
        );
    }

    #[test]
    fn three_digits_are_kept_and_no_zeros_after_them() {
        let texts = [0.125, 0.26229, 2.0, 1234.0, 0.000_456, 0.0].map(significant);
        assert_eq!(texts, ["0.125", "0.262", "2", "1234", "0.000456", "0"]);
    }

    #[test]
    fn the_device_says_why_it_is_not_the_gpu() {
        let report = DeviceReport {
            kind: DeviceKind::Cpu,
            name: String::new(),
        };
        assert_eq!(
            device(&report, Some("This browser has no WebGPU.")),
            "Runs on the CPU: this browser has no WebGPU."
        );
        let report = DeviceReport {
            name: "CPU (WebAssembly SIMD)".to_owned(),
            ..report
        };
        assert_eq!(
            device(&report, Some("WebGPU found no graphics adapter.")),
            "Runs on the CPU (WebAssembly SIMD): WebGPU found no graphics adapter."
        );
        let report = DeviceReport {
            kind: DeviceKind::Gpu,
            name: "Radeon".to_owned(),
        };
        assert_eq!(device(&report, None), "Runs on the GPU (Radeon).");
    }

    #[test]
    fn what_is_elsewhere_is_refused_with_the_reason_and_pasting_is_not_dropping() {
        let link = |address: &str| Brought::Link(address.to_owned());
        for (address, name) in [
            (
                "https://example.org/a/mole.jpg?w=400#x",
                "“mole.jpg” is elsewhere",
            ),
            ("https://example.org/", "“example.org” is elsewhere"),
            ("data:image/png;base64,iVBO", "This picture is elsewhere"),
        ] {
            let sentence = nothing_came(Way::Dropped, &link(address)).unwrap_or_default();
            assert!(sentence.starts_with(name), "{sentence}");
            assert!(sentence.contains("nothing from the network"));
        }
        for brought in [Brought::Files, Brought::Text, link("https://example.org")] {
            let sentence = nothing_came(Way::Pasted, &brought).unwrap_or_default();
            assert!(
                !sentence.is_empty() && !sentence.contains("drop"),
                "{sentence}"
            );
        }
        assert_eq!(nothing_came(Way::Chosen, &Brought::Files), None);
    }

    #[test]
    fn durations_keep_two_or_three_digits() {
        assert_eq!(duration(84.2), "84 ms");
        assert_eq!(duration(1340.0), "1.3 s");
        assert_eq!(duration(12_340.0), "12 s");
    }

    #[test]
    fn every_message_is_a_sentence() {
        assert_eq!(sentence("no adapter"), "No adapter.");
        assert_eq!(sentence("Stop!"), "Stop!");
        assert_eq!(sentence("scan.png is empty"), "scan.png is empty.");
        assert_eq!(sentence(""), "");
    }
}
