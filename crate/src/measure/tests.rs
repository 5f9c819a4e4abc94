//! Shapes whose figures are known, and words that are made of them.

use std::f64::consts::PI;

use super::*;
use crate::mask::{Cleaning, Mask, ProbabilityMap};

/// The pixels whose centre satisfies `inside`.
fn mask(width: u32, height: u32, inside: impl Fn(f64, f64) -> bool) -> Mask {
    let bits = (0..width * height)
        .map(|at| {
            let (x, y) = (f64::from(at % width) + 0.5, f64::from(at / width) + 0.5);
            u8::from(inside(x, y))
        })
        .collect();
    Mask::new(width, height, bits)
}

fn ellipse(width: u32, height: u32, a: f64, b: f64, degrees: f64) -> Mask {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cx, cy) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    mask(width, height, |x, y| {
        let (x, y) = (x - cx, y - cy);
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        (u / a).powi(2) + (v / b).powi(2) <= 1.0
    })
}

fn whole(mask: &Mask) -> Shape {
    Measurements::of(mask, None).whole.expect("a lesion")
}

fn in_mm(mask: &Mask, x: f64, y: f64) -> Figures {
    let scale = Scale::everywhere(Spacing { x, y }, ScaleSource::ByHand);
    let shape = Measurements::of(mask, Some(&scale)).whole;
    shape.expect("a lesion").mm.expect("a scale")
}

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not within {tolerance} of {expected}"
    );
}

#[test]
fn a_disc_has_the_figures_of_a_circle() {
    let r = 200.0;
    let shape = whole(&ellipse(480, 460, r, r, 0.0));
    let px = shape.px;
    near(px.area, PI * r * r, 0.002 * PI * r * r);
    // Corners lie up to half a diagonal beyond the pixel's centre, at each end.
    near(px.longest.length, 2.0 * r, 2_f64.sqrt());
    near(px.perpendicular.length, 2.0 * r, 2_f64.sqrt());
    near(px.feret_min, 2.0 * r, 1.0);
    near(px.equivalent_diameter, 2.0 * r, 0.5);
    near(px.ellipse.major, 2.0 * r, 0.5);
    near(px.ellipse.minor, 2.0 * r, 0.5);
    // The octagonal steps of a binary contour: 8 (sqrt 2 - 1) / pi times the circle, as for every chain of eight directions.
    near(px.perimeter, 16.0 * r * (2_f64.sqrt() - 1.0), 2.0);
    near(px.hull_perimeter, 2.0 * PI * (r + 0.5), 2.0);
    near(px.solidity, 1.0, 0.01);
    assert_eq!(shape.centroid, [240.0, 230.0]);
    assert_eq!(px.ellipse.eccentricity, Some(0.0));
}

#[test]
fn an_ellipse_at_30_degrees_has_its_axes_and_its_angle() {
    let shape = whole(&ellipse(600, 500, 220.0, 90.0, 30.0));
    let px = shape.px;
    near(px.longest.length, 440.0, 1.5);
    near(px.perpendicular.length, 180.0, 1.5);
    near(px.feret_min, 180.0, 1.5);
    near(px.ellipse.major, 440.0, 0.5);
    near(px.ellipse.minor, 180.0, 0.5);
    near(px.ellipse.orientation, 30.0, 0.1);
    let eccentricity = px.ellipse.eccentricity.expect("more than a pixel");
    near(
        eccentricity,
        (1.0 - (90.0_f64 / 220.0).powi(2)).sqrt(),
        0.001,
    );
    near(px.area, PI * 220.0 * 90.0, 60.0);
    // Its ends lie on the major axis.
    let [dx, dy] = [0, 1].map(|at| px.longest.to[at] - px.longest.from[at]);
    near((dy / dx).atan().to_degrees(), 30.0, 2.0);
    // At right angles to each other.
    let [px_, py] = [0, 1].map(|at| px.perpendicular.to[at] - px.perpendicular.from[at]);
    near(dx * px_ + dy * py, 0.0, 1e-6);
}

#[test]
fn a_rectangle_is_exact() {
    let shape = whole(&mask(100, 80, |x, y| {
        (20.0..60.0).contains(&x) && (30.0..60.0).contains(&y)
    }));
    let px = shape.px;
    assert_eq!((px.area, px.width, px.height), (1200.0, 40.0, 30.0));
    assert_eq!(px.longest.length, 50.0);
    near(px.feret_min, 30.0, 1e-12);
    near(px.perpendicular.length, 37.5, 1e-12);
    near(
        px.perimeter,
        2.0 * (39.0 + 29.0) + 4.0 * 0.5_f64.sqrt(),
        1e-12,
    );
    assert_eq!((px.solidity, px.hull_perimeter), (1.0, 140.0));
    assert_eq!(
        shape.bounds,
        Rect {
            left: 20,
            top: 30,
            right: 60,
            bottom: 60
        }
    );
    assert_eq!(shape.centroid, [40.0, 45.0]);
    // The variance of n equally spaced points is (n² - 1) / 12.
    near(px.ellipse.major, 4.0 * (1599.0_f64 / 12.0).sqrt(), 1e-12);
    near(px.ellipse.minor, 4.0 * (899.0_f64 / 12.0).sqrt(), 1e-12);
}

#[test]
fn a_ring_counts_both_of_its_borders() {
    let ring = |low: f64| {
        whole(&mask(300, 300, |x, y| {
            (low..120.0).contains(&(x - 150.0).hypot(y - 150.0))
        }))
    };
    let (ring, disc) = (ring(60.0), ring(0.0));
    near(ring.px.perimeter, 1.5 * disc.px.perimeter, 3.0);
    near(ring.px.area, 0.75 * disc.px.area, 100.0);
    assert_eq!(ring.px.longest, disc.px.longest);
    near(ring.px.solidity, 0.75, 0.01);
}

#[test]
fn of_two_blobs_the_larger_comes_first_and_the_whole_is_both() {
    let blobs = mask(200, 100, |x, y| {
        (x - 40.0).hypot(y - 50.0) < 20.0 || (x - 140.0).hypot(y - 50.0) < 30.0
    });
    let found = Measurements::of(&blobs, None);
    assert_eq!((found.regions, found.lesions.len()), (2, 2));
    let (large, small) = (found.lesions[0], found.lesions[1]);
    assert_eq!(
        (large.centroid, small.centroid),
        ([140.0, 50.0], [40.0, 50.0])
    );
    let whole = found.whole.expect("two blobs");
    assert_eq!(whole.px.area, large.px.area + small.px.area);
    near(
        whole.px.perimeter,
        large.px.perimeter + small.px.perimeter,
        1e-9,
    );
    near(whole.px.longest.length, 150.0, 1.0);
}

#[test]
fn a_lesion_that_touches_the_border_ends_there() {
    let shape = whole(&mask(50, 40, |x, y| x < 10.0 && y < 20.0));
    assert_eq!((shape.px.width, shape.px.height), (10.0, 20.0));
    near(
        shape.px.perimeter,
        2.0 * (9.0 + 19.0) + 4.0 * 0.5_f64.sqrt(),
        1e-12,
    );
    let full = whole(&mask(16, 16, |_, _| true));
    assert_eq!((full.px.area, full.px.solidity), (256.0, 1.0));
}

#[test]
fn one_pixel_and_an_empty_mask_have_what_is_defined() {
    let pixel = whole(&mask(50, 40, |x, y| x == 29.5 && y == 13.5));
    let px = pixel.px;
    near(px.longest.length, 2_f64.sqrt(), 1e-12);
    near(px.feret_min, 1.0, 1e-12);
    near(px.perimeter, 8_f64.sqrt(), 1e-12);
    assert_eq!(
        (px.area, px.ellipse.major, px.ellipse.eccentricity),
        (1.0, 0.0, None)
    );
    assert_eq!(pixel.centroid, [29.5, 13.5]);

    for empty in [mask(50, 40, |_, _| false), Mask::new(0, 0, Vec::new())] {
        let found = Measurements::of(&empty, None);
        assert_eq!((found.regions, found.whole), (0, None));
        let columns = columns(&found, None, None);
        let column = |name| {
            columns
                .iter()
                .find(|column| column.0 == name)
                .expect("named")
                .1
        };
        assert_eq!(column("area_px"), Some(0.0));
        assert_eq!(column("longest_diameter_px"), None);
    }
}

#[test]
fn oblong_pixels_are_measured_as_the_shape_that_they_show() {
    // An ellipse of 220 by 90 at 30 degrees, seen through pixels 2 wide and 0.5 high.
    let (sin, cos) = 30_f64.to_radians().sin_cos();
    let seen = mask(300, 1000, |x, y| {
        let (x, y) = (2.0 * x - 300.0, 0.5 * y - 250.0);
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        (u / 220.0).powi(2) + (v / 90.0).powi(2) <= 1.0
    });
    let (mm, straight) = (
        in_mm(&seen, 2.0, 0.5),
        whole(&ellipse(600, 500, 220.0, 90.0, 30.0)).px,
    );
    near(mm.area, straight.area, 0.005 * straight.area);
    near(mm.longest.length, straight.longest.length, 2.5);
    near(mm.perpendicular.length, straight.perpendicular.length, 2.5);
    near(mm.feret_min, straight.feret_min, 2.5);
    near(mm.ellipse.orientation, 30.0, 0.2);
    near(mm.ellipse.major, straight.ellipse.major, 1.0);
    // The ends of the perpendicular are at right angles in mm, not in pixels.
    let along = |d: Diameter| [(d.to[0] - d.from[0]) * 2.0, (d.to[1] - d.from[1]) * 0.5];
    let (a, b) = (along(mm.longest), along(mm.perpendicular));
    near(a[0] * b[0] + a[1] * b[1], 0.0, 1e-6);
}

#[test]
fn a_shape_that_leaves_the_scaled_part_has_no_length_in_mm() {
    let scale = Scale {
        source: ScaleSource::UltrasoundRegions,
        regions: vec![ScaledRegion {
            area: Some(Rect {
                left: 0,
                top: 0,
                right: 30,
                bottom: 40,
            }),
            spacing: Spacing { x: 0.1, y: 0.1 },
        }],
    };
    let blobs = mask(60, 40, |x, y| y < 9.0 && !(9.0..=40.0).contains(&x));
    let found = Measurements::of(&blobs, Some(&scale));
    assert!(found.whole.expect("blobs").mm.is_none());
    let scaled: Vec<_> = found
        .lesions
        .iter()
        .map(|lesion| lesion.mm.is_some())
        .collect();
    assert_eq!(scaled, [false, true]);
    let nonsense = Scale::everywhere(
        Spacing {
            x: 0.0,
            y: f64::NAN,
        },
        ScaleSource::ByHand,
    );
    let shape = Measurements::of(&blobs, Some(&nonsense)).whole;
    assert!(shape.expect("blobs").mm.is_none());
}

#[test]
fn a_line_drawn_by_hand_takes_the_place_of_the_computed_one() {
    let scale = Scale::everywhere(Spacing { x: 0.5, y: 0.25 }, ScaleSource::ByHand);
    let disc = ellipse(60, 60, 20.0, 20.0, 0.0);
    let mut shape = Measurements::of(&disc, Some(&scale)).whole.expect("a disc");
    let before = shape.px.perpendicular;
    shape.set_by_hand(Axis::Longest, [10.0, 10.0], [16.0, 42.0]);
    let mm = shape.mm.expect("a scale").longest;
    assert_eq!((mm.length, mm.by_hand), (73_f64.sqrt(), true));
    assert_eq!(shape.px.longest.length, 1060_f64.sqrt());
    assert_eq!(shape.px.perpendicular, before);
}

#[test]
fn a_lesion_is_taller_than_wide_in_mm_and_not_in_pixels() {
    let scale = Scale::everywhere(Spacing { x: 0.1, y: 0.3 }, ScaleSource::PixelSpacing);
    let tall = mask(60, 60, |x, y| {
        (20.0..40.0).contains(&x) && (30.0..40.0).contains(&y)
    });
    let shape = Measurements::of(&tall, Some(&scale)).whole.expect("one");
    let found = Proportions::of(&shape, 10);
    near(found.depth_mm.expect("a scale"), 6.0, 1e-12);
    near(found.height_to_width, 1.5, 1e-12);
    assert!(found.taller_than_wide());
    assert!(!Proportions::of(&whole(&tall), 0).taller_than_wide());
    assert_eq!(Proportions::of(&shape, 50).depth_px, 0.0);
}

#[test]
fn what_is_its_own_mirror_image_has_no_asymmetry() {
    let outline = |mask: &Mask| Outline::of(mask, &whole(mask));
    let symmetric = outline(&ellipse(300, 260, 110.0, 60.0, 25.0));
    assert!(symmetric.asymmetry_major < 0.02 && symmetric.asymmetry_minor < 0.02);
    near(symmetric.convexity_excess, 1.06, 0.03);
    // An isosceles triangle is symmetric about one axis only: folded over the other through its centroid, a third of the
    // height from the base, four ninths fall outside of it twice.
    let triangle = outline(&mask(400, 300, |x, y| {
        (20.0..260.0).contains(&y) && (x - 200.0).abs() < (y - 20.0) / 6.0
    }));
    assert!(triangle.asymmetry_minor > 0.15, "{triangle:?}");
    assert!(triangle.asymmetry_major < 0.02, "{triangle:?}");
    let notched = outline(&mask(300, 300, |x, y| {
        let (x, y) = (x - 150.0, y - 150.0);
        x.hypot(y) < 90.0 + 25.0 * (9.0 * y.atan2(x)).sin()
    }));
    assert!(
        notched.irregularity > 1.5 && notched.convexity_excess > 1.2,
        "{notched:?}"
    );
}

#[test]
fn a_lesion_is_mirrored_without_the_other_lesions_in_its_box() {
    let arc = |x: f64, y: f64| (60.0..80.0).contains(&(x - 100.0).hypot(y - 100.0)) && y < 130.0;
    let alone = mask(200, 200, arc);
    let beside = mask(200, 200, |x, y| {
        arc(x, y) || (x - 100.0).hypot(y - 100.0) < 20.0
    });
    let found = Measurements::of(&beside, None);
    assert_eq!(found.lesions[0], whole(&alone));
    let outline = Outline::of(&beside, &found.lesions[0]);
    assert_eq!(outline, Outline::of(&alone, &whole(&alone)));
    let all = Outline::of(&beside, &found.whole.expect("two"));
    assert_ne!(outline, all);
}

#[test]
fn the_interval_holds_the_figure_and_widens_with_the_models_doubt() {
    let map = |width: f64| {
        let values = (0..64 * 64)
            .map(|at| {
                let (x, y) = (f64::from(at % 64) - 31.5, f64::from(at / 64) - 31.5);
                (0.5 + (20.0 - x.hypot(y)) / width).clamp(0.0, 1.0) as f32
            })
            .collect();
        ProbabilityMap::new(64, 64, values)
    };
    let interval = |width: f64, threshold: f32| {
        let map = map(width);
        let none = Cleaning::default();
        let mask = Mask::make(&map, 256, 256, threshold, none, &[]);
        let scale = Scale::everywhere(Spacing { x: 0.1, y: 0.1 }, ScaleSource::ByHand);
        let shape = Measurements::of(&mask, Some(&scale)).whole.expect("a disc");
        let found = Uncertainty::of_whole(&shape, &map, (256, 256), threshold, none, &[]);
        (shape, found)
    };
    let (shape, sure) = interval(2.0, 0.5);
    let (_, unsure) = interval(20.0, 0.5);
    let longest = unsure.px.longest.expect("computed");
    // Where the ramp is 0.9 and 0.1: 8 map pixels of 4 image pixels inside and outside of the radius of 20.
    near(longest.low, 2.0 * 12.0 * 4.0, 3.0);
    near(longest.high, 2.0 * 28.0 * 4.0, 3.0);
    near(
        unsure.mm.expect("a scale").area.high,
        PI * 11.2_f64.powi(2),
        4.0,
    );
    assert!(sure.px.area.low > unsure.px.area.low && sure.px.area.high < unsure.px.area.high);
    assert!((sure.px.area.low..=sure.px.area.high).contains(&shape.px.area));
    let (shape, outside) = interval(20.0, 0.05);
    assert_eq!(outside.px.area.high, shape.px.area);
    assert_eq!(Uncertainty::between(&shape, None, None).px.area.low, 0.0);
}

fn report<'a>(found: &'a Measurements, title: &'a str) -> Report<'a> {
    Report {
        title,
        measurements: found,
        shape: found.whole.as_ref(),
        uncertainty: None,
        scale: Some(ScaleSource::ByHand),
        proportions: None,
        outline: None,
        model: Some("dermoscopy-s"),
        threshold: Some(0.45),
        corrected: true,
        version: "1.2.3",
    }
}

#[test]
fn the_sentence_says_what_how_and_with_what() {
    let scale = Scale::everywhere(Spacing { x: 0.05, y: 0.05 }, ScaleSource::ByHand);
    let box_ = mask(100, 80, |x, y| {
        (20.0..60.0).contains(&x) && (30.0..60.0).contains(&y)
    });
    let found = Measurements::of(&box_, Some(&scale));
    assert_eq!(
        report(&found, "").sentence(),
        "Area 3.00 mm², longest diameter 2.50 mm, perpendicular diameter 1.88 mm, perimeter 6.94 mm, at 0.05 × 0.05 mm per \
         pixel (set by hand). Segmented by dermoscopy-s at threshold 0.45, corrected by hand. Delineo 1.2.3; research use, not \
         a medical device."
    );
    let unscaled = Measurements::of(&box_, None);
    let sentence = Report {
        scale: None,
        ..report(&unscaled, "left arm")
    }
    .sentence();
    assert!(
        sentence.starts_with("left arm: area 1200 px², longest diameter 50.0 px,"),
        "{sentence}"
    );
    assert!(sentence.contains("No scale is known, so lengths are in pixels."));
    let nothing = Measurements::of(&mask(20, 20, |_, _| false), None);
    assert!(report(&nothing, "").sentence().starts_with("no lesion"));
}

#[test]
fn a_row_has_as_many_cells_as_its_header_whatever_was_typed_in() {
    let found = Measurements::of(&ellipse(60, 60, 20.0, 10.0, 0.0), None);
    let header = Report::tsv_header();
    let row = report(&found, "a\tb\nc").tsv_row();
    assert_eq!(header.split('\t').count(), row.split('\t').count());
    assert!(!row.contains('\n') && row.starts_with("a b c\tdermoscopy-s\t0.45\ttrue\t1.2.3\t"));
    let at = header
        .split('\t')
        .position(|name| name == "area_px")
        .expect("named");
    assert_eq!(
        row.split('\t').nth(at),
        Some(found.whole.expect("one").px.area.to_string().as_str())
    );
}

#[test]
fn the_page_holds_both_pictures_and_runs_nothing_that_was_typed_in() {
    let found = Measurements::of(&ellipse(60, 60, 20.0, 10.0, 0.0), None);
    let report = report(&found, "<script>alert(1)</script>");
    let page = ReportPage::new(&report, "a < b\nc").html(b"one", b"two");
    assert!(page.contains("data:image/png;base64,b25l") && page.contains("base64,dHdv"));
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    assert!(page.contains("a &lt; b<br>c") && page.contains(RESEARCH_USE));
    assert!(page.contains("<th scope=\"row\">Longest diameter</th>"));
    assert!(!page.contains("http://") && !page.contains("https://"));
}
