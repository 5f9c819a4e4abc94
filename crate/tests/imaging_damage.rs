//! Files that are cut short or corrupted: an error or a picture, never a panic and never half a picture.

mod files;

use delineo::imaging::decode;
use files::{
    deflated, display_p3, every_format, exif, gif, jpeg_turned, jpeg_with_profile, picture, tiff,
    tiled_lzw, webp_extended,
};

/// xorshift32 (Marsaglia 2003).
struct Random(u32);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % bound
    }
}

/// Nothing more than the end of a file may be missing where it opens, and then it says so.
fn is_refused_or_whole(name: &str, bytes: &[u8], end: usize) {
    let whole = decode(bytes).expect(name).image;
    match decode(&bytes[..end]) {
        Err(_) => {}
        Ok(decoded) => {
            let place = format!("{name} cut at {end} of {}", bytes.len());
            // Another decoder rounds otherwise.
            let far = decoded
                .image
                .iter()
                .zip(whole.iter())
                .map(|(a, b)| a.abs_diff(*b));
            assert!(
                far.max() <= Some(if name == "JPEG" { 4 } else { 0 }),
                "{place}"
            );
            let last = decoded.remarks.last().expect("a remark");
            assert!(last.contains("every pixel is there"), "{place}: {last}");
            // The end marker of a JPEG, the last chunk and the check code before it of a PNG, the trailer of a GIF.
            let most = match name {
                "JPEG" => 2,
                "PNG" => 12,
                "GIF" => 1,
                _ => 0,
            };
            assert!(bytes.len() - end <= most, "{place}");
        }
    }
}

/// Each format, also in the kinds that have a decoder of their own.
fn every_kind() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = every_format(&picture(40, 40));
    files.push(("GIF", gif(40, 40, 1)));
    files.push(("tiled TIFF", tiff(&[tiled_lzw(40, 40)], false)));
    files.push(("deflated TIFF", tiff(&[deflated(40, 40)], false)));
    files
}

#[test]
fn a_file_cut_short_is_an_error_unless_only_its_end_is_missing() {
    for (name, bytes) in every_kind() {
        for part in 0..60 {
            is_refused_or_whole(name, &bytes, bytes.len() * part / 60);
        }
        for missing in 1..24 {
            is_refused_or_whole(name, &bytes, bytes.len() - missing);
        }
    }
}

#[test]
fn a_jpeg_whose_rows_are_missing_or_zeroed_is_an_error_with_or_without_an_end() {
    let (_, jpeg) = every_format(&picture(64, 64)).swap_remove(1);
    for part in 3..18 {
        let mut zeroed = jpeg.clone();
        let from = jpeg.len() - part * jpeg.len() / 20;
        zeroed[from..].fill(0);
        assert!(
            decode(&zeroed).is_err(),
            "zeros from {from} of {}",
            jpeg.len()
        );
    }
}

#[test]
fn a_jpeg_with_exif_cut_short_is_an_error_too() {
    let (_, jpeg) = every_format(&picture(40, 40)).swap_remove(1);
    let turned = jpeg_turned(&jpeg, 6);
    decode(&turned).expect("whole");
    for end in (0..turned.len()).step_by(13) {
        assert!(
            decode(&turned[..end]).is_err() || end + 2 >= turned.len(),
            "cut at {end}"
        );
    }
}

#[test]
fn no_bytes_make_the_decoder_panic() {
    let mut random = Random(0x9e37_79b9);
    let mut files = every_format(&picture(17, 16));
    let turned = jpeg_turned(&files[1].1, 5);
    let jpeg_without_end = files[1].1[..files[1].1.len() - 2].to_vec();
    let profiled = jpeg_with_profile(&files[1].1, &display_p3(), 300);
    let extended = webp_extended(&files[2].1, 8, 17, 16, &files::riff(b"EXIF", &exif(3)));
    files.extend([("turned JPEG", turned), ("extended WebP", extended)]);
    files.extend(every_kind().split_off(5));
    files.push(("JPEG without an end", jpeg_without_end));
    files.push(("JPEG with a profile", profiled));
    for (_, bytes) in files {
        for case in 0..200 {
            let mut broken = bytes.clone();
            for _ in 0..=case % 4 {
                // Half of the damage goes to the headers, where it hurts most.
                let bound = if case % 2 == 0 {
                    broken.len().min(200)
                } else {
                    broken.len()
                };
                let at = random.below(bound);
                broken[at] = match case % 3 {
                    0 => broken[at] ^ 1 << random.below(8),
                    1 => 0xff,
                    _ => random.below(256) as u8,
                };
            }
            if case % 5 == 0 {
                broken.truncate(random.below(broken.len()));
            }
            if let Err(error) = decode(&broken) {
                let sentence = error.to_string();
                assert!(
                    sentence.ends_with('.') && !sentence.contains('\n'),
                    "{sentence}"
                );
            }
        }
    }
}

#[test]
fn signatures_followed_by_noise_are_errors() {
    let mut random = Random(7);
    let signatures: [&[u8]; 8] = [
        b"GIF89a\x20\0\x20\0\x80\0\0",
        b"\x28\0\0\0\x20\0\0\0\x20\0\0\0\x01\0\x18\0\0\0\0\0",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\x40\0\0\0WEBPVP8 ",
        b"BM\x40\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
        b"II*\0\x08\0\0\0",
        b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
    ];
    for signature in signatures {
        for _ in 0..40 {
            let noise = (0..64).map(|_| random.below(256) as u8);
            let bytes: Vec<u8> = signature.iter().copied().chain(noise).collect();
            assert!(decode(&bytes).is_err(), "{bytes:?}");
        }
    }
}
