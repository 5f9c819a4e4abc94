//! Every decoder and reader against damaged files: an answer in bounded time and memory, and never a panic.
//!
//! Valid files are mutated with a fixed sequence of random numbers. `DELINEO_FUZZ_SECONDS` makes the run longer, and
//! `DELINEO_FUZZ_SEED` another one. A file that fails is written to the target folder, and the message names it.
#![allow(unsafe_code)] // an allocator that counts

mod files;

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use delineo::export::{Origin, Segmentation, SegmentationInfo, Stamp, by_id, png};
use delineo::imaging;
use delineo::manifest::Manifest;
use delineo::mask::{Cleaning, ProbabilityMap, Style};
use files::{every_format, exif, jpeg_turned, picture, png_header, webp_extended};

/// Rounds over all groups where no time is given: about 20 seconds on two cores.
const ROUNDS: usize = 3000;
/// Seconds after which a file counts as one that hangs.
const MAX_SECONDS: u64 = 60;
/// Bytes at the peak of a decode. The bound of the library is on an estimate, which this allows to be off by a half.
const MAX_BYTES: usize = 1_500_000_000;
/// Bytes that headers may take: they allocate nothing that the file does not justify.
const MAX_HEADER_BYTES: usize = 64_000_000;

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(place, layout, size) }
    }
}

fn grown(by: usize) {
    let held = HELD.fetch_add(by, Ordering::Relaxed) + by;
    PEAK.fetch_max(held, Ordering::Relaxed);
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// xorshift64* (Vigna 2016).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }
}

/// What reads a group's files.
#[derive(Clone, Copy, PartialEq)]
enum Reader {
    Image,
    Manifest,
    #[cfg(feature = "cpu")]
    Checkpoint,
}

/// Valid files of one kind.
struct Group {
    name: String,
    reader: Reader,
    files: Vec<Vec<u8>>,
}

#[test]
fn no_damaged_file_panics_hangs_or_takes_the_memory() {
    let seconds = env::var("DELINEO_FUZZ_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = env::var("DELINEO_FUZZ_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let mut random = Random(seed.unwrap_or(0x9e37_79b9_7f4a_7c15));
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let groups = groups();
    let started = watchdog();
    let mut tallies = vec![Tally::default(); groups.len()];
    let mut faults = Vec::new();
    let mut rounds = 0;
    while until.map_or(rounds < ROUNDS, |until| Instant::now() < until) {
        rounds += 1;
        for (group, tally) in groups.iter().zip(&mut tallies) {
            let bytes = mutated(group, &mut random);
            *started.lock().expect("no panic") = Some((Instant::now(), bytes.clone()));
            let one = run(group, bytes, &mut faults);
            *started.lock().expect("no panic") = None;
            tally.add(one);
        }
    }
    for (group, tally) in groups.iter().zip(tallies) {
        println!(
            "{}: {} files, {rounds} runs, {} opened, slowest {:.1} s, most {} MB",
            group.name,
            group.files.len(),
            tally.opened,
            tally.time.as_secs_f64(),
            tally.bytes / 1_000_000
        );
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// What reading took: of one file, or of a group's worst.
#[derive(Clone, Default)]
struct Tally {
    time: Duration,
    /// Held at the peak.
    bytes: usize,
    /// Files that opened in spite of their damage.
    opened: usize,
}

impl Tally {
    fn add(&mut self, one: Self) {
        self.time = self.time.max(one.time);
        self.bytes = self.bytes.max(one.bytes);
        self.opened += one.opened;
    }
}

/// Reads one file, and adds what is wrong to `faults`.
fn run(group: &Group, bytes: Vec<u8>, faults: &mut Vec<String>) -> Tally {
    let start = Instant::now();
    let before = HELD.load(Ordering::Relaxed);
    let peak = |work: &dyn Fn() -> Option<String>| {
        PEAK.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
        let answer = panic::catch_unwind(AssertUnwindSafe(work));
        (answer, PEAK.load(Ordering::Relaxed).saturating_sub(before))
    };
    let sentence = |error: delineo::Error| Some(error.to_string());
    let (answers, bytes_held) = match group.reader {
        Reader::Image => {
            let (size, header) = peak(&|| imaging::size(&bytes).err().and_then(sentence));
            let allowed = MAX_HEADER_BYTES.max(8 * bytes.len());
            if header > allowed {
                faults.push(fault(
                    group,
                    &bytes,
                    &format!("its headers took {header} bytes"),
                ));
            }
            let (pixels, most) = peak(&|| imaging::decode(&bytes).err().and_then(sentence));
            (vec![size, pixels], most)
        }
        Reader::Manifest => {
            let (answer, most) = peak(&|| Manifest::from_json(&bytes).err().and_then(sentence));
            (vec![answer], most)
        }
        #[cfg(feature = "cpu")]
        Reader::Checkpoint => {
            use delineo::weights::Checkpoint;
            let read = || {
                Checkpoint::from_bytes(bytes.clone())
                    .err()
                    .and_then(sentence)
            };
            let (answer, most) = peak(&read);
            (vec![answer], most)
        }
    };
    if bytes_held > MAX_BYTES {
        faults.push(fault(group, &bytes, &format!("it took {bytes_held} bytes")));
    }
    let opened = answers.iter().all(|answer| matches!(answer, Ok(None)));
    for answer in answers {
        match answer {
            Err(_) => faults.push(fault(group, &bytes, "a panic")),
            Ok(Some(said)) if !said.ends_with('.') => faults.push(fault(group, &bytes, &said)),
            Ok(_) => {}
        }
    }
    Tally {
        time: start.elapsed(),
        bytes: bytes_held,
        opened: opened.into(),
    }
}

fn fault(group: &Group, bytes: &[u8], what: &str) -> String {
    format!(
        "{}: {what}; the file is {}",
        group.name,
        kept(bytes).display()
    )
}

/// Writes a file that failed.
fn kept(bytes: &[u8]) -> PathBuf {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{hash:016x}"));
    fs::write(&path, bytes).expect("the target folder can be written");
    path
}

type Started = Mutex<Option<(Instant, Vec<u8>)>>;

/// Ends the program where a file hangs: nothing else could say which.
fn watchdog() -> &'static Started {
    let started: &'static Started = Box::leak(Box::new(Mutex::new(None)));
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            let now = started.lock().expect("no panic");
            if let Some((since, bytes)) = now.as_ref()
                && since.elapsed().as_secs() > MAX_SECONDS
            {
                eprintln!("hangs; the file is {}", kept(bytes).display());
                process::abort();
            }
        }
    });
    started
}

/// One of a group's files with one to four faults.
fn mutated(group: &Group, random: &mut Random) -> Vec<u8> {
    let mut bytes = group.files[random.below(group.files.len())].clone();
    let other = &group.files[random.below(group.files.len())];
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        // Most damage goes to the beginning, where it hurts most; JSON and ZIP have their meaning at the end, too.
        let length = bytes.len();
        let at = match random.below(4) {
            0 | 1 => random.below(length.min(400)),
            2 => length - 1 - random.below(length.min(200)),
            _ => random.below(length),
        };
        let run = (1 << random.below(8)).min(length - at);
        match random.below(10) {
            0 | 1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            3 | 4 => number(&mut bytes, at, random),
            5 => {
                bytes.drain(at..at + run);
            }
            6 => {
                let again = bytes[at..at + run].to_vec();
                bytes.splice(at..at, again);
            }
            7 => {
                let noise: Vec<u8> = (0..run).map(|_| random.next() as u8).collect();
                bytes.splice(at..at, noise);
            }
            8 => {
                let from = random.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from.min(other.len())..]);
            }
            _ => bytes.truncate(at),
        }
    }
    if group.name == "PNG" && random.below(2) == 0 {
        checksums(&mut bytes);
    }
    bytes
}

/// A field of one, two, four or eight bytes becomes an extreme.
fn number(bytes: &mut [u8], at: usize, random: &mut Random) {
    let length = bytes.len() as u64;
    let extremes = [
        0,
        1,
        2,
        0x7f,
        0xff,
        0x7fff,
        0xffff,
        0x7fff_ffff,
        0xffff_ffff,
        u64::MAX / 2,
        u64::MAX,
        length,
        length + 1,
        length.wrapping_sub(at as u64),
        10_000,
        16_384,
    ];
    let value = extremes[random.below(extremes.len())];
    let size = (1 << random.below(4)).min(bytes.len() - at);
    let field = if random.below(2) == 0 {
        value.to_le_bytes()[..size].to_vec()
    } else {
        value.to_be_bytes()[8 - size..].to_vec()
    };
    bytes[at..at + size].copy_from_slice(&field);
}

/// Makes the checksums of a PNG's chunks right, so that the decoder looks at what they guard.
fn checksums(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = length
            .iter()
            .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let end = (at + 8).saturating_add(length);
        let Some(kind) = bytes
            .get(at + 4..at + 8)
            .and_then(|kind| kind.try_into().ok())
        else {
            return;
        };
        let Some(data) = bytes.get(at + 8..end) else {
            return;
        };
        let whole = files::chunk(kind, data);
        let Some(place) = bytes.get_mut(end..end + 4) else {
            return;
        };
        place.copy_from_slice(&whole[whole.len() - 4..]);
        at = end + 4;
    }
}

/// The picture as a DICOM secondary capture.
fn dicom(name: &'static str) -> Vec<u8> {
    let image = picture(33, 21);
    let map = ProbabilityMap::new(8, 8, vec![0.9; 64]);
    let file = png(&image).expect("encodes");
    let origin = Origin {
        file: &file,
        spacing: None,
        info: SegmentationInfo {
            site: None,
            algorithm: "model".to_owned(),
            version: "1".to_owned(),
            corrected: false,
            frame: 0,
            stamp: Stamp {
                date: "20260131".to_owned(),
                time: "235959".to_owned(),
            },
        },
    };
    let (cleaning, style) = (Cleaning::default(), Style::default());
    let segmentation = Segmentation::new(&image, &map, 0.5, cleaning, &[], style).from(origin);
    let format = by_id(name).expect("listed");
    format.encode(&segmentation).expect("encodes")
}

/// Own files of every format, and those of `shared/cases` where they are.
fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = every_format(&picture(33, 21))
        .into_iter()
        .map(|(name, bytes)| Group {
            name: name.to_owned(),
            reader: Reader::Image,
            files: vec![bytes],
        })
        .collect();
    groups[0].files.push(png_header(40, 30, 16, 6));
    let turned = jpeg_turned(&groups[1].files[0], 5);
    groups[1].files.push(turned);
    let block = files::riff(b"EXIF", &exif(3));
    let extended = webp_extended(&groups[2].files[0], 8, 33, 21, &block);
    groups[2].files.push(extended);
    for name in ["dicom-image", "dicom-seg"] {
        add(&mut groups, "DICOM", Reader::Image, dicom(name));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = here.join("../../shared/cases");
    let folders = ["images", "other", "dicom", "dicom/medium"].map(|name| shared.join(name));
    for path in folders
        .iter()
        .chain([&here.join("tests/files/rare")])
        .flat_map(listed)
    {
        let bytes = fs::read(&path).expect("readable");
        // Large files would take the time of all others.
        if bytes.len() > 400_000 {
            continue;
        }
        let name = match imaging::decode(&bytes) {
            Ok(decoded) => decoded.format.to_owned(),
            Err(_) => "refused".to_owned(),
        };
        add(&mut groups, &name, Reader::Image, bytes);
    }
    let recipe = here.join("recipes/bootstrap-s");
    let manifest = fs::read(recipe.join("model.json")).expect("there");
    add(&mut groups, "manifest", Reader::Manifest, manifest);
    for path in listed(&shared.join("checkpoints/model_json")) {
        let bytes = fs::read(&path).expect("readable");
        add(&mut groups, "manifest", Reader::Manifest, bytes);
    }
    #[cfg(feature = "cpu")]
    {
        let weights = fs::read(recipe.join("weights.safetensors")).expect("there");
        add(&mut groups, "safetensors", Reader::Checkpoint, weights);
        for path in listed(&shared.join("checkpoints")) {
            let bytes = fs::read(&path).expect("readable");
            add(&mut groups, "PyTorch", Reader::Checkpoint, bytes);
        }
    }
    groups
}

fn add(groups: &mut Vec<Group>, name: &str, reader: Reader, bytes: Vec<u8>) {
    match groups.iter_mut().find(|group| group.name == name) {
        Some(group) => group.files.push(bytes),
        None => groups.push(Group {
            name: name.to_owned(),
            reader,
            files: vec![bytes],
        }),
    }
}

/// The files that lie in a folder, by name; none where it is absent.
fn listed(folder: &PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}
