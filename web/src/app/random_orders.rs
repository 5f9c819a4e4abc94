//! Random events in random orders: whatever the person, the browser and the engines do, nothing panics, no correction is
//! lost, and every wait has an end.

use std::collections::BTreeMap;

use delineo::collection::Review;
use delineo::imaging::Window;
use delineo::intake::Kind;
use delineo::mask::Cleaning;
use delineo::measure::Axis;
use proptest::prelude::*;

use super::background::MOST_READY;
use super::command::Command;
use super::edits::Edits;
use super::event::{Event, Timer};
use super::filter::{Filter, Sort};
use super::gestures::PointerPhase;
use super::ids::{EngineId, FileId};
use super::opened::SegmentationState;
use super::preferences::Mode;
use super::rig::{Rig, breast, own_model, skin};
use super::stage::Tool;
use crate::contents::{Contents, Described, Member, Part};
use crate::protocol::{DocumentId, Message, Modality, ModelKey, Request, RequestId};

/// One thing that can happen. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Happening {
    Drop(u8),
    DropBroken,
    DropTruth(bool),
    DropForImport(u8),
    Later,
    Drag(u8),
    Command(Command),
    CommandOnOld(Command),
    Close(u8),
    Draw,
    Listen(u8),
    Answer(u8),
    AnswerWrongly(u8),
    Die(u8),
    LoseGpu(u8),
    Fire(u8),
    Bring(u8),
    BreakModels(bool),
    ListModels,
    FindAdapter(bool),
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Step(1)),
        Just(Command::Step(-1)),
        Just(Command::Undo),
        Just(Command::Redo),
        Just(Command::SetThreshold(0.7)),
        Just(Command::ToggleFillHoles),
        Just(Command::ShowLikeliest),
        Just(Command::ChooseModel(None)),
        Just(Command::ChooseModel(Some(skin()))),
        Just(Command::ChooseModel(Some(breast()))),
        Just(Command::AverageViews(true)),
        Just(Command::AverageViews(false)),
        Just(Command::ExportAll),
        Just(Command::ToggleExportFormat("nnunet")),
        Just(Command::Export("mask")),
        Just(Command::Copy("mask")),
        Just(Command::MakeSample(Modality::Ultrasound)),
        Just(Command::ChooseNetwork(
            ModelKey::Own("digest-1".to_owned()),
            "ema".to_owned()
        )),
        Just(Command::Accept),
        Just(Command::Reject),
        Just(Command::NextUndecided),
        Just(Command::UndoReview),
        Just(Command::SetFilter(Filter::Undecided)),
        Just(Command::SetFilter(Filter::All)),
        Just(Command::SetSort(Sort::Name)),
        Just(Command::Retry),
        Just(Command::SegmentAgain),
        Just(Command::RestartEngine),
        Just(Command::Reopen),
        Just(Command::PauseProcessing),
        Just(Command::ResumeProcessing),
        Just(Command::StopProcessing),
        Just(Command::Zoom(1.25, None)),
        Just(Command::Take(Tool::Move)),
        Just(Command::SetFrame(3)),
        Just(Command::StepFrame(-1)),
        Just(Command::TogglePlay),
        Just(Command::SetWindow(None)),
        Just(Command::Take(Tool::Scale)),
        Just(Command::UseDepthMarks),
        Just(Command::IgnoreDepthMarks),
        Just(Command::Take(Tool::LASSO)),
        Just(Command::Take(Tool::LASSO_ERASE)),
        Just(Command::Take(Tool::Fill)),
        Just(Command::Take(Tool::Drop)),
        Just(Command::Take(Tool::Box)),
        Just(Command::PutDown),
        Just(Command::ToggleIslands),
        Just(Command::SetBoxThreshold(Some(0.3))),
        Just(Command::StepThreshold(0.01)),
        Just(Command::Dab),
        Just(Command::ApplyScale {
            millimetres: 10.0,
            for_size: true
        }),
        Just(Command::RemoveScale),
        Just(Command::ToggleDiameters),
        Just(Command::MoveEnd {
            axis: Axis::Longest,
            end: 0,
            across: 3.0,
            down: -2.0
        }),
        Just(Command::ResetDiameters),
        Just(Command::CopyReport),
        Just(Command::RemoveTruth),
        Just(Command::StartFromTruth),
        Just(Command::ExportAll),
        Just(Command::ToggleWipe),
        Just(Command::SetWipe(20)),
        Just(Command::SetMode(Mode::Difference)),
        Just(Command::SetMode(Mode::Both)),
        Just(Command::SetWindow(Some(Window::between(10.0, 20.0)))),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => (0..4u8).prop_map(Happening::Drop),
        1 => Just(Happening::DropBroken),
        2 => any::<bool>().prop_map(Happening::DropTruth),
        1 => (0..4u8).prop_map(Happening::DropForImport),
        2 => Just(Happening::Later),
        2 => any::<u8>().prop_map(Happening::Drag),
        6 => command().prop_map(Happening::Command),
        1 => command().prop_map(Happening::CommandOnOld),
        1 => any::<u8>().prop_map(Happening::Close),
        2 => Just(Happening::Draw),
        3 => any::<u8>().prop_map(Happening::Listen),
        10 => any::<u8>().prop_map(Happening::Answer),
        1 => any::<u8>().prop_map(Happening::AnswerWrongly),
        1 => any::<u8>().prop_map(Happening::Die),
        1 => any::<u8>().prop_map(Happening::LoseGpu),
        3 => any::<u8>().prop_map(Happening::Fire),
        1 => (0..3u8).prop_map(Happening::Bring),
        1 => any::<bool>().prop_map(Happening::BreakModels),
        1 => Just(Happening::ListModels),
        1 => any::<bool>().prop_map(Happening::FindAdapter),
    ]
}

fn nth<T: Copy>(items: impl Iterator<Item = T>, number: u8) -> Option<T> {
    let items: Vec<T> = items.collect();
    let place = usize::from(number).checked_rem(items.len())?;
    items.get(place).copied()
}

fn engine(rig: &Rig, number: u8) -> Option<EngineId> {
    nth(rig.engines.keys().copied(), number)
}

fn happen(rig: &mut Rig, happening: Happening) {
    match happening {
        Happening::Drop(number) => {
            let name = match number {
                0 => "mole",
                1 => "ultrasound",
                2 => "ultrasound-cine",
                _ => "ultrasound-deep-marks",
            };
            rig.drop_files(&[&format!("{name}-{number}.png")]);
        }
        Happening::DropBroken => rig.drop_files(&["broken.txt", "after-broken.png"]),
        Happening::DropTruth(is_broken) => {
            let mask = if is_broken {
                "mole-0_lesion.png"
            } else {
                "mole-0_mask.png"
            };
            rig.drop_files(&[mask, "ultrasound-1_mask_1.png", "ultrasound-1_mask_2.png"]);
        }
        Happening::DropForImport(number) => {
            let (name, head) = match number {
                0 => ("set.zip", ZIP),
                1 => ("session.zip", ZIP),
                2 => ("damaged.zip", ZIP),
                _ => ("coco.json", COCO),
            };
            rig.drop_contents(&[(name, head)]);
        }
        Happening::Later => {
            if let Some(event) = rig.later.pop_front() {
                rig.tell(event);
            }
        }
        Happening::Drag(number) => {
            let step = f64::from(number);
            for (phase, at) in [
                (PointerPhase::Down, (200.0 + step, 300.0)),
                (PointerPhase::Moved, (210.0 + step, 320.0)),
                (PointerPhase::Up, (210.0 + step, 320.0)),
            ] {
                rig.point(phase, 8, at, number % 2 == 0);
            }
        }
        Happening::Command(command) => rig.send(command),
        Happening::CommandOnOld(command) => rig.tell(Event::Command {
            command,
            document: Some(DocumentId(u32::MAX)),
        }),
        Happening::Close(number) => {
            let ids = rig.app.documents.iter().map(|document| document.id);
            if let Some(id) = nth(ids, number) {
                rig.send(Command::Close(id));
            }
        }
        Happening::Draw => {
            rig.send(Command::Take(Tool::Add));
            for phase in [PointerPhase::Down, PointerPhase::Up] {
                rig.point(phase, 7, (400.0, 300.0), false);
            }
        }
        Happening::Listen(number) => {
            if let Some(id) = engine(rig, number) {
                rig.listen(id);
            }
        }
        Happening::Answer(number) => {
            if let Some(id) = engine(rig, number) {
                rig.answer(id);
            }
        }
        Happening::AnswerWrongly(number) => {
            let Some(id) = engine(rig, number) else {
                return;
            };
            // An engine that has the document takes its corrections; what was asked after them counts on that.
            let is_edit =
                |(_, request): &(RequestId, Request)| matches!(request, Request::Edit { .. });
            let first = rig
                .engines
                .get_mut(&id)
                .and_then(|engine| engine.requests.pop_front_if(|first| !is_edit(first)));
            if let Some((request, _)) = first {
                let message = Message::Failed {
                    id: request,
                    message: "no".to_owned(),
                };
                rig.say(id, message, None);
            }
        }
        Happening::Die(number) => {
            if let Some(engine) = engine(rig, number) {
                rig.tell(Event::EngineDied {
                    engine,
                    reason: "random".to_owned(),
                });
            }
        }
        Happening::LoseGpu(number) => {
            if let Some(id) = engine(rig, number) {
                let message = Message::Fatal {
                    message: "lost".to_owned(),
                    gpu_fault: Some("the GPU stopped working".to_owned()),
                };
                rig.say(id, message, None);
            }
        }
        Happening::Fire(number) => {
            if let Some(timer) = nth(rig.timers.iter().copied(), number) {
                rig.fire(timer);
            }
        }
        Happening::Bring(number) => {
            let digest = format!("digest-{number}");
            let file = Some(FileId(1000 + u32::from(number)));
            rig.tell(Event::OwnModelRead(Ok(own_model(
                &digest,
                ["best.pth", "two.pth"][usize::from(number % 2)],
                file,
            ))));
        }
        Happening::BreakModels(is_broken) => {
            rig.broken_models.clear();
            if is_broken {
                rig.broken_models.insert("breast".to_owned());
            }
        }
        Happening::ListModels => rig.list_models(),
        Happening::FindAdapter(is_there) => rig.tell(Event::AdapterFound(if is_there {
            Ok("Radeon".to_owned())
        } else {
            Err("WebGPU found no graphics adapter.".to_owned())
        })),
    }
}

const ZIP: &[u8] = b"PK\x03\x04";
const COCO: &[u8] = b"{\"images\": [], \"annotations\": []}";

/// What is in archives and annotations.
fn contents() -> BTreeMap<String, Contents> {
    let member = |path: &str| Member {
        path: path.to_owned(),
        kind: Kind::Image,
        size: 1,
        crc: path.len() as u32,
        part: Part::default(),
    };
    let set = Contents {
        members: ["set/mole-7.png", "set/mole-7_mask.png", "set/broken.txt"]
            .map(member)
            .to_vec(),
        ..Contents::default()
    };
    let described = |image: &str, is_start| Described {
        image: image.to_owned(),
        mask: Some(Part::default()),
        is_start,
        settings: Some((0.3, Cleaning::NONE)),
        review: Review {
            is_flagged: is_start,
            ..Review::default()
        },
    };
    let said = |is_start| Contents {
        described: ["mole-0.png", "ultrasound-1.png", "mole-7.png", "gone.png"]
            .map(|image| described(image, is_start))
            .to_vec(),
        ..Contents::default()
    };
    let all = [
        ("set.zip", set),
        ("session.zip", said(true)),
        ("coco.json", said(false)),
    ];
    all.map(|(name, contents)| (name.to_owned(), contents))
        .into()
}

/// Strokes of all open documents, with those of the one that was closed last: each is some correction by hand.
fn corrected(rig: &Rig) -> Vec<(DocumentId, u64)> {
    let opened = |document: &super::documents::Document| {
        let edits = document.opened.as_ref()?.all_edits();
        Some((document.id, edits.map(Edits::version).sum()))
    };
    rig.app.documents.iter().filter_map(opened).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_whatever_order_things_happen_no_edit_is_lost_and_no_wait_is_without_an_end(
        happenings in proptest::collection::vec(happening(), 0..120)
    ) {
        let mut rig = Rig::bare(Default::default());
        rig.broken_files.insert("broken.txt".to_owned());
        rig.broken_files.insert("mole-0_lesion.png".to_owned());
        rig.contents = contents();
        for happening in happenings {
            let before = corrected(&rig);
            let is_close = matches!(happening, Happening::Close(_));
            happen(&mut rig, happening);
            let after = corrected(&rig);
            for (id, version) in before {
                let is_kept = after.iter().any(|(other, later)| *other == id && *later >= version);
                // What is gone was closed by the person, refused as unreadable, or put away with the offer of an undo.
                let is_put_away = rig.app.documents.closed().is_some_and(|document| document.id == id);
                prop_assert!(is_kept || is_put_away || is_close || version == 0, "edits of {id:?} are lost");
            }
            prop_assert!(rig.app.is_stopped() || rig.serving().is_some() || rig.timers.contains(&Timer::Relaunch),
                "there is no engine and none is to come");
            prop_assert!(rig.app.listing.agrees_with(&rig.app.documents), "the list lags behind");
            prop_assert_eq!(&rig.faults, &Vec::<String>::new());
            // What is on the stage is kept, and nothing that is not open any more.
            let is_open = |id: &DocumentId| rig.app.documents.get(*id).is_some();
            prop_assert!(rig.images.iter().all(is_open));
            prop_assert!(rig.images.len() <= MOST_READY + 2);
        }

        // From any state the world can be put right, and then the person gets what they wait for.
        if rig.app.stage.is_playing {
            rig.send(Command::TogglePlay);
        }
        rig.broken_models.clear();
        rig.list_models();
        rig.send(Command::RestartEngine);
        rig.send(Command::Retry);
        rig.settle();
        rig.send(Command::Retry);
        rig.settle();
        prop_assert_eq!(rig.app.documents.opening_id(), None);
        prop_assert_eq!(rig.app.activity().map(|activity| activity.task), None);
        if let Some(shown) = rig.app.shown() {
            prop_assert_ne!(&shown.segmentation, &SegmentationState::Pending);
            prop_assert_eq!(rig.on_stage, rig.app.documents.shown_id());
        } else {
            prop_assert!(rig.app.documents.is_empty() || rig.on_stage.is_none());
        }
        // And once they rest, all that can be prepared is.
        rig.send(Command::ResumeProcessing);
        rig.rest();
        if rig.app.has_mask() {
            prop_assert_eq!(rig.app.background.progress(), None);
        }
        prop_assert_eq!(&rig.faults, &Vec::<String>::new());
    }
}
