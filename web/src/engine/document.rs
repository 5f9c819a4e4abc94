//! The open document and everything that is made from it.

use delineo::RgbImage;
use delineo::export::SegmentationInfo;
use delineo::imaging::Rendering;
use delineo::mask::{Mask, Preview, ProbabilityMap, Stroke, Style};

use crate::decoder::EncodeOrder;
use crate::engine::error::EngineError;
use crate::protocol::{
    Answer, Area, DocumentId, Frame, MaskSpec, ModelKey, Segmentation, Settings, Views,
};

/// One image at its own size, the only one in memory, and what is known of it.
#[derive(Debug)]
pub struct Document {
    /// The page's number for it.
    pub id: DocumentId,
    /// Which of its frames, and through which window.
    pub rendering: Rendering,
    /// The image, upright.
    pub image: RgbImage,
    name: String,
    findings: Findings,
    preview: Preview,
}

/// What a mask is made from.
#[derive(Debug, Default)]
struct Findings {
    /// Probability of each class at the network's size, by model and views.
    maps: Vec<(ModelKey, Option<Views>, Vec<ProbabilityMap>)>,
    /// Hand corrections, oldest first, and their version.
    strokes: (u64, Vec<Stroke>),
}

impl Findings {
    /// The map and the corrections that a request names, if they are those that are here.
    fn of(&self, mask: &MaskSpec) -> Result<(&ProbabilityMap, &[Stroke]), EngineError> {
        let Segmentation { model, views, .. } = &mask.segmentation;
        let (_, _, maps) = self
            .maps
            .iter()
            .find(|(by, over, _)| (by, over) == (model, views))
            .ok_or(EngineError::NotSegmented)?;
        let class = mask.settings.class;
        let map = maps
            .get(class as usize)
            .ok_or(EngineError::NoClass(class))?;
        let (version, strokes) = &self.strokes;
        match mask.edits {
            0 => Ok((map, &[])),
            edits if edits == *version => Ok((map, strokes)),
            _ => Err(EngineError::OtherEdits),
        }
    }
}

impl Document {
    /// Takes over a decoded image.
    pub fn new(id: DocumentId, rendering: Rendering, name: String, image: RgbImage) -> Self {
        let preview = Preview::new(image.width(), image.height());
        Self {
            id,
            rendering,
            image,
            name,
            findings: Findings::default(),
            preview,
        }
    }

    /// Keeps what a model said, in the place of what it said before.
    pub fn keep(&mut self, model: ModelKey, views: Option<Views>, maps: Vec<ProbabilityMap>) {
        let all = &mut self.findings.maps;
        all.retain(|(by, over, _)| (by, over) != (&model, &views));
        all.push((model, views, maps));
    }

    /// Drops all that a model said.
    pub fn forget(&mut self, model: &ModelKey) {
        self.findings.maps.retain(|(by, _, _)| by != model);
    }

    /// Replaces the hand corrections.
    pub fn edit(&mut self, version: u64, strokes: Vec<Stroke>) {
        self.findings.strokes = (version, strokes);
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
        let (map, strokes) = self.findings.of(mask)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let part = self.preview.paint(
            map,
            (frame.width, frame.height),
            frame.view,
            threshold,
            cleaning,
            strokes,
            frame.style,
            rgba,
        );
        let answer = Answer::Painted {
            left: part.left,
            top: part.top,
            width: part.width,
            height: part.height,
            area,
        };
        let size = (part.width > 0).then_some((part.width, part.height));
        Ok((answer, size))
    }

    /// Counts the pixels of a mask at the image's own size.
    pub fn measure(&mut self, mask: &MaskSpec) -> Result<Area, EngineError> {
        let area = self.area(mask)?;
        if area.exact {
            return Ok(area);
        }
        let (map, strokes) = self.findings.of(mask)?;
        let (width, height) = self.image.dimensions();
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let pixels = Mask::make(map, width, height, threshold, cleaning, strokes).area();
        Ok(self.share(pixels, true))
    }

    /// How large a mask is, as exactly as it is known at no cost.
    fn area(&mut self, mask: &MaskSpec) -> Result<Area, EngineError> {
        let (map, strokes) = self.findings.of(mask)?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let (pixels, exact) = self.preview.area(map, threshold, cleaning, strokes);
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
        style: Style,
    ) -> Result<(Answer, Result<Vec<u8>, delineo::Error>), EngineError> {
        let (map, strokes) = self.findings.of(mask)?;
        let format = delineo::export::by_id(format)
            .ok_or_else(|| EngineError::NoFormat(format.to_owned()))?;
        let Settings {
            threshold,
            cleaning,
            ..
        } = mask.settings;
        let segmentation = delineo::export::Segmentation::new(
            &self.image,
            map,
            threshold,
            cleaning,
            strokes,
            style,
        );
        let answer = Answer::Exported {
            file_name: format.file_name(&self.name),
            media_type: format.media_type.to_owned(),
        };
        Ok((answer, format.encode(&segmentation)))
    }

    /// What another program needs to encode an export as this one would, and the probability map for it.
    pub fn encode_order(
        &self,
        mask: &MaskSpec,
        format: &str,
        style: Style,
        info: SegmentationInfo,
    ) -> Result<(EncodeOrder, &ProbabilityMap), EngineError> {
        let (map, strokes) = self.findings.of(mask)?;
        let order = EncodeOrder {
            document: self.id,
            rendering: self.rendering,
            map: (map.width(), map.height()),
            format: format.to_owned(),
            threshold: mask.settings.threshold,
            cleaning: mask.settings.cleaning,
            strokes: strokes.to_vec(),
            style,
            info,
        };
        Ok((order, map))
    }
}
