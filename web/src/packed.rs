//! Blobs whose bytes have yet to be unpacked: parts of archives. The page makes them without reading anything, they take no memory,
//! travel and are kept as any blob, and its reader unpacks it. What it is stands in the blob's media type.

use delineo::zip::Deflated;

const DEFLATED: &str = "application/x-delineo-deflate";

/// The media type of a blob whose bytes become this.
pub fn media_type(deflated: &Deflated) -> String {
    format!("{DEFLATED};size={};crc={}", deflated.size, deflated.crc)
}

/// How the bytes of a blob of this media type are unpacked; nothing where they are what they are.
pub fn deflated(media_type: &str) -> Option<Deflated> {
    let rest = media_type.strip_prefix(DEFLATED)?;
    let field = |name: &str| {
        let mut fields = rest.split(';').filter_map(|field| field.split_once('='));
        fields.find_map(|(of, value)| (of.trim() == name).then(|| value.trim()))
    };
    Some(Deflated {
        size: field("size")?.parse().ok()?,
        crc: field("crc")?.parse().ok()?,
    })
}

/// The bytes of a blob, unpacked; `name` is for sentences.
///
/// # Errors
/// A sentence when it cannot be read, is damaged, or has more than `most` bytes.
#[cfg(feature = "browser")]
pub async fn bytes(blob: &web_sys::Blob, name: &str, most: u64) -> Result<Vec<u8>, Unread> {
    use wasm_bindgen_futures::JsFuture;
    let deflated = deflated(&blob.type_());
    let size = deflated.map_or(blob.size() as u64, |deflated| deflated.size);
    if size > most {
        return Err(Unread::TooLarge(size));
    }
    let buffer = JsFuture::from(blob.array_buffer()).await;
    let buffer = buffer.map_err(|_| Unread::Unreadable)?;
    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
    match deflated {
        None => Ok(bytes),
        Some(deflated) => deflated.unpack(name, &bytes).map_err(Unread::Damaged),
    }
}

/// Why a blob was not read.
#[cfg(feature = "browser")]
#[derive(Debug)]
pub enum Unread {
    /// The browser cannot.
    Unreadable,
    /// It has so many bytes.
    TooLarge(u64),
    /// What comes out is not what went in.
    Damaged(delineo::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_blob_becomes_is_read_from_its_type() {
        let packed = Deflated {
            size: 123_456_789_012,
            crc: u32::MAX,
        };
        assert_eq!(deflated(&media_type(&packed)), Some(packed));
        let spaced = "application/x-delineo-deflate; size=5; crc=7";
        assert_eq!(deflated(spaced), Some(Deflated { size: 5, crc: 7 }));
        for other in [
            "",
            "image/png",
            "application/x-delineo-deflate",
            "application/x-delineo-deflate;size=-1;crc=0",
        ] {
            assert_eq!(deflated(other), None, "{other}");
        }
    }
}
