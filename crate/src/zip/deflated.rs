//! Unpacking the bytes of one file, apart from its archive.

use std::fmt::Display;
use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::Error;

/// What a file packed by “Deflate” must become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflated {
    /// So many bytes.
    pub size: u64,
    /// With this CRC-32.
    pub crc: u32,
}

impl Deflated {
    /// Unpacks the bytes of the file that `path` names in sentences. What comes out is never longer than [`Self::size`].
    ///
    /// # Errors
    /// [`Error::Archive`] when something else comes out.
    pub fn unpack(&self, path: &str, packed: &[u8]) -> Result<Vec<u8>, Error> {
        // One more than it should have, so that too many are noticed.
        let most = self.size.saturating_add(1);
        let mut content = Vec::new();
        DeflateDecoder::new(packed)
            .take(most)
            .read_to_end(&mut content)
            .map_err(|error| damaged(path, &error))?;
        let mut crc = Crc::new();
        crc.update(&content);
        if content.len() as u64 != self.size || crc.sum() != self.crc {
            return Err(damaged(path, &"its checksum is another"));
        }
        Ok(content)
    }
}

pub(super) fn damaged(path: &str, error: &dyn Display) -> Error {
    Error::Archive(format!("{path} is damaged or cut short ({error})"))
}
