//! The kinds of everyday files that decoders overlook, each made here: depths, alpha, profiles, layouts and ends.

mod files;

use delineo::imaging::{Decoded, Rendering, Window, decode, render};
use delineo::{Error, RgbImage};
use files::{
    Page, Values, chunk, deflated, display_p3, encoded, jpeg_with_profile, picture, png_with, riff,
    tiff, tiled_lzw, webp_extended,
};
use image::{DynamicImage, ImageFormat};

const SIDE: u32 = 20;

/// A level for each pixel, from 0 to 255, all of them in use.
fn level(x: u32, y: u32) -> u8 {
    ((x + y * SIDE) * 255 / (SIDE * SIDE - 1)) as u8
}

fn levels() -> Vec<u8> {
    (0..SIDE * SIDE)
        .map(|at| level(at % SIDE, at / SIDE))
        .collect()
}

fn grey() -> RgbImage {
    RgbImage::from_fn(SIDE, SIDE, |x, y| image::Rgb([level(x, y); 3]))
}

fn opened(bytes: &[u8]) -> Decoded {
    decode(bytes).expect("opens")
}

fn nearly(a: &RgbImage, b: &RgbImage, most: u8) {
    assert_eq!(a.dimensions(), b.dimensions());
    let far = a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(far <= Some(most), "{far:?} levels");
}

fn page(bits: u16, samples: u16, photometric: u16, data: &[u8]) -> Page {
    Page::new((SIDE, SIDE), bits, samples, photometric, data)
}

fn words(factor: u16) -> Vec<u16> {
    levels()
        .iter()
        .map(|level| u16::from(*level) * factor)
        .collect()
}

fn png16(words: Vec<u16>) -> Vec<u8> {
    let image = image::ImageBuffer::from_raw(SIDE, SIDE, words).expect("full");
    encoded(DynamicImage::ImageLuma16(image), ImageFormat::Png)
}

fn bytes_of(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn values_of_10_and_12_bits_in_16_are_shown_over_their_depth_with_a_remark() {
    for (factor, bits, white) in [(4, 10, 1023.0), (16, 12, 4095.0), (64, 14, 16383.0)] {
        let of_tiff = tiff(&[page(16, 1, 1, &bytes_of(&words(factor)))], false);
        for bytes in [png16(words(factor)), of_tiff] {
            let decoded = opened(&bytes);
            nearly(&decoded.image, &grey(), 1);
            assert!(decoded.remarks[0].contains(&format!("{bits} of 16 bits")));
            let windowing = decoded.windowing.expect("a window");
            assert_eq!(windowing.shown, Window::between(0.0, white));
            assert_eq!(windowing.range, (0.0, 255.0 * f64::from(factor)));
            assert_eq!(windowing.presets[0].1, windowing.shown);
        }
    }
}

#[test]
fn sixteen_bits_in_full_are_not_stretched_and_a_window_of_choice_is_used() {
    // The darkest is 30 · 257 and the brightest 200 · 257.
    let dim = |level: u8| u16::from(level.clamp(30, 200)) * 257;
    let bytes = png16(levels().into_iter().map(dim).collect());
    let decoded = opened(&bytes);
    let windowing = decoded.windowing.expect("a window");
    assert_eq!(windowing.shown, Window::between(0.0, 65535.0));
    assert_eq!(decoded.image.get_pixel(0, 0).0, [30; 3]);
    let window = Window::between(100.0 * 257.0, 200.0 * 257.0);
    let rendering = Rendering {
        window: Some(window),
        ..Rendering::default()
    };
    let decoded = render(&bytes, &rendering).expect("opens");
    assert_eq!(decoded.windowing.expect("a window").shown, window);
    assert_eq!(decoded.image.get_pixel(0, 0).0, [0; 3]);
    assert_eq!(decoded.image.get_pixel(SIDE - 1, SIDE - 1).0, [255; 3]);
    let eight = encoded(grey(), ImageFormat::Png);
    assert!(
        render(&eight, &rendering)
            .expect("opens")
            .windowing
            .is_none()
    );
}

#[test]
fn where_alpha_is_zero_everywhere_the_colours_count() {
    let image = picture(SIDE, SIDE);
    let clear = image::RgbaImage::from_fn(SIDE, SIDE, |x, y| {
        let [r, g, b] = image.get_pixel(x, y).0;
        image::Rgba([r, g, b, 0])
    });
    let associated = page(8, 4, 2, &clear).with(338, Values::Shorts(vec![1]));
    for bytes in [
        encoded(clear.clone(), ImageFormat::Png),
        encoded(clear.clone(), ImageFormat::WebP),
        encoded(clear.clone(), ImageFormat::Tiff),
        tiff(&[associated], false),
        bmp_v5(&clear),
    ] {
        let decoded = opened(&bytes);
        assert_eq!(decoded.image, image, "{}", decoded.format);
        assert!(decoded.remarks[0].contains("transparent everywhere"));
    }
}

/// A clipboard's bitmap: 32 bits with masks, header version 5, rows from the bottom.
fn bmp_v5(image: &image::RgbaImage) -> Vec<u8> {
    let mut info = vec![0; 124];
    let fields = [
        (0, 124),
        (4, image.width()),
        (8, image.height()),
        (12, 1 | 32 << 16),
        (16, 3),
        (40, 0x00ff_0000),
        (44, 0x0000_ff00),
        (48, 0x0000_00ff),
        (52, 0xff00_0000),
        (56, 0x7352_4742),
    ];
    for (at, value) in fields {
        info[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
    }
    let rows = image.rows().rev();
    let pixels = rows.flat_map(|row| {
        row.flat_map(|pixel| {
            let [r, g, b, a] = pixel.0;
            [b, g, r, a]
        })
    });
    let pixels: Vec<u8> = pixels.collect();
    let file = [0, 0, 138_u32].map(u32::to_le_bytes).concat();
    [b"BM", file.as_slice(), &info, &pixels].concat()
}

#[test]
fn colours_multiplied_by_alpha_are_not_multiplied_again() {
    let data = [100, 50, 25, 128].repeat((SIDE * SIDE) as usize);
    for (kind, shown) in [(1, [100, 50, 25]), (2, [50, 25, 13])] {
        let page = page(8, 4, 2, &data).with(338, Values::Shorts(vec![kind]));
        let decoded = opened(&tiff(&[page], false));
        assert_eq!(decoded.image.get_pixel(3, 3).0, shown);
        assert_eq!(decoded.remarks, ["Transparent parts are shown over black."]);
    }
}

/// The same image in every format that can tell a profile.
fn with_profile(image: &RgbImage, profile: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let png = encoded(image.clone(), ImageFormat::Png);
    let packed = [b"name\0\0", fdeflate::compress_to_vec(profile).as_slice()].concat();
    let jpeg = encoded(image.clone(), ImageFormat::Jpeg);
    let webp = encoded(image.clone(), ImageFormat::WebP);
    let (width, height) = image.dimensions();
    let tagged =
        Page::new((width, height), 8, 3, 2, image).with(34675, Values::Bytes(profile.to_vec()));
    vec![
        ("PNG", png_with(&png, &chunk(b"iCCP", &packed), false)),
        ("JPEG", jpeg_with_profile(&jpeg, profile, 200)),
        (
            "WebP",
            webp_extended(&webp, 0x20, width, height, &riff(b"ICCP", profile)),
        ),
        ("TIFF", tiff(&[tagged], false)),
    ]
}

#[test]
fn colour_profiles_are_converted_to_srgb_with_a_remark() {
    let image = RgbImage::from_pixel(SIDE, SIDE, image::Rgb([200, 120, 100]));
    for (name, bytes) in with_profile(&image, &display_p3()) {
        let decoded = opened(&bytes);
        assert_eq!(
            decoded.remarks,
            ["Converted from Display P3 to sRGB."],
            "{name}"
        );
        // What Little CMS 2 says.
        let expected = RgbImage::from_pixel(SIDE, SIDE, image::Rgb([213, 115, 95]));
        nearly(&decoded.image, &expected, 3);
    }
}

#[test]
fn profiles_of_srgb_leave_every_byte_and_broken_ones_are_ignored_with_a_remark() {
    let image = picture(SIDE, SIDE);
    let srgb = moxcms::ColorProfile::new_srgb().encode().expect("encodes");
    let cut = &display_p3()[..200];
    for (profile, remarks) in [(srgb.as_slice(), 0), (cut, 1), (&[], 1)] {
        for (name, bytes) in with_profile(&image, profile) {
            if profile.is_empty() && name != "PNG" {
                continue;
            }
            let decoded = opened(&bytes);
            assert_eq!(
                decoded.remarks.len(),
                remarks,
                "{name}: {:?}",
                decoded.remarks
            );
            if name != "JPEG" {
                assert_eq!(decoded.image, image, "{name}");
            }
        }
    }
}

#[test]
fn gamma_and_primaries_of_a_png_count_where_no_profile_does() {
    let image = RgbImage::from_pixel(SIDE, SIDE, image::Rgb([55; 3]));
    let png = encoded(image.clone(), ImageFormat::Png);
    let gamma = |value: u32| chunk(b"gAMA", &value.to_be_bytes());
    let linear = opened(&png_with(&png, &gamma(100_000), false));
    // The curve of sRGB (IEC 61966-2-1).
    nearly(
        &linear.image,
        &RgbImage::from_pixel(SIDE, SIDE, image::Rgb([128; 3])),
        1,
    );
    assert_eq!(opened(&png_with(&png, &gamma(45_455), false)).image, image);
    let both = [chunk(b"sRGB", &[0]), gamma(100_000)].concat();
    assert_eq!(opened(&png_with(&png, &both, false)).image, image);
    let code_points = chunk(b"cICP", &[12, 13, 0, 1]);
    let p3 = opened(&png_with(&png, &code_points, false));
    assert_eq!(p3.remarks, ["Converted from Display P3 to sRGB."]);
}

#[test]
fn tiffs_of_every_depth_of_grey_open() {
    let levels = levels();
    let floats = |scale: f32| -> Vec<u8> {
        let each = levels.iter().map(|level| f32::from(*level) * scale);
        each.flat_map(f32::to_le_bytes).collect()
    };
    let signed: Vec<u8> = levels
        .iter()
        .flat_map(|level| (i16::from(*level) * 16 - 1024).to_le_bytes())
        .collect();
    let long: Vec<u8> = levels
        .iter()
        .flat_map(|level| (u32::from(*level) * 0x0101_0101).to_le_bytes())
        .collect();
    let twelve: Vec<u8> = levels
        .chunks(2)
        .flat_map(|pair| {
            let [a, b] = [pair[0], pair[1]].map(|level| u32::from(level) * 4095 / 255);
            ((a << 12 | b) << 8).to_be_bytes().into_iter().take(3)
        })
        .collect();
    let with_alpha: Vec<u8> = levels.iter().flat_map(|level| [*level, 255]).collect();
    let inverted: Vec<u8> = levels.iter().map(|level| 255 - level).collect();
    let format = |kind| (339, Values::Shorts(vec![kind]));
    for (name, bits, samples, photometric, data, more) in [
        (
            "float 0 to 1",
            32,
            1,
            1,
            floats(1.0 / 255.0),
            Some(format(3)),
        ),
        ("float 0 to 255", 32, 1, 1, floats(1.0), Some(format(3))),
        ("signed", 16, 1, 1, signed, Some(format(2))),
        ("32 bits", 32, 1, 1, long, None),
        ("12 bits packed", 12, 1, 1, twelve, None),
        (
            "alpha",
            8,
            2,
            1,
            with_alpha,
            Some((338, Values::Shorts(vec![2]))),
        ),
        ("white is zero", 8, 1, 0, inverted, None),
    ] {
        let mut page = page(bits, samples, photometric, &data);
        page.more.extend(more);
        let decoded = opened(&tiff(&[page], false));
        nearly(&decoded.image, &grey(), 1);
        assert_eq!(decoded.windowing.is_some(), bits > 8, "{name}");
    }
    let four: Vec<u8> = levels
        .chunks(2)
        .map(|pair| pair[0] >> 4 << 4 | pair[1] >> 4)
        .collect();
    nearly(
        &opened(&tiff(&[page(4, 1, 1, &four)], false)).image,
        &grey(),
        15,
    );
}

#[test]
fn tiffs_of_every_colour_open() {
    let indices = levels();
    let table: Vec<u16> = (0..3)
        .flat_map(|channel| (0..256).map(move |index| (index * 257) >> channel))
        .collect();
    let palette = page(8, 1, 3, &indices).with(320, Values::Shorts(table));
    let shown = opened(&tiff(&[palette], false)).image;
    let place = SIDE * SIDE - 1;
    assert_eq!(
        shown.get_pixel(place % SIDE, place / SIDE).0,
        [255, 127, 63]
    );

    let inks = [0, 128, 255, 51].repeat((SIDE * SIDE) as usize);
    let decoded = opened(&tiff(&[page(8, 4, 5, &inks)], false));
    assert_eq!(decoded.image.get_pixel(0, 0).0, [204, 102, 0]);
    assert!(decoded.remarks[0].contains("CMYK"));

    // Luma 100 and red chroma 178: R = 100 + 1.402 · 50, G = 100 - 0.714 · 50.
    let full = [100, 128, 178].repeat((SIDE * SIDE) as usize);
    let full = page(8, 3, 6, &full).with(530, Values::Shorts(vec![1, 1]));
    let quarter = [100, 100, 100, 100, 128, 178].repeat((SIDE * SIDE / 4) as usize);
    let quarter = page(8, 3, 6, &quarter).with(530, Values::Shorts(vec![2, 2]));
    for ycbcr in [full, quarter] {
        let decoded = opened(&tiff(&[ycbcr], false));
        assert_eq!(decoded.image.get_pixel(7, 9).0, [170, 64, 100]);
    }

    let planes: Vec<u8> = (0..3)
        .flat_map(|channel| {
            picture(SIDE, SIDE)
                .pixels()
                .map(|p| p.0[channel])
                .collect::<Vec<_>>()
        })
        .collect();
    let mut planar = page(8, 3, 2, &[]).with(284, Values::Shorts(vec![2]));
    planar.chunks = planes
        .chunks((SIDE * SIDE) as usize)
        .map(<[u8]>::to_vec)
        .collect();
    assert_eq!(opened(&tiff(&[planar], false)).image, picture(SIDE, SIDE));
}

#[test]
fn tiles_that_reach_over_the_edge_and_packed_strips_give_the_pixels_back() {
    for (width, height) in [(37, 21), (16, 33), (32, 32)] {
        for page in [tiled_lzw(width, height), deflated(width, height)] {
            let decoded = opened(&tiff(&[page], false));
            assert_eq!(decoded.image, picture(width, height));
            assert!(decoded.remarks.is_empty());
        }
    }
}

#[test]
fn a_jpeg_inside_a_tiff_opens_in_strips_and_with_tables_of_its_own() {
    let image = picture(SIDE, SIDE);
    let jpeg = encoded(image.clone(), ImageFormat::Jpeg);
    let mut page = page(8, 3, 6, &jpeg);
    page.compression = 7;
    nearly(
        &opened(&tiff(&[page], false)).image,
        &opened(&jpeg).image,
        3,
    );
}

#[test]
fn of_a_circle_of_pages_the_first_is_shown_and_of_a_preview_the_picture() {
    let image = picture(64, 48);
    let full = || Page::new((64, 48), 8, 3, 2, &image);
    let small = picture(16, 16);
    let preview = || Page::new((16, 16), 8, 3, 2, &small);
    let decoded = opened(&tiff(&[full(), full()], true));
    assert_eq!(decoded.image, image);
    assert_eq!(decoded.remarks, ["Only the first of 2 pages is shown."]);
    let marked = || preview().with(254, Values::Longs(vec![1]));
    let mut parent = marked();
    parent.children.push(full());
    for pages in [
        vec![marked(), full()],
        vec![preview(), full()],
        vec![parent],
    ] {
        let decoded = opened(&tiff(&pages, false));
        assert_eq!(decoded.image, image);
        assert!(decoded.remarks[0].contains("preview"));
    }
    let decoded = opened(&tiff(&[full(), marked()], false));
    assert_eq!((decoded.image, decoded.remarks.len()), (image.clone(), 0));
}

#[test]
fn raw_photos_are_refused_as_such_and_never_shown_as_their_preview() {
    let small = picture(16, 16);
    let sensor = Page::new((64, 48), 8, 1, 32803, &[9; 64 * 48]);
    let mut preview = Page::new((16, 16), 8, 3, 2, &small);
    let dng = preview.clone().with(50706, Values::Bytes(vec![1, 4, 0, 0]));
    preview.children.push(sensor);
    for page in [preview, dng] {
        match decode(&tiff(&[page], false)) {
            Err(Error::UnsupportedImage(sentence)) => assert!(sentence.contains("raw photo")),
            other => panic!("{:?}", other.map(|decoded| decoded.image.dimensions())),
        }
    }
}

#[test]
fn a_png_with_damage_beside_its_pixels_opens_with_a_remark_and_others_do_not() {
    let image = picture(40, 40);
    let png = encoded(image.clone(), ImageFormat::Png);
    let data = png
        .windows(4)
        .position(|name| name == b"IDAT")
        .expect("pixels");
    let length = u32::from_be_bytes(png[data - 4..data].try_into().expect("four")) as usize;
    let mut wrong_check = png.clone();
    wrong_check[data + 4 + length] ^= 0xff;
    let mut nonsense = png[..png.len() - 12].to_vec();
    nonsense.extend(b"\xff\xff\xff\xf0nOnSense");
    for bytes in [&png[..png.len() - 12], &wrong_check, &nonsense] {
        let decoded = opened(bytes);
        assert_eq!(decoded.image, image);
        assert_eq!(decoded.remarks.len(), 1);
    }
    let mut wrong_pixels = png.clone();
    wrong_pixels[data + 4 + length / 2] ^= 0x10;
    assert!(decode(&wrong_pixels).is_err());
    let mut apple = png[..8].to_vec();
    apple.extend(chunk(b"CgBI", &[0x50, 0, 0x20, 2]));
    apple.extend(&png[8..]);
    let sentence = decode(&apple).expect_err("refused").to_string();
    assert!(sentence.contains("Apple"), "{sentence}");
}

#[test]
fn a_webp_that_announces_what_it_does_not_hold_opens() {
    let image = picture(SIDE, SIDE);
    let webp = encoded(image.clone(), ImageFormat::WebP);
    let extended = webp_extended(&webp, 0x2c, SIDE, SIDE, &[]);
    assert_eq!(opened(&extended).image, image);
}

#[test]
fn bitmaps_with_rows_from_the_top_without_padding_or_without_a_file_header_open() {
    let image = picture(17, 18);
    let bmp = encoded(image.clone(), ImageFormat::Bmp);
    // Rows of 51 bytes and one of padding.
    assert_eq!(opened(&bmp[..bmp.len() - 1]).image, image);
    assert!(decode(&bmp[..bmp.len() - 2]).is_err());
    assert_eq!(opened(&bmp[14..]).image, image);
    // 16 runs of 16 pixels, each followed by the end of its line.
    let runs: Vec<u8> = (0..16)
        .flat_map(|row| [16, row, 0, 0])
        .chain([0, 1])
        .collect();
    let palette: Vec<u8> = (0..=255_u8).flat_map(|v| [v, v, v, 0]).collect();
    let info = |height: i32| {
        let fields = [
            40,
            16,
            height as u32,
            1 | 8 << 16,
            1,
            runs.len() as u32,
            0,
            0,
            256,
            0,
        ];
        fields.map(u32::to_le_bytes).concat()
    };
    let file = [0, 0, 14 + 40 + 1024_u32].map(u32::to_le_bytes).concat();
    for (height, first) in [(16, 15), (-16, 0)] {
        let bytes = [b"BM", file.as_slice(), &info(height), &palette, &runs].concat();
        assert_eq!(opened(&bytes).image.get_pixel(5, 0).0, [first; 3]);
    }
}

#[test]
fn a_jpeg_without_its_end_opens_like_the_whole_with_a_remark() {
    let jpeg = encoded(picture(40, 33), ImageFormat::Jpeg);
    let whole = opened(&jpeg).image;
    for missing in [1, 2] {
        let decoded = opened(&jpeg[..jpeg.len() - missing]);
        nearly(&decoded.image, &whole, 4);
        assert!(decoded.remarks[0].contains("end of the file is missing"));
    }
}
