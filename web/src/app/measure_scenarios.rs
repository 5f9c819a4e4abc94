//! Scenarios of measuring: figures, a scale by hand, diameters of one's own, the report, and true masks.
//!
//! The rig's mask is a rectangle of 100 × 50 pixels from (100, 100) on, in an image of 320 × 200 pixels that is shown at
//! 2.4 canvas pixels each: its corners lie on the canvas at (256, 300) and (496, 420).

use delineo::export::REPORT;
use delineo::measure::{Axis, ScaleSource};

use super::availability::Availability;
use super::command::Command;
use super::effect::Effect;
use super::gestures::PointerPhase;
use super::measuring::LineKind;
use super::preferences::Mode;
use super::rig::Rig;
use super::stage::Tool;
use crate::protocol::Request;

const CORNERS: [(f64, f64); 2] = [(256.0, 300.0), (496.0, 420.0)];

fn drag(rig: &mut Rig, from: (f64, f64), to: (f64, f64)) {
    rig.mouse(PointerPhase::Down, from);
    rig.mouse(PointerPhase::Moved, to);
    rig.mouse(PointerPhase::Up, to);
}

/// What the table says of a figure.
fn value(rig: &Rig, name: &str) -> String {
    let table = rig.app.table();
    let mut rows = table.main.iter().chain(&table.more);
    let row = rows.find(|row| row.name == name);
    row.map_or_else(String::new, |row| row.value.clone())
}

fn remark(rig: &Rig, name: &str) -> String {
    let table = rig.app.table();
    let row = table.main.iter().find(|row| row.name == name);
    row.map_or_else(String::new, |row| row.remark.clone())
}

/// Says that the upper edge of the rectangle, 100 pixels, is 10 mm long.
fn set_scale(rig: &mut Rig, for_size: bool) {
    rig.send(Command::Take(Tool::Scale));
    drag(rig, CORNERS[0], (CORNERS[1].0, CORNERS[0].1));
    rig.send(Command::ApplyScale {
        millimetres: 10.0,
        for_size,
    });
    rig.settle();
}

fn left(rig: &Rig) -> f64 {
    rig.app
        .shown()
        .map_or(0.0, |shown| shown.viewport.view.left)
}

#[test]
fn what_was_measured_is_shown_in_pixels_where_no_scale_is_known() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    assert_eq!(value(&rig, "Area"), "5\u{202f}000 px²");
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
    assert_eq!(value(&rig, "Solidity"), "1.00");
    assert!(rig.app.table().notes[0].contains("in pixels"));
}

#[test]
fn figures_of_another_mask_than_the_one_on_the_stage_are_never_shown() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.send(Command::SetThreshold(0.7));
    assert_eq!(value(&rig, "Longest diameter"), "…");
    assert!(rig.app.lines().is_empty());
    rig.answer_until(|request| matches!(request, Request::Paint { .. }));
    assert_eq!(value(&rig, "Area"), "≈ 100 px²");
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
    assert_eq!(rig.app.lines().len(), 2);
}

#[test]
fn a_line_of_known_length_makes_millimetres_and_leaves_the_mask_alone() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let edits = |rig: &Rig| rig.app.shown().map(|shown| shown.edits.version());
    let before = edits(&rig);
    set_scale(&mut rig, false);
    assert_eq!(value(&rig, "Area"), "50.0 mm²");
    assert_eq!(value(&rig, "Longest diameter"), "11.2 mm");
    assert!(rig.app.table().notes[0].contains("0.1 mm per pixel (set by hand)"));
    assert_eq!((edits(&rig), rig.app.stage.tool), (before, Tool::Move));
    assert_eq!(rig.app.stage.ruler, None);
    rig.send(Command::Undo);
    rig.settle();
    assert_eq!(value(&rig, "Area"), "5\u{202f}000 px²");
    rig.send(Command::Redo);
    rig.send(Command::RemoveScale);
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
}

#[test]
fn pixels_that_are_not_square_are_scaled_in_both_directions() {
    let mut rig = Rig::new();
    rig.open(&["tall.png"]);
    rig.send(Command::Take(Tool::Scale));
    let view = rig.app.shown().map(|shown| shown.viewport.view);
    let to_canvas = |at| view.map_or(at, |view| super::viewport::to_canvas(view, at));
    drag(&mut rig, to_canvas((50.0, 20.0)), to_canvas((50.0, 70.0)));
    rig.send(Command::ApplyScale {
        millimetres: 10.0,
        for_size: false,
    });
    let scale = rig.app.shown().and_then(|shown| shown.scale());
    let spacing = scale.map(|scale| scale.regions[0].spacing);
    let spacing = spacing.unwrap_or(delineo::measure::Spacing::PIXEL);
    // 50 rows are 10 mm, and a pixel is twice as high as wide.
    assert!((spacing.y - 0.2).abs() < 1e-9 && (spacing.x - 0.1).abs() < 1e-9);
}

#[test]
fn the_keyboard_sets_both_ends_of_the_line() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.send(Command::ToggleControls);
    rig.press("u");
    assert!(rig.app.preferences.controls, "there the length is typed");
    rig.press("Enter");
    for _ in 0..3 {
        rig.press("ArrowRight");
    }
    rig.press_with("ArrowDown", false, true);
    rig.press_with("ArrowUp", false, true);
    rig.press("Enter");
    // Three steps of 8 canvas pixels at 2.4 each: 10 image pixels.
    rig.send(Command::ApplyScale {
        millimetres: 5.0,
        for_size: false,
    });
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "55.9 mm");
}

#[test]
fn two_presses_draw_the_line_too_and_its_ends_can_be_moved() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.send(Command::Take(Tool::Scale));
    let apply = Command::ApplyScale {
        millimetres: 10.0,
        for_size: false,
    };
    drag(&mut rig, (256.0, 300.0), (256.0, 300.0));
    assert_eq!(rig.app.availability(&apply), Availability::Disabled);
    drag(&mut rig, (376.0, 300.0), (376.0, 300.0));
    let length = |rig: &Rig| rig.app.lines().last().map(|line| line.text.clone());
    assert_eq!(length(&rig).as_deref(), Some("50.0 px"));
    drag(&mut rig, (380.0, 300.0), (496.0, 300.0));
    assert_eq!(length(&rig).as_deref(), Some("100 px"));
    rig.press("Escape");
    assert_eq!(rig.app.stage.ruler, None);
    assert_eq!(rig.app.availability(&apply), Availability::Disabled);
}

#[test]
fn a_length_that_is_none_sets_no_scale_and_says_so() {
    for millimetres in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        let mut rig = Rig::new();
        rig.open(&["mole.png"]);
        rig.send(Command::Take(Tool::Scale));
        drag(&mut rig, CORNERS[0], CORNERS[1]);
        rig.send(Command::ApplyScale {
            millimetres,
            for_size: true,
        });
        assert!(rig.says("above 0"), "{millimetres}");
        assert_eq!(rig.app.shown().and_then(|shown| shown.scale()), None);
    }
}

#[test]
fn a_scale_for_all_of_a_size_holds_for_the_images_that_follow() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png", "tall.png"]);
    set_scale(&mut rig, true);
    rig.send(Command::Step(1));
    rig.settle();
    assert_eq!(value(&rig, "Area"), "50.0 mm²");
    let source = rig
        .app
        .shown()
        .and_then(|shown| Some(shown.scale()?.source));
    assert_eq!(source, Some(ScaleSource::ByHand));
    rig.send(Command::Step(1));
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "112 px", "other pixels");
    rig.send(Command::Step(-1));
    rig.settle();
    rig.send(Command::RemoveScale);
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
}

#[test]
fn a_scale_holds_for_all_frames_of_a_file() {
    let mut rig = Rig::new();
    rig.open(&["ultrasound-cine.dcm"]);
    set_scale(&mut rig, false);
    rig.send(Command::SetFrame(3));
    rig.settle();
    assert_eq!(value(&rig, "Area"), "50.0 mm²");
}

#[test]
fn an_end_of_a_diameter_can_be_dragged_and_the_line_is_the_persons_own_from_then_on() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    set_scale(&mut rig, false);
    let before = left(&rig);
    drag(&mut rig, (498.0, 418.0), (496.0, 300.0));
    assert_eq!(value(&rig, "Longest diameter"), "10.0 mm");
    assert_eq!(remark(&rig, "Longest diameter"), "drawn by hand");
    assert_eq!(left(&rig), before, "the picture stays");
    rig.send(Command::SetThreshold(0.7));
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "10.0 mm");
    assert!(
        rig.app
            .report_text()
            .is_some_and(|text| text.contains("drawn by hand"))
    );
    rig.send(Command::ResetDiameters);
    assert_eq!(value(&rig, "Longest diameter"), "11.2 mm");
    for _ in ["the reset", "the threshold", "the line"] {
        rig.send(Command::Undo);
    }
    rig.settle();
    assert_eq!(value(&rig, "Longest diameter"), "11.2 mm");
    assert_eq!(value(&rig, "Area"), "50.0 mm²", "the scale is another step");
}

#[test]
fn beside_an_end_the_picture_is_moved_and_fingers_need_not_be_as_exact() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.send(Command::Zoom(4.0, Some(CORNERS[0])));
    let before = left(&rig);
    drag(&mut rig, (276.0, 300.0), (300.0, 300.0));
    assert_ne!(left(&rig), before);
    drag(&mut rig, (300.0, 300.0), (276.0, 300.0));
    let before = left(&rig);
    rig.point(PointerPhase::Down, 1, (276.0, 300.0), true);
    rig.point(PointerPhase::Moved, 1, (300.0, 300.0), true);
    assert_eq!(left(&rig), before);
    assert!(
        rig.app
            .shown()
            .is_some_and(|shown| shown.edits.has_diameters())
    );
    rig.point(PointerPhase::Down, 2, (500.0, 300.0), true);
    assert!(
        rig.app.shown().is_some_and(|shown| !shown.edits.can_undo()),
        "it was a pinch"
    );
}

#[test]
fn presses_that_move_an_end_are_one_step() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    for _ in 0..5 {
        rig.send(Command::MoveEnd {
            axis: Axis::Longest,
            end: 0,
            across: 24.0,
            down: 0.0,
        });
    }
    assert_eq!(value(&rig, "Longest diameter"), "70.7 px");
    rig.send(Command::Undo);
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
    assert_eq!(rig.app.availability(&Command::Undo), Availability::Disabled);
}

#[test]
fn diameters_that_are_not_shown_cannot_be_dragged() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let kinds: Vec<LineKind> = rig.app.lines().iter().map(|line| line.kind).collect();
    let diameters = [Axis::Longest, Axis::Perpendicular].map(LineKind::Diameter);
    assert_eq!(kinds, diameters);
    rig.press("d");
    assert!(rig.app.lines().is_empty());
    drag(&mut rig, CORNERS[0], (300.0, 300.0));
    assert!(
        rig.app
            .shown()
            .is_some_and(|shown| !shown.edits.has_diameters())
    );
    rig.send(Command::Compare(true));
    rig.send(Command::ToggleDiameters);
    assert!(rig.app.lines().is_empty(), "the plain image is plain");
}

#[test]
fn diameters_and_box_that_are_shown_are_in_the_exported_overlay_too() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    let exported = |rig: &mut Rig| {
        rig.send(Command::Export("overlay"));
        let lines = rig.asked().iter().find_map(|request| match request {
            Request::Export { lines, .. } => Some(lines.clone()),
            _ => None,
        });
        rig.settle();
        lines.unwrap_or_default()
    };
    let texts: Vec<String> = exported(&mut rig)
        .into_iter()
        .map(|line| line.text)
        .collect();
    assert_eq!(texts, ["112 px", "55.9 px"]);
    rig.send(Command::ToggleDiameters);
    assert!(exported(&mut rig).is_empty());
    rig.send(Command::ToggleBox);
    let sides = exported(&mut rig);
    assert_eq!(
        (sides[0].from, sides[0].to),
        ([100.0, 100.0], [200.0, 100.0])
    );
    let texts: Vec<&str> = sides.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["100 px", "50.0 px", "", ""]);
    assert_eq!(rig.app.lines().len(), 4);
}

#[test]
fn the_report_is_saved_with_the_figures_that_are_shown_and_without_the_files_name() {
    let mut rig = Rig::new();
    rig.open(&["Jane Doe.png"]);
    let report = Command::Export(REPORT);
    assert!(rig.app.availability(&report).is_enabled());
    rig.send(report.clone());
    let page = rig.asked().iter().find_map(|request| match request {
        Request::Export { report, .. } => report.clone(),
        _ => None,
    });
    let page = page.expect("is sent along");
    assert_eq!(page.rows[1][..2], ["Longest diameter", "112 px"]);
    assert!(!format!("{page:?}").contains("Jane"));
    rig.settle();
    rig.send(Command::SetThreshold(0.3));
    assert!(matches!(
        rig.app.availability(&report),
        Availability::Waits(_)
    ));
}

#[test]
fn corrections_start_from_the_true_mask_and_that_can_be_undone() {
    let mut rig = Rig::new();
    rig.open(&["mole.png", "mole_mask.png"]);
    let truths = |rig: &Rig| rig.app.wanted_mask().map(|mask| mask.truths);
    assert_eq!(truths(&rig), Some(0));
    rig.send(Command::StartFromTruth);
    rig.settle();
    assert_eq!(truths(&rig), Some(1));
    assert!(
        rig.app
            .report_text()
            .is_some_and(|text| text.contains("Drawn or corrected by hand"))
    );
    assert!(!rig.app.availability(&Command::RemoveTruth).is_enabled());
    rig.send(Command::Undo);
    rig.settle();
    assert_eq!(truths(&rig), Some(0));
    assert!(rig.app.availability(&Command::RemoveTruth).is_enabled());
}

#[test]
fn mask_and_truth_stand_side_by_side_where_their_difference_is_shown() {
    let mut rig = Rig::new();
    rig.open(&["mole.png", "mole_mask.png"]);
    let wiped = |rig: &Rig| match rig.app.overlay.asked.as_ref() {
        Some(wish) => wish.frame.wipe,
        None => None,
    };
    rig.send(Command::ToggleWipe);
    rig.settle();
    assert_eq!(wiped(&rig), None);
    rig.send(Command::SetMode(Mode::Difference));
    rig.send(Command::ToggleWipe);
    rig.settle();
    assert_eq!(wiped(&rig), Some(0.5));
    rig.send(Command::SetWipe(20));
    rig.settle();
    assert_eq!(wiped(&rig), Some(0.2));
    rig.send(Command::ToggleWipe);
    rig.settle();
    assert_eq!(wiped(&rig), None);
}

#[test]
fn the_report_is_copied_once_there_are_figures_and_does_not_name_the_file() {
    let mut rig = Rig::new();
    rig.drop_files(&["Jane Doe.png"]);
    rig.answer_until(|request| matches!(request, Request::Segment(_)));
    rig.settle();
    rig.send(Command::SetThreshold(0.7));
    rig.send(Command::CopyReport);
    assert!(rig.says("Nothing was copied"));
    rig.settle();
    rig.press("t");
    let text = rig.seen.iter().find_map(|effect| match effect {
        Effect::CopyText { text, .. } => Some(text.clone()),
        _ => None,
    });
    let text = text.unwrap_or_default();
    for part in [
        "longest diameter",
        "skin at threshold 0.7",
        "not corrected",
        "\tarea_px\t",
    ] {
        assert!(text.to_lowercase().contains(part), "{part} in {text}");
    }
    assert!(text.contains("research use, not a medical device") && !text.contains("Jane"));
}

#[test]
fn a_mask_that_comes_with_its_image_is_the_truth_about_it_and_no_image() {
    let mut rig = Rig::new();
    rig.open(&["mole_mask.png", "other.png", "mole.png"]);
    assert_eq!(rig.app.documents.len(), 2);
    assert_eq!(rig.shown_name(), Some("other.png"));
    assert!(rig.app.comparison().is_empty());
    rig.send(Command::Step(1));
    rig.settle();
    assert_eq!(rig.shown_name(), Some("mole.png"));
    let rows = rig.app.comparison();
    assert_eq!((rows[0].name, rows[0].value.as_str()), ("Dice", "1.000"));
    assert!(rig.says("mole_mask.png"));
}

#[test]
fn a_mask_may_follow_its_image_and_one_without_an_image_is_opened() {
    let mut rig = Rig::new();
    rig.open(&["mole.png"]);
    rig.open(&["mole_segmentation.png"]);
    assert_eq!(
        (rig.app.documents.len(), rig.shown_name()),
        (1, Some("mole.png"))
    );
    assert_eq!(rig.app.comparison().len(), 6);
    rig.open(&["mole_mask.png"]);
    assert_eq!(
        rig.app.comparison().len(),
        6,
        "it takes the place of the first"
    );
    let names = rig
        .app
        .documents
        .shown()
        .map(|(document, _)| document.truths.len());
    assert_eq!(names, Some(1));
    rig.open(&["nevus_mask.png"]);
    assert_eq!(rig.shown_name(), Some("nevus_mask.png"));
}

#[test]
fn several_masks_of_one_image_count_together() {
    let mut rig = Rig::new();
    rig.open(&["mole.png", "mole_mask.png", "mole_mask_1.png"]);
    assert_eq!(rig.app.documents.len(), 1);
    assert_eq!(rig.app.comparison().len(), 6);
    rig.die();
    rig.settle();
    assert_eq!(rig.app.comparison().len(), 6);
}

#[test]
fn what_is_no_mask_is_refused_and_the_image_stays() {
    let mut rig = Rig::new();
    rig.broken_files.insert("mole_mask.png".to_owned());
    rig.open(&["mole.png", "mole_mask.png"]);
    assert!(rig.says("not a mask"));
    assert!(rig.is_done() && rig.app.comparison().is_empty());
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
}

#[test]
fn the_difference_can_be_shown_where_there_is_a_truth_and_the_mask_elsewhere() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png", "a_mask.png"]);
    let show = Command::SetMode(Mode::Difference);
    rig.send(show.clone());
    rig.settle();
    let truths = |rig: &Rig| rig.app.overlay.asked.as_ref().map(|wish| wish.frame.truths);
    assert_eq!(truths(&rig), Some(1));
    rig.send(Command::Step(1));
    rig.settle();
    assert_eq!(truths(&rig), Some(0));
    assert!(rig.app.style().tint && rig.app.style().contour);
    assert_eq!(rig.app.availability(&show), Availability::Disabled);
    for mode in [Mode::Tint, Mode::Contour, Mode::Both, Mode::Uncertainty] {
        rig.send(Command::NextMode);
        assert_eq!(rig.app.preferences.mode, mode);
    }
    rig.settle();
    let band = |rig: &Rig| rig.app.overlay.asked.as_ref().map(|wish| wish.frame.band);
    assert_eq!(band(&rig), Some(true));
    rig.send(Command::NextMode);
    assert_eq!(
        rig.app.preferences.mode,
        Mode::Tint,
        "there is nothing to compare with"
    );
}

#[test]
fn a_truth_goes_with_its_image_and_can_be_put_aside() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "a_mask.png"]);
    let dropped = |rig: &Rig| {
        let is_drop = |effect: &&Effect| matches!(effect, Effect::DropFile(_));
        rig.seen.iter().filter(is_drop).count()
    };
    rig.send(Command::RemoveTruth);
    rig.settle();
    assert!(rig.app.comparison().is_empty());
    assert_eq!(value(&rig, "Longest diameter"), "112 px");
    assert_eq!(dropped(&rig), 1);
    rig.open(&["a_mask.png"]);
    if let Some(id) = rig.app.documents.shown_id() {
        rig.send(Command::Close(id));
    }
    assert_eq!(dropped(&rig), 3);
}
