//! The kinds of JPEG that most decoders leave out, each of one flat colour.

mod files;

use delineo::imaging::{Decoded, Window, decode};

/// A component: its sampling across and down, and its value.
type Flat = (u8, u8, i32);

/// A JPEG of 40 by 30 pixels in which every component has one value: the first block tells it, the others nothing.
fn flat(components: &[Flat], precision: u8, adobe: Option<&[u8]>, marker: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        bytes.extend([0xff, marker]);
        bytes.extend((body.len() as u16 + 2).to_be_bytes());
        bytes.extend(body);
    };
    if let Some(body) = adobe {
        segment(0xee, body);
    }
    segment(0xdb, &[&[0][..], &[1; 64]].concat());
    let ids = 1..=components.len() as u8;
    let each = ids.clone().zip(components);
    let each: Vec<u8> = each
        .flat_map(|(id, (h, v, _))| [id, h << 4 | v, 0])
        .collect();
    let count = components.len() as u8;
    segment(
        marker,
        &[&[precision, 0, 30, 0, 40, count][..], &each].concat(),
    );
    // 15 sizes of 4 bits each, and the end of the block in 1 bit.
    let sizes: Vec<u8> = (0..15).collect();
    segment(0xc4, &[&[0x00, 0, 0, 0, 15], &[0; 12][..], &sizes].concat());
    segment(0xc4, &[&[0x10, 1], &[0; 15][..], &[0]].concat());
    let members: Vec<u8> = ids.flat_map(|id| [id, 0]).collect();
    segment(0xda, &[&[count][..], &members, &[0, 63, 0]].concat());

    let mut bits = Vec::new();
    let (h_most, v_most) = components.iter().fold((1, 1), |(h, v), component| {
        (h.max(component.0), v.max(component.1))
    });
    let units =
        40_usize.div_ceil(8 * usize::from(h_most)) * 30_usize.div_ceil(8 * usize::from(v_most));
    for unit in 0..units {
        for (h, v, value) in components {
            for block in 0..h * v {
                let difference = match (unit, block) {
                    (0, 0) => 8 * (value - (1 << (precision - 1))),
                    _ => 0,
                };
                let size = 32 - difference.unsigned_abs().leading_zeros();
                let coded = if difference < 0 {
                    difference - 1
                } else {
                    difference
                };
                bits.extend((0..4).rev().map(|bit| size >> bit & 1));
                bits.extend((0..size).rev().map(|bit| coded as u32 >> bit & 1));
                bits.push(0);
            }
        }
    }
    bits.resize(bits.len().next_multiple_of(8), 1);
    for byte in bits.chunks(8) {
        let byte = byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8);
        bytes.push(byte);
        if byte == 0xff {
            bytes.push(0);
        }
    }
    [bytes, vec![0xff, 0xd9]].concat()
}

/// Adobe's segment with this kind of colours.
fn adobe(kind: u8) -> Vec<u8> {
    [b"Adobe\0\x64\0\0\0\0", &[kind][..]].concat()
}

/// The one colour of an image.
fn colour(decoded: &Decoded) -> [u8; 3] {
    let first = decoded.image.get_pixel(0, 0).0;
    assert_eq!(decoded.image.dimensions(), (40, 30));
    assert!(decoded.image.pixels().all(|pixel| pixel.0 == first));
    first
}

fn opened(bytes: &[u8]) -> Decoded {
    decode(bytes).expect("opens")
}

#[test]
fn four_inks_open_as_rgb_whether_stored_inverted_or_not_and_also_as_ycck() {
    let one = |value| (1, 1, value);
    // Inks of 0, 128, 255 and 51 of 255 leave 204, 102 and 0.
    let plain = flat(&[one(0), one(128), one(255), one(51)], 8, None, 0xc0);
    let inverted = flat(
        &[one(255), one(127), one(0), one(204)],
        8,
        Some(&adobe(0)),
        0xc0,
    );
    for bytes in [plain, inverted] {
        let decoded = opened(&bytes);
        assert_eq!(colour(&decoded), [204, 102, 0]);
        assert!(decoded.remarks[0].contains("CMYK"));
    }
    // Three inks of 102 are luma 102 without chroma, and the fourth is inverted: 153 · 204 / 255.
    let ycck = flat(
        &[one(102), one(128), one(128), one(204)],
        8,
        Some(&adobe(2)),
        0xc0,
    );
    assert_eq!(colour(&opened(&ycck)), [122; 3]);
}

#[test]
fn every_sampling_opens() {
    // Red chroma 178: R = 100 + 1.402 · 50, G = 100 - 0.714 · 50.
    for (h, v) in [
        (1, 1),
        (2, 1),
        (1, 2),
        (2, 2),
        (3, 1),
        (1, 3),
        (3, 2),
        (4, 1),
        (4, 2),
    ] {
        let bytes = flat(&[(h, v, 100), (1, 1, 128), (1, 1, 178)], 8, None, 0xc0);
        let [r, g, b] = colour(&opened(&bytes));
        let far = [r.abs_diff(170), g.abs_diff(64), b.abs_diff(100)];
        assert!(far.iter().all(|far| *far <= 1), "{h}x{v}: {:?}", [r, g, b]);
    }
}

#[test]
fn twelve_bits_are_shown_over_their_range_and_have_a_window() {
    let decoded = opened(&flat(&[(1, 1, 2000)], 12, None, 0xc1));
    assert_eq!(colour(&decoded), [125; 3]);
    let windowing = decoded.windowing.expect("a window");
    assert_eq!(windowing.shown, Window::between(0.0, 4095.0));
    assert_eq!(windowing.range, (2000.0, 2000.0));
}

#[test]
fn a_segment_of_adobe_that_is_cut_says_nothing() {
    let components = [(1, 1, 100), (1, 1, 128), (1, 1, 128)];
    for length in [5, 7, 11] {
        let bytes = flat(&components, 8, Some(&adobe(1)[..length]), 0xc0);
        assert_eq!(colour(&opened(&bytes)), [100; 3]);
    }
}

#[test]
fn lossless_and_hierarchical_files_are_refused_by_name() {
    for marker in [0xc3, 0xc5, 0xcb] {
        let bytes = flat(&[(1, 1, 100)], 8, None, marker);
        let sentence = decode(&bytes).expect_err("refused").to_string();
        assert!(sentence.contains("rare kind"), "{sentence}");
    }
}

#[test]
fn rows_that_are_missing_are_damage_and_a_missing_end_is_not() {
    let bytes = flat(&[(1, 1, 100)], 8, None, 0xc0);
    let end = bytes.len() - 2;
    assert!(opened(&bytes[..end]).remarks[0].contains("every pixel is there"));
    assert!(decode(&bytes[..end - 4]).is_err());
    // Coded zeros are blocks without a difference: they would never end.
    assert!(decode(&[&bytes[..end], &[0; 100]].concat()).is_err());
}
