//! nnU-Net's raw folder (version 2,
//! <https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md>): the pictures, the masks as labels, and
//! `dataset.json`.

use serde_json::{Map, Value, json};

use super::coco::number;
use super::item::{Entry, Item};
use super::places::Place;
use super::set_format::{About, SetFormat, Writer};
use crate::Error;
use crate::export::{label_png, png};

pub(super) static FORMAT: SetFormat = SetFormat {
    id: "nnunet",
    name: "nnU-Net",
    label: "nnU-Net raw data set",
    root: FOLDER,
};

/// nnU-Net asks for a number of three digits; whoever has other data sets renames it.
const FOLDER: &str = "Dataset001_Delineo";

pub(super) fn begin(_: &About) -> Box<dyn Writer + Send> {
    Box::<NnUnet>::default()
}

#[derive(Debug, Default)]
struct NnUnet {
    classes: Vec<String>,
    cases: u64,
}

impl Writer for NnUnet {
    fn push(&mut self, item: &Item, place: &Place, _: &[String]) -> Result<Vec<Entry>, Error> {
        if !item.is_usable() {
            return Ok(Vec::new());
        }
        let value = number(&mut self.classes, item.segmentation.label);
        let value = u8::try_from(value)
            .map_err(|_| Error::Encode("a label image holds up to 255 classes".to_owned()))?;
        let case = place.flat();
        let entries = vec![
            Entry {
                // One file of three channels is channel 0.
                path: format!("{FOLDER}/imagesTr/{case}_0000.png"),
                bytes: png(item.segmentation.image)?,
            },
            Entry {
                path: format!("{FOLDER}/labelsTr/{case}.png"),
                bytes: label_png(item.segmentation.mask(), value)?,
            },
        ];
        self.cases += 1;
        Ok(entries)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Entry>, Error> {
        let mut labels = Map::new();
        labels.insert("background".to_owned(), json!(0));
        labels.extend(
            self.classes
                .into_iter()
                .zip(1..)
                .map(|(name, id)| (name, json!(id))),
        );
        let dataset = json!({
            "channel_names": { "0": "R", "1": "G", "2": "B" },
            "labels": Value::Object(labels),
            "numTraining": self.cases,
            "file_ending": ".png",
            "overwrite_image_reader_writer": "NaturalImage2DIO",
        });
        let entry = Entry {
            path: format!("{FOLDER}/dataset.json"),
            bytes: format!("{dataset:#}\n").into_bytes(),
        };
        Ok(vec![entry])
    }
}
