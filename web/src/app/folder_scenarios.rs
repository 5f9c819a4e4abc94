//! Folders, many files and the same files again: what is opened, what is passed over, and what is said of it.

use super::arrival::{Arrival, Stamp, Way};
use super::availability::Availability;
use super::command::Command;
use super::effect::Effect;
use super::event::{Event, Surroundings};
use super::filter::Sort;
use super::folders::Brought;
use super::rig::Rig;
use crate::protocol::DocumentId;

const STAMP: Stamp = Stamp {
    size: 1000,
    modified: 1_700_000_000_000,
};

fn names(rig: &Rig) -> Vec<String> {
    rig.app
        .documents
        .iter()
        .map(|document| document.path())
        .collect()
}

#[test]
fn a_folder_is_opened_in_natural_order_and_what_is_no_image_is_counted_once() {
    let mut rig = Rig::new();
    rig.drop_folder(&[
        "set/10.png",
        "set/9.png",
        "set/._9.png",
        "set/.DS_Store",
        "set/table.csv",
        "set/deep/er/1.png",
        "set/best.pth",
    ]);
    rig.settle();
    assert_eq!(
        names(&rig),
        ["set/9.png", "set/10.png", "set/deep/er/1.png"]
    );
    assert_eq!(rig.shown_name(), Some("9.png"));
    assert_eq!(
        rig.sentences(),
        [
            "4 files were passed over: they are no images. A model is loaded where its file is opened by itself."
        ]
    );
    assert_eq!(
        rig.seen
            .iter()
            .filter(|effect| matches!(effect, Effect::DropFile(_)))
            .count(),
        4
    );
}

#[test]
fn masks_in_a_folder_of_their_own_become_the_truth_about_their_images() {
    let mut rig = Rig::new();
    let mut paths: Vec<String> = Vec::new();
    for number in 1..=300 {
        paths.push(format!("set/gt/{number}.png"));
        paths.push(format!("set/images/{number}.jpg"));
    }
    rig.drop_folder(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    rig.settle();
    assert_eq!(rig.app.documents.len(), 300);
    assert!(
        rig.app
            .documents
            .iter()
            .all(|document| document.truths.len() == 1)
    );
    assert_eq!(rig.shown_name(), Some("1.jpg"));
    assert!(rig.says("300 files are taken for the true masks of their images."));
    rig.app
        .documents
        .shown()
        .map(|(_, opened)| opened.measured.as_ref())
        .and_then(|measured| measured?.1.comparison.as_ref())
        .expect("the mask is compared with the truth");
    // Compared with the truth, it is the first of those that are sorted by it.
    rig.send(Command::SetSort(Sort::Truth));
    assert_eq!(
        rig.app.listing.ids().first().copied(),
        rig.app.documents.shown_id()
    );
}

#[test]
fn the_first_picture_is_on_its_way_before_the_second_batch_and_stays_there() {
    let mut rig = Rig::new();
    let paths: Vec<String> = (1..=1000)
        .map(|number| format!("set/{number}.png"))
        .collect();
    rig.drop_folder(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(rig.app.documents.len(), 1000);
    rig.settle();
    assert_eq!(rig.shown_name(), Some("1.png"));
    assert!(rig.sentences().is_empty());
}

#[test]
fn the_same_file_dropped_again_is_selected_and_another_of_its_name_is_opened() {
    let mut rig = Rig::new();
    let drop = |rig: &mut Rig, path: &str, stamp| {
        rig.drop_listed(&[(path, b"", Some(stamp))], Brought::Files);
        rig.settle();
    };
    drop(&mut rig, "a.png", STAMP);
    drop(&mut rig, "b.png", STAMP);
    drop(&mut rig, "a.png", STAMP);
    assert_eq!(
        (rig.app.documents.len(), rig.shown_name()),
        (2, Some("a.png"))
    );
    assert!(rig.says("“a.png” is open already."));
    let later = Stamp {
        modified: STAMP.modified + 1,
        ..STAMP
    };
    drop(&mut rig, "a.png", later);
    drop(&mut rig, "set/a.png", STAMP);
    assert_eq!(rig.app.documents.len(), 4);
    assert_eq!(rig.app.documents.shown_id(), Some(DocumentId(4)));
}

#[test]
fn a_folder_dropped_again_brings_only_what_is_new_in_it() {
    let mut rig = Rig::new();
    let paths = ["set/1.png", "set/2.png", "set/2_mask.png"];
    let files = paths.map(|path| (path, b"".as_slice(), Some(STAMP)));
    rig.drop_listed(&files, Brought::Folder);
    rig.settle();
    rig.drop_listed(&files, Brought::Folder);
    rig.settle();
    assert_eq!(
        (rig.app.documents.len(), rig.shown_name()),
        (2, Some("1.png"))
    );
    assert!(rig.says("2 pictures are open already."));
    let more = [files[0], ("set/3.png", b"".as_slice(), Some(STAMP))];
    rig.drop_listed(&more, Brought::Folder);
    rig.settle();
    assert_eq!(
        (rig.app.documents.len(), rig.shown_name()),
        (3, Some("3.png"))
    );
}

#[test]
fn masks_dropped_later_find_their_open_images() {
    let mut rig = Rig::new();
    rig.drop_folder(&["set/images/1.png", "set/images/2.png"]);
    rig.drop_folder(&["set/masks/1.png", "set/masks/2_mask.png"]);
    rig.settle();
    assert_eq!(rig.app.documents.len(), 2);
    assert!(
        rig.app
            .documents
            .iter()
            .all(|document| document.truths.len() == 1)
    );
}

#[test]
fn a_folder_without_an_image_is_refused_in_one_sentence() {
    let mut rig = Rig::new();
    rig.drop_folder(&["set/a.csv", "set/b.txt"]);
    assert_eq!(
        rig.sentences(),
        ["There is no image in this folder. 2 files were passed over: they are no images."]
    );
    rig.drop_listed(&[], Brought::Folder);
    let empty = Arrival {
        way: Way::Dropped,
        brought: Brought::Folder,
        ..Arrival::default()
    };
    rig.tell(Event::FilesArrived(empty));
    assert_eq!(rig.sentences(), ["There is no file in this folder."]);
}

#[test]
fn an_address_is_refused_and_the_work_stays() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let link = Arrival {
        way: Way::Dropped,
        brought: Brought::Link("https://example.org/mole.jpg".to_owned()),
        ..Arrival::default()
    };
    rig.tell(Event::FilesArrived(link));
    assert!(rig.says("fetches nothing from the network"));
    assert!(rig.is_done());
}

#[test]
fn a_folder_is_offered_only_where_the_browser_can_choose_one() {
    let rig = Rig::new();
    assert_eq!(
        rig.app.availability(&Command::OpenFolder),
        Availability::Disabled
    );
    let mut rig = Rig::bare(Surroundings {
        has_folder_picker: true,
        ..Surroundings::default()
    });
    rig.send(Command::OpenFolder);
    assert!(rig.saw(|effect| *effect == Effect::PickFolder));
}

#[test]
fn with_ten_thousand_documents_an_event_takes_less_than_a_millisecond() {
    let mut rig = Rig::new();
    let paths: Vec<String> = (1..=10_000)
        .map(|number| format!("set/{number}.png"))
        .collect();
    rig.drop_folder(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    rig.send(Command::SetSort(Sort::Name));
    rig.send(Command::Show(DocumentId(9_990)));
    rig.settle();
    let commands = [
        Command::Pan(1.0, 0.0),
        Command::Flag,
        Command::Accept,
        Command::Step(-1),
    ];
    for command in commands {
        let mut shortest = f64::INFINITY;
        for _ in 0..10 {
            let began = std::time::Instant::now();
            rig.send(command.clone());
            shortest = shortest.min(began.elapsed().as_secs_f64() * 1000.0);
            rig.settle();
        }
        // The shortest, because other programs run too.
        assert!(shortest < 1.0, "{command:?} takes {shortest} ms");
    }
}
