//! What phantoms, plain pictures and drawings are taken for.

use image::{Rgb, RgbImage};

use super::*;
use crate::phantom;

fn kind(image: &RgbImage) -> Kind {
    Judgement::of(image).kind
}

#[test]
fn phantoms_are_of_their_kind_at_any_size() {
    for seed in 200..210 {
        for (width, height) in [(240, 180), (480, 360), (600, 800)] {
            let skin = phantom::dermoscopy(seed, width, height).image;
            assert_eq!(kind(&skin), Kind::Dermoscopy, "{seed}, {width}x{height}");
            let breast = phantom::ultrasound(seed, width, height).image;
            assert_eq!(
                kind(&breast).modality(),
                Some(Modality::Ultrasound),
                "{seed}, {width}x{height}"
            );
        }
    }
}

#[test]
fn plain_pictures_and_slopes_are_of_no_kind() {
    for colour in [
        [0; 3],
        [255; 3],
        [128; 3],
        [200, 30, 30],
        [20, 60, 180],
        [40, 160, 60],
    ] {
        assert_eq!(
            kind(&RgbImage::from_pixel(300, 200, Rgb(colour))),
            Kind::Other,
            "{colour:?}"
        );
    }
    let slope = RgbImage::from_fn(300, 200, |x, y| {
        Rgb([(x * 255 / 300) as u8, (y * 255 / 200) as u8, 128])
    });
    assert_eq!(kind(&slope), Kind::Other);
    assert_eq!(kind(&RgbImage::new(0, 0)), Kind::Other);
}

#[test]
fn a_page_of_lines_like_text_is_of_no_kind() {
    for (paper, ink) in [([255; 3], [0; 3]), ([20, 20, 30], [210, 210, 190])] {
        let page = RgbImage::from_fn(800, 600, |x, y| {
            let is_ink = y % 20 > 6
                && x > 40
                && x < 500 + (y / 20 * 97) % 260
                && (x * 7 + y / 20 * 13) % 11 > 4
                && x % 60 > 8;
            Rgb(if is_ink { ink } else { paper })
        });
        assert_eq!(kind(&page), Kind::Other);
    }
}

#[test]
fn the_warning_is_said_of_other_pictures_alone_and_to_models_that_say_what_they_are_for() {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    for kind in Kind::ALL {
        let judgement = Judgement {
            kind,
            confidence: 0.9,
        };
        let is_other = kind == Kind::Other;
        for trained in [words(&["dermoscopy"]), words(&["dermoscopy", "ultrasound"])] {
            assert_eq!(judgement.warning(&trained).is_some(), is_other);
        }
        assert_eq!(judgement.warning(&[]), None);
        assert_eq!(
            judgement.warning(&words(&["ultrasound", "endoscopy"])),
            None
        );
    }
}

#[test]
fn the_words_are_those_of_files_and_the_parameters_are_small() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("a word"), kind.word());
    }
    assert!(include_bytes!("parameters.bin").len() <= 100_000);
}
