//! Many documents: several are open at a time, and each is summed up for the list.

use std::time::Instant;

use super::desk::{Attachment, Desk, frame, lesion, mask};
use crate::engine::*;
use crate::protocol::Summary;

/// Images of the throughput test, at the network's own size.
const IMAGES: u32 = 24;
const SIDE: u32 = 256;

fn open_behind(desk: &mut Desk, document: u32, bytes: Vec<u8>) -> Payload {
    let request = Request::Open {
        document: DocumentId(document),
        name: "lesion.png".to_owned(),
        rendering: Rendering::default(),
        with_picture: false,
    };
    let (answer, payload) = desk.ask(request, Attachment::File(bytes)).expect("opens");
    assert!(matches!(answer, Answer::Opened(_)), "{answer:?}");
    payload
}

fn summarise(desk: &mut Desk, mask: MaskSpec) -> Result<(Summary, Payload), String> {
    let request = Request::Summarise {
        mask,
        side: 80,
        colour: [0, 200, 255],
    };
    match desk.ask(request, Attachment::None)? {
        (Answer::Summarised(summary), payload) => Ok((summary, payload)),
        other => panic!("{other:?}"),
    }
}

fn close(desk: &mut Desk, document: u32) {
    let document = DocumentId(document);
    desk.ask(Request::Close { document }, Attachment::None)
        .expect("is closed");
}

#[test]
fn several_documents_are_open_until_each_is_closed() {
    let mut desk = Desk::with_model();
    for document in 1..=3 {
        desk.open(document, lesion(200, 150)).expect("opens");
        desk.segment(document).expect("is segmented");
    }
    close(&mut desk, 2);
    assert!(desk.measure(mask(1)).is_ok());
    assert!(desk.measure(mask(2)).is_err());
    assert!(desk.measure(mask(3)).is_ok());
}

#[test]
fn a_document_behind_the_stage_is_opened_without_a_picture() {
    let mut desk = Desk::with_model();
    assert_eq!(
        open_behind(&mut desk, 1, lesion(200, 150)),
        Payload::None,
        "pixels that nobody looks at are not sent"
    );
    desk.segment(1).expect("is segmented all the same");
}

#[test]
fn a_file_that_cannot_be_opened_closes_no_other() {
    let mut desk = Desk::with_document(200, 150);
    desk.open(2, b"nothing".to_vec()).expect_err("is no image");
    desk.measure(mask(1)).expect("is still there");
}

#[test]
fn a_summary_tells_area_and_confidence_and_its_thumbnail_shows_the_contour() {
    let mut desk = Desk::with_document(200, 150);
    let (summary, thumbnail) = summarise(&mut desk, mask(1)).expect("is there");
    let measured = desk.measure(mask(1)).expect("is there");
    assert_eq!(summary.area, measured);
    assert!(
        (0.5..=1.0).contains(&summary.confidence),
        "{}",
        summary.confidence
    );
    let Payload::Image {
        width,
        height,
        rgba,
    } = thumbnail
    else {
        panic!("there is no thumbnail");
    };
    assert_eq!((width, height), (80, 60));
    assert_eq!(rgba.len(), 80 * 60 * 4);
    assert!(rgba.chunks(4).all(|pixel| pixel[3] == 255));
    let bluish = rgba
        .chunks(4)
        .filter(|pixel| pixel[2] > 200 && pixel[0] < 60);
    assert!(bluish.count() > 20, "no contour is seen");
}

#[test]
fn documents_that_are_drawn_in_turn_look_as_if_each_were_alone() {
    let mut desk = Desk::with_document(200, 150);
    desk.open(2, lesion(90, 120)).expect("opens");
    desk.segment(2).expect("is segmented");
    let mut paint = |document| {
        desk.paint(mask(document), frame(200, 150))
            .expect("is drawn")
    };
    let (first, second) = (paint(1), paint(2));
    assert_ne!(first.0, second.0);
    assert_eq!(paint(1), first);
    assert_eq!(paint(2), second);
}

#[test]
fn nothing_is_summed_up_that_was_not_segmented() {
    let mut desk = Desk::with_model();
    desk.open(1, lesion(200, 150)).expect("opens");
    let message = summarise(&mut desk, mask(1)).expect_err("no map");
    assert!(message.contains("not been segmented"), "{message}");
}

/// The figure is printed; only a build for release says something about speed (`cargo test --release`).
#[test]
fn a_folder_of_256_pixel_images_is_decoded_segmented_and_summed_up_one_after_the_other() {
    let mut desk = Desk::with_model();
    let files: Vec<Vec<u8>> = (0..4)
        .map(|seed| {
            let image = delineo::phantom::dermoscopy(seed, SIDE, SIDE).image;
            delineo::export::png(&image).expect("encodes")
        })
        .collect();
    let images = if cfg!(debug_assertions) { 2 } else { IMAGES };
    let began = Instant::now();
    let (mut opening, mut segmenting, mut summing) = (0.0, 0.0, 0.0);
    for document in 1..=images {
        let file = files[document as usize % files.len()].clone();
        let start = Instant::now();
        open_behind(&mut desk, document, file);
        let opened = Instant::now();
        desk.segment(document).expect("is segmented");
        let segmented = Instant::now();
        summarise(&mut desk, mask(document)).expect("is summed up");
        close(&mut desk, document);
        opening += (opened - start).as_secs_f64();
        segmenting += (segmented - opened).as_secs_f64();
        summing += segmented.elapsed().as_secs_f64();
    }
    let seconds = began.elapsed().as_secs_f64();
    let each = |seconds: f64| seconds * 1e3 / f64::from(images);
    println!(
        "{:.1} images a second: open {:.1} ms, segment {:.1} ms, summarise {:.1} ms{}",
        f64::from(images) / seconds,
        each(opening),
        each(segmenting),
        each(summing),
        if cfg!(debug_assertions) {
            ", not optimised"
        } else {
            ""
        }
    );
}
