//! Many files at once: in which order they come in, in which batches, and which of them are true masks of which. The shell
//! lists folders; what becomes of the list is decided here.

use delineo::intake::{self, Kind};
use delineo::{imaging, natural, pairing};

/// So many images come first, so that the first of them is on the stage before the others were looked at.
const FIRST_BATCH: usize = 8;
/// So many in each batch after it: an event about them takes a few milliseconds.
const BATCH: usize = 256;
/// Of so many files each is looked into, whatever its name; of more only those whose names do not say what they are.
const FEW: usize = 64;

/// What a person brought, where it was no file by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Brought {
    /// Files, if anything.
    #[default]
    Files,
    /// A folder, whose files were listed.
    Folder,
    /// The address of something elsewhere: a link, or a picture of another page.
    Link(String),
    /// A text.
    Text,
}

/// A file of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// Folders and name.
    pub path: String,
    /// The file.
    pub item: T,
    /// The place in the same batch of the image whose true mask it is by its name.
    pub image: Option<usize>,
}

/// Puts files in order and into batches: files that came alone first and as they came, then folders in natural order. A true
/// mask is in its image's batch, after the image.
pub fn batches<T>(found: Vec<(String, T)>) -> Vec<Vec<Placed<T>>> {
    let mut found: Vec<(String, String, T)> = found
        .into_iter()
        .map(|(path, item)| {
            let is_alone = !path.contains('/');
            let key = if is_alone {
                String::new()
            } else {
                natural::key(&path)
            };
            (key, path, item)
        })
        .collect();
    found.sort_by(|first, second| first.0.cmp(&second.0));
    let masks = masks(
        &found
            .iter()
            .map(|(_, path, _)| path.as_str())
            .collect::<Vec<_>>(),
    );

    let mut batches: Vec<Vec<Placed<T>>> = Vec::new();
    // Where each image went: its batch, and its place there.
    let mut went: Vec<(usize, usize)> = vec![(0, 0); found.len()];
    let mut later = Vec::new();
    let mut images = 0;
    for (at, (_, path, item)) in found.into_iter().enumerate() {
        if let Some(image) = masks[at] {
            later.push((image, path, item));
            continue;
        }
        let batch = images_before(images);
        if batches.len() <= batch {
            batches.push(Vec::new());
        }
        let last = batches.len() - 1;
        went[at] = (last, batches[last].len());
        images += 1;
        batches[last].push(Placed {
            path,
            item,
            image: None,
        });
    }
    for (image, path, item) in later {
        let (batch, place) = went[image];
        if let Some(batch) = batches.get_mut(batch) {
            batch.push(Placed {
                path,
                item,
                image: Some(place),
            });
        }
    }
    batches
}

/// The batch of the image with so many before it.
fn images_before(images: usize) -> usize {
    match images.checked_sub(FIRST_BATCH) {
        None => 0,
        Some(more) => 1 + more / BATCH,
    }
}

/// The image of each file that is a true mask. Tables and texts beside pictures have their names too; they are no images.
fn masks(paths: &[&str]) -> Vec<Option<usize>> {
    let may_be_image: Vec<usize> = (0..paths.len())
        .filter(|at| is_image_name(paths[*at]))
        .collect();
    let names: Vec<&str> = may_be_image.iter().map(|at| paths[*at]).collect();
    let mut masks = vec![None; paths.len()];
    for (mask, image) in pairing::pairs(&names) {
        masks[may_be_image[mask]] = Some(may_be_image[image]);
    }
    masks
}

/// Whether a name may be an image's: by its ending, or because it has none, as those of many DICOM files.
fn is_image_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        None => true,
        Some((_, ending)) => {
            ending.bytes().all(|at| at.is_ascii_digit()) || imaging::by_extension(ending).is_some()
        }
    }
}

/// What one of so many files is, where its name says that and is enough: in a folder, or among many. Nothing where its
/// beginning must be read.
pub fn kind_by_name(path: &str, count: usize) -> Option<Kind> {
    let (folder, name) = split(path);
    let is_enough = !folder.is_empty() || count > FEW;
    is_enough.then(|| intake::kind_by_name(name)).flatten()
}

/// What a file is by its first bytes and its name.
pub fn kind(path: &str, head: &[u8]) -> Kind {
    match split(path) {
        ("", name) => intake::kind(head, name),
        (_, name) => intake::kind_in_folder(head, name),
    }
}

/// What somebody brought who brought no file: by the list of addresses (RFC 2483) and the text that came in its place.
pub fn brought(addresses: &str, text: &str) -> Brought {
    let is_address = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let listed = addresses.lines().map(str::trim).find(is_address);
    let text = text.trim();
    let is_link = ["http://", "https://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace);
    match listed.or(is_link.then_some(text)) {
        Some(address) => Brought::Link(address.to_owned()),
        None if text.is_empty() => Brought::Files,
        None => Brought::Text,
    }
}

/// A path of a folder and a name in it.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Folder and name of a path.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Vec<Vec<Placed<usize>>> {
        let found = paths
            .iter()
            .zip(0..)
            .map(|(path, at)| ((*path).to_owned(), at));
        batches(found.collect())
    }

    fn order(batches: &[Vec<Placed<usize>>]) -> Vec<&str> {
        batches
            .iter()
            .flatten()
            .map(|placed| placed.path.as_str())
            .collect()
    }

    #[test]
    fn folders_are_in_natural_order_and_files_that_came_alone_as_they_came() {
        let batches = of(&["s/10.png", "z.png", "s/9.png", "a.png", "s/a/1.png"]);
        assert_eq!(
            order(&batches),
            ["z.png", "a.png", "s/9.png", "s/10.png", "s/a/1.png"]
        );
    }

    #[test]
    fn the_first_batch_is_small_and_a_mask_is_in_the_batch_of_its_image() {
        let mut paths = Vec::new();
        for number in 1..=1000 {
            paths.push(format!("set/gt/{number}.png"));
            paths.push(format!("set/images/{number}.jpg"));
            paths.push(format!("set/images/{number}.txt"));
        }
        let batches = of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(order(&batches).len(), 3000);
        let images =
            |batch: &[Placed<usize>]| batch.iter().filter(|placed| placed.image.is_none()).count();
        assert_eq!(images(&batches[0]), FIRST_BATCH);
        assert!(batches[1..].iter().all(|batch| images(batch) <= BATCH));
        let mut masks = 0;
        for placed in batches.iter().flat_map(|batch| {
            batch
                .iter()
                .filter_map(|mask| Some((mask, &batch[mask.image?])))
        }) {
            let (mask, image) = placed;
            assert_eq!(
                mask.path.replace("gt", "images").replace("png", "jpg"),
                image.path
            );
            masks += 1;
        }
        assert_eq!(masks, 1000);
    }

    #[test]
    fn images_of_one_name_in_different_batches_still_have_their_own_masks() {
        let mut paths: Vec<String> = (0..400)
            .map(|number| format!("a/images/{number}.png"))
            .collect();
        paths.push("a/masks/399.png".to_owned());
        paths.push("b/images/399.png".to_owned());
        paths.push("c/masks/399.png".to_owned());
        let batches = of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let pairs: Vec<_> = batches
            .iter()
            .flat_map(|batch| {
                batch
                    .iter()
                    .filter_map(|mask| Some((&mask.path, &batch[mask.image?].path)))
            })
            .collect();
        // That of c may be of either image, so it is an image itself.
        assert_eq!(pairs, [(&paths[400], &paths[399])]);
    }

    #[test]
    fn a_link_is_told_from_a_text() {
        let link = |address: &str| Brought::Link(address.to_owned());
        let listed = "# a comment\r\nhttps://example.org/a.png\r\n";
        assert_eq!(
            brought(listed, "A picture"),
            link("https://example.org/a.png")
        );
        assert_eq!(
            brought("", " https://example.org/a.png "),
            link("https://example.org/a.png")
        );
        assert_eq!(brought("", "See https://example.org"), Brought::Text);
        assert_eq!(brought("", ""), Brought::Files);
    }

    #[test]
    fn of_a_folder_only_files_are_read_whose_names_do_not_say_what_they_are() {
        assert_eq!(kind_by_name("set/1.png", 1), Some(Kind::Image));
        assert_eq!(kind_by_name("set/IM0001", 5000), None);
        assert_eq!(kind_by_name("1.png", 1), None);
        assert_eq!(kind_by_name("1.png", 5000), Some(Kind::Image));
        assert_eq!(kind("set/README", b"Read me."), Kind::Other);
        assert_eq!(kind("README", b"Read me."), Kind::Image);
    }

    #[test]
    fn ten_thousand_files_are_put_in_order_in_a_moment() {
        let found: Vec<_> = (0..10_000)
            .map(|number| (format!("set/{}/ISIC_{number:07}.jpg", number % 7), ()))
            .collect();
        let began = std::time::Instant::now();
        assert_eq!(batches(found).iter().map(Vec::len).sum::<usize>(), 10_000);
        assert!(began.elapsed().as_secs_f64() < 5.0, "{:?}", began.elapsed());
    }
}
