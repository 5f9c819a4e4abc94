//! A copy of what a model said of an image: its probability maps, and what is needed to use them without the model.
//!
//! It is a 16-bit grey PNG. The maps of the classes stand one above the other, each value a multiple of 1 / 32 768, which
//! [`ProbabilityMap`] holds nothing finer than: a map that was copied is the map, to the bit. A text chunk says what made
//! them: the model's `model.json`, without what only its training and its self-test need. PNG has a checksum on all of it. A
//! map of 160 × 160 or 176 × 176, as the published models make, takes 24 to 37 kB, one of 256 × 256 about 75 kB.

use std::io::{Cursor, Write};

use png::{BitDepth, ColorType, Compression, Decoder, Encoder};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::manifest::Manifest;
use crate::mask::ProbabilityMap;
use crate::tta::Views;

/// Keyword of the text chunk.
const KEYWORD: &str = "Delineo probability maps";
/// The one version that is written and read.
const VERSION: u32 = 1;
/// Most values of a copy: 16 maps of 1024 × 1024.
const MOST: usize = 1 << 24;

/// Probability maps of one image, and what made them.
#[derive(Clone, Debug)]
pub struct MapCopy {
    /// What the model says of itself, without what only its training and its self-test need.
    pub manifest: Manifest,
    /// As a mean over these views.
    pub views: Option<Views>,
    /// One of each class, all of one size.
    pub maps: Vec<ProbabilityMap>,
}

/// What the text chunk says.
#[derive(Serialize, Deserialize)]
struct Origin {
    version: u32,
    manifest: Manifest,
    #[serde(default)]
    views: Option<Views>,
}

impl MapCopy {
    /// The bytes of a copy of `maps`, which `manifest` made as a mean over `views`.
    ///
    /// # Errors
    /// [`Error::Encode`] when there are no maps or they differ in size.
    pub fn pack(
        manifest: &Manifest,
        views: Option<Views>,
        maps: &[ProbabilityMap],
    ) -> Result<Vec<u8>, Error> {
        let fault = |error: &dyn std::fmt::Display| Error::Encode(error.to_string());
        let size = |map: &ProbabilityMap| (map.width(), map.height());
        let first = maps.first().map(size);
        let (width, height) = first.ok_or_else(|| fault(&"there is no map"))?;
        if maps.iter().any(|map| size(map) != (width, height)) {
            return Err(fault(&"the maps differ in size"));
        }
        let origin = Origin {
            version: VERSION,
            manifest: for_use(manifest),
            views,
        };
        let origin = serde_json::to_string(&origin).map_err(|error| fault(&error))?;
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width as u32, (height * maps.len()) as u32);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Sixteen);
        encoder.set_compression(Compression::Fast);
        let noted = encoder.add_itxt_chunk(KEYWORD.to_owned(), origin);
        noted.map_err(|error| fault(&error))?;
        let mut header = encoder.write_header().map_err(|error| fault(&error))?;
        let mut stream = header.stream_writer().map_err(|error| fault(&error))?;
        let levels = maps.iter().flat_map(ProbabilityMap::levels);
        let samples: Vec<u8> = levels.flat_map(u16::to_be_bytes).collect();
        stream.write_all(&samples).map_err(|error| fault(&error))?;
        stream.finish().map_err(|error| fault(&error))?;
        header.finish().map_err(|error| fault(&error))?;
        Ok(bytes)
    }

    /// The copy in these bytes.
    ///
    /// # Errors
    /// [`Error::DamagedMap`] when they are none, or not as they were written.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let fault = |error: &dyn std::fmt::Display| Error::DamagedMap(error.to_string());
        let decoder = Decoder::new(Cursor::new(bytes));
        let mut reader = decoder.read_info().map_err(|error| fault(&error))?;
        let info = reader.info();
        let form = (info.color_type, info.bit_depth, info.interlaced);
        if form != (ColorType::Grayscale, BitDepth::Sixteen, false) {
            return Err(fault(&"it is another kind of PNG"));
        }
        let (width, rows) = (info.width as usize, info.height as usize);
        let texts = info.utf8_text.iter();
        let text = texts.into_iter().find(|text| text.keyword == KEYWORD);
        let text = text.ok_or_else(|| fault(&"it does not say what made it"))?;
        let text = text.get_text().map_err(|error| fault(&error))?;
        let origin: Origin = serde_json::from_str(&text).map_err(|error| fault(&error))?;
        let classes = origin.manifest.classes.len();
        if origin.version != VERSION || classes == 0 || !rows.is_multiple_of(classes) {
            return Err(fault(&"it is of another version"));
        }
        let values = width.checked_mul(rows).filter(|values| *values <= MOST);
        let values = values.ok_or_else(|| fault(&"it is too large"))?;
        let mut samples = vec![0; 2 * values];
        let read = reader.next_frame(&mut samples);
        read.map_err(|error| fault(&error))?;
        // The checksum of the last pixels comes behind them.
        reader.finish().map_err(|error| fault(&error))?;
        let height = rows / classes;
        let maps = samples.chunks_exact(2 * width * height).map(|samples| {
            let levels = samples.chunks_exact(2);
            let levels = levels.map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            ProbabilityMap::from_levels(width, height, levels)
        });
        Ok(Self {
            manifest: origin.manifest,
            views: origin.views,
            maps: maps.collect(),
        })
    }
}

/// What is needed of a manifest once its model has run.
fn for_use(manifest: &Manifest) -> Manifest {
    Manifest {
        description: String::new(),
        self_test: None,
        training: Vec::new(),
        provenance: None,
        scores: Vec::new(),
        ..manifest.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Cleaning, Mask};

    /// A lesion with a soft, uneven border, and noise as a network's answer has it.
    fn map(seed: u32, side: usize) -> ProbabilityMap {
        let mut state = seed;
        let logits: Vec<f32> = (0..side * side)
            .map(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
                let (x, y) = ((at % side) as f32, (at / side) as f32);
                let (dx, dy) = (x / side as f32 - 0.5, y / side as f32 - 0.45);
                let radius = 0.3 + 0.05 * (6.0 * dy.atan2(dx)).sin();
                40.0 * (radius - dx.hypot(dy)) + noise
            })
            .collect();
        ProbabilityMap::from_logits(side, side, &logits, 1.3)
    }

    fn manifest(classes: usize) -> Manifest {
        let mut manifest = Manifest::assumed("skin", "S", 3, classes, b"weights");
        manifest.name = "Läsion".to_owned();
        manifest.modalities = vec!["dermoscopy".to_owned()];
        manifest.training = vec!["much".to_owned(); 100];
        manifest
    }

    #[test]
    fn masks_made_from_a_copy_are_the_same_to_the_pixel_at_every_threshold_and_size() {
        let map = map(1, 256);
        let bytes = MapCopy::pack(&manifest(1), None, std::slice::from_ref(&map)).expect("packs");
        assert!(bytes.len() < 110_000, "{} bytes", bytes.len());
        let copy = MapCopy::unpack(&bytes).expect("unpacks");
        assert_eq!(copy.maps[0].values(), map.values());
        for (width, height) in [(256, 256), (767, 576), (3000, 2000)] {
            for threshold in [0.01, 0.3, 0.5, 0.55, 0.99] {
                let make = |map| Mask::make(map, width, height, threshold, Cleaning::PROPOSED, &[]);
                let (before, after) = (make(&map), make(&copy.maps[0]));
                assert!(before.area() > 0 && before.bits() == after.bits());
            }
        }
    }

    #[test]
    fn all_classes_and_what_exports_say_of_the_model_are_in_a_copy() {
        let maps = [map(1, 64), map(2, 64), map(3, 64)];
        let given = manifest(3);
        let bytes = MapCopy::pack(&given, Some(Views::All), &maps).expect("packs");
        let copy = MapCopy::unpack(&bytes).expect("unpacks");
        assert_eq!(copy.views, Some(Views::All));
        assert_eq!(copy.maps.len(), 3);
        for (copied, map) in copy.maps.iter().zip(&maps) {
            assert_eq!((copied.width(), copied.height()), (64, 64));
            assert_eq!(copied.values(), map.values());
        }
        let of = |manifest: &Manifest| {
            (
                crate::collection::ModelInfo::of(manifest).sha256,
                (manifest.name.clone(), manifest.temperature),
                (manifest.classes.clone(), manifest.modalities.clone()),
            )
        };
        assert_eq!(of(&copy.manifest), of(&given));
        assert!(copy.manifest.training.is_empty());
    }

    #[test]
    fn a_copy_that_is_damaged_anywhere_is_refused() {
        let bytes = MapCopy::pack(&manifest(1), None, &[map(1, 32)]).expect("packs");
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            let refused = MapCopy::unpack(&damaged).is_err();
            // The last chunk holds nothing.
            assert!(refused || at >= bytes.len() - 12, "byte {at}");
            assert!(MapCopy::unpack(&bytes[..at]).is_err(), "cut at {at}");
        }
        let other = crate::export::png(&crate::RgbImage::new(8, 8)).expect("packs");
        assert!(MapCopy::unpack(&other).is_err());
    }
}
