//! The export of all documents at once.

use super::availability::Availability;
use super::command::Command;
use super::effect::Effect;
use super::event::{Event, SaveFileNews, Surroundings, Timer};
use super::rig::Rig;
use crate::protocol::{GatherStep, Request};

fn steps(rig: &Rig) -> Vec<String> {
    let step = |step: &GatherStep| match step {
        GatherStep::Begin { .. } => "begin".to_owned(),
        GatherStep::Add(document) => document.path.clone(),
        GatherStep::Fail { path, .. } => format!("{path} failed"),
        GatherStep::Finish => "finish".to_owned(),
    };
    rig.gathered.iter().map(step).collect()
}

#[test]
fn every_document_comes_into_the_archive_whether_it_was_on_the_stage_or_not() {
    let mut rig = Rig::new();
    rig.broken_files.insert("3.png".to_owned());
    rig.open(&["1.png", "2.png", "3.png", "4.png"]);
    rig.send(Command::ExportAll);
    assert_eq!(
        rig.app.availability(&Command::ExportAll),
        Availability::Disabled
    );
    rig.rest();
    assert_eq!(
        steps(&rig),
        ["begin", "1.png", "2.png", "3.png failed", "4.png", "finish"]
    );
    assert!(rig.saw(|effect| matches!(effect, Effect::SaveParts { .. })));
    assert!(rig.says("One picture could not be exported"));
    assert_eq!(
        rig.app.availability(&Command::ExportAll),
        Availability::Enabled
    );
    assert_eq!(rig.app.gathering, None);
}

#[test]
fn one_document_is_exported_too() {
    let mut rig = Rig::new();
    rig.open(&["1.png"]);
    rig.send(Command::ExportAll);
    rig.rest();
    assert_eq!(steps(&rig), ["begin", "1.png", "finish"]);
}

fn save_file(rig: &mut Rig, news: SaveFileNews) {
    rig.tell(Event::SaveFile(news));
}

/// A page in a browser that lets a person choose a file to be written, with these pictures.
fn with_files(names: &[&str]) -> Rig {
    let mut rig = Rig::bare(Surroundings {
        has_save_picker: true,
        ..Surroundings::default()
    });
    rig.tell(Event::AdapterFound(Err("none".to_owned())));
    rig.list_models();
    rig.open(names);
    rig
}

fn count(rig: &Rig, is_meant: impl Fn(&Effect) -> bool) -> usize {
    rig.seen.iter().filter(|effect| is_meant(effect)).count()
}

fn saved_names(rig: &Rig) -> Vec<&str> {
    let names = rig.seen.iter().filter_map(|effect| match effect {
        Effect::SaveParts { file_name, .. } => Some(file_name.as_str()),
        _ => None,
    });
    names.collect()
}

#[test]
fn the_formats_that_are_exported_are_those_that_were_chosen_and_are_remembered() {
    let mut rig = Rig::new();
    rig.open(&["1.png"]);
    for id in ["overlay", "probability", "coco", "yolo", "nnunet"] {
        rig.send(Command::ToggleExportFormat(id));
    }
    assert!(rig.saw(|effect| matches!(
        effect,
        Effect::StorePreferences(of) if of.export_all.contains(&"yolo".to_owned())
    )));
    rig.send(Command::ExportAll);
    rig.rest();
    let Some(GatherStep::Begin { formats, sets }) = rig.gathered.first() else {
        panic!("{:?}", rig.gathered);
    };
    assert_eq!(formats, &["mask", "yolo"]);
    assert_eq!(sets, &["nnunet", "measurements", "session"]);
}

#[test]
fn a_picture_that_the_engine_cannot_add_is_noted_and_the_others_are_exported() {
    let mut rig = Rig::new();
    rig.unaddable.insert("2.png".to_owned());
    rig.open(&["1.png", "2.png", "3.png"]);
    rig.send(Command::ExportAll);
    rig.rest();
    let steps = steps(&rig);
    assert_eq!(
        steps,
        ["begin", "1.png", "2.png", "2.png failed", "3.png", "finish"]
    );
    assert!(rig.says("One picture could not be exported"));
}

#[test]
fn a_download_that_grows_too_large_is_saved_and_the_rest_comes_into_another() {
    let mut rig = Rig::new();
    rig.broken_files.insert("3.png".to_owned());
    rig.gathered_bytes = 300 << 20;
    rig.open(&["1.png", "2.png", "3.png", "4.png"]);
    rig.send(Command::ExportAll);
    rig.rest();
    assert_eq!(
        steps(&rig),
        [
            "begin",
            "1.png",
            "finish",
            "begin",
            "2.png",
            "finish",
            "begin",
            "3.png failed",
            "4.png",
            "finish"
        ]
    );
    let names = [1, 2, 3].map(|number| format!("delineo-export-{number}.zip"));
    assert_eq!(saved_names(&rig), names);
    assert_eq!(rig.app.gathering, None);
    assert!(rig.says("One picture could not be exported"));
}

#[test]
fn an_engine_that_dies_loses_the_archive_at_hand_and_none_that_was_saved() {
    let mut rig = Rig::new();
    rig.gathered_bytes = 300 << 20;
    rig.open(&["1.png", "2.png", "3.png"]);
    rig.send(Command::ExportAll);
    rig.fire(Timer::Background);
    rig.answer_until(|request| matches!(request, Request::Gather(GatherStep::Finish)));
    rig.answer_until(|request| matches!(request, Request::Gather(GatherStep::Begin { .. })));
    rig.answer_until(|request| matches!(request, Request::Gather(GatherStep::Add(_))));
    rig.die();
    rig.rest();
    let again = steps(&rig);
    assert_eq!(again[..5], ["begin", "1.png", "finish", "begin", "2.png"]);
    assert_eq!(again.iter().filter(|step| *step == "1.png").count(), 1);
    assert_eq!(again.iter().filter(|step| *step == "2.png").count(), 2);
    let numbers = [1, 2, 3].map(|number| format!("delineo-export-{number}.zip"));
    assert_eq!(saved_names(&rig), numbers);
}

#[test]
fn a_file_that_was_chosen_is_written_part_by_part_each_after_the_one_before() {
    let mut rig = with_files(&["1.png", "2.png"]);
    rig.gathered_bytes = 4 << 30;
    rig.send(Command::ExportAllToFile);
    assert!(rig.saw(|effect| matches!(
        effect,
        Effect::PickSaveFile { file_name } if file_name == "delineo-export.zip"
    )));
    rig.rest();
    assert!(steps(&rig).is_empty(), "no file is chosen yet");
    save_file(&mut rig, SaveFileNews::Opened);
    let is_part = |effect: &Effect| matches!(effect, Effect::WritePart(_));
    for parts in 1..=3 {
        rig.rest();
        rig.rest();
        assert_eq!(count(&rig, is_part), parts, "it waits for the disk");
        save_file(&mut rig, SaveFileNews::Written);
    }
    rig.rest();
    assert_eq!(steps(&rig), ["begin", "1.png", "2.png", "finish"]);
    assert!(rig.saw(|effect| matches!(effect, Effect::CloseSaveFile)));
    assert!(!rig.saw(|effect| matches!(effect, Effect::KeepPart(_) | Effect::SaveParts { .. })));
    save_file(&mut rig, SaveFileNews::Written);
    assert!(rig.app.gathering.is_some(), "it is not closed yet");
    save_file(&mut rig, SaveFileNews::Saved("set.zip".to_owned()));
    assert!(rig.says("Saved as set.zip."));
    assert_eq!(rig.app.gathering, None);
}

#[test]
fn a_file_that_cannot_be_written_ends_the_export_with_the_reason() {
    let mut rig = with_files(&["1.png", "2.png"]);
    rig.send(Command::ExportAllToFile);
    save_file(&mut rig, SaveFileNews::Opened);
    rig.rest();
    save_file(
        &mut rig,
        SaveFileNews::Failed("The disk is full.".to_owned()),
    );
    assert!(rig.says("The archive could not be written there. The disk is full."));
    assert!(rig.saw(|effect| matches!(effect, Effect::AbandonSaveFile)));
    assert_eq!(rig.app.gathering, None);
    rig.send(Command::ExportAll);
    rig.rest();
    assert_eq!(saved_names(&rig), ["delineo-export.zip"]);
}

#[test]
fn who_chooses_no_file_exports_nothing_and_browsers_without_the_dialog_offer_none() {
    let mut rig = with_files(&["1.png"]);
    rig.send(Command::ExportAllToFile);
    save_file(&mut rig, SaveFileNews::Dismissed);
    rig.rest();
    assert!(steps(&rig).is_empty() && rig.sentences().is_empty());
    let mut rig = Rig::new();
    rig.open(&["1.png"]);
    assert_eq!(
        rig.app.availability(&Command::ExportAllToFile),
        Availability::Disabled
    );
    rig.send(Command::ExportAllToFile);
    assert!(!rig.saw(|effect| matches!(effect, Effect::PickSaveFile { .. })));
}
