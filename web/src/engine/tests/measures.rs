//! What the engine measures, and what it compares with.

use delineo::export::{Line, mask_png, png};
use delineo::mask::{Cleaning, Mask};
use delineo::measure::{
    Measurements, Rect, Scale, ScaleSource, ScaledRegion, Side, Spacing, Uncertainty,
};
use delineo::{RgbImage, phantom};

use super::desk::{Attachment, Desk, STYLE, frame, lesion, mask};
use crate::protocol::{Answer, MeasureSpec, Request};

fn spec(scale: Option<Scale>, truths: u32) -> MeasureSpec {
    MeasureSpec {
        mask: mask(1),
        scale,
        truths,
    }
}

/// The exported mask.
fn exported(desk: &mut Desk, width: u32, height: u32) -> Mask {
    Mask::new(width, height, desk.mask(mask(1)))
}

#[test]
fn the_figures_are_those_of_the_exported_mask() {
    let mut desk = Desk::with_document(200, 150);
    let spacing = Spacing { x: 0.2, y: 0.1 };
    let scale = Scale::everywhere(spacing, ScaleSource::ByHand);
    let measured = desk.measure_all(spec(Some(scale.clone()), 0));
    let measured = measured.expect("is measured");
    let expected = Measurements::of(&exported(&mut desk, 200, 150), Some(&scale));
    assert_eq!(measured.measurements, expected);
    let whole = expected.whole.expect("there is a lesion");
    assert_eq!(measured.area.pixels, whole.px.area);
    assert!(whole.mm.is_some());
    let Some(Uncertainty {
        mm: Some(extent), ..
    }) = measured.uncertainty
    else {
        panic!("{:?}", measured.uncertainty);
    };
    assert!(extent.area.low <= whole.figures().area && whole.figures().area <= extent.area.high);
    assert!(measured.outline.is_some(), "it is skin");
    assert!(measured.proportions.is_none() && measured.comparison.is_none());
}

#[test]
fn depth_marks_are_told_of_ultrasound_without_a_scale_and_of_nothing_else() {
    let marks_of = |mut image: RgbImage| {
        for at in 0..12 * 9 {
            let (dot, x, y) = (at / 9, 12 + at % 3, at / 3 % 3);
            image.get_pixel_mut(x, 10 + 26 * dot + y).0 = [240; 3];
        }
        let mut desk = Desk::new(false);
        let (answer, _) = desk.open(1, png(&image).expect("encodes")).expect("opens");
        match answer {
            Answer::Opened(facts) => (facts.scale, facts.depth_marks),
            other => panic!("{other:?}"),
        }
    };
    let (scale, marks) = marks_of(phantom::ultrasound(4, 400, 320).image);
    let marks = marks.expect("twelve dots");
    assert!((marks.period_px - 26.0).abs() < 0.1 && marks.side == Side::Left);
    assert_eq!(scale, None, "nobody said so yet");
    assert_eq!(marks_of(phantom::dermoscopy(4, 400, 320).image).1, None);
}

#[test]
fn an_empty_mask_has_no_figures() {
    let mut desk = Desk::with_document(200, 150);
    let mut nothing = spec(None, 0);
    nothing.mask.settings.threshold = 1.1;
    let measured = desk.measure_all(nothing).expect("is measured");
    assert_eq!(measured.area.pixels, 0.0);
    assert_eq!(measured.measurements, Measurements::default());
    assert!(measured.uncertainty.is_none() && measured.outline.is_none());
}

#[test]
fn there_are_millimetres_only_where_the_scale_holds_for_the_lesion() {
    let mut desk = Desk::with_document(200, 150);
    let area = Rect {
        left: 0,
        top: 0,
        right: 20,
        bottom: 20,
    };
    let scale = Scale {
        source: ScaleSource::UltrasoundRegions,
        regions: vec![ScaledRegion {
            area: Some(area),
            spacing: Spacing { x: 0.1, y: 0.1 },
        }],
    };
    let measured = desk.measure_all(spec(Some(scale), 0)).expect("is measured");
    let whole = measured.measurements.whole.expect("there is a lesion");
    assert!(whole.mm.is_none());
}

#[test]
fn corrections_can_start_from_the_true_mask() {
    let mut desk = Desk::with_document(200, 150);
    let bits = (0..200 * 150).map(|at| u8::from(at % 200 < 30)).collect();
    let truth = Mask::new(200, 150, bits);
    let picture = mask_png(&truth).expect("encodes");
    desk.attach_truth(0, picture).expect("is a mask");
    let mut from_truth = mask(1);
    from_truth.truths = 1;
    from_truth.settings.cleaning = Cleaning::default();
    let values: Vec<u8> = truth.bits().iter().map(|bit| bit * 255).collect();
    assert_eq!(desk.mask(from_truth.clone()), values);
    from_truth.truths = 2;
    let message = desk.measure(from_truth).expect_err("there is one file");
    assert!(!message.is_empty());
}

#[test]
fn a_mask_is_compared_with_the_truth_that_was_attached_and_with_all_its_files() {
    let mut desk = Desk::with_document(200, 150);
    let own = exported(&mut desk, 200, 150);
    let half = |upper: bool| {
        let bits = own.bits().iter().enumerate();
        let bits = bits.map(|(at, bit)| if (at / 200 < 75) == upper { *bit } else { 0 });
        mask_png(&Mask::new(200, 150, bits.collect())).expect("encodes")
    };
    desk.attach_truth(0, half(true)).expect("is a mask");
    let compared = |desk: &mut Desk, truths| {
        let measured = desk.measure_all(spec(None, truths)).expect("is measured");
        measured.comparison.expect("there is a truth")
    };
    let upper = compared(&mut desk, 1);
    assert!(upper.dice > 0.0 && upper.dice < 1.0);
    assert!(upper.false_positive_px > 0 && upper.false_negative_px == 0);
    desk.attach_truth(1, half(false)).expect("is a mask");
    assert_eq!(compared(&mut desk, 2).dice, 1.0);
    desk.measure_all(spec(None, 1)).expect_err("there are two");
    desk.attach_truth(3, half(true))
        .expect_err("one is missing");
    desk.attach_truth(0, half(true)).expect("replaces both");
    assert_eq!(compared(&mut desk, 1), upper);
    desk.open(1, lesion(200, 150)).expect("opens");
    desk.segment(1).expect("is segmented");
    desk.measure_all(spec(None, 1))
        .expect_err("it went with the image");
}

#[test]
fn what_is_no_mask_or_of_another_size_is_refused_by_name() {
    let mut desk = Desk::with_document(200, 150);
    let picture = desk
        .attach_truth(0, lesion(200, 150))
        .expect_err("a picture");
    assert!(
        picture.contains("lesion.1_mask.png: This is a picture and not a mask"),
        "{picture}"
    );
    let small = mask_png(&Mask::new(20, 15, vec![1; 300])).expect("encodes");
    let size = desk.attach_truth(0, small).expect_err("too small");
    assert!(size.contains("20×15"), "{size}");
    desk.measure_all(spec(None, 1)).expect_err("there is none");
}

#[test]
fn the_difference_covers_what_either_mask_has() {
    let mut desk = Desk::with_document(200, 150);
    let own = exported(&mut desk, 200, 150);
    let mut shown = frame(200, 150);
    shown.truths = 1;
    desk.paint(mask(1), shown)
        .expect_err("there is no truth yet");
    let square = |at: usize| (90..110).contains(&(at % 200)) && at / 200 < 20;
    let truth = (0..200 * 150).map(|at| u8::from(square(at))).collect();
    let truth = Mask::new(200, 150, truth);
    desk.attach_truth(0, mask_png(&truth).expect("encodes"))
        .expect("is a mask");
    let (painted, area) = desk.paint(mask(1), shown).expect("is drawn");
    assert_eq!(area.pixels, own.area() as f64);
    let either = own
        .bits()
        .iter()
        .zip(truth.bits())
        .map(|(one, other)| one | other);
    assert!(
        painted
            .iter()
            .zip(either)
            .all(|(alpha, on)| (*alpha > 0) == (on == 1))
    );
}

#[test]
fn lines_are_drawn_on_the_exported_overlay_and_on_no_other_file() {
    let mut desk = Desk::with_document(200, 150);
    let mut export = |format: &str, lines: Vec<Line>| {
        let request = Request::Export {
            mask: mask(1),
            format: format.to_owned(),
            style: STYLE,
            lines,
            scale: None,
            report: None,
        };
        let (_, payload) = desk.ask(request, Attachment::None).expect("is written");
        payload
    };
    let line = Line {
        from: [20.0, 20.0],
        to: [120.0, 90.0],
        text: "12.3 mm".to_owned(),
    };
    assert_ne!(
        export("overlay", vec![line.clone()]),
        export("overlay", Vec::new())
    );
    assert_eq!(export("mask", vec![line]), export("mask", Vec::new()));
}
