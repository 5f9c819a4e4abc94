//! A table of the figures of each image, in the columns and digits of `delineo measure`.

use super::item::{Entry, Item};
use super::places::Place;
use super::set_format::{About, SetFormat, Writer};
use crate::Error;
use crate::measure::{Cell, Record, csv_row};

pub(super) static FORMAT: SetFormat = SetFormat {
    id: "measurements",
    name: "Measurements",
    label: "Measurements, CSV",
    root: "measurements.csv",
};

pub(super) fn begin(_: &About) -> Box<dyn Writer + Send> {
    let names: Vec<Cell> = Record::names().into_iter().map(Cell::Text).collect();
    Box::new(Table {
        text: csv_row(&names),
    })
}

#[derive(Debug)]
struct Table {
    text: String,
}

impl Writer for Table {
    fn push(&mut self, item: &Item, place: &Place, _: &[String]) -> Result<Vec<Entry>, Error> {
        let model = item.model.map(|model| model.id.as_str());
        let row = Record::row(&place.path, model, Ok(&item.record()));
        self.text.push_str(&csv_row(&row));
        Ok(Vec::new())
    }

    fn fail(&mut self, path: &str, why: &str) {
        self.text
            .push_str(&csv_row(&Record::row(path, None, Err(why))));
    }

    fn finish(self: Box<Self>) -> Result<Vec<Entry>, Error> {
        let entry = Entry {
            path: FORMAT.root.to_owned(),
            bytes: self.text.into_bytes(),
        };
        Ok(vec![entry])
    }
}
