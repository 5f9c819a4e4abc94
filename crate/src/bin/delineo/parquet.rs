//! A table as an Apache Parquet file (format 1.0: one row group, one uncompressed plain page a column), which pandas,
//! Polars, R and DuckDB read. The `parquet` crate does the same with many more possibilities; it would make every other
//! dependency of the network be built twice, for tables of a few hundred rows.
//!
//! The specification is github.com/apache/parquet-format, the metadata Thrift's compact protocol.

use delineo::measure::{Cell, Table};

/// At the beginning and at the end.
const MAGIC: &[u8; 4] = b"PAR1";

/// `Type` of the specification.
const DOUBLE: i64 = 5;
const BYTE_ARRAY: i64 = 6;
/// `ConvertedType`.
const UTF8: i64 = 0;
/// `FieldRepetitionType`.
const OPTIONAL: i64 = 1;
/// `Encoding`.
const PLAIN: i64 = 0;
const RLE: i64 = 3;
/// `PageType` and `CompressionCodec`.
const DATA_PAGE: i64 = 0;
const UNCOMPRESSED: i64 = 0;

/// The file. A column of text has UTF-8 strings, every other doubles; all may be null.
pub fn encode(table: &Table) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let rows = table.rows.len() as i64;
    let mut schema = Vec::new();
    let mut chunks = Vec::new();
    let mut total = 0;
    for (index, name) in table.columns.iter().enumerate() {
        let cells: Vec<&Cell> = table.rows.iter().map(|row| &row[index]).collect();
        let is_text = cells.iter().any(|cell| matches!(cell, Cell::Text(_)));
        let kind = if is_text { BYTE_ARRAY } else { DOUBLE };
        let mut element = Struct::default();
        element.number(1, I32, kind);
        element.number(3, I32, OPTIONAL);
        element.bytes(4, name.as_bytes());
        if is_text {
            element.number(6, I32, UTF8);
        }
        schema.push(element.end());
        let offset = file.len() as i64;
        file.extend(page(&cells));
        let size = file.len() as i64 - offset;
        total += size;
        let mut column = Struct::default();
        column.number(1, I32, kind);
        column.numbers(2, &[PLAIN, RLE]);
        column.list(3, BINARY, &[binary(name.as_bytes())]);
        column.number(4, I32, UNCOMPRESSED);
        column.number(5, I64, rows);
        column.number(6, I64, size);
        column.number(7, I64, size);
        column.number(9, I64, offset);
        let mut chunk = Struct::default();
        chunk.number(2, I64, offset);
        chunk.structure(3, &column.end());
        chunks.push(chunk.end());
    }
    let mut root = Struct::default();
    root.bytes(4, b"schema");
    root.number(5, I32, schema.len() as i64);
    schema.insert(0, root.end());
    let mut group = Struct::default();
    group.list(1, STRUCT, &chunks);
    group.number(2, I64, total);
    group.number(3, I64, rows);
    let mut footer = Struct::default();
    footer.number(1, I32, 1);
    footer.list(2, STRUCT, &schema);
    footer.number(3, I64, rows);
    footer.list(4, STRUCT, &[group.end()]);
    footer.bytes(
        6,
        concat!("delineo version ", env!("CARGO_PKG_VERSION")).as_bytes(),
    );
    let footer = footer.end();
    file.extend(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(MAGIC);
    file
}

/// A page with its header: which cells are there, one bit each, then those that are.
fn page(cells: &[&Cell]) -> Vec<u8> {
    let mut levels = Vec::new();
    varint(&mut levels, (cells.len().div_ceil(8) as u64) << 1 | 1);
    for eight in cells.chunks(8) {
        let bits = eight.iter().enumerate();
        levels.push(bits.fold(0, |byte, (bit, cell)| {
            byte | u8::from(!matches!(cell, Cell::Empty)) << bit
        }));
    }
    let mut data = (levels.len() as u32).to_le_bytes().to_vec();
    data.extend(levels);
    for cell in cells {
        match cell {
            Cell::Empty => {}
            Cell::Number(number) => data.extend(number.to_le_bytes()),
            Cell::Text(text) => {
                data.extend((text.len() as u32).to_le_bytes());
                data.extend(text.as_bytes());
            }
        }
    }
    let mut inner = Struct::default();
    inner.number(1, I32, cells.len() as i64);
    inner.number(2, I32, PLAIN);
    inner.number(3, I32, RLE);
    inner.number(4, I32, RLE);
    let mut header = Struct::default();
    header.number(1, I32, DATA_PAGE);
    header.number(2, I32, data.len() as i64);
    header.number(3, I32, data.len() as i64);
    header.structure(5, &inner.end());
    [header.end(), data].concat()
}

/// Types of the compact protocol.
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct of the compact protocol; fields are added in rising order of their numbers.
#[derive(Default)]
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    fn field(&mut self, id: u8, kind: u8) {
        self.bytes.push((id - self.last) << 4 | kind);
        self.last = id;
    }

    fn number(&mut self, id: u8, kind: u8, value: i64) {
        self.field(id, kind);
        zigzag(&mut self.bytes, value);
    }

    fn bytes(&mut self, id: u8, bytes: &[u8]) {
        self.field(id, BINARY);
        self.bytes.extend(binary(bytes));
    }

    fn structure(&mut self, id: u8, content: &[u8]) {
        self.field(id, STRUCT);
        self.bytes.extend(content);
    }

    fn list(&mut self, id: u8, kind: u8, items: &[Vec<u8>]) {
        self.field(id, LIST);
        if items.len() < 15 {
            self.bytes.push((items.len() as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            varint(&mut self.bytes, items.len() as u64);
        }
        self.bytes.extend(items.iter().flatten());
    }

    fn numbers(&mut self, id: u8, values: &[i64]) {
        let items: Vec<_> = values
            .iter()
            .map(|value| {
                let mut bytes = Vec::new();
                zigzag(&mut bytes, *value);
                bytes
            })
            .collect();
        self.list(id, I32, &items);
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn binary(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, bytes.len() as u64);
    out.extend(bytes);
    out
}

fn zigzag(out: &mut Vec<u8>, value: i64) {
    varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let table = Table {
            columns: vec!["a".to_owned()],
            rows: vec![vec![Cell::Number(1.5)], vec![Cell::Empty]],
        };
        let file = encode(&table);
        // PageHeader { DATA_PAGE, 14, 14, { 2, PLAIN, RLE, RLE } }, levels of one group of eight (bit 0 set), the double.
        let header = [
            0x15, 0, 0x15, 28, 0x15, 28, 0x2c, 0x15, 4, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ];
        let data = [2, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
        let expected = [MAGIC.as_slice(), &header, &data].concat();
        assert_eq!(file[..expected.len()], expected);
        let length = file.len() - 8;
        let footer = u32::from_le_bytes([
            file[length],
            file[length + 1],
            file[length + 2],
            file[length + 3],
        ]);
        assert_eq!(length, expected.len() + footer as usize);
        assert_eq!(&file[file.len() - 4..], MAGIC);
    }

    #[test]
    fn lengths_of_more_than_seven_bits_go_into_several_bytes() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        zigzag(&mut out, -1);
        zigzag(&mut out, 64);
        assert_eq!(out, [0xac, 2, 1, 0x80, 1]);
    }
}
