//! Whole scenarios: what the person does, what the browser and the engines do, and what the page makes of it.

use std::rc::Rc;

use super::availability::Availability;
use super::command::{Command, Sheet};
use super::effect::{Effect, EngineBuild};
use super::engines::Gpu;
use super::event::{Event, OfflineNews, Surroundings, Timer};
use super::gestures::PointerPhase;
use super::ids::FileId;
use super::model_entry::OwnModelFault;
use super::opened::SegmentationState;
use super::preferences::Preferences;
use super::rig::{Rig, breast, own_model, skin};
use super::stage::{Canvas, Tool};
use crate::protocol::{DeviceKind, Message, ModelKey, Request};

fn is_open(request: &Request) -> bool {
    matches!(request, Request::Open { .. })
}

fn is_segment(request: &Request) -> bool {
    matches!(request, Request::Segment(_))
}

fn is_load(request: &Request) -> bool {
    matches!(request, Request::LoadModel { .. })
}

/// The threshold of the frame that was asked for last.
fn asked_threshold(rig: &Rig) -> Option<f32> {
    let asked = rig.app.overlay.asked.as_ref()?;
    Some(asked.mask.settings.threshold)
}

fn has_exact_area(rig: &Rig) -> bool {
    let shown = rig.app.shown();
    shown.is_some_and(|shown| shown.area.is_some_and(|area| area.exact))
}

fn draw(rig: &mut Rig) {
    rig.send(Command::Take(Tool::Add));
    for (phase, at) in [
        (PointerPhase::Down, (300.0, 300.0)),
        (PointerPhase::Moved, (380.0, 300.0)),
        (PointerPhase::Up, (380.0, 300.0)),
    ] {
        rig.mouse(phase, at);
    }
}

fn strokes(rig: &Rig) -> usize {
    rig.app
        .shown()
        .map_or(0, |shown| shown.edits.corrections().len())
}

#[test]
fn a_dropped_image_is_shown_segmented_and_measured() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    assert!(rig.is_done());
    assert_eq!(rig.shown_model(), Some(&skin()));
    assert!(rig.overlays >= 1);
    assert!(has_exact_area(&rig));
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.4)
    );
    assert_eq!(rig.app.page_state(), "done");
}

#[test]
fn files_that_systems_put_beside_pictures_pass_in_silence() {
    let mut rig = Rig::new();
    rig.open(&["._mole.png", ".DS_Store", "mole.png"]);
    assert!(rig.is_done());
    assert_eq!(rig.app.documents.iter().count(), 1);
    assert!(rig.sentences().is_empty());
}

#[test]
fn each_image_gets_the_model_for_what_it_shows() {
    let mut rig = Rig::new();
    rig.open(&["mole.png", "ultrasound.png"]);
    rig.send(Command::Step(1));
    rig.settle();
    assert_eq!(rig.shown_model(), Some(&breast()));
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.55)
    );
    rig.send(Command::Step(-1));
    rig.settle();
    assert_eq!(rig.shown_model(), Some(&skin()));
}

#[test]
fn an_image_that_was_dropped_before_anything_is_there_is_shown_in_the_end() {
    let mut rig = Rig::bare(Surroundings::default());
    rig.drop_files(&["ultrasound.png"]);
    rig.settle();
    assert_eq!(rig.shown_name(), Some("ultrasound.png"));
    rig.list_models();
    rig.settle();
    assert_eq!(rig.shown_model(), Some(&breast()));
}

#[test]
fn the_old_image_keeps_its_name_and_takes_the_edits_while_the_next_one_loads() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    rig.send(Command::Step(1));
    assert_eq!(rig.shown_name(), Some("a.png"));
    rig.send(Command::SetThreshold(0.9));
    rig.settle();
    assert_eq!(rig.shown_name(), Some("b.png"));
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.4)
    );
    rig.send(Command::Step(-1));
    rig.settle();
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.9)
    );
}

#[test]
fn a_command_about_an_image_that_is_no_longer_shown_changes_nothing() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    let first = rig.app.documents.shown_id();
    rig.send(Command::Step(1));
    rig.settle();
    rig.tell(Event::Command {
        command: Command::SetThreshold(0.9),
        document: first,
    });
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.4)
    );
}

#[test]
fn an_export_while_the_next_image_loads_is_disabled_and_its_key_says_why() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    rig.send(Command::Step(1));
    let export = Command::Export("mask");
    assert!(matches!(
        rig.app.availability(&export),
        Availability::Waits(_)
    ));
    rig.press("s");
    assert!(rig.says("another image is being opened"));
    rig.settle();
    assert!(!rig.saw(|effect| matches!(effect, Effect::SaveFile { .. })));
}

#[test]
fn an_image_is_exported_though_the_engine_opens_one_that_was_closed_meanwhile() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    draw(&mut rig);
    rig.settle();
    rig.send(Command::Step(1));
    if let Some(next) = rig.app.documents.opening_id() {
        rig.send(Command::Close(next));
    }
    rig.send(Command::Export("mask"));
    rig.settle();
    assert!(!rig.says("Nothing was exported"));
    assert!(rig.saw(|effect| matches!(effect, Effect::SaveFile { .. })));
}

#[test]
fn an_export_that_was_accepted_is_saved_though_the_next_image_follows_at_once() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    rig.send(Command::Export("mask"));
    rig.send(Command::Step(1));
    rig.settle();
    assert!(rig.saw(|effect| matches!(effect, Effect::SaveFile { .. })));
    assert_eq!(rig.shown_name(), Some("b.png"));
}

#[test]
fn a_file_for_the_clipboard_is_promised_at_once_and_delivered_or_given_up() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.send(Command::Copy("mask"));
    assert!(rig.saw(|effect| matches!(effect, Effect::ReserveClipboard { .. })));
    rig.settle();
    assert!(rig.saw(|effect| matches!(effect, Effect::FillClipboard { .. })));
    rig.send(Command::Copy("mask"));
    rig.die();
    assert!(rig.saw(|effect| matches!(effect, Effect::AbandonClipboard(_))));
    assert!(rig.says("The file was not written"));
}

#[test]
fn of_twenty_files_five_are_refused_and_every_refusal_can_be_read() {
    let mut rig = Rig::new();
    let names: Vec<String> = (0..20).map(|number| format!("{number}.png")).collect();
    for number in [0, 1, 7, 8, 19] {
        rig.broken_files.insert(format!("{number}.png"));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    rig.open(&names);
    for _ in 0..20 {
        rig.send(Command::Step(1));
        rig.settle();
    }
    assert_eq!(rig.app.documents.len(), 15);
    assert_eq!(rig.shown_name(), Some("18.png"));
}

#[test]
fn refusals_are_listed_until_the_next_attempt() {
    let mut rig = Rig::new();
    for name in ["a.txt", "b.txt", "c.txt"] {
        rig.broken_files.insert(name.to_owned());
    }
    rig.open(&["a.txt", "b.txt", "c.txt", "d.png"]);
    assert_eq!(rig.shown_name(), Some("d.png"));
    assert_eq!(rig.sentences(), ["3 files could not be opened."]);
    for name in ["a.txt", "b.txt", "c.txt"] {
        assert!(rig.says(&format!("{name}: This is not an image.")));
    }
}

#[test]
fn the_person_changes_their_mind_faster_than_the_engine_answers() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png", "c.png", "d.png"]);
    for _ in 0..3 {
        rig.send(Command::Step(1));
    }
    rig.send(Command::ChooseModel(Some(breast())));
    rig.send(Command::ChooseModel(Some(skin())));
    rig.send(Command::ChooseModel(Some(breast())));
    rig.send(Command::AverageViews(true));
    rig.settle();
    assert_eq!(rig.shown_name(), Some("d.png"));
    let maps = rig.app.shown().and_then(|shown| shown.maps()).cloned();
    assert_eq!(maps.as_ref().map(|maps| &maps.model), Some(&breast()));
    assert!(maps.is_some_and(|maps| maps.views.is_some()));
}

#[test]
fn a_segmentation_by_a_model_that_is_no_longer_wanted_is_not_shown() {
    let mut rig = Rig::new();
    rig.drop_files(&["a.png"]);
    rig.answer_until(is_open);
    while !rig.asked().iter().any(|request| is_segment(request)) {
        rig.answer_until(|_| true);
    }
    rig.send(Command::ChooseModel(Some(breast())));
    rig.answer_until(is_segment);
    assert!(!rig.is_done());
    rig.settle();
    assert_eq!(rig.shown_model(), Some(&breast()));
}

#[test]
fn a_threshold_that_was_moved_stays_and_an_untouched_one_follows_the_model() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.send(Command::ChooseModel(Some(breast())));
    rig.settle();
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.55)
    );
    rig.send(Command::SetThreshold(0.7));
    rig.send(Command::ChooseModel(Some(skin())));
    rig.settle();
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        Some(0.7)
    );
}

#[test]
fn an_engine_that_dies_is_started_again_with_everything_it_had() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    draw(&mut rig);
    rig.settle();
    rig.die();
    assert!(rig.says("was started again"));
    rig.settle();
    assert!(rig.is_done());
    assert_eq!(strokes(&rig), 1);
    assert_eq!(rig.on_stage, rig.app.documents.shown_id());
}

#[test]
fn a_document_over_which_the_engine_dies_twice_is_closed_and_can_be_had_back() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    draw(&mut rig);
    rig.settle();
    for _ in 0..2 {
        rig.die();
        rig.fire(Timer::Relaunch);
        rig.answer_until(is_open);
        while rig.app.shown().is_some() && !rig.asked().iter().any(|request| is_segment(request)) {
            rig.answer_until(|_| true);
        }
    }
    rig.die();
    assert_eq!(rig.app.documents.len(), 0);
    assert!(rig.says("The engine stopped twice over this image"));
    rig.fire(Timer::Relaunch);
    rig.send(Command::Reopen);
    rig.settle();
    assert_eq!(strokes(&rig), 1);
}

#[test]
fn after_the_fourth_death_in_a_row_only_the_person_starts_the_engine_again() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    draw(&mut rig);
    rig.settle();
    for _ in 0..4 {
        rig.die();
        if rig.timers.contains(&Timer::Relaunch) {
            rig.fire(Timer::Relaunch);
        }
    }
    assert!(rig.app.is_stopped());
    assert_eq!(rig.app.page_state(), "stopped");
    // It is no notice, which could be dismissed: the page says it for as long as it is so.
    assert!(
        rig.sentences()
            .iter()
            .all(|sentence| !sentence.contains("four times"))
    );
    rig.send(Command::RestartEngine);
    rig.settle();
    assert!(rig.is_done());
    assert_eq!(strokes(&rig), 1);
}

#[test]
fn deaths_that_are_long_ago_do_not_count() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    for _ in 0..9 {
        rig.now += 600_000.0;
        rig.die();
        rig.settle();
    }
    assert!(rig.is_done());
}

#[test]
fn a_worker_that_cannot_be_loaded_ends_in_a_sentence_with_a_way_on() {
    let mut rig = Rig::bare(Surroundings::default());
    for _ in 0..4 {
        rig.die();
        if rig.timers.contains(&Timer::Relaunch) {
            rig.fire(Timer::Relaunch);
        }
    }
    let reason = rig.app.engines.stopped.as_deref().unwrap_or_default();
    assert!(reason.contains("not started again"));
}

#[test]
fn a_worker_that_never_listens_is_given_up_on() {
    let mut rig = Rig::bare(Surroundings::default());
    let Some(engine) = rig.serving() else {
        panic!("no engine is started");
    };
    rig.fire(Timer::Launch(engine));
    assert!(rig.timers.contains(&Timer::Relaunch));
    rig.fire(Timer::Relaunch);
    assert_ne!(rig.serving(), Some(engine));
}

#[test]
fn an_engine_that_died_with_threads_is_tried_without_them() {
    let surroundings = Surroundings {
        may_share_memory: true,
        ..Surroundings::default()
    };
    let mut rig = Rig::bare(surroundings);
    let build = |rig: &Rig| {
        rig.serving()
            .and_then(|id| rig.engines.get(&id))
            .map(|engine| engine.build)
    };
    assert_eq!(build(&rig), Some(EngineBuild::CpuThreads));
    rig.die();
    rig.fire(Timer::Relaunch);
    assert_eq!(build(&rig), Some(EngineBuild::Cpu));
}

fn with_gpu(preferences: Preferences, device: Option<DeviceKind>) -> Rig {
    let surroundings = Surroundings {
        device,
        ..Surroundings::default()
    };
    let mut rig = Rig::with(preferences, surroundings);
    rig.tell(Event::AdapterFound(Ok("Radeon".to_owned())));
    rig.list_models();
    rig
}

#[test]
fn a_faster_gpu_takes_over_once_it_was_timed_and_is_not_timed_again() {
    let mut rig = with_gpu(Preferences::default(), None);
    rig.settle();
    assert!(matches!(rig.app.engines.gpu, Gpu::Serving(_)));
    rig.open(&["a.png"]);
    assert!(rig.is_done());
    assert_eq!(rig.app.device_sentence(), "Runs on the GPU (Fake).");
    let timing = rig.app.preferences.timing.clone();
    assert_eq!(
        timing.as_ref().map(|timing| (timing.gpu, timing.cpu)),
        Some((5.0, 50.0))
    );
    assert!(rig.app.timing_sentence().is_some());

    let mut next_visit = with_gpu(rig.app.preferences.clone(), None);
    next_visit.gpu_milliseconds = f64::NAN;
    next_visit.settle();
    assert!(matches!(next_visit.app.engines.gpu, Gpu::Serving(_)));
    assert_eq!(next_visit.app.preferences.timing, timing);
}

#[test]
fn a_gpu_that_is_slower_than_the_cpu_does_not_serve_and_is_not_fetched_at_the_next_visit() {
    let mut rig = with_gpu(Preferences::default(), None);
    rig.gpu_milliseconds = 4000.0;
    rig.settle();
    rig.open(&["a.png"]);
    assert!(matches!(rig.app.engines.gpu, Gpu::Slower(_)));
    assert_eq!(rig.gpu(), None);
    assert!(
        rig.app
            .device_sentence()
            .contains("it is faster here than the GPU (Radeon)")
    );

    let mut next_visit = with_gpu(rig.app.preferences.clone(), None);
    next_visit.settle();
    assert_eq!(next_visit.gpu(), None);
    assert!(matches!(next_visit.app.engines.gpu, Gpu::Slower(_)));
}

#[test]
fn the_address_decides_the_device_by_hand() {
    let mut rig = with_gpu(Preferences::default(), Some(DeviceKind::Gpu));
    rig.gpu_milliseconds = 4000.0;
    rig.settle();
    assert!(matches!(rig.app.engines.gpu, Gpu::Serving(_)));
    let mut rig = with_gpu(Preferences::default(), Some(DeviceKind::Cpu));
    rig.settle();
    assert_eq!(rig.gpu(), None);
    assert!(
        rig.app
            .device_sentence()
            .contains("the page's address asks for it")
    );
}

#[test]
fn a_gpu_that_gets_ready_between_opening_and_segmenting_takes_over_without_losing_the_image() {
    let mut rig = with_gpu(Preferences::default(), Some(DeviceKind::Gpu));
    rig.answer_until(is_load);
    let gpu = rig.gpu();
    rig.drop_files(&["a.png"]);
    rig.answer_until(is_open);
    if let Some(gpu) = gpu {
        rig.listen(gpu);
        while rig.answer(gpu) {}
    }
    rig.settle();
    assert!(rig.is_done());
    assert_eq!(rig.shown_name(), Some("a.png"));
    rig.open(&["b.png"]);
    assert!(matches!(rig.app.engines.gpu, Gpu::Serving(_)));
}

#[test]
fn no_border_changes_by_itself_when_the_gpu_gets_ready() {
    let mut rig = with_gpu(Preferences::default(), None);
    rig.answer_until(is_load);
    rig.drop_files(&["a.png"]);
    while !rig.is_done() {
        rig.answer_until(|_| true);
    }
    let before = rig.serving();
    rig.settle();
    assert!(matches!(rig.app.engines.gpu, Gpu::Ready { .. }));
    assert_eq!(rig.serving(), before);
    rig.open(&["b.png"]);
    assert!(matches!(rig.app.engines.gpu, Gpu::Serving(_)));
}

#[test]
fn a_gpu_that_is_lost_while_it_serves_leaves_the_work_to_the_cpu() {
    let mut rig = with_gpu(Preferences::default(), None);
    rig.settle();
    rig.open(&["a.png"]);
    draw(&mut rig);
    rig.settle();
    if let Some(engine) = rig.serving() {
        let message = Message::Fatal {
            message: "device lost".to_owned(),
            gpu_fault: Some("the GPU stopped working".to_owned()),
        };
        rig.say(engine, message, None);
    }
    rig.settle();
    assert!(rig.is_done());
    assert_eq!(strokes(&rig), 1);
    assert!(
        rig.app
            .device_sentence()
            .contains("the GPU stopped working")
    );
    assert_eq!(rig.gpu(), None);
}

#[test]
fn a_gpu_that_fails_before_it_serves_disturbs_nobody() {
    let mut rig = with_gpu(Preferences::default(), None);
    rig.answer_until(is_load);
    if let Some(gpu) = rig.gpu() {
        rig.tell(Event::EngineDied {
            engine: gpu,
            reason: "404".to_owned(),
        });
    }
    rig.open(&["a.png"]);
    assert!(rig.is_done());
    assert_eq!(rig.sentences(), Vec::<String>::new());
    assert!(
        rig.app
            .device_sentence()
            .contains("the engine stopped on the GPU")
    );
}

#[test]
fn a_model_that_fails_while_another_one_is_wanted_by_now_is_told_and_the_other_one_runs() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.broken_models.insert("breast".to_owned());
    rig.send(Command::ChooseModel(Some(breast())));
    rig.send(Command::ChooseModel(Some(skin())));
    rig.settle();
    assert!(rig.is_done());
    assert_eq!(rig.shown_model(), Some(&skin()));
    assert!(rig.says("“breast” cannot be loaded."));
}

#[test]
fn a_chosen_model_that_cannot_be_had_gives_way_to_the_choice_before_and_the_mask_stays() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.broken_models.insert("breast".to_owned());
    rig.send(Command::ChooseModel(Some(breast())));
    rig.settle();
    assert!(rig.app.models.is_automatic());
    assert_eq!(rig.app.preferences.model, None);
    assert!(rig.is_done());
    assert!(rig.says("“breast” cannot be loaded."));
}

#[test]
fn taking_over_what_the_app_chose_computes_nothing_again() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.send(Command::ChooseModel(Some(skin())));
    assert_eq!(rig.asked(), Vec::<&Request>::new());
    assert!(rig.is_done());
}

#[test]
fn an_image_whose_model_cannot_be_had_gets_no_mask_by_another_one_and_a_second_try() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.broken_models.insert("breast".to_owned());
    rig.open(&["ultrasound.png"]);
    let state = rig.app.shown().map(|shown| shown.segmentation.clone());
    assert_eq!(state, Some(SegmentationState::Failed));
    rig.broken_models.clear();
    rig.send(Command::Retry);
    rig.settle();
    assert_eq!(rig.shown_model(), Some(&breast()));
    assert_eq!(rig.sentences(), Vec::<String>::new());
}

#[test]
fn a_list_of_models_that_cannot_be_read_can_be_asked_for_again() {
    let mut rig = Rig::bare(Surroundings::default());
    rig.tell(Event::ModelsListed {
        published: Err("The list of models could not be read: no network".to_owned()),
        own: Vec::new(),
    });
    rig.settle();
    assert_eq!(rig.app.status(), "No model is loaded.");
    let asked = |rig: &Rig| {
        rig.seen
            .iter()
            .filter(|effect| **effect == Effect::ListModels)
            .count()
    };
    assert_eq!(asked(&rig), 1);
    rig.send(Command::Retry);
    assert_eq!(asked(&rig), 2);
    rig.list_models();
    rig.open(&["a.png"]);
    assert!(rig.is_done());
}

fn bring(rig: &mut Rig, digest: &str, name: &str, file: u32) {
    let model = own_model(digest, name, Some(FileId(file)));
    rig.tell(Event::OwnModelRead(Ok(model)));
    rig.settle();
}

fn own(digest: &str) -> ModelKey {
    ModelKey::Own(digest.to_owned())
}

#[test]
fn dropped_files_are_taken_for_what_their_content_says() {
    let zip = b"PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl";
    let mut rig = Rig::new();
    rig.drop_contents(&[
        ("._a.png", b"\0\x05\x16\x07"),
        ("US.0001", b"\xff\xd8\xff\xe0"),
        ("epoch_10.ckpt", zip),
    ]);
    rig.settle();
    assert_eq!(rig.shown_name(), Some("US.0001"));
    assert!(rig.saw(
        |effect| matches!(effect, Effect::ReadOwnModel { name, .. } if name == "epoch_10.ckpt")
    ));
    assert!(!rig.says("._a.png"));
    rig.drop_contents(&[("._a.png", b"\0\x05\x16\x07")]);
    assert!(rig.says("helper file of the system"));
}

#[test]
fn own_weights_with_the_name_of_earlier_ones_are_a_model_of_their_own() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    bring(&mut rig, "aaaaaaaa", "best.pth", 101);
    assert_eq!(rig.shown_model(), Some(&own("aaaaaaaa")));
    rig.send(Command::RememberModel(own("aaaaaaaa")));
    bring(&mut rig, "bbbbbbbb", "best.pth", 102);
    assert_eq!(rig.shown_model(), Some(&own("bbbbbbbb")));
    rig.send(Command::RememberModel(own("bbbbbbbb")));
    let kept: Vec<Rc<str>> = rig
        .seen
        .iter()
        .filter_map(|effect| match effect {
            Effect::RememberModel(model) => Some(model.digest.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(kept, ["aaaaaaaa".into(), "bbbbbbbb".into()]);
    for digest in kept {
        rig.tell(Event::ModelRemembered {
            digest,
            is_kept: true,
        });
    }
    let labels: Vec<String> = rig
        .app
        .models
        .entries()
        .iter()
        .map(|entry| rig.app.models.label(entry))
        .collect();
    assert_eq!(labels[2..], ["best.pth (aaaaaa)", "best.pth (bbbbbb)"]);
}

#[test]
fn own_weights_that_fail_give_way_to_the_model_before_them() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.broken_models.insert("bad.pth".to_owned());
    bring(&mut rig, "cccc", "bad.pth", 103);
    assert!(rig.is_done());
    assert_eq!(rig.shown_model(), Some(&skin()));
    assert!(rig.says("“bad.pth” cannot be loaded."));
}

#[test]
fn a_remembered_model_that_is_gone_is_no_longer_offered() {
    let mut rig = Rig::bare(Surroundings::default());
    let mut remembered = own_model("dddd", "mine.pth", None);
    remembered.is_remembered = true;
    rig.tell(Event::ModelsListed {
        published: Ok(Vec::new()),
        own: vec![remembered],
    });
    rig.send(Command::ChooseModel(Some(own("dddd"))));
    assert!(rig.saw(|effect| *effect == Effect::RecallModel("dddd".into())));
    rig.tell(Event::OwnModelRead(Err(OwnModelFault {
        digest: Some("dddd".into()),
        message: "“mine.pth” is no longer on this device. Drop the file again.".to_owned(),
    })));
    assert!(rig.app.models.entries().is_empty());
    assert!(rig.says("no longer on this device"));
}

#[test]
fn a_model_that_the_address_asks_for_runs_and_is_not_remembered_as_a_choice() {
    let surroundings = Surroundings {
        model: Some("breast".to_owned()),
        ..Surroundings::default()
    };
    let mut rig = Rig::bare(surroundings);
    rig.list_models();
    rig.open(&["mole.png"]);
    assert_eq!(rig.shown_model(), Some(&breast()));
    assert_eq!(rig.app.preferences.model, None);
    let unknown = Surroundings {
        model: Some("nothing".to_owned()),
        ..Surroundings::default()
    };
    let mut rig = Rig::bare(unknown);
    rig.list_models();
    assert!(rig.says("There is no model “nothing” here"));
}

#[test]
fn a_choice_is_remembered_and_can_be_left_to_the_app_again() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.send(Command::ChooseModel(Some(breast())));
    rig.settle();
    assert_eq!(
        rig.app.preferences.model.as_deref(),
        Some("published/breast")
    );
    assert_eq!(
        rig.app
            .models
            .mismatch(&rig.app.shown().expect("a picture").image)
            .as_deref(),
        Some("This image looks like dermoscopy, but the model was trained on ultrasound.")
    );
    rig.send(Command::ChooseModel(None));
    rig.settle();
    assert_eq!(rig.app.preferences.model, None);
    assert_eq!(rig.shown_model(), Some(&skin()));
}

#[test]
fn closing_a_corrected_image_can_be_undone() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    draw(&mut rig);
    let first = rig.app.documents.shown_id();
    if let Some(id) = first {
        rig.send(Command::Close(id));
    }
    rig.settle();
    assert_eq!(rig.shown_name(), Some("b.png"));
    assert!(rig.says("“a.png” was closed with its corrections."));
    rig.send(Command::Reopen);
    rig.settle();
    assert_eq!(rig.app.documents.shown_id(), first);
    assert_eq!(strokes(&rig), 1);
    assert!(rig.is_done());
}

#[test]
fn the_browser_asks_before_corrections_are_lost_and_not_after_they_were_exported() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    draw(&mut rig);
    assert!(rig.saw(|effect| *effect == Effect::GuardUnload(true)));
    rig.send(Command::Export("mask"));
    rig.settle();
    assert_eq!(
        rig.seen
            .iter()
            .rfind(|effect| matches!(effect, Effect::GuardUnload(_))),
        Some(&Effect::GuardUnload(false))
    );
}

#[test]
fn taking_the_brush_moves_the_focus_to_the_stage() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.send(Command::Take(Tool::Erase));
    assert!(rig.saw(|effect| *effect == Effect::FocusStage));
}

#[test]
fn an_empty_mask_is_not_called_a_border() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    assert!(rig.app.status().starts_with("Border found in 50 ms"));
    if let Some(shown) = rig.app.documents.shown_mut()
        && let Some(area) = &mut shown.area
    {
        area.pixels = 0.0;
    }
    assert!(
        rig.app
            .status()
            .starts_with("No border found at this threshold.")
    );
}

#[test]
fn an_update_that_was_accepted_in_another_tab_is_offered_here_and_edits_stay() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    draw(&mut rig);
    rig.tell(Event::Offline(OfflineNews::UpdatedElsewhere));
    for number in 0..9 {
        rig.broken_files.insert(format!("{number}.txt"));
        rig.open(&[&format!("{number}.txt")]);
    }
    assert!(rig.says("was updated in another tab"));
    assert_eq!(strokes(&rig), 1);
    rig.send(Command::Update);
    assert!(rig.saw(|effect| *effect == Effect::Update));
}

#[test]
fn offline_use_is_claimed_only_when_it_was_verified_and_the_running_model_is_kept() {
    let mut rig = Rig::new();
    rig.settle();
    assert!(rig.saw(|effect| *effect == Effect::RegisterServiceWorker));
    assert!(!rig.app.offline.is_ready);
    rig.tell(Event::Offline(OfflineNews::Ready { is_new: true }));
    assert!(rig.app.offline.is_ready);
    let file = "models/skin/weights.safetensors".to_owned();
    assert!(rig.saw(|effect| *effect == Effect::KeepOffline(file.clone())));
}

#[test]
fn a_sample_that_was_asked_for_comes_though_the_engine_died_meanwhile() {
    let mut rig = Rig::new();
    rig.send(Command::MakeSample(crate::protocol::Modality::Ultrasound));
    rig.die();
    rig.settle();
    assert!(rig.saw(|effect| matches!(effect, Effect::AdoptFile { .. })));
}

#[test]
fn a_second_finger_turns_the_beginning_of_a_stroke_into_a_pinch() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.send(Command::Take(Tool::Add));
    for (id, at) in [(1, (300.0, 300.0)), (2, (400.0, 300.0))] {
        rig.point(PointerPhase::Down, id, at, true);
    }
    assert_eq!(strokes(&rig), 0);
}

#[test]
fn a_slider_asks_for_one_frame_at_a_time_and_for_the_last_value_in_the_end() {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    for value in 41..=80 {
        rig.send(Command::SetThreshold(value as f32 / 100.0));
    }
    let frames = rig
        .asked()
        .iter()
        .filter(|request| matches!(request, Request::Paint { .. }))
        .count();
    assert_eq!(frames, 1);
    rig.settle();
    assert_eq!(asked_threshold(&rig), Some(0.8));
    assert!(has_exact_area(&rig));
}

#[test]
fn on_a_large_canvas_frames_are_coarse_while_a_slider_moves_and_the_last_one_is_fine() {
    let mut rig = Rig::new();
    rig.tell(Event::CanvasResized(Canvas {
        width: 2000,
        height: 1500,
        ratio: 2.0,
    }));
    rig.open(&["a.png"]);
    let width = |rig: &Rig| rig.app.overlay.asked.as_ref().map(|wish| wish.frame.width);
    assert_eq!(width(&rig), Some(2000));
    let mut widths = Vec::new();
    for value in [0.5, 0.6, 0.7] {
        rig.send(Command::SetThreshold(value));
        rig.answer_until(|request| matches!(request, Request::Paint { .. }));
        widths.push(width(&rig));
    }
    assert_eq!(widths, [Some(1000); 3]);
    rig.settle();
    assert_eq!(width(&rig), Some(2000));
    assert_eq!(asked_threshold(&rig), Some(0.7));
    assert!(has_exact_area(&rig));
}

#[test]
fn a_sheet_is_opened_by_its_key_and_closed() {
    let mut rig = Rig::new();
    rig.press("?");
    assert_eq!(rig.app.sheet, Some(Sheet::Shortcuts));
    rig.send(Command::CloseSheet);
    assert_eq!(rig.app.sheet, None);
}

#[test]
fn of_a_file_with_several_networks_one_runs_the_person_is_told_and_can_take_another() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let model = own_model("cccc", "two.pth", Some(FileId(500)));
    rig.tell(Event::OwnModelRead(Ok(model)));
    rig.settle();
    let key = ModelKey::Own("cccc".to_owned());
    assert_eq!(rig.shown_model(), Some(&key));
    assert!(rig.says("holds 2 networks; “model” was taken"));
    rig.send(Command::ChooseNetwork(key.clone(), "ema".to_owned()));
    assert!(
        !rig.is_done(),
        "what the other network said counts no longer"
    );
    rig.settle();
    assert!(rig.is_done());
    let chosen = rig
        .app
        .models
        .info(&key)
        .map(|info| info.networks.chosen.clone());
    assert_eq!(chosen, Some(Some("ema".to_owned())));
    assert!(rig.says("“ema” was taken"));
}

#[test]
fn who_takes_another_network_while_the_first_still_loads_gets_the_other_one() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let model = own_model("cccc", "two.pth", Some(FileId(500)));
    rig.tell(Event::OwnModelRead(Ok(model)));
    let key = ModelKey::Own("cccc".to_owned());
    rig.send(Command::ChooseNetwork(key.clone(), "ema".to_owned()));
    rig.settle();
    let chosen = rig
        .app
        .models
        .info(&key)
        .map(|info| info.networks.chosen.clone());
    assert_eq!(chosen, Some(Some("ema".to_owned())));
    assert!(rig.is_done());
}
