//! Files in the container of HEIC and AVIF, put together from coded pictures box by box.
#![allow(dead_code)] // every test program uses its own part

/// A box of a type and its content.
pub fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32 + 8).to_be_bytes();
    [&length, kind.as_slice(), content].concat()
}

/// A box with a version and flags before its content.
pub fn full(kind: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, 0], content].concat())
}

/// The content of the first box of a type anywhere in a file.
pub fn find<'a>(file: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    let at = file.windows(4).position(|four| four == kind)?;
    let length = u32::from_be_bytes(*file[at - 4..].first_chunk()?) as usize;
    file.get(at + 4..at - 4 + length)
}

/// An item of a file.
pub struct Item {
    pub kind: [u8; 4],
    pub data: Vec<u8>,
    /// Whole boxes.
    pub properties: Vec<Vec<u8>>,
    /// Items that it is made from, by index.
    pub made_from: Vec<u16>,
}

/// `irot`: quarters anticlockwise.
pub fn rotation(quarters: u8) -> Vec<u8> {
    boxed(b"irot", &[quarters])
}

/// `imir`: 0 exchanges top and bottom, 1 left and right.
pub fn mirror(axis: u8) -> Vec<u8> {
    boxed(b"imir", &[axis])
}

/// `ispe`.
pub fn extent(width: u32, height: u32) -> Vec<u8> {
    let content = [width.to_be_bytes(), height.to_be_bytes()].concat();
    full(b"ispe", 0, &content)
}

/// `clap`: a part of this size whose centre is this far from the image's.
pub fn aperture(size: (u32, u32), halves: (i32, i32)) -> Vec<u8> {
    let fields = [size.0 as i32, 1, size.1 as i32, 1, halves.0, 2, halves.1, 2];
    boxed(b"clap", &fields.map(i32::to_be_bytes).concat())
}

/// `colr` with an ICC profile.
pub fn profile(icc: &[u8]) -> Vec<u8> {
    boxed(b"colr", &[b"prof", icc].concat())
}

/// The data of a `grid` item.
pub fn grid(rows: u8, columns: u8, size: (u16, u16)) -> Vec<u8> {
    let (width, height) = (size.0.to_be_bytes(), size.1.to_be_bytes());
    [&[0, 0, rows - 1, columns - 1], &width[..], &height].concat()
}

/// A file of these items, of which the first is the primary one.
pub fn file(brand: &[u8; 4], items: &[Item]) -> Vec<u8> {
    let start = boxed(
        b"ftyp",
        &[brand, b"\0\0\0\0mif1".as_slice(), brand].concat(),
    );
    let count = (items.len() as u16).to_be_bytes();
    let (mut properties, mut association) = (Vec::new(), vec![0, 0]);
    association.extend(count);
    let (mut infos, mut references) = (count.to_vec(), Vec::new());
    let mut property = 0_u8;
    for (id, item) in (1_u16..).zip(items) {
        let info = [&id.to_be_bytes()[..], &[0, 0], &item.kind, &[0]].concat();
        infos.extend(full(b"infe", 2, &info));
        association.extend(id.to_be_bytes());
        association.push(item.properties.len() as u8);
        for one in &item.properties {
            property += 1;
            association.push(property);
            properties.extend(one);
        }
        if !item.made_from.is_empty() {
            let number = (item.made_from.len() as u16).to_be_bytes();
            let to = item
                .made_from
                .iter()
                .flat_map(|index| (index + 1).to_be_bytes());
            let to: Vec<u8> = to.collect();
            references.extend(boxed(
                b"dimg",
                &[&id.to_be_bytes()[..], &number, &to].concat(),
            ));
        }
    }
    let properties = [boxed(b"ipco", &properties), full(b"ipma", 0, &association)].concat();
    // The places of the items depend on the length of the header, which does not depend on them.
    let header = |first: u32| {
        let mut at = first;
        let mut places = vec![0x44, 0];
        places.extend(count);
        for (id, item) in (1_u16..).zip(items) {
            let length = item.data.len() as u32;
            places.extend([id.to_be_bytes(), [0, 0], 1_u16.to_be_bytes()].concat());
            places.extend([at.to_be_bytes(), length.to_be_bytes()].concat());
            at += length;
        }
        let handler = [&[0; 4], b"pict".as_slice(), &[0; 13]].concat();
        let parts = [
            full(b"hdlr", 0, &handler),
            full(b"pitm", 0, &1_u16.to_be_bytes()),
            full(b"iinf", 0, &infos),
            full(b"iloc", 0, &places),
            boxed(b"iprp", &properties),
            full(b"iref", 0, &references),
        ];
        [start.clone(), full(b"meta", 0, &parts.concat())].concat()
    };
    let first = header(0).len() as u32 + 8;
    let data: Vec<u8> = items.iter().flat_map(|item| item.data.clone()).collect();
    [header(first), boxed(b"mdat", &data)].concat()
}
