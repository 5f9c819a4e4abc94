//! Depth marks as machines print them, drawn on computed ultrasound pictures.

use image::{Rgb, RgbImage, imageops};

use super::*;
use crate::phantom;

/// How marks look.
#[derive(Clone, Copy, Debug)]
enum Look {
    Dots,
    /// Every fourth is longer.
    Dashes,
    /// Rings, and a dot between each two.
    Rings,
}

fn ultrasound(seed: u32, width: u32, height: u32) -> RgbImage {
    phantom::ultrasound(seed, width, height).image
}

fn fill(image: &mut RgbImage, left: i64, top: i64, size: (i64, i64)) {
    for y in top..top + size.1 {
        for x in left..left + size.0 {
            if (0..i64::from(image.width())).contains(&x)
                && (0..i64::from(image.height())).contains(&y)
            {
                image.put_pixel(x as u32, y as u32, Rgb([230; 3]));
            }
        }
    }
}

/// Draws `count` marks from `top` on, each `period` below the one before, around a column.
fn mark(image: &mut RgbImage, look: Look, (x, top): (i64, f64), period: f64, count: usize) {
    for number in 0..count {
        let y = (top + period * number as f64).round() as i64;
        match look {
            Look::Dots => fill(image, x - 1, y - 1, (3, 3)),
            Look::Dashes if number % 4 == 0 => fill(image, x - 9, y - 1, (10, 2)),
            Look::Dashes => fill(image, x - 4, y - 1, (5, 2)),
            Look::Rings if number % 2 == 1 => fill(image, x - 1, y - 1, (3, 3)),
            Look::Rings => {
                for (left, top, size) in [
                    (-3, -3, (7, 1)),
                    (-3, 3, (7, 1)),
                    (-3, -3, (1, 7)),
                    (3, -3, (1, 7)),
                ] {
                    fill(image, x + left, y + top, size);
                }
            }
        }
    }
}

/// Draws a digit of 6 by 9 pixels with its middle at a point.
fn number(image: &mut RgbImage, digit: usize, x: i64, y: f64) {
    for (row, line) in numbers::DIGITS[digit].iter().enumerate() {
        for (column, ink) in line.bytes().enumerate() {
            if ink == b'#' {
                fill(
                    image,
                    x - 3 + column as i64,
                    y.round() as i64 - 4 + row as i64,
                    (1, 1),
                );
            }
        }
    }
}

#[test]
fn marks_are_found_whatever_they_look_like_and_on_both_sides() {
    for look in [Look::Dots, Look::Dashes, Look::Rings] {
        for (x, side) in [(14, Side::Left), (380, Side::Right)] {
            let mut image = ultrasound(3, 400, 360);
            mark(&mut image, look, (x, 12.0), 22.4, 15);
            let found = propose(&image).unwrap_or_else(|| panic!("{look:?}, {side:?}"));
            assert_eq!((found.side, found.likely_mm), (side, None), "{look:?}");
            assert!((found.period_px - 22.4).abs() < 0.1, "{look:?}: {found:?}");
            assert!(found.marks >= 14, "{look:?}: {found:?}");
        }
    }
}

#[test]
fn the_line_leads_from_one_mark_to_the_next() {
    let mut image = ultrasound(4, 400, 360);
    mark(&mut image, Look::Dots, (14, 20.0), 40.0, 8);
    let found = propose(&image).expect("eight dots");
    let [from, to] = found.line();
    assert!((to[1] - from[1] - 40.0).abs() < 0.1 && from[0] == to[0]);
    let above = (from[1] - 20.5) / 40.0;
    assert!((above - above.round()).abs() < 0.02, "{found:?}");
    assert!((from[0] - 14.5).abs() < 0.6, "{found:?}");
}

#[test]
fn marks_are_found_in_a_picture_that_was_reduced() {
    let mut image = ultrasound(5, 640, 520);
    mark(&mut image, Look::Rings, (24, 16.0), 30.7, 16);
    for (width, height) in [(560, 455), (443, 360)] {
        let copy = imageops::resize(&image, width, height, imageops::FilterType::Triangle);
        let found = propose(&copy).unwrap_or_else(|| panic!("at {width}"));
        let times = found.period_px / (30.7 * f64::from(height) / 520.0);
        // The rings alone are a row too.
        assert!(
            (times - 1.0).abs().min((times - 2.0).abs()) < 0.01,
            "at {width}: {found:?}"
        );
    }
}

#[test]
fn the_numbers_beside_marks_tell_how_far_they_are_apart() {
    // Numbers at every fourth mark that count one by one: 2.5 mm; at every second: 5 mm; at each: 10 mm.
    for (every, step, mm) in [(4, 1, 2.5), (2, 1, 5.0), (1, 1, 10.0), (2, 2, 10.0)] {
        let count: usize = if every == 1 { 5 } else { 9 };
        let period = if every == 1 { 64.0 } else { 36.0 };
        let mut image = RgbImage::from_pixel(400, 360, Rgb([24; 3]));
        mark(&mut image, Look::Dots, (14, 20.0), period, count);
        for at in (0..count).step_by(every) {
            number(&mut image, at / every * step, 28, 20.5 + period * at as f64);
        }
        let found = propose(&image).expect("marks");
        assert_eq!(
            found.likely_mm,
            Some(mm),
            "numbers at every {every}. mark: {found:?}"
        );
    }
}

#[test]
fn numbers_that_do_not_rise_evenly_tell_nothing() {
    let mut image = RgbImage::from_pixel(400, 360, Rgb([24; 3]));
    mark(&mut image, Look::Dots, (14, 20.0), 36.0, 9);
    for (at, digit) in [(0, 7), (2, 1), (4, 4), (6, 0), (8, 2)] {
        number(&mut image, digit, 28, 20.5 + 36.0 * f64::from(at));
    }
    let found = propose(&image).expect("marks");
    assert_eq!(found.likely_mm, None);
}

#[test]
fn nothing_is_proposed_where_there_are_no_marks() {
    for seed in 0..5 {
        assert_eq!(propose(&ultrasound(seed, 400, 320)), None, "{seed}");
        assert_eq!(
            propose(&phantom::dermoscopy(seed, 320, 240).image),
            None,
            "{seed}"
        );
    }
    for size in [0, 1, 8, 63] {
        assert_eq!(propose(&RgbImage::new(size, size)), None);
    }
}

#[test]
fn nothing_is_proposed_where_it_is_not_sure() {
    let unmarked = ultrasound(6, 400, 360);
    let with = |draw: &dyn Fn(&mut RgbImage)| {
        let mut image = unmarked.clone();
        draw(&mut image);
        propose(&image)
    };
    let dots =
        |image: &mut RgbImage, x, period, count| mark(image, Look::Dots, (x, 14.0), period, count);
    assert_eq!(with(&|image| dots(image, 14, 60.0, 4)), None, "too few");
    assert_eq!(
        with(&|image| dots(image, 14, 12.0, 9)),
        None,
        "too little of the depth"
    );
    assert_eq!(
        with(&|image| dots(image, 200, 30.0, 11)),
        None,
        "in the middle"
    );
    let two = with(&|image| {
        dots(image, 14, 30.0, 11);
        dots(image, 385, 43.0, 8);
    });
    assert_eq!(two, None, "two scales that contradict each other");
    let uneven = with(&|image| {
        for number in 0..9 {
            fill(image, 13, 14 + 36 * number + (number * number) % 7, (3, 3));
        }
    });
    assert_eq!(uneven, None, "not at one distance");
    let unlike = with(&|image| {
        for number in 0..9 {
            fill(
                image,
                13,
                14 + 36 * number,
                (2 + (number * 5) % 9, 2 + (number * 3) % 7),
            );
        }
    });
    assert_eq!(unlike, None, "not alike");
}

#[test]
fn both_scales_of_a_picture_say_the_same() {
    let mut image = ultrasound(7, 400, 360);
    for x in [14, 385] {
        mark(&mut image, Look::Dots, (x, 14.0), 30.0, 11);
    }
    let found = propose(&image).expect("marks");
    assert!((found.period_px - 30.0).abs() < 0.1);
}
