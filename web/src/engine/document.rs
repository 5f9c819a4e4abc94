//! An open document and everything that is made from it.

use std::cell::OnceCell;

use delineo::RgbImage;
use delineo::export::{Line, SegmentationInfo};
use delineo::imaging::Rendering;
use delineo::manifest::Manifest;
use delineo::mask::{Correction, Mask, Painting, Preview, ProbabilityMap, Style};
use delineo::measure::{
    Measurements, Outline, Proportions, ReportPage, Scale, ScaleSource, Shape, Uncertainty,
};
use delineo::metrics::Comparison;

use crate::decoder::EncodeOrder;
use crate::engine::difference;
use crate::engine::error::EngineError;
use crate::protocol::{
    Answer, Area, DocumentId, Frame, MaskSpec, MeasureSpec, Measured, Modality, ModelKey,
    Segmentation, Settings,
};

/// So many lesions are told one by one.
const LISTED: usize = 50;

/// One image at its own size, and what is known of it.
#[derive(Debug)]
pub struct Document {
    /// The page's number for it.
    pub id: DocumentId,
    /// Which of its frames, and through which window.
    pub rendering: Rendering,
    /// The image, upright.
    pub image: RgbImage,
    name: String,
    modality: Modality,
    pub(super) findings: Findings,
    pub(super) preview: Preview,
    pub(super) truth: Option<Truth>,
    /// The mask at the image's own size that was drawn last with its difference, so that moving the image is quick.
    drawn: Option<(MaskSpec, Mask)>,
}

/// What an export shows besides the mask, where its format does.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// How the mask looks.
    pub style: Style,
    /// What is drawn over the image.
    pub lines: Vec<Line>,
    /// The scale, for the formats that say it.
    pub scale: Option<Scale>,
    /// What was measured.
    pub page: Option<ReportPage>,
}

/// The mask that a person knows to be right.
#[derive(Debug)]
pub(super) struct Truth {
    mask: Mask,
    /// From how many files it was made.
    files: u32,
    /// The same as probabilities of 0 and 1, once corrections start from it.
    map: OnceCell<ProbabilityMap>,
}

impl Truth {
    fn map(&self) -> &ProbabilityMap {
        self.map.get_or_init(|| {
            let (width, height) = (self.mask.width() as usize, self.mask.height() as usize);
            let values = self.mask.bits().iter().map(|bit| f32::from(*bit)).collect();
            ProbabilityMap::new(width, height, values)
        })
    }
}

/// What a model said.
#[derive(Debug)]
pub(super) struct Said {
    /// Which maps.
    of: Segmentation,
    /// What the model says of itself: it may be no longer loaded, or another one by now.
    pub manifest: Manifest,
    /// Probability of each class at the network's size.
    pub maps: Vec<ProbabilityMap>,
}

/// What a mask is made from.
#[derive(Debug, Default)]
pub(super) struct Findings {
    said: Vec<Said>,
    /// Hand corrections, oldest first, and their version.
    corrections: (u64, Vec<Correction>),
}

impl Findings {
    /// What was said of this document as a request names it.
    pub(super) fn said(&self, of: &Segmentation) -> Result<&Said, EngineError> {
        let mut all = self.said.iter();
        all.find(|said| is_same(&said.of, of))
            .ok_or(EngineError::NotSegmented)
    }

    /// The map and the corrections that a request names, if they are those that are here. The true mask may take the place of
    /// the model's.
    pub(super) fn of<'a>(
        &'a self,
        truth: Option<&'a Truth>,
        mask: &MaskSpec,
    ) -> Result<(&'a ProbabilityMap, &'a [Correction]), EngineError> {
        let said = self.said(&mask.segmentation)?;
        let class = mask.settings.class;
        let map = said
            .maps
            .get(class as usize)
            .ok_or(EngineError::NoClass(class))?;
        let map = match truth {
            _ if mask.truths == 0 => map,
            Some(truth) if truth.files == mask.truths => truth.map(),
            _ => return Err(EngineError::OtherTruth),
        };
        let (version, corrections) = &self.corrections;
        match mask.edits {
            0 => Ok((map, &[])),
            edits if edits == *version => Ok((map, corrections)),
            _ => Err(EngineError::OtherEdits),
        }
    }
}

impl Document {
    /// Takes over a decoded image.
    pub fn new(
        id: DocumentId,
        rendering: Rendering,
        name: String,
        modality: Modality,
        image: RgbImage,
    ) -> Self {
        let preview = Preview::new(image.width(), image.height());
        Self {
            id,
            rendering,
            image,
            name,
            modality,
            findings: Findings::default(),
            preview,
            truth: None,
            drawn: None,
        }
    }

    /// Takes a picture of a mask as the truth, or adds it to what `place` files before it made.
    pub fn attach(
        &mut self,
        name: &str,
        place: u32,
        picture: &RgbImage,
    ) -> Result<(), EngineError> {
        let refused = |error: delineo::Error| EngineError::Truth {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        if picture.dimensions() != self.image.dimensions() {
            return Err(EngineError::TruthSize {
                name: name.to_owned(),
                mask: picture.dimensions(),
                image: self.image.dimensions(),
            });
        }
        let mut mask = Mask::of_picture(picture).map_err(refused)?;
        match &self.truth {
            _ if place == 0 => {}
            Some(before) if before.files == place => {
                let both = before.mask.bits().iter().zip(mask.bits());
                let union = both.map(|(one, other)| one | other).collect();
                mask = Mask::new(mask.width(), mask.height(), union);
            }
            _ => return Err(EngineError::OtherTruth),
        }
        self.truth = Some(Truth {
            mask,
            files: place + 1,
            map: OnceCell::new(),
        });
        self.drawn = None;
        Ok(())
    }

    /// Keeps what a model said, in the place of what it said before.
    pub fn keep(&mut self, of: Segmentation, manifest: Manifest, maps: Vec<ProbabilityMap>) {
        let all = &mut self.findings.said;
        all.retain(|said| !is_same(&said.of, &of));
        all.push(Said { of, manifest, maps });
        self.drawn = None;
    }

    /// What a model said, as a request names it.
    pub(super) fn said(&self, of: &Segmentation) -> Result<&Said, EngineError> {
        self.findings.said(of)
    }

    /// Frees what it draws with, which is made anew when it is drawn again.
    pub fn free_buffers(&mut self) {
        self.preview = Preview::new(self.image.width(), self.image.height());
        self.drawn = None;
    }

    /// Drops all that a model said.
    pub fn forget(&mut self, model: &ModelKey) {
        self.findings.said.retain(|said| said.of.model != *model);
        self.drawn = None;
    }

    /// Replaces the hand corrections.
    pub fn edit(&mut self, version: u64, corrections: Vec<Correction>) {
        self.findings.corrections = (version, corrections);
    }

    /// Draws what is visible of a mask into `rgba`. The size is that of the drawn part; there is none where nothing is
    /// visible.
    pub fn paint(
        &mut self,
        mask: &MaskSpec,
        frame: &Frame,
        rgba: &mut Vec<u8>,
    ) -> Result<(Answer, Option<(u32, u32)>), EngineError> {
        let area = self.area(mask)?;
        if frame.truths > 0 {
            let bounds = self.paint_difference(mask, frame, rgba)?;
            return Ok(painted(bounds, area));
        }
        let (map, corrections) = self.findings.of(self.truth.as_ref(), mask)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let paint = if frame.band {
            Preview::paint_band
        } else {
            Preview::paint
        };
        let painting = Painting {
            map,
            canvas: (frame.width, frame.height),
            view: frame.view,
            threshold,
            cleaning,
            corrections,
            style: frame.style,
        };
        let part = paint(&mut self.preview, &painting, rgba);
        let bounds = [part.left, part.top, part.width, part.height];
        Ok(painted(bounds, area))
    }

    fn paint_difference(
        &mut self,
        mask: &MaskSpec,
        frame: &Frame,
        rgba: &mut Vec<u8>,
    ) -> Result<[u32; 4], EngineError> {
        let before = self.drawn.take().filter(|(of, _)| of == mask);
        let (_, drawn) = match before {
            Some(drawn) => self.drawn.insert(drawn),
            None => {
                let made = self.make(mask)?;
                self.drawn.insert((mask.clone(), made))
            }
        };
        match &self.truth {
            Some(truth) if truth.files == frame.truths => {
                Ok(difference::draw(drawn, &truth.mask, frame, rgba))
            }
            _ => Err(EngineError::OtherTruth),
        }
    }

    /// A mask at the image's own size.
    fn make(&self, mask: &MaskSpec) -> Result<Mask, EngineError> {
        let (map, corrections) = self.findings.of(self.truth.as_ref(), mask)?;
        let (width, height) = self.image.dimensions();
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        Ok(Mask::make(
            map,
            width,
            height,
            threshold,
            cleaning,
            corrections,
        ))
    }

    /// Measures a mask at the image's own size.
    pub fn measure(&self, spec: &MeasureSpec) -> Result<Measured, EngineError> {
        let truth = self.truth(spec.truths)?;
        let (map, corrections) = self.findings.of(self.truth.as_ref(), &spec.mask)?;
        let size = self.image.dimensions();
        let Settings {
            threshold,
            cleaning,
            ..
        } = spec.mask.settings;
        let mask = self.make(&spec.mask)?;
        let scale = spec.scale.as_ref();
        let mut measurements = Measurements::of(&mask, scale);
        measurements.lesions.truncate(LISTED);
        let whole = measurements.whole;
        let uncertainty = whole
            .as_ref()
            .map(|whole| Uncertainty::of_whole(whole, map, size, threshold, cleaning, corrections));
        let is = |modality| whole.filter(|_| self.modality == modality);
        let spacing = |truth: &Mask| {
            let found = whole.or_else(|| Measurements::of(truth, scale).whole);
            found.and_then(|shape| shape.spacing)
        };
        let compared = truth.map(|truth| Comparison::of(&mask, truth, spacing(truth)));
        Ok(Measured {
            area: self.share(mask.area(), true),
            uncertainty,
            proportions: is(Modality::Ultrasound)
                .map(|whole| Proportions::of(&whole, skin(scale, &whole))),
            outline: is(Modality::Dermoscopy).map(|whole| Outline::of(&mask, &whole)),
            comparison: compared.transpose()?,
            measurements,
        })
    }

    /// The truth, if it is made from so many files.
    fn truth(&self, files: u32) -> Result<Option<&Mask>, EngineError> {
        match &self.truth {
            _ if files == 0 => Ok(None),
            Some(truth) if truth.files == files => Ok(Some(&truth.mask)),
            _ => Err(EngineError::OtherTruth),
        }
    }

    /// How large a mask is, as exactly as it is known at no cost.
    pub(super) fn area(&mut self, mask: &MaskSpec) -> Result<Area, EngineError> {
        let (map, corrections) = self.findings.of(self.truth.as_ref(), mask)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let (pixels, exact) = self.preview.area(map, threshold, cleaning, corrections);
        Ok(self.share(pixels, exact))
    }

    fn share(&self, pixels: u64, exact: bool) -> Area {
        let all = f64::from(self.image.width()) * f64::from(self.image.height());
        Area {
            pixels: pixels as f64,
            fraction: pixels as f64 / all,
            exact,
        }
    }

    /// What an export is called, and its file, unless its format is written elsewhere.
    pub fn export(
        &self,
        mask: &MaskSpec,
        format: &str,
        drawing: &Drawing,
    ) -> Result<(Answer, Result<Vec<u8>, delineo::Error>), EngineError> {
        let segmentation = self.segmentation(mask, drawing)?;
        let format = delineo::export::by_id(format)
            .ok_or_else(|| EngineError::NoFormat(format.to_owned()))?;
        let answer = Answer::Exported {
            file_name: format.file_name(&self.name),
            media_type: format.media_type.to_owned(),
        };
        Ok((answer, format.encode(&segmentation)))
    }

    /// All that the files of a mask are made from.
    pub fn segmentation(
        &self,
        mask: &MaskSpec,
        drawing: &Drawing,
    ) -> Result<delineo::export::Segmentation<'_>, EngineError> {
        let (map, corrections) = self.findings.of(self.truth.as_ref(), mask)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let mut segmentation = delineo::export::Segmentation::new(
            &self.image,
            map,
            threshold,
            cleaning,
            corrections,
            drawing.style,
        );
        segmentation.lines.clone_from(&drawing.lines);
        segmentation.report.clone_from(&drawing.page);
        segmentation.name = &self.name;
        segmentation.spacing = drawing.scale.as_ref().and_then(Scale::uniform);
        Ok(segmentation)
    }

    /// What another program needs to encode an export as this one would, and the probability map for it.
    pub fn encode_order(
        &self,
        mask: &MaskSpec,
        format: &str,
        drawing: Drawing,
        info: SegmentationInfo,
    ) -> Result<(EncodeOrder, &ProbabilityMap), EngineError> {
        let (map, corrections) = self.findings.of(self.truth.as_ref(), mask)?;
        let order = EncodeOrder {
            document: self.id,
            rendering: self.rendering,
            map: (map.width(), map.height()),
            format: format.to_owned(),
            threshold: mask.settings.threshold,
            cleaning: mask.settings.cleaning,
            corrections: corrections.to_vec(),
            style: drawing.style,
            lines: drawing.lines,
            info,
        };
        Ok((order, map))
    }
}

/// Whether two requests name the same maps of a document that is open in one frame and window.
fn is_same(one: &Segmentation, other: &Segmentation) -> bool {
    (&one.model, one.views, &one.weights) == (&other.model, other.views, &other.weights)
}

/// The answer for an overlay of these bounds, and its size, where it has any.
fn painted(bounds: [u32; 4], area: Area) -> (Answer, Option<(u32, u32)>) {
    let [_, _, width, height] = bounds;
    let size = (width > 0).then_some((width, height));
    (Answer::Painted { bounds, area }, size)
}

/// The row at which the skin lies: the top of the ultrasound region in which a lesion is, else that of the image.
fn skin(scale: Option<&Scale>, lesion: &Shape) -> u32 {
    scale
        .filter(|scale| scale.source == ScaleSource::UltrasoundRegions)
        .and_then(|scale| scale.region(lesion.bounds)?.area)
        .map_or(0, |area| area.top)
}
