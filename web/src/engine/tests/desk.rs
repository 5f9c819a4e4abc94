//! An engine on this machine's CPU with the models that the site publishes, and what is asked of it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use delineo::device;
use delineo::export::{Stamp, png};
use delineo::manifest::Manifest;
use delineo::mask::{Cleaning, Correction, Stroke, StrokeKind, Style, View};
use delineo::phantom;

use crate::contents::Contents;
use crate::decoder::{EncodeOrder, Order, contents};
use crate::engine::*;
use crate::protocol::{Area, DeviceReport, Frame, MaskSpec, MeasureSpec, Measured, Settings};

/// A file that begins so is a JPEG 2000 to this program, and to its decoder an image of another format behind it.
pub const RARE: &[u8] = b"\xff\x4f\xff\x51";

/// What comes with a request.
pub enum Attachment {
    None,
    File(Vec<u8>),
    Numbers(Vec<f32>),
}

/// This machine, with the site's files where they lie in the repository.
#[derive(Clone)]
pub struct Machine {
    began: Instant,
    /// Files of the site that are not those of the repository.
    pub site: Rc<RefCell<HashMap<String, Vec<u8>>>>,
    /// How many files were fetched.
    pub fetched: Rc<Cell<usize>>,
    /// How many times a person's file was read.
    pub read: Rc<Cell<usize>>,
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
        self.read.set(self.read.get() + 1);
        match attachment {
            Attachment::File(bytes) => Ok(bytes.clone()),
            _ => Err(EngineError::Unreadable {
                name: name.to_owned(),
            }),
        }
    }

    async fn decode(
        &self,
        attachment: &Attachment,
        order: Order,
    ) -> Result<(RgbImage, ImageFacts), EngineError> {
        let Order::Decode { rendering, .. } = order else {
            return Err(EngineError::Decoder("no decoding".to_owned()));
        };
        let Attachment::File(bytes) = attachment else {
            return Err(EngineError::Decoder("no file".to_owned()));
        };
        if !bytes.starts_with(RARE) {
            return Err(EngineError::Decoder("It is damaged.".to_owned()));
        }
        let mut decoded = imaging::render(&bytes[RARE.len()..], &rendering)?;
        decoded.frames = 2;
        Ok((decoded.image.clone(), ImageFacts::from(&decoded)))
    }

    async fn encode(
        &self,
        attachment: &Attachment,
        order: EncodeOrder,
        map: &[f32],
    ) -> Result<Vec<u8>, EngineError> {
        let Attachment::File(_) = attachment else {
            return Err(EngineError::Decoder("no file".to_owned()));
        };
        assert_eq!(order.map.0 * order.map.1, map.len());
        Ok(format!("{} by {}", order.format, order.info.algorithm).into_bytes())
    }

    async fn unpack(
        &self,
        attachment: &Attachment,
        order: Order,
    ) -> Result<(Contents, Vec<u8>), EngineError> {
        let (Attachment::File(bytes), Order::Unpack { path }) = (attachment, order) else {
            return Err(EngineError::Decoder("no file".to_owned()));
        };
        let unpacked = if contents::is_archive(bytes) {
            contents::of_archive(bytes.as_slice(), &path).map(|contents| (contents, Vec::new()))
        } else {
            contents::of_annotations(bytes, &path)
        };
        unpacked.map_err(EngineError::Decoder)
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            date: "20260131".to_owned(),
            time: "235959".to_owned(),
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
pub struct Letters {
    pub sent: Rc<RefCell<Vec<(Message, Payload)>>>,
    /// Whether images cannot be sent.
    pub refuses_images: Rc<Cell<bool>>,
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
pub struct Desk {
    engine: Engine<Machine, Letters>,
    pub machine: Machine,
    pub letters: Letters,
    asked: u32,
}

impl Desk {
    pub fn new(has_gpu: bool) -> Self {
        let machine = Machine {
            began: Instant::now(),
            site: Rc::default(),
            fetched: Rc::default(),
            read: Rc::default(),
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
    pub fn with_model() -> Self {
        let mut desk = Self::new(false);
        desk.start(DeviceKind::Cpu).expect("the CPU is there");
        desk.load(skin()).expect("loads");
        desk
    }

    /// With a segmented image of `width` × `height` pixels as document 1.
    pub fn with_document(width: u32, height: u32) -> Self {
        let mut desk = Self::with_model();
        desk.open(1, lesion(width, height)).expect("opens");
        desk.segment(1).expect("is segmented");
        desk
    }

    /// Asks one thing and holds the engine to one answer.
    pub fn ask(
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

    pub fn start(&mut self, device: DeviceKind) -> Result<(Answer, Payload), String> {
        self.ask(Request::Start { device }, Attachment::None)
    }

    pub fn load(&mut self, model: ModelKey) -> Result<Manifest, String> {
        self.load_with(model, None, Attachment::None)
    }

    pub fn load_with(
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
            network: None,
        };
        match self.ask(request, attachment)? {
            (Answer::ModelLoaded { manifest, .. }, _) => Ok(*manifest),
            other => panic!("{other:?}"),
        }
    }

    pub fn open(&mut self, document: u32, bytes: Vec<u8>) -> Result<(Answer, Payload), String> {
        let request = Request::Open {
            document: DocumentId(document),
            name: "lesion.1.jpg".to_owned(),
            rendering: Rendering::default(),
            with_picture: true,
        };
        self.ask(request, Attachment::File(bytes))
    }

    pub fn segment(&mut self, document: u32) -> Result<(Answer, Payload), String> {
        self.ask(
            Request::Segment(mask(document).segmentation),
            Attachment::None,
        )
    }

    pub fn edit(&mut self, version: u64, corrections: Vec<Correction>) {
        let document = DocumentId(1);
        let request = Request::Edit {
            document,
            version,
            corrections,
        };
        let answer = self.ask(request, Attachment::None).expect("is taken");
        assert!(matches!(answer.0, Answer::Done));
    }

    /// The whole canvas, one byte a pixel: the alpha of the overlay.
    pub fn paint(&mut self, mask: MaskSpec, frame: Frame) -> Result<(Vec<u8>, Area), String> {
        let (answer, payload) = self.ask(Request::Paint { mask, frame }, Attachment::None)?;
        let Answer::Painted { bounds, area } = answer else {
            panic!("{answer:?}");
        };
        let [left, top, width, height] = bounds;
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

    pub fn measure(&mut self, mask: MaskSpec) -> Result<Area, String> {
        let spec = MeasureSpec {
            mask,
            scale: None,
            truths: 0,
        };
        Ok(self.measure_all(spec)?.area)
    }

    pub fn measure_all(&mut self, spec: MeasureSpec) -> Result<Measured, String> {
        match self.ask(Request::Measure(spec), Attachment::None)? {
            (Answer::Measured(measured), Payload::None) => Ok(*measured),
            other => panic!("{other:?}"),
        }
    }

    pub fn attach_truth(&mut self, place: u32, bytes: Vec<u8>) -> Result<(), String> {
        let request = Request::AttachTruth {
            document: DocumentId(1),
            file: DocumentId(100 + place),
            name: "lesion.1_mask.png".to_owned(),
            place,
        };
        match self.ask(request, Attachment::File(bytes))? {
            (Answer::Done, Payload::None) => Ok(()),
            other => panic!("{other:?}"),
        }
    }

    pub fn export(&mut self, mask: MaskSpec, format: &str) -> Result<(String, Vec<u8>), String> {
        let format = format.to_owned();
        let style = STYLE;
        let request = Request::Export {
            mask,
            format,
            style,
            lines: Vec::new(),
            scale: None,
            report: None,
        };
        match self.ask(request, Attachment::None)? {
            (Answer::Exported { file_name, .. }, Payload::Bytes(bytes)) => Ok((file_name, bytes)),
            other => panic!("{other:?}"),
        }
    }

    /// The exported mask, one byte a pixel.
    pub fn mask(&mut self, mask: MaskSpec) -> Vec<u8> {
        let (_, bytes) = self.export(mask, "mask").expect("is written");
        let image = delineo::imaging::decode(&bytes).expect("is a PNG").image;
        image.pixels().map(|pixel| pixel.0[0]).collect()
    }
}

pub const STYLE: Style = Style {
    tint: true,
    contour: false,
    opacity: 0.5,
    colour: [0, 200, 255],
    line: 2.0,
};

pub fn skin() -> ModelKey {
    ModelKey::Published("dermoscopy-s".to_owned())
}

pub fn mask(document: u32) -> MaskSpec {
    MaskSpec {
        segmentation: Segmentation {
            document: DocumentId(document),
            rendering: Rendering::default(),
            model: skin(),
            views: None,
            weights: None,
        },
        settings: Settings {
            class: 0,
            threshold: 0.5,
            cleaning: Cleaning {
                largest_region: true,
                fill_holes: true,
                ..Cleaning::NONE
            },
        },
        edits: 0,
        truths: 0,
    }
}

/// A canvas that shows the image pixel for pixel.
pub fn frame(width: u32, height: u32) -> Frame {
    Frame {
        width,
        height,
        view: View::ORIGIN,
        style: STYLE,
        band: false,
        truths: 0,
        wipe: None,
    }
}

/// The file of an image with a lesion on skin.
pub fn lesion(width: u32, height: u32) -> Vec<u8> {
    png(&phantom::dermoscopy(4, width, height).image).expect("encodes")
}

pub fn dot(kind: StrokeKind) -> Vec<Correction> {
    vec![Correction::Stroke(Stroke {
        kind,
        radius: 6.0,
        points: vec![[10.0, 10.0]],
    })]
}

pub fn published(file: &str) -> std::io::Result<Vec<u8>> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../public")
            .join(file),
    )
}

pub fn weights() -> Vec<u8> {
    published("models/dermoscopy-s/weights.safetensors").expect("is in the repository")
}

pub fn manifest() -> String {
    let json = published("models/dermoscopy-s/model.json").expect("is in the repository");
    String::from_utf8(json).expect("is text")
}
