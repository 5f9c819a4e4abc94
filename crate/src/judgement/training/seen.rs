//! Features on disk, so that learning again needs no pictures.

use crate::dataset::Part;

use super::super::features::COUNT;

/// The features of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Index of its set in the recipe.
    pub set: usize,
    /// What it is used for.
    pub part: Part,
    /// Whether it was varied.
    pub is_copy: bool,
    /// The features.
    pub features: Vec<f32>,
}

/// Bytes for a file of our own: of each picture four bytes on what it is, then its features, little-endian.
pub fn write(seen: &[Seen]) -> Vec<u8> {
    let mut file = Vec::new();
    for one in seen {
        let [low, high] = (one.set as u16).to_le_bytes();
        file.extend([low, high, one.part as u8, u8::from(one.is_copy)]);
        file.extend(one.features.iter().flat_map(|value| value.to_le_bytes()));
    }
    file
}

/// What [`write`] wrote; a damaged rest is left out.
pub fn read(file: &[u8]) -> Vec<Seen> {
    file.chunks_exact(4 + 4 * COUNT)
        .map(|chunk| Seen {
            set: usize::from(u16::from_le_bytes([chunk[0], chunk[1]])),
            part: Part::ALL[usize::from(chunk[2]) % Part::ALL.len()],
            is_copy: chunk[3] != 0,
            features: chunk[4..]
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let seen =
            [(0, Part::Val, true), (700, Part::Train, false)].map(|(set, part, is_copy)| Seen {
                set,
                part,
                is_copy,
                features: vec![0.5; COUNT],
            });
        assert_eq!(read(&write(&seen)), seen);
    }
}
