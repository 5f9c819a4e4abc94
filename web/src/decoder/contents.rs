//! Reads what is in an archive or in a file that says something of images, without unpacking what is opened later.

use std::collections::{BTreeMap, BTreeSet};

use delineo::collection::{
    Decision, LeftOut, SETS, SessionImage, is_session, read_annotations, read_session,
};
use delineo::export::mask_png;
use delineo::intake::{self, Kind};
use delineo::text;
use delineo::zip::{self, Bytes, ReadAhead, ZipFile, ZipReader};

use crate::contents::{Contents, Described, Member, Part};
use crate::packed;

/// So many refusals are told one by one.
const TOLD: usize = 20;
/// So many bytes of masks are made of one file.
const MOST_MASKS: usize = 512 << 20;

/// Whether a file of these first bytes is an archive, and not annotations.
pub fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK")
}

/// What is in a ZIP archive of this name. Helper files of systems are passed over in silence; the masks and decisions of a session
/// that Delineo exported are told apart from images.
///
/// # Errors
/// A sentence when it is no archive.
pub fn of_archive(bytes: impl Bytes, name: &str) -> Result<Contents, String> {
    let archive = ZipReader::open(ReadAhead::new(bytes)).map_err(|error| error.to_string())?;
    let files = archive.files();
    let is_own = zip::is_own_folder(name, files.iter().map(|file| file.path.as_str()));
    let mut contents = Contents::default();
    let mut of_session = BTreeSet::new();
    for file in files.iter().filter(|file| is_called_session(&file.path)) {
        let head = archive.head(file, intake::HEAD as u64);
        if !head.is_ok_and(|head| is_session(&text::decode(&head))) {
            continue;
        }
        of_session.insert(file.path.clone());
        let root = file.path.rsplit_once('/').map_or("", |(root, _)| root);
        let images = archive
            .read(file)
            .and_then(|bytes| read_session(&bytes))
            .map_err(|error| format!("{}: {error}", file.path));
        match images {
            Ok(images) => take_session(&archive, root, images, &mut contents, &mut of_session),
            Err(sentence) => contents.refuse(sentence),
        }
    }
    for file in files {
        if is_of_session(&file.path, &of_session) {
            continue;
        }
        match member(&archive, file) {
            Ok(member) => contents.members.push(Member {
                path: zip::below(name, is_own, &file.path),
                ..member
            }),
            Err(sentence) => contents.refuse(sentence),
        }
    }
    Ok(contents)
}

/// A file of an archive, with its path there.
fn member<B: Bytes>(archive: &ZipReader<B>, file: &ZipFile) -> Result<Member, String> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let sentence = |why: &str| format!("{why}.");
    let by_name = intake::kind_by_name(name);
    // What is no image is not missed.
    let is_missed = by_name == Some(Kind::Image);
    if let Some(why) = file.refused.as_ref().filter(|_| is_missed) {
        return Err(sentence(why));
    }
    let kind = by_name.unwrap_or_else(|| {
        let head = archive.head(file, intake::HEAD as u64);
        head.map_or(Kind::Other, |head| intake::kind_in_folder(&head, name))
    });
    let part = match part(archive, file) {
        Ok(part) => part,
        Err(_) if !is_missed => Part::default(),
        Err(why) => return Err(why),
    };
    Ok(Member {
        path: file.path.clone(),
        kind,
        size: file.size,
        crc: file.crc,
        part,
    })
}

fn part<B: Bytes>(archive: &ZipReader<B>, file: &ZipFile) -> Result<Part, String> {
    let slice = archive.slice(file).map_err(|error| error.to_string())?;
    Ok(Part {
        start: slice.range.start,
        end: slice.range.end,
        media_type: slice
            .deflated
            .map_or_else(String::new, |deflated| packed::media_type(&deflated)),
    })
}

fn is_called_session(path: &str) -> bool {
    path.rsplit('/').next() == Some("session.json")
}

/// Notes what a session in the folder `root` says, and which files of the archive are its own.
fn take_session<B: Bytes>(
    archive: &ZipReader<B>,
    root: &str,
    images: Vec<SessionImage>,
    contents: &mut Contents,
    of_session: &mut BTreeSet<String>,
) {
    let below = |path: &str| match root {
        "" => path.to_owned(),
        root => format!("{root}/{path}"),
    };
    let files: BTreeMap<&str, &ZipFile> = archive
        .files()
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    of_session.extend(SETS.iter().map(|set| below(set.root)));
    for image in images {
        let is_start = starts_from_mask(&image);
        let mask = image.mask.as_ref().filter(|_| is_start).map(|mask| {
            let file = files.get(below(mask).as_str());
            match file {
                Some(file) => part(archive, file),
                None => Err(format!("{mask} is not in the archive.")),
            }
        });
        of_session.extend(image.files.iter().map(|file| below(file)));
        let mask = mask.transpose().unwrap_or_else(|sentence| {
            contents.refuse(sentence);
            None
        });
        contents.described.push(described(image, mask));
    }
}

/// A mask that a person made or accepted is theirs, whatever a model says; any other one is made anew.
fn starts_from_mask(image: &SessionImage) -> bool {
    image.is_corrected || image.review.decision == Decision::Accepted
}

fn described(image: SessionImage, mask: Option<Part>) -> Described {
    Described {
        is_start: starts_from_mask(&image),
        image: image.path,
        mask,
        settings: image.settings,
        review: image.review,
    }
}

/// Whether a path is one of these, or below one.
fn is_of_session(path: &str, of_session: &BTreeSet<String>) -> bool {
    let mut ends = path.match_indices('/').map(|(end, _)| end);
    of_session.contains(path) || ends.any(|end| of_session.contains(&path[..end]))
}

/// What COCO or LabelMe JSON, or a session without its archive, says of images, and its masks, one after the other.
///
/// # Errors
/// A sentence when it is none of these.
pub fn of_annotations(bytes: &[u8], path: &str) -> Result<(Contents, Vec<u8>), String> {
    let mut contents = Contents::default();
    let mut masks = Vec::new();
    let start = &bytes[..bytes.len().min(intake::HEAD)];
    if is_session(&text::decode(start)) {
        let images = read_session(bytes).map_err(|error| error.to_string())?;
        contents.described = images
            .into_iter()
            .map(|image| described(image, None))
            .collect();
        return Ok((contents, masks));
    }
    let left_out = read_annotations(bytes, path, |image, mask| {
        let png = mask_png(&mask)?;
        if masks.len() + png.len() > MOST_MASKS {
            let why = "they are too many for one file; divide it".to_owned();
            return Err(delineo::Error::Annotations(why));
        }
        let start = masks.len() as u64;
        masks.extend(png);
        contents.described.push(Described {
            image: image.to_owned(),
            mask: Some(Part {
                start,
                end: masks.len() as u64,
                media_type: "image/png".to_owned(),
            }),
            ..Described::default()
        });
        Ok(())
    });
    let LeftOut { count, why } = left_out.map_err(|error| error.to_string())?;
    if let Some(why) = why {
        contents.refuse(why);
        contents.more_refused += count.saturating_sub(1);
    }
    Ok((contents, masks))
}

impl Contents {
    fn refuse(&mut self, sentence: String) {
        if self.refused.len() < TOLD {
            self.refused.push(sentence);
        } else {
            self.more_refused += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use delineo::RgbImage;
    use delineo::collection::{Collection, Item, ModelInfo, Options, Review, set_by_id};
    use delineo::export::{self, Segmentation, Stamp};
    use delineo::manifest::Manifest;
    use delineo::mask::{Cleaning, ProbabilityMap, Style};
    use delineo::zip::ZipWriter;

    use super::*;

    fn stamp() -> Stamp {
        Stamp {
            date: "20260131".to_owned(),
            time: "235959".to_owned(),
        }
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Vec::new(), &stamp());
        for (path, bytes) in files {
            zip.push(path, bytes).expect("memory");
        }
        zip.finish().expect("memory")
    }

    fn unpacked(archive: &[u8], part: &Part) -> Vec<u8> {
        let bytes = &archive[part.start as usize..part.end as usize];
        match packed::deflated(&part.media_type) {
            Some(deflated) => deflated.unpack("", bytes).expect("intact"),
            None => bytes.to_vec(),
        }
    }

    #[test]
    fn files_of_an_archive_have_its_name_for_a_folder_and_can_be_unpacked_one_by_one() {
        let bytes = archive(&[
            ("left/1.png", b"\x89PNG\r\n\x1a\n one"),
            ("left/masks/1.png", b"\x89PNG\r\n\x1a\n mask"),
            ("IM0001", b"\x08\0\x05\0\x0a\0"),
            ("notes.txt", b"words"),
            ("inner.zip", b"PK\x03\x04"),
            ("a.json", b"{\"shapes\": [], \"imagePath\": \"1.png\"}"),
            ("__MACOSX/left/._1.png", b"x"),
            (".DS_Store", b"x"),
        ]);
        let contents = of_archive(bytes.as_slice(), "scans.zip").expect("an archive");
        let told: Vec<(&str, Kind)> = contents
            .members
            .iter()
            .map(|member| (member.path.as_str(), member.kind))
            .collect();
        assert_eq!(
            told,
            [
                ("scans/left/1.png", Kind::Image),
                ("scans/left/masks/1.png", Kind::Image),
                ("scans/IM0001", Kind::Image),
                ("scans/notes.txt", Kind::Other),
                ("scans/inner.zip", Kind::Archive),
                ("scans/a.json", Kind::Annotations),
            ]
        );
        assert!(contents.refused.is_empty() && contents.described.is_empty());
        let first = unpacked(&bytes, &contents.members[0].part);
        assert_eq!(first, b"\x89PNG\r\n\x1a\n one");
    }

    #[test]
    fn five_thousand_files_are_listed_in_a_moment_and_encrypted_ones_are_named_once_each() {
        let paths: Vec<String> = (0..5000).map(|at| format!("set/{at}.png")).collect();
        let files: Vec<(&str, &[u8])> = paths
            .iter()
            .map(|path| (path.as_str(), b"\x89PNG".as_slice()))
            .collect();
        let mut bytes = archive(&files);
        let began = std::time::Instant::now();
        let contents = of_archive(bytes.as_slice(), "set.zip").expect("an archive");
        assert_eq!(contents.members.len(), 5000);
        assert_eq!(contents.members[4999].path, "set/4999.png");
        assert!(began.elapsed().as_secs_f64() < 5.0, "{:?}", began.elapsed());
        // All entries of its list say that they are encrypted.
        let lists: Vec<usize> = (0..bytes.len() - 4)
            .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
            .collect();
        for at in lists {
            bytes[at + 8] |= 1;
        }
        let contents = of_archive(bytes.as_slice(), "set.zip").expect("an archive");
        assert!(contents.members.is_empty());
        assert_eq!(contents.refused.len() + contents.more_refused, 5000);
        assert!(contents.refused[0].contains("encrypted"), "{contents:?}");
    }

    /// What Delineo exports of two images, of which the second was accepted.
    fn exported() -> Vec<u8> {
        let options = Options {
            formats: ["mask", "overlay"]
                .iter()
                .filter_map(|id| export::by_id(id))
                .collect(),
            sets: ["coco", "nnunet", "measurements", "session"]
                .iter()
                .filter_map(|id| set_by_id(id))
                .collect(),
            stamp: stamp(),
        };
        let mut collection = Collection::new(&options);
        let mut zip = ZipWriter::new(Vec::new(), &stamp());
        let model = ModelInfo::of(&Manifest::assumed("skin", "S", 3, 1, b""));
        let map = ProbabilityMap::new(2, 1, vec![0.0, 1.0]);
        for (path, decision) in [
            ("set/1.png", Decision::Undecided),
            ("set/2.png", Decision::Accepted),
        ] {
            let image = RgbImage::new(40, 20);
            let style = Style::default();
            let segmentation = Segmentation::new(&image, &map, 0.5, Cleaning::NONE, &[], style);
            let item = Item {
                path,
                segmentation: &segmentation,
                scale: None,
                model: Some(&model),
                views: None,
                sha256: None,
                review: Review {
                    decision,
                    ..Review::default()
                },
            };
            for entry in collection.push(&item).expect("encoded") {
                zip.push(&entry.path, &entry.bytes).expect("memory");
            }
        }
        for entry in collection.finish().expect("encoded") {
            zip.push(&entry.path, &entry.bytes).expect("memory");
        }
        zip.finish().expect("memory")
    }

    #[test]
    fn of_what_delineo_exported_the_masks_and_decisions_are_told_and_nothing_is_an_image() {
        let bytes = exported();
        let contents = of_archive(bytes.as_slice(), "delineo-export.zip").expect("an archive");
        assert!(contents.members.is_empty());
        assert!(contents.refused.is_empty(), "{contents:?}");
        let [first, second] = &contents.described[..] else {
            panic!("{contents:?}");
        };
        assert_eq!((first.image.as_str(), &first.mask), ("set/1.png", &None));
        assert_eq!(first.settings, Some((0.5, Cleaning::NONE)));
        assert!(!first.is_start && second.is_start);
        assert_eq!(second.review.decision, Decision::Accepted);
        let mask = unpacked(&bytes, second.mask.as_ref().expect("a mask"));
        let mask = delineo::imaging::decode(&mask).expect("a picture").image;
        assert_eq!(mask.dimensions(), (40, 20));
    }

    #[test]
    fn an_image_beside_a_session_is_an_image() {
        let mut zip = ZipWriter::new(Vec::new(), &stamp());
        let bytes = exported();
        let before = ZipReader::open(bytes.as_slice()).expect("an archive");
        for file in before.files() {
            let bytes = before.read(file).expect("intact");
            zip.push(&format!("job/{}", file.path), &bytes)
                .expect("memory");
        }
        zip.push("job/set/2.png", b"\x89PNG").expect("memory");
        let bytes = zip.finish().expect("memory");
        let contents = of_archive(bytes.as_slice(), "job.zip").expect("an archive");
        assert_eq!(contents.members.len(), 1);
        assert_eq!(contents.members[0].path, "job/set/2.png");
        assert_eq!(contents.described.len(), 2);
    }

    #[test]
    fn masks_of_annotations_lie_one_after_the_other() {
        let outline = serde_json::json!([[2, 2, 30, 2, 30, 20]]);
        let file = serde_json::json!({
            "images": [
                { "id": 1, "file_name": "a.png", "width": 64, "height": 48 },
                { "id": 2, "file_name": "b.png", "width": 64, "height": 48 },
                { "id": 3, "file_name": "c.png", "width": 1, "height": 1 },
            ],
            "annotations": (1..=3)
                .map(|id| serde_json::json!({ "image_id": id, "segmentation": outline }))
                .collect::<Vec<_>>(),
        });
        let (contents, masks) =
            of_annotations(file.to_string().as_bytes(), "coco.json").expect("COCO");
        assert_eq!(contents.described.len(), 2);
        for described in &contents.described {
            let part = described.mask.as_ref().expect("a mask");
            let mask = &masks[part.start as usize..part.end as usize];
            let mask = delineo::imaging::decode(mask).expect("a picture").image;
            assert_eq!(mask.dimensions(), (64, 48));
            assert!(!described.is_start);
        }
        assert_eq!(contents.refused.len(), 1);
        assert!(of_annotations(b"{}", "a.json").is_err());
        assert!(of_archive(&b"PK\x03\x04"[..], "a.zip").is_err());
    }
}
