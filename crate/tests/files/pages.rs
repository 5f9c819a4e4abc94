//! TIFF files of any kind, tag by tag.

/// What an entry holds.
#[derive(Clone)]
pub enum Values {
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Longs(Vec<u32>),
    Ratios(Vec<u32>),
}

impl Values {
    fn stored(&self) -> (u16, u32, Vec<u8>) {
        let (kind, size, bytes): (u16, usize, Vec<u8>) = match self {
            Self::Bytes(values) => (1, 1, values.clone()),
            Self::Shorts(values) => (3, 2, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Longs(values) => (4, 4, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Ratios(values) => {
                let ratio = |v: &u32| [v.to_le_bytes(), 1_u32.to_le_bytes()].concat();
                (5, 8, values.iter().flat_map(ratio).collect())
            }
        };
        (kind, (bytes.len() / size) as u32, bytes)
    }
}

/// A page of one strip or several tiles.
#[derive(Clone)]
pub struct Page {
    pub size: (u32, u32),
    pub tile: Option<(u32, u32)>,
    pub chunks: Vec<Vec<u8>>,
    pub bits: u16,
    pub samples: u16,
    pub photometric: u16,
    pub compression: u16,
    /// Further entries.
    pub more: Vec<(u16, Values)>,
    /// Pages that this one lists as its own.
    pub children: Vec<Page>,
}

impl Page {
    /// Of one strip without compression.
    pub fn new(size: (u32, u32), bits: u16, samples: u16, photometric: u16, data: &[u8]) -> Self {
        Self {
            size,
            tile: None,
            chunks: vec![data.to_vec()],
            bits,
            samples,
            photometric,
            compression: 1,
            more: Vec::new(),
            children: Vec::new(),
        }
    }

    pub fn with(mut self, tag: u16, values: Values) -> Self {
        self.more.push((tag, values));
        self
    }

    /// Writes the page at the end and tells where it is and where its link to the next is.
    fn write(&self, bytes: &mut Vec<u8>) -> (u32, usize) {
        let children: Vec<u32> = self
            .children
            .iter()
            .map(|child| child.write(bytes).0)
            .collect();
        let mut offsets = Vec::new();
        for chunk in &self.chunks {
            offsets.push(bytes.len() as u32);
            bytes.extend(chunk);
            bytes.resize(bytes.len().next_multiple_of(2), 0);
        }
        let lengths = self.chunks.iter().map(|chunk| chunk.len() as u32).collect();
        let mut entries = vec![
            (256, Values::Longs(vec![self.size.0])),
            (257, Values::Longs(vec![self.size.1])),
            (
                258,
                Values::Shorts(vec![self.bits; usize::from(self.samples)]),
            ),
            (259, Values::Shorts(vec![self.compression])),
            (262, Values::Shorts(vec![self.photometric])),
            (277, Values::Shorts(vec![self.samples])),
        ];
        match self.tile {
            None => entries.extend([
                (273, Values::Longs(offsets)),
                (278, Values::Longs(vec![self.size.1])),
                (279, Values::Longs(lengths)),
            ]),
            Some((width, height)) => entries.extend([
                (322, Values::Longs(vec![width])),
                (323, Values::Longs(vec![height])),
                (324, Values::Longs(offsets)),
                (325, Values::Longs(lengths)),
            ]),
        }
        if !children.is_empty() {
            entries.push((330, Values::Longs(children)));
        }
        entries.extend(self.more.iter().cloned());
        entries.sort_by_key(|(tag, _)| *tag);
        let mut directory = (entries.len() as u16).to_le_bytes().to_vec();
        for (tag, values) in entries {
            let (kind, count, mut stored) = values.stored();
            directory.extend(u16::to_le_bytes(tag));
            directory.extend(kind.to_le_bytes());
            directory.extend(count.to_le_bytes());
            if stored.len() > 4 {
                directory.extend((bytes.len() as u32).to_le_bytes());
                bytes.extend(stored);
                bytes.resize(bytes.len().next_multiple_of(2), 0);
            } else {
                stored.resize(4, 0);
                directory.extend(stored);
            }
        }
        let at = bytes.len() as u32;
        bytes.extend(directory);
        bytes.extend([0; 4]);
        (at, bytes.len() - 4)
    }
}

/// A TIFF of these pages; the last links to the first where `is_circular`.
pub fn tiff(pages: &[Page], is_circular: bool) -> Vec<u8> {
    let mut bytes = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    let mut first = 0;
    for page in pages {
        let (at, next) = page.write(&mut bytes);
        bytes[link..link + 4].copy_from_slice(&at.to_le_bytes());
        first = if first == 0 { at } else { first };
        link = next;
    }
    if is_circular {
        bytes[link..link + 4].copy_from_slice(&first.to_le_bytes());
    }
    bytes
}
