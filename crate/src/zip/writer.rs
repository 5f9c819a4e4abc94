//! Writing an archive: entry after entry, never back.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::Error;
use crate::export::Stamp;

/// Endings of files that do not become smaller.
const PACKED: [&str; 4] = ["png", "gz", "jpg", "zip"];

/// An archive that is being written. All sizes are written behind the entries' contents, in Zip64 where they need it.
#[derive(Debug)]
pub struct ZipWriter<W: Write> {
    archive: ZipArchiveWriter<W>,
    made: Option<UtcDateTime>,
}

impl<W: Write> ZipWriter<W> {
    /// An archive without entries. They bear the time of `stamp`.
    pub fn new(out: W, stamp: &Stamp) -> Self {
        Self {
            archive: ZipArchiveWriter::new(out),
            made: time(stamp),
        }
    }

    /// Adds a file: folders and name, separated by `/`.
    ///
    /// What is packed already is deflated without compression: an entry that says that it is stored must tell its size first,
    /// or programs that read streams cannot find its end.
    ///
    /// # Errors
    /// [`Error::Archive`] when it cannot be written.
    pub fn push(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let ending = path.rsplit('.').next().unwrap_or_default();
        let compression = match PACKED.contains(&ending) {
            true => Compression::none(),
            false => Compression::default(),
        };
        let mut file = self.archive.new_file(path);
        file = file.compression_method(CompressionMethod::DEFLATE);
        if let Some(made) = self.made {
            file = file.last_modified(made);
        }
        let (mut entry, config) = file.start().map_err(|error| fault(&error))?;
        let encoder = DeflateEncoder::new(&mut entry, compression);
        let mut writer = config.wrap(encoder);
        writer.write_all(bytes).map_err(|error| fault(&error))?;
        let (encoder, sizes) = writer.finish().map_err(|error| fault(&error))?;
        let written =
            |encoder: DeflateEncoder<_>| -> io::Result<()> { encoder.finish().map(|_| ()) };
        written(encoder).map_err(|error| fault(&error))?;
        entry.finish(sizes).map_err(|error| fault(&error))?;
        Ok(())
    }

    /// Writes the list of entries, without which the archive is none.
    ///
    /// # Errors
    /// [`Error::Archive`] when it cannot be written.
    pub fn finish(self) -> Result<W, Error> {
        self.archive.finish().map_err(|error| fault(&error))
    }
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Archive(format!("it could not be written: {error}"))
}

/// The time of a stamp; none where it is no time.
fn time(Stamp { date, time }: &Stamp) -> Option<UtcDateTime> {
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u8>().ok();
    let year = date.get(..4)?.parse().ok()?;
    UtcDateTime::from_components(
        year,
        number(date, 4, 6)?,
        number(date, 6, 8)?,
        number(time, 0, 2)?,
        number(time, 2, 4)?,
        number(time, 4, 6)?,
        0,
    )
}
