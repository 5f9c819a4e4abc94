//! Every request, asked of an engine on this machine's CPU with the models that the site publishes.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use delineo::device;
use delineo::export::png;
use delineo::manifest::{Manifest, sha256};
use delineo::mask::{Cleaning, Stroke, StrokeKind, Style, View};
use delineo::phantom;

use super::*;
use crate::protocol::{Area, DeviceReport, Frame, MaskSpec, Settings, Views};

/// What comes with a request.
enum Attachment {
    None,
    File(Vec<u8>),
    Numbers(Vec<f32>),
}

/// This machine, with the site's files where they lie in the repository.
#[derive(Clone)]
struct Machine {
    began: Instant,
    /// Files of the site that are not those of the repository.
    site: Rc<RefCell<HashMap<String, Vec<u8>>>>,
    /// How many files were fetched.
    fetched: Rc<Cell<usize>>,
    /// Whether there is a GPU. It computes as the CPU does.
    has_gpu: bool,
}

impl Platform for Machine {
    type Attachment = Attachment;

    async fn open_device(&self, kind: DeviceKind) -> Result<OpenDevice, EngineError> {
        if kind == DeviceKind::Gpu && !self.has_gpu {
            let reason = "This browser has no WebGPU.".to_owned();
            return Err(EngineError::NoDevice(reason));
        }
        let name = "test".to_owned();
        Ok(OpenDevice {
            device: device::cpu(),
            report: DeviceReport { kind, name },
        })
    }

    async fn site_file(
        &self,
        file: &str,
        mut received: impl FnMut(u64),
    ) -> Result<Vec<u8>, EngineError> {
        self.fetched.set(self.fetched.get() + 1);
        let other = self.site.borrow().get(file).cloned();
        let bytes = other.map_or_else(|| published(file), Ok);
        let bytes = bytes.map_err(|error| EngineError::Download {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        received(bytes.len() as u64 / 2);
        received(bytes.len() as u64);
        Ok(bytes)
    }

    async fn bytes(&self, attachment: &Attachment, name: &str) -> Result<Vec<u8>, EngineError> {
        match attachment {
            Attachment::File(bytes) => Ok(bytes.clone()),
            _ => Err(EngineError::Unreadable {
                name: name.to_owned(),
            }),
        }
    }

    fn floats(&self, attachment: &Attachment) -> Result<Vec<f32>, EngineError> {
        match attachment {
            Attachment::Numbers(numbers) => Ok(numbers.clone()),
            _ => Err(EngineError::NoNumbers),
        }
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1e3
    }
}

/// Keeps what was sent.
#[derive(Clone, Default)]
struct Letters {
    sent: Rc<RefCell<Vec<(Message, Payload)>>>,
    /// Whether images cannot be sent.
    refuses_images: Rc<Cell<bool>>,
}

impl Outbox for Letters {
    fn send(&self, message: &Message) {
        self.sent
            .borrow_mut()
            .push((message.clone(), Payload::None));
    }

    async fn deliver(
        &self,
        id: RequestId,
        answer: Answer,
        payload: &Payload,
    ) -> Result<(), EngineError> {
        if self.refuses_images.get() && matches!(payload, Payload::Image { .. }) {
            return Err(EngineError::Browser("no memory".to_owned()));
        }
        let answer = Box::new(answer);
        let message = Message::Answer { id, answer };
        self.sent.borrow_mut().push((message, payload.clone()));
        Ok(())
    }
}

/// An engine, and what is asked of it.
struct Desk {
    engine: Engine<Machine, Letters>,
    machine: Machine,
    letters: Letters,
    asked: u32,
}

impl Desk {
    fn new(has_gpu: bool) -> Self {
        let machine = Machine {
            began: Instant::now(),
            site: Rc::default(),
            fetched: Rc::default(),
            has_gpu,
        };
        let letters = Letters::default();
        Self {
            engine: Engine::new(machine.clone(), letters.clone()),
            machine,
            letters,
            asked: 0,
        }
    }

    /// With the CPU and the model for skin.
    fn with_model() -> Self {
        let mut desk = Self::new(false);
        desk.start(DeviceKind::Cpu).expect("the CPU is there");
        desk.load(skin()).expect("loads");
        desk
    }

    /// With a segmented image of `width` × `height` pixels as document 1.
    fn with_document(width: u32, height: u32) -> Self {
        let mut desk = Self::with_model();
        desk.open(1, lesion(width, height)).expect("opens");
        desk.segment(1).expect("is segmented");
        desk
    }

    /// Asks one thing and holds the engine to one answer.
    fn ask(
        &mut self,
        request: Request,
        attachment: Attachment,
    ) -> Result<(Answer, Payload), String> {
        self.asked += 1;
        let id = RequestId(self.asked);
        self.letters.sent.borrow_mut().clear();
        let flow = pollster::block_on(self.engine.answer(id, request, attachment));
        assert_eq!(flow, ControlFlow::Continue(()));
        let mut sent = self.letters.sent.borrow().clone();
        let (last, payload) = sent.pop().expect("an answer");
        for (message, _) in sent {
            assert!(
                matches!(message, Message::Progress { id: of, .. } if of == id),
                "{message:?} comes before the answer to {id:?}"
            );
        }
        match last {
            Message::Answer { id: of, answer } if of == id => Ok((*answer, payload)),
            Message::Failed { id: of, message } if of == id => Err(message),
            other => panic!("{other:?} is no answer to {id:?}"),
        }
    }

    fn start(&mut self, device: DeviceKind) -> Result<(Answer, Payload), String> {
        self.ask(Request::Start { device }, Attachment::None)
    }

    fn load(&mut self, model: ModelKey) -> Result<Manifest, String> {
        self.load_with(model, None, Attachment::None)
    }

    fn load_with(
        &mut self,
        model: ModelKey,
        manifest: Option<String>,
        attachment: Attachment,
    ) -> Result<Manifest, String> {
        let name = "mine.pth".to_owned();
        let request = Request::LoadModel {
            model,
            name,
            manifest,
        };
        match self.ask(request, attachment)? {
            (Answer::ModelLoaded { manifest, .. }, _) => Ok(*manifest),
            other => panic!("{other:?}"),
        }
    }

    fn open(&mut self, document: u32, bytes: Vec<u8>) -> Result<(Answer, Payload), String> {
        let request = Request::Open {
            document: DocumentId(document),
            name: "lesion.1.jpg".to_owned(),
        };
        self.ask(request, Attachment::File(bytes))
    }

    fn segment(&mut self, document: u32) -> Result<(Answer, Payload), String> {
        self.ask(
            Request::Segment(mask(document).segmentation),
            Attachment::None,
        )
    }

    fn edit(&mut self, version: u64, strokes: Vec<Stroke>) {
        let document = DocumentId(1);
        let request = Request::Edit {
            document,
            version,
            strokes,
        };
        let answer = self.ask(request, Attachment::None).expect("is taken");
        assert!(matches!(answer.0, Answer::Done));
    }

    /// The whole canvas, one byte a pixel: the alpha of the overlay.
    fn paint(&mut self, mask: MaskSpec, frame: Frame) -> Result<(Vec<u8>, Area), String> {
        let (answer, payload) = self.ask(Request::Paint { mask, frame }, Attachment::None)?;
        let Answer::Painted {
            left,
            top,
            width,
            height,
            area,
        } = answer
        else {
            panic!("{answer:?}");
        };
        let mut canvas = vec![0; frame.width as usize * frame.height as usize];
        match payload {
            Payload::None => assert_eq!((width, height), (0, 0)),
            Payload::Overlay {
                width: columns,
                height: rows,
                rgba,
            } => {
                assert_eq!((columns, rows), (width, height));
                assert_eq!(rgba.len(), width as usize * height as usize * 4);
                for (row, line) in rgba.chunks(width as usize * 4).enumerate() {
                    let start = (top as usize + row) * frame.width as usize + left as usize;
                    let pixels = line.chunks(4).map(|pixel| pixel[3]);
                    canvas[start..]
                        .iter_mut()
                        .zip(pixels)
                        .for_each(|(to, alpha)| *to = alpha);
                }
            }
            other => panic!("{other:?}"),
        }
        Ok((canvas, area))
    }

    fn measure(&mut self, mask: MaskSpec) -> Result<Area, String> {
        match self.ask(Request::Measure { mask }, Attachment::None)? {
            (Answer::Measured(area), Payload::None) => Ok(area),
            other => panic!("{other:?}"),
        }
    }

    fn export(&mut self, mask: MaskSpec, format: &str) -> Result<(String, Vec<u8>), String> {
        let format = format.to_owned();
        let style = STYLE;
        let request = Request::Export {
            mask,
            format,
            style,
        };
        match self.ask(request, Attachment::None)? {
            (Answer::Exported { file_name, .. }, Payload::Bytes(bytes)) => Ok((file_name, bytes)),
            other => panic!("{other:?}"),
        }
    }

    /// The exported mask, one byte a pixel.
    fn mask(&mut self, mask: MaskSpec) -> Vec<u8> {
        let (_, bytes) = self.export(mask, "mask").expect("is written");
        let image = delineo::imaging::decode(&bytes).expect("is a PNG").image;
        image.pixels().map(|pixel| pixel.0[0]).collect()
    }
}

const STYLE: Style = Style {
    tint: true,
    contour: false,
    opacity: 0.5,
    colour: [0, 200, 255],
    line: 2.0,
};

fn skin() -> ModelKey {
    ModelKey::Published("dermoscopy-s".to_owned())
}

fn mask(document: u32) -> MaskSpec {
    MaskSpec {
        segmentation: Segmentation {
            document: DocumentId(document),
            model: skin(),
            views: None,
        },
        settings: Settings {
            class: 0,
            threshold: 0.5,
            cleaning: Cleaning {
                largest_region: true,
                fill_holes: true,
            },
        },
        edits: 0,
    }
}

/// A canvas that shows the image pixel for pixel.
fn frame(width: u32, height: u32) -> Frame {
    Frame {
        width,
        height,
        view: View {
            left: 0.0,
            top: 0.0,
            scale: 1.0,
        },
        style: STYLE,
    }
}

/// The file of an image with a lesion on skin.
fn lesion(width: u32, height: u32) -> Vec<u8> {
    png(&phantom::dermoscopy(4, width, height).image).expect("encodes")
}

fn dot(kind: StrokeKind) -> Vec<Stroke> {
    vec![Stroke {
        kind,
        radius: 6.0,
        points: vec![[10.0, 10.0]],
    }]
}

fn published(file: &str) -> std::io::Result<Vec<u8>> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../public")
            .join(file),
    )
}

fn weights() -> Vec<u8> {
    published("models/dermoscopy-s/weights.safetensors").expect("is in the repository")
}

fn manifest() -> String {
    let json = published("models/dermoscopy-s/model.json").expect("is in the repository");
    String::from_utf8(json).expect("is text")
}

#[test]
fn the_device_that_was_asked_for_starts_or_the_answer_says_why_not() {
    let mut desk = Desk::new(false);
    let refused = desk.start(DeviceKind::Gpu).expect_err("there is none");
    assert_eq!(refused, "This browser has no WebGPU.");
    for _ in 0..2 {
        let (answer, _) = desk.start(DeviceKind::Cpu).expect("is there");
        let Answer::Started(report) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(report.kind, DeviceKind::Cpu);
    }
    desk.start(DeviceKind::Gpu).expect_err("it has another one");
}

#[test]
fn nothing_is_loaded_before_there_is_a_device() {
    let mut desk = Desk::new(false);
    desk.load(skin()).expect_err("there is no device");
    desk.start(DeviceKind::Cpu).expect("is there");
    desk.load(skin()).expect("loads");
}

#[test]
fn a_published_model_is_fetched_once_and_says_what_it_is_each_time() {
    let mut desk = Desk::with_model();
    let fetched = desk.machine.fetched.get();
    let manifest = desk.load(skin()).expect("is there");
    assert_eq!(manifest.id, "dermoscopy-s");
    assert_eq!(desk.machine.fetched.get(), fetched);
    let model = skin();
    desk.ask(Request::UnloadModel { model }, Attachment::None)
        .expect("goes");
    desk.ask(Request::TimeModel { model: skin() }, Attachment::None)
        .expect_err("is gone");
    desk.load(skin()).expect("loads again");
    assert_eq!(desk.machine.fetched.get(), fetched + 2);
}

#[test]
fn progress_of_a_model_never_goes_back_and_ends_with_the_self_test() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    desk.load(skin()).expect("loads");
    let sent = desk.letters.sent.borrow();
    let steps: Vec<_> = sent
        .iter()
        .filter_map(|(message, _)| match message {
            Message::Progress {
                stage, fraction, ..
            } => Some((*stage, *fraction)),
            _ => None,
        })
        .collect();
    assert_eq!(steps.first(), Some(&(Stage::Model, Some(0.0))));
    assert_eq!(steps.last(), Some(&(Stage::SelfTest, None)));
    assert!(steps[..steps.len() - 1].is_sorted_by_key(|(_, fraction)| fraction.unwrap_or(2.0)));
}

#[test]
fn a_published_model_that_cannot_be_used_says_what_is_wrong_with_it() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    let absent = ModelKey::Published("absent".to_owned());
    let message = desk.load(absent).expect_err("is not there");
    assert!(message.contains("models/absent/model.json"), "{message}");

    let put = |file: &str, bytes: Vec<u8>| {
        let file = format!("models/dermoscopy-s/{file}");
        desk.machine.site.borrow_mut().insert(file, bytes);
    };
    put("weights.safetensors", vec![1, 2, 3]);
    let damaged = desk.load(skin()).expect_err("is damaged");
    assert!(damaged.contains("SHA-256"), "{damaged}");
    let put = |file: &str, bytes: Vec<u8>| {
        let file = format!("models/dermoscopy-s/{file}");
        desk.machine.site.borrow_mut().insert(file, bytes);
    };
    put("model.json", b"\n<!doctype html>".to_vec());
    let page = desk.load(skin()).expect_err("is no model.json");
    assert!(page.contains("web page"), "{page}");
    desk.machine.site.borrow_mut().clear();
    desk.load(skin()).expect("is whole again");
}

#[test]
fn own_weights_run_with_and_without_a_description_and_only_if_they_are_those_that_were_named() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    let key = ModelKey::Own(sha256(&weights()));
    let file = || Attachment::File(weights());
    let assumed = desk.load_with(key.clone(), None, file()).expect("loads");
    assert_eq!(assumed.name, "mine.pth");
    assert_eq!(assumed.weights.sha256, sha256(&weights()));
    let described = desk.load_with(key.clone(), Some(manifest()), file());
    assert_eq!(described.expect("loads").id, "dermoscopy-s");

    let other = ModelKey::Own(sha256(b"other"));
    let message = desk.load_with(other, None, file()).expect_err("differs");
    assert!(message.contains("mine.pth has changed"), "{message}");
    let gone = ModelKey::Own(sha256(b"gone"));
    let message = desk.load_with(gone, None, Attachment::None);
    assert!(message.expect_err("is gone").contains("cannot be read"));
    let text = b"not a checkpoint".to_vec();
    let key = ModelKey::Own(sha256(&text));
    let message = desk.load_with(key, None, Attachment::File(text));
    assert!(
        message
            .expect_err("is text")
            .contains("not a CMUNeXt checkpoint")
    );
}

#[test]
fn the_same_weights_with_another_description_are_another_model() {
    let mut desk = Desk::new(false);
    desk.start(DeviceKind::Cpu).expect("is there");
    let key = ModelKey::Own(sha256(&weights()));
    let file = || Attachment::File(weights());
    desk.load_with(key.clone(), Some(manifest()), file())
        .expect("loads");
    desk.open(1, lesion(200, 150)).expect("opens");
    let mut mask = mask(1);
    mask.segmentation.model = key.clone();
    desk.ask(
        Request::Segment(mask.segmentation.clone()),
        Attachment::None,
    )
    .expect("is segmented");
    desk.measure(mask.clone()).expect("is segmented");
    desk.load_with(key, None, file()).expect("loads");
    desk.measure(mask).expect_err("the other one has not run");
}

#[test]
fn a_model_that_fails_its_self_test_on_the_cpu_too_is_to_blame_itself_and_not_the_gpu() {
    for device in [DeviceKind::Cpu, DeviceKind::Gpu] {
        let mut desk = Desk::new(true);
        desk.start(device).expect("is there");
        let mut manifest = Manifest::from_json(manifest().as_bytes()).expect("is sound");
        let test = manifest.self_test.as_mut().expect("has a known answer");
        test.logits[0] += 1000.0;
        let json = manifest.to_json(None).expect("is sound");
        let json = String::from_utf8(json).expect("is text");
        let key = ModelKey::Own(sha256(&weights()));
        let message = desk
            .load_with(key, Some(json), Attachment::File(weights()))
            .expect_err("the answer is another");
        assert!(message.contains("known to give"), "{message}");
    }
}

#[test]
fn an_image_opens_with_its_size_its_kind_and_its_pixels() {
    let mut desk = Desk::with_model();
    let (answer, payload) = desk.open(1, lesion(200, 150)).expect("opens");
    let Answer::Opened {
        width,
        height,
        modality,
        remarks,
    } = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!((width, height, modality), (200, 150, Modality::Dermoscopy));
    assert!(remarks.is_empty());
    assert!(matches!(
        payload,
        Payload::Image { width: 200, height: 150, rgba } if rgba.len() == 200 * 150 * 4
    ));
}

#[test]
fn what_cannot_be_opened_leaves_the_earlier_image_in_place() {
    let mut desk = Desk::with_document(200, 150);
    let before = desk.mask(mask(1));
    desk.open(2, b"text".to_vec()).expect_err("is no image");
    let request = Request::Open {
        document: DocumentId(3),
        name: "gone.png".to_owned(),
    };
    let message = desk.ask(request, Attachment::None).expect_err("is gone");
    assert!(message.contains("gone.png cannot be read"), "{message}");
    desk.letters.refuses_images.set(true);
    desk.open(4, lesion(90, 80)).expect_err("has no bitmap");
    desk.letters.refuses_images.set(false);
    assert_eq!(desk.mask(mask(1)), before);
    for document in 2..5 {
        desk.segment(document).expect_err("is not open");
    }
}

#[test]
fn a_request_about_what_is_not_there_fails_and_changes_nothing() {
    let mut desk = Desk::with_document(200, 150);
    let before = desk.mask(mask(1));
    let wrong = |change: fn(&mut MaskSpec)| {
        let mut mask = mask(1);
        change(&mut mask);
        mask
    };
    let masks = [
        wrong(|mask| mask.segmentation.document = DocumentId(2)),
        wrong(|mask| mask.segmentation.model = ModelKey::Published("ultrasound-s".to_owned())),
        wrong(|mask| mask.segmentation.views = Some(Views::Mirror)),
        wrong(|mask| mask.settings.class = 1),
        wrong(|mask| mask.edits = 7),
    ];
    for mask in masks {
        let frame = frame(200, 150);
        desk.paint(mask.clone(), frame)
            .expect_err("cannot be drawn");
        desk.measure(mask.clone()).expect_err("cannot be counted");
        desk.export(mask.clone(), "mask")
            .expect_err("cannot be written");
        let segmentation = mask.segmentation;
        if segmentation != self::mask(1).segmentation && segmentation.views.is_none() {
            desk.ask(Request::Segment(segmentation), Attachment::None)
                .expect_err("cannot be computed");
        }
    }
    let request = Request::Edit {
        document: DocumentId(2),
        version: 1,
        strokes: dot(StrokeKind::Add),
    };
    desk.ask(request, Attachment::None)
        .expect_err("is not open");
    assert_eq!(desk.mask(mask(1)), before);
}

#[test]
fn the_painted_pixels_are_those_of_the_exported_mask_and_no_others_travel() {
    let mut desk = Desk::with_document(200, 150);
    let expected = desk.mask(mask(1));
    let (painted, area) = desk.paint(mask(1), frame(200, 150)).expect("is drawn");
    assert!(
        painted
            .iter()
            .zip(&expected)
            .all(|(a, b)| (*a > 0) == (*b > 0))
    );
    let on = expected.iter().filter(|on| **on > 0).count();
    assert_eq!((area.pixels, area.exact), (on as f64, true));
    assert!(on > 100, "there is a lesion");
    let last = desk.letters.sent.borrow().last().cloned();
    let Some((_, Payload::Overlay { width, height, .. })) = last else {
        panic!("{last:?}");
    };
    assert!(width < 200 && height < 150, "{width}×{height}");
}

#[test]
fn an_empty_mask_has_an_answer_without_pixels() {
    let mut desk = Desk::with_document(200, 150);
    let mut nothing = mask(1);
    nothing.settings.threshold = 1.1;
    let (painted, area) = desk.paint(nothing, frame(200, 150)).expect("is drawn");
    assert!(painted.iter().all(|alpha| *alpha == 0));
    assert_eq!(area.pixels, 0.0);
    let mut aside = frame(200, 150);
    aside.view.left = 5000.0;
    let (painted, area) = desk.paint(mask(1), aside).expect("is drawn");
    assert!(painted.iter().all(|alpha| *alpha == 0));
    assert!(area.pixels > 0.0, "the mask is there, out of sight");
}

#[test]
fn corrections_count_where_their_version_is_named_and_only_there() {
    let mut desk = Desk::with_document(200, 150);
    let before = desk.mask(mask(1));
    assert_eq!(before[10 * 200 + 10], 0);
    desk.edit(3, dot(StrokeKind::Add));
    let mut corrected = mask(1);
    corrected.edits = 3;
    assert_eq!(desk.mask(corrected.clone())[10 * 200 + 10], 255);
    let (painted, _) = desk
        .paint(corrected.clone(), frame(200, 150))
        .expect("is drawn");
    assert!(painted[10 * 200 + 10] > 0);
    assert_eq!(desk.mask(mask(1)), before);
    desk.edit(4, dot(StrokeKind::Erase));
    desk.measure(corrected).expect_err("they have changed");
    desk.open(1, lesion(200, 150)).expect("opens");
    desk.segment(1).expect("is segmented");
    let mut earlier = mask(1);
    earlier.edits = 4;
    desk.measure(earlier)
        .expect_err("they were another image's");
}

#[test]
fn the_measured_area_is_that_of_the_exported_mask_where_the_painted_one_is_a_guess() {
    let mut desk = Desk::with_document(1400, 1100);
    let (_, guess) = desk.paint(mask(1), frame(700, 500)).expect("is drawn");
    let area = desk.measure(mask(1)).expect("is counted");
    let on = desk.mask(mask(1)).iter().filter(|on| **on == 255).count() as f64;
    assert!(!guess.exact && area.exact);
    assert_eq!(area.pixels, on);
    assert_eq!(area.fraction, on / (1400.0 * 1100.0));
    assert!((guess.pixels / on - 1.0).abs() < 0.01);
}

#[test]
fn every_format_is_written_under_the_name_of_the_image() {
    let mut desk = Desk::with_document(200, 150);
    for format in delineo::export::FORMATS {
        let style = STYLE;
        let request = Request::Export {
            mask: mask(1),
            format: format.id.to_owned(),
            style,
        };
        let (answer, payload) = desk.ask(request, Attachment::None).expect("is written");
        let Answer::Exported {
            file_name,
            media_type,
        } = answer
        else {
            panic!("{answer:?}");
        };
        assert_eq!(file_name, format.file_name("lesion.1.jpg"));
        assert_eq!(media_type, format.media_type);
        assert!(matches!(payload, Payload::Bytes(bytes) if !bytes.is_empty()));
    }
    let message = desk.export(mask(1), "poem").expect_err("is no format");
    assert!(message.contains("poem"), "{message}");
}

#[test]
fn views_are_segmentations_of_their_own_and_all_that_were_computed_can_be_shown() {
    let mut desk = Desk::with_document(200, 150);
    let mut mirrored = mask(1);
    mirrored.segmentation.views = Some(Views::Mirror);
    desk.ask(
        Request::Segment(mirrored.segmentation.clone()),
        Attachment::None,
    )
    .expect("is segmented");
    let plain = desk.export(mask(1), "probability").expect("is written");
    let mean = desk.export(mirrored, "probability").expect("is written");
    assert_ne!(plain.1, mean.1);
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_looks_like_its_kind() {
    let mut desk = Desk::with_model();
    for modality in [Modality::Dermoscopy, Modality::Ultrasound] {
        let mut make = |seed| {
            let request = Request::MakeSample { modality, seed };
            match desk.ask(request, Attachment::None).expect("is made") {
                (Answer::SampleMade { file_name }, Payload::Bytes(bytes)) => (file_name, bytes),
                other => panic!("{other:?}"),
            }
        };
        let (name, bytes) = make(5);
        assert_eq!(name, format!("synthetic-{modality}-5.png"));
        assert_eq!(make(5).1, bytes);
        assert_ne!(make(6).1, bytes);
        let (answer, _) = desk.open(1, bytes).expect("opens");
        assert!(matches!(answer, Answer::Opened { modality: found, .. } if found == modality));
    }
}

#[test]
fn logits_come_from_the_model_that_was_named_and_need_numbers_that_fit() {
    let mut desk = Desk::with_model();
    let numbers = vec![0.25; 3 * 32 * 48];
    let ask = |model, shape| Request::Logits { model, shape };
    let request = ask(skin(), [1, 3, 32, 48]);
    let (answer, payload) = desk
        .ask(request, Attachment::Numbers(numbers.clone()))
        .expect("runs");
    assert!(matches!(answer, Answer::Logits { .. }));
    assert!(matches!(payload, Payload::Floats(logits) if logits.len() == 32 * 48));
    let other = ModelKey::Published("ultrasound-s".to_owned());
    for (model, shape, attachment) in [
        (other, [1, 3, 32, 48], Attachment::Numbers(numbers.clone())),
        (skin(), [1, 3, 32, 49], Attachment::Numbers(numbers)),
        (skin(), [1, 3, 32, 48], Attachment::None),
    ] {
        desk.ask(ask(model, shape), attachment)
            .expect_err("does not fit");
    }
}

#[test]
fn a_model_is_timed_on_an_image_of_its_own() {
    let mut desk = Desk::with_model();
    let request = Request::TimeModel { model: skin() };
    let (answer, _) = desk.ask(request, Attachment::None).expect("runs");
    assert!(matches!(answer, Answer::Timed { milliseconds } if milliseconds > 0.0));
}

#[test]
fn a_closed_image_is_gone_and_closing_another_one_closes_nothing() {
    let mut desk = Desk::with_document(200, 150);
    let close = |desk: &mut Desk, document| {
        let document = DocumentId(document);
        desk.ask(Request::Close { document }, Attachment::None)
            .expect("is closed");
    };
    close(&mut desk, 2);
    desk.measure(mask(1)).expect("is still there");
    close(&mut desk, 1);
    let message = desk.measure(mask(1)).expect_err("is gone");
    assert!(message.contains("no longer open"), "{message}");
    close(&mut desk, 1);
}
