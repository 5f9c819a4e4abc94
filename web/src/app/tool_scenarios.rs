//! Scenarios of the hands: tools, undo of settings, the brush's size, and one sentence at a time.

use delineo::mask::{Cleaning, Correction, StrokeKind};

use super::availability::Availability;
use super::command::Command;
use super::event::{Event, OfflineNews, Timer};
use super::gestures::PointerPhase;
use super::rig::Rig;
use super::stage::{Canvas, Tool};

/// Down at the first point, along the others, up at the last.
fn drag(rig: &mut Rig, points: &[(f64, f64)]) {
    rig.mouse(PointerPhase::Down, points[0]);
    for at in &points[1..] {
        rig.mouse(PointerPhase::Moved, *at);
    }
    rig.mouse(PointerPhase::Up, points[points.len() - 1]);
}

fn click(rig: &mut Rig, at: (f64, f64)) {
    // A mouse hovers before it presses.
    rig.mouse(PointerPhase::Moved, at);
    drag(rig, &[at]);
}

fn corrections(rig: &Rig) -> Vec<Correction> {
    rig.app
        .shown()
        .map_or_else(Vec::new, |shown| shown.edits.corrections())
}

/// A picture of 320 by 200 pixels, shown at 2.4, with a tool in hand.
fn with(tool: Tool) -> Rig {
    let mut rig = Rig::new();
    rig.open(&["a.png"]);
    rig.send(Command::Take(tool));
    rig
}

fn kind_and_count(of: &Correction) -> Option<(StrokeKind, usize)> {
    match of {
        Correction::Lasso(lasso) => Some((lasso.kind, lasso.corners.len())),
        _ => None,
    }
}

#[test]
fn a_lasso_that_is_drawn_in_one_go_closes_when_it_is_let_go() {
    for (tool, kind) in [
        (Tool::LASSO, StrokeKind::Add),
        (Tool::LASSO_ERASE, StrokeKind::Erase),
    ] {
        let mut rig = with(tool);
        drag(
            &mut rig,
            &[
                (300.0, 300.0),
                (400.0, 300.0),
                (400.0, 380.0),
                (310.0, 380.0),
            ],
        );
        rig.settle();
        let drawn: Vec<_> = corrections(&rig)
            .iter()
            .filter_map(kind_and_count)
            .collect();
        assert_eq!(drawn, [(kind, 4)]);
        rig.send(Command::Undo);
        assert!(corrections(&rig).is_empty());
        rig.send(Command::Redo);
        assert_eq!(corrections(&rig).len(), 1);
    }
}

#[test]
fn a_polygon_is_clicked_corner_by_corner_and_enter_closes_it() {
    let mut rig = with(Tool::LASSO);
    for at in [(300.0, 300.0), (400.0, 300.0), (350.0, 380.0)] {
        click(&mut rig, at);
    }
    assert!(corrections(&rig).is_empty(), "it is open");
    assert_eq!(rig.app.sketch().points.len(), 3);
    // The pointer may have left the stage meanwhile.
    rig.mouse(PointerPhase::Left, (0.0, 0.0));
    rig.press("Enter");
    let drawn: Vec<_> = corrections(&rig)
        .iter()
        .filter_map(kind_and_count)
        .collect();
    assert_eq!(drawn, [(StrokeKind::Add, 3)]);
    assert!(rig.app.sketch().points.is_empty());
}

#[test]
fn a_double_click_and_a_click_on_the_first_corner_close_a_polygon_too() {
    for last in [(350.0, 380.0), (304.0, 302.0)] {
        let mut rig = with(Tool::LASSO);
        for at in [(300.0, 300.0), (400.0, 300.0), (350.0, 380.0), last] {
            click(&mut rig, at);
        }
        let drawn: Vec<_> = corrections(&rig)
            .iter()
            .filter_map(kind_and_count)
            .collect();
        assert_eq!(drawn, [(StrokeKind::Add, 3)], "{last:?}");
    }
}

#[test]
fn undo_takes_the_last_corner_back_and_escape_abandons_the_polygon_before_it_puts_the_tool_down() {
    let mut rig = with(Tool::LASSO);
    click(&mut rig, (300.0, 300.0));
    click(&mut rig, (400.0, 300.0));
    assert_eq!(rig.app.availability(&Command::Undo), Availability::Enabled);
    rig.press_with("z", true, false);
    assert_eq!(rig.app.sketch().points.len(), 1);
    rig.press("Escape");
    assert!(rig.app.sketch().points.is_empty());
    assert_eq!(rig.app.stage.tool, Tool::LASSO);
    rig.press("Escape");
    assert_eq!(rig.app.stage.tool, Tool::Move);
    assert!(corrections(&rig).is_empty());
}

#[test]
fn a_polygon_of_two_corners_is_nothing() {
    let mut rig = with(Tool::LASSO);
    click(&mut rig, (300.0, 300.0));
    click(&mut rig, (400.0, 300.0));
    rig.press("Enter");
    assert!(corrections(&rig).is_empty());
    assert!(!rig.app.shown().is_some_and(|shown| shown.edits.can_undo()));
}

#[test]
fn the_keyboard_sets_the_corners_of_a_polygon_and_closes_it() {
    let mut rig = with(Tool::LASSO);
    rig.press("Enter");
    for key in ["ArrowRight", "ArrowDown"] {
        for _ in 0..3 {
            rig.press(key);
        }
        rig.press("Enter");
    }
    rig.press("Enter");
    let drawn: Vec<_> = corrections(&rig)
        .iter()
        .filter_map(kind_and_count)
        .collect();
    assert_eq!(drawn, [(StrokeKind::Add, 3)]);
}

#[test]
fn a_second_finger_turns_what_was_begun_into_a_pinch() {
    for tool in [Tool::LASSO, Tool::Fill, Tool::Drop, Tool::Box] {
        let mut rig = with(tool);
        rig.mouse(PointerPhase::Down, (300.0, 300.0));
        rig.mouse(PointerPhase::Moved, (330.0, 330.0));
        rig.point(PointerPhase::Down, 2, (500.0, 300.0), false);
        rig.point(PointerPhase::Up, 2, (500.0, 300.0), false);
        rig.mouse(PointerPhase::Up, (330.0, 330.0));
        assert!(corrections(&rig).is_empty(), "{tool:?}");
        assert!(rig.app.sketch().points.is_empty(), "{tool:?}");
    }
}

#[test]
fn regions_are_filled_and_dropped_where_they_are_pressed() {
    let mut rig = with(Tool::Fill);
    click(&mut rig, (400.0, 300.0));
    rig.press("5");
    click(&mut rig, (400.0, 300.0));
    rig.settle();
    let places: Vec<_> = corrections(&rig)
        .into_iter()
        .map(|of| match of {
            Correction::FillRegion(place) => ("fill", place.at),
            Correction::DropRegion(place) => ("drop", place.at),
            _ => ("other", [0.0; 2]),
        })
        .collect();
    // The middle of the canvas is the middle of the picture.
    assert_eq!(places, [("fill", [160.0, 100.0]), ("drop", [160.0, 100.0])]);
}

#[test]
fn a_box_is_drawn_and_the_threshold_keys_then_move_its_own_threshold() {
    let mut rig = with(Tool::Box);
    click(&mut rig, (300.0, 300.0));
    assert!(corrections(&rig).is_empty(), "a press is no box");
    drag(&mut rig, &[(280.0, 300.0), (340.0, 330.0), (400.0, 360.0)]);
    let threshold = |rig: &Rig| rig.app.drawn_box().map(|of| of.threshold);
    assert_eq!(threshold(&rig), Some(None), "the library proposes one");
    assert_eq!(rig.app.sketch().points.len(), 4);
    let before = rig.app.shown().map(|shown| shown.settings.threshold);
    rig.press(",");
    let own = before.map(|before| ((before - 0.01) * 100.0).round() / 100.0);
    assert_eq!(threshold(&rig), Some(own));
    assert_eq!(
        rig.app.shown().map(|shown| shown.settings.threshold),
        before
    );
    rig.settle();
    rig.send(Command::Undo);
    assert!(corrections(&rig).is_empty(), "the box is one step");
    rig.send(Command::Redo);
    rig.send(Command::Take(Tool::Move));
    rig.press(",");
    assert_eq!(rig.app.shown().map(|shown| shown.settings.threshold), own);
}

#[test]
fn threshold_class_and_cleaning_are_undone_like_strokes() {
    let mut rig = with(Tool::Fill);
    let settings = |rig: &Rig| rig.app.shown().map(|shown| shown.settings);
    let before = settings(&rig);
    for value in [0.5, 0.6, 0.7] {
        rig.send(Command::SetThreshold(value));
    }
    let moved = settings(&rig);
    rig.send(Command::ToggleFillHoles);
    click(&mut rig, (400.0, 300.0));
    let version = |rig: &Rig| rig.app.shown().map(|shown| shown.edits.version());
    rig.send(Command::Undo);
    assert!(corrections(&rig).is_empty());
    let drawn = version(&rig);
    rig.send(Command::Undo);
    assert_eq!(settings(&rig), moved);
    rig.send(Command::Undo);
    assert_eq!(settings(&rig), before, "the slider's moves are one step");
    assert_eq!(version(&rig), drawn, "no correction was changed");
    rig.send(Command::Redo);
    assert_eq!(settings(&rig), moved);
    rig.settle();
}

#[test]
fn a_changed_threshold_alone_is_no_work_that_would_be_lost() {
    let mut rig = with(Tool::Move);
    rig.send(Command::SetThreshold(0.7));
    assert!(
        rig.app
            .shown()
            .is_some_and(|shown| !shown.has_unsaved_edits())
    );
}

#[test]
fn small_islands_are_removed_until_the_person_says_otherwise_for_the_next_image_too() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    let below = |rig: &Rig| {
        rig.app
            .shown()
            .map(|shown| shown.settings.cleaning.islands_below)
    };
    assert_eq!(below(&rig), Some(Cleaning::PROPOSED.islands_below));
    rig.send(Command::SetIslands(2_000));
    rig.send(Command::Step(1));
    rig.settle();
    assert_eq!(below(&rig), Some(2_000));
    rig.send(Command::ToggleIslands);
    assert_eq!(below(&rig), Some(0));
    rig.send(Command::Undo);
    assert_eq!(below(&rig), Some(2_000));
}

#[test]
fn the_brush_has_a_size_in_image_pixels_which_zooming_does_not_change() {
    let mut rig = with(Tool::Add);
    rig.send(Command::SetBrush(20.0));
    assert_eq!(rig.app.brush_on_screen(), (48.0, 48.0), "at 2.4");
    rig.send(Command::Zoom(2.0, None));
    assert_eq!(rig.app.brush(), 20.0);
    assert!((rig.app.brush_on_screen().0 - 96.0).abs() < 1e-9);
    assert!(rig.app.tool_sentence().contains("20 px of the picture"));
    rig.send(Command::SetBrush(1e9));
    assert_eq!(rig.app.brush(), 100.0, "half of the shorter side");
}

#[test]
fn the_wheel_with_alt_changes_the_brush_and_without_one_in_hand_moves_the_image() {
    let mut rig = with(Tool::Add);
    let before = rig.app.brush();
    rig.send(Command::TurnAside(-100.0));
    assert!(rig.app.brush() > before);
    rig.send(Command::TurnAside(100.0));
    assert!((rig.app.brush() - before).abs() < 1e-9);
    rig.send(Command::Take(Tool::Move));
    rig.send(Command::Zoom(4.0, None));
    let left = |rig: &Rig| rig.app.shown().map(|shown| shown.viewport.view.left);
    let before = left(&rig);
    rig.send(Command::TurnAside(-100.0));
    assert_ne!(left(&rig), before);
}

fn resize(rig: &mut Rig, width: u32, height: u32) {
    rig.tell(Event::CanvasResized(Canvas {
        width,
        height,
        ratio: 1.0,
    }));
}

#[test]
fn a_sentence_below_the_stage_does_not_move_the_picture_under_a_tool() {
    // Tall enough that the height decides how large the picture is.
    let (width, height) = (1600, 600);
    let polygon = [(500.0, 100.0), (700.0, 100.0), (600.0, 300.0)];
    let mut rig = with(Tool::LASSO);
    resize(&mut rig, width, height);
    let view = |rig: &Rig| rig.app.shown().map(|shown| shown.viewport.view);
    let before = view(&rig);
    polygon.iter().for_each(|at| click(&mut rig, *at));
    rig.press("Enter");
    // The question whether work is kept comes.
    resize(&mut rig, width, height - 48);
    polygon.iter().for_each(|at| click(&mut rig, *at));
    click(&mut rig, polygon[2]);
    let drawn = corrections(&rig);
    assert_eq!(drawn.len(), 2);
    assert_eq!(drawn[0], drawn[1]);
    assert_eq!(view(&rig), before);
    rig.send(Command::Take(Tool::Move));
    assert_ne!(view(&rig), before, "put down, it is fitted again");
    resize(&mut rig, width, height);
    assert_eq!(view(&rig), before);
}

#[test]
fn a_window_of_another_size_fits_the_picture_again_with_any_tool_in_hand() {
    for (width, height) in [(1600, 400), (1500, 600), (1600, 800)] {
        let mut rig = with(Tool::Add);
        resize(&mut rig, 1600, 600);
        let scale = |rig: &Rig| rig.app.shown().map(|shown| shown.viewport.view.scale);
        resize(&mut rig, width, height);
        let fitted = scale(&rig);
        rig.send(Command::Fit);
        assert_eq!(scale(&rig), fitted, "{width} by {height}");
    }
    let mut rig = with(Tool::Add);
    resize(&mut rig, 1600, 600);
    for height in [550, 500, 450] {
        resize(&mut rig, 1600, height);
    }
    let view = rig.app.shown().map(|shown| shown.viewport.view);
    rig.send(Command::Fit);
    let fitted = rig.app.shown().map(|shown| shown.viewport.view);
    assert!(
        view.zip(fitted)
            .is_some_and(|(view, fitted)| view.scale < fitted.scale * 1.2),
        "many small steps do not hide the picture"
    );
}

#[test]
fn each_tool_says_what_it_is() {
    let mut rig = with(Tool::Move);
    assert_eq!(rig.app.tool_sentence(), "");
    for (key, word) in [
        ("b", "Brush"),
        ("e", "Eraser"),
        ("2", "Lasso"),
        ("3", "Lasso"),
        ("4", "Fill region"),
        ("5", "Drop region"),
        ("6", "Threshold box"),
    ] {
        rig.press(key);
        assert!(rig.app.tool_sentence().starts_with(word), "{key}");
    }
}

#[test]
fn another_image_on_the_stage_abandons_the_lasso_and_another_lasso_does_not() {
    let mut rig = Rig::new();
    rig.open(&["a.png", "b.png"]);
    rig.send(Command::Take(Tool::LASSO));
    click(&mut rig, (300.0, 300.0));
    rig.send(Command::Take(Tool::LASSO_ERASE));
    assert_eq!(rig.app.sketch().points.len(), 1);
    rig.send(Command::Step(1));
    rig.settle();
    assert!(rig.app.sketch().points.is_empty());
}

#[test]
fn one_sentence_is_on_the_screen_at_a_time_and_offline_use_is_told_briefly() {
    let mut rig = Rig::new();
    rig.tell(Event::Offline(OfflineNews::Ready { is_new: true }));
    let current = |rig: &Rig| rig.app.notices.current().map(|notice| notice.text.clone());
    assert_eq!(current(&rig).as_deref(), Some("Ready to work offline."));
    rig.drop_files(&["notes.txt"]);
    rig.broken_files.insert("notes.txt".to_owned());
    rig.settle();
    assert!(current(&rig).is_some_and(|text| text.contains("notes.txt")));
    let timers: Vec<_> = rig.timers.iter().copied().collect();
    for timer in timers {
        if matches!(timer, Timer::Notice(_)) {
            rig.fire(timer);
        }
    }
    assert!(current(&rig).is_some_and(|text| text.contains("notes.txt")));
    assert_eq!(rig.app.notices.waiting(), 0);
}

#[test]
fn the_question_whether_work_is_kept_waits_for_news_and_a_new_version() {
    let mut rig = with(Tool::Add);
    drag(&mut rig, &[(300.0, 300.0), (330.0, 330.0)]);
    assert!(rig.app.asks_to_keep() && rig.app.notice().is_none());
    rig.tell(Event::FileSaved {
        file_name: "a_mask.png".to_owned(),
        is_saved: true,
    });
    assert!(!rig.app.asks_to_keep());
    let news = rig.app.notice().map(|notice| notice.id);
    rig.fire(Timer::Notice(news.unwrap_or_default()));
    assert!(rig.app.asks_to_keep());
    rig.tell(Event::Offline(OfflineNews::UpdateFound));
    let offer = rig.app.notice().map(|notice| notice.id);
    assert!(!rig.app.asks_to_keep() && offer.is_some());
    rig.send(Command::Dismiss(offer.unwrap_or_default()));
    assert!(rig.app.asks_to_keep());
}
