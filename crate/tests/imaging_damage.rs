//! Files that are cut short or corrupted: an error or a picture, never a panic and never half a picture.

mod files;

use delineo::Error;
use delineo::imaging::decode;
use files::{every_format, exif, jpeg_turned, picture, webp_extended};

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

#[test]
fn a_file_cut_short_anywhere_is_an_error() {
    for (name, bytes) in every_format(&picture(40, 40)) {
        for part in 0..60 {
            let end = bytes.len() * part / 60;
            assert!(
                decode(&bytes[..end]).is_err(),
                "{name} cut at {end} of {}",
                bytes.len()
            );
        }
        for missing in 1..16 {
            let end = bytes.len() - missing;
            match decode(&bytes[..end]) {
                Err(Error::DamagedImage { format, .. }) => assert_eq!(format, name),
                other => panic!("{name} without its last {missing} bytes: {other:?}"),
            }
        }
    }
}

#[test]
fn a_jpeg_with_exif_cut_short_is_an_error_too() {
    let (_, jpeg) = every_format(&picture(40, 40)).swap_remove(1);
    let turned = jpeg_turned(&jpeg, 6);
    decode(&turned).expect("whole");
    for end in (0..turned.len()).step_by(13) {
        assert!(decode(&turned[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn no_bytes_make_the_decoder_panic() {
    let mut random = Random(0x9e37_79b9);
    let mut files = every_format(&picture(17, 16));
    let turned = jpeg_turned(&files[1].1, 5);
    let extended = webp_extended(&files[2].1, 8, 17, 16, &files::riff(b"EXIF", &exif(3)));
    files.extend([("turned JPEG", turned), ("extended WebP", extended)]);
    for (_, bytes) in files {
        for case in 0..120 {
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
    let signatures: [&[u8]; 6] = [
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
