//! Decoding: every format and kind of pixel, and one plain sentence for every file that is refused.

mod files;

use delineo::imaging::{MIN_SIDE, decode};
use delineo::{Error, RgbImage};
use files::{
    Tiff, chunk, encoded, every_format, exif, gif, jpeg_header, jpeg_turned, picture, png_header,
    png_with, riff, webp_extended,
};
use image::{DynamicImage, ImageFormat};

#[test]
fn every_lossless_format_gives_the_pixels_back_and_jpeg_nearly() {
    let image = picture(33, 21);
    for (name, bytes) in every_format(&image) {
        let decoded = decode(&bytes).expect(name);
        assert_eq!(decoded.format, name);
        assert!(decoded.remarks.is_empty(), "{name}: {:?}", decoded.remarks);
        if name == "JPEG" {
            let far = decoded
                .image
                .iter()
                .zip(image.iter())
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(far < Some(60), "{far:?}");
        } else {
            assert_eq!(decoded.image, image, "{name}");
        }
    }
}

#[test]
fn all_eight_orientations_are_applied_once_in_every_format_that_tells_one() {
    let image = picture(24, 17);
    let stored = every_format(&image);
    for orientation in 1..=8_u8 {
        let turned = |name: &str| {
            let (_, bytes) = stored
                .iter()
                .find(|(format, _)| *format == name)
                .expect("made");
            let mut upright = DynamicImage::from(decode(bytes).expect(name).image);
            upright.apply_orientation(
                image::metadata::Orientation::from_exif(orientation).expect("1 to 8"),
            );
            (bytes, upright.into_rgb8())
        };
        let check = |name: &str, bytes: &[u8], expected: &RgbImage| {
            let decoded = decode(bytes).expect(name).image;
            assert_eq!(&decoded, expected, "{name}, orientation {orientation}");
        };
        let (jpeg, upright) = turned("JPEG");
        check("JPEG", &jpeg_turned(jpeg, orientation), &upright);
        let (png, upright) = turned("PNG");
        let block = chunk(b"eXIf", &exif(orientation));
        check("PNG", &png_with(png, &block, false), &upright);
        check("PNG, EXIF last", &png_with(png, &block, true), &upright);
        let (webp, upright) = turned("WebP");
        let bare = riff(b"EXIF", &exif(orientation));
        check("WebP", &webp_extended(webp, 8, 24, 17, &bare), &upright);
        let marked = riff(
            b"EXIF",
            &[b"Exif\0\0".as_slice(), &exif(orientation)].concat(),
        );
        check(
            "WebP, marked EXIF",
            &webp_extended(webp, 8, 24, 17, &marked),
            &upright,
        );
        let (_, upright) = turned("TIFF");
        let mut tiff = Tiff::rgb(&image);
        tiff.orientation = u16::from(orientation);
        check("TIFF", &tiff.bytes(), &upright);
    }
}

#[test]
fn grey_becomes_rgb_without_a_remark() {
    let grey = image::GrayImage::from_fn(20, 16, |x, y| image::Luma([(x * 10 + y) as u8]));
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Bmp] {
        let decoded = decode(&encoded(grey.clone(), format)).expect("decodes");
        assert_eq!(decoded.image, DynamicImage::from(grey.clone()).into_rgb8());
        assert!(decoded.remarks.is_empty());
    }
    decode(&encoded(grey, ImageFormat::Jpeg)).expect("a grey JPEG");
}

#[test]
fn sixteen_bits_are_rounded_to_eight_with_a_remark() {
    let wide = image::ImageBuffer::from_fn(16, 16, |x, y| {
        image::Rgb([
            (x * 4369) as u16,
            128 + (y * 257) as u16,
            129 + (y * 257) as u16,
        ])
    });
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let decoded =
            decode(&encoded(DynamicImage::ImageRgb16(wide.clone()), format)).expect("decodes");
        assert_eq!(decoded.remarks, ["Reduced from 16 to 8 bits a channel."]);
        // 128 / 257 rounds to 0 and 129 / 257 to 1
        assert_eq!(decoded.image.get_pixel(3, 5).0, [51, 5, 6]);
    }
}

#[test]
fn alpha_is_composited_over_black_and_remarked_only_where_something_is_transparent() {
    let mut image = image::RgbaImage::from_pixel(16, 16, image::Rgba([200, 100, 50, 255]));
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        let opaque = decode(&encoded(image.clone(), format)).expect("decodes");
        assert!(opaque.remarks.is_empty());
        assert_eq!(opaque.image.get_pixel(3, 3).0, [200, 100, 50]);
    }
    image.put_pixel(3, 3, image::Rgba([200, 100, 50, 51]));
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        let decoded = decode(&encoded(image.clone(), format)).expect("decodes");
        assert_eq!(decoded.remarks, ["Transparent parts are shown over black."]);
        assert_eq!(decoded.image.get_pixel(3, 3).0, [40, 20, 10]);
    }
}

#[test]
fn palettes_and_single_bits_are_expanded() {
    let write = |colour, depth, palette: Option<&[u8]>, data: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 16, 16);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        let mut writer = encoder.write_header().expect("header");
        writer.write_image_data(data).expect("pixels");
        writer.finish().expect("end");
        bytes
    };
    let palette = [10, 20, 30, 200, 210, 220];
    let indexed = write(
        png::ColorType::Indexed,
        png::BitDepth::One,
        Some(&palette),
        &[0x55; 32],
    );
    let decoded = decode(&indexed).expect("a palette").image;
    assert_eq!(
        [decoded.get_pixel(0, 0).0, decoded.get_pixel(1, 9).0],
        [[10, 20, 30], [200, 210, 220]]
    );
    let bits = write(
        png::ColorType::Grayscale,
        png::BitDepth::One,
        None,
        &[0x55; 32],
    );
    let decoded = decode(&bits).expect("single bits").image;
    assert_eq!(
        [decoded.get_pixel(0, 0).0, decoded.get_pixel(1, 9).0],
        [[0; 3], [255; 3]]
    );
    let tiff = Tiff {
        size: (16, 16),
        bits: 1,
        samples: 1,
        photometric: 1,
        data: &[0x55; 32],
        ..Tiff::rgb(&RgbImage::default())
    };
    let decoded = decode(&tiff.bytes()).expect("a TIFF of single bits").image;
    assert_eq!(
        [decoded.get_pixel(0, 0).0, decoded.get_pixel(1, 9).0],
        [[0; 3], [255; 3]]
    );
}

#[test]
fn floats_are_clamped_with_a_remark() {
    let data: Vec<u8> = [0.5_f32, -3.0, 7.0]
        .repeat(256)
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let tiff = Tiff {
        size: (16, 16),
        bits: 32,
        float: true,
        data: &data,
        ..Tiff::rgb(&RgbImage::default())
    };
    let decoded = decode(&tiff.bytes()).expect("a TIFF of floats");
    assert_eq!(decoded.image.get_pixel(4, 4).0, [128, 0, 255]);
    assert!(decoded.remarks[0].contains("floating point"));
}

#[test]
fn of_a_tiff_with_pages_the_first_is_shown_with_a_remark() {
    let image = picture(16, 18);
    let mut tiff = Tiff::rgb(&image);
    tiff.pages = 3;
    let decoded = decode(&tiff.bytes()).expect("pages");
    assert_eq!(decoded.image, image);
    assert_eq!(decoded.remarks, ["Only the first of 3 pages is shown."]);
}

fn refusal(bytes: &[u8]) -> String {
    match decode(bytes) {
        Err(Error::UnsupportedImage(sentence)) => sentence,
        other => panic!("not refused as unsupported: {other:?}"),
    }
}

#[test]
fn empty_files_and_other_bytes_are_told_apart() {
    assert!(matches!(decode(&[]), Err(Error::EmptyFile)));
    for bytes in [
        &b"BMI is a number, not a picture."[..],
        b"hello",
        &[0; 300],
        b"\x89PN",
    ] {
        assert!(
            matches!(decode(bytes), Err(Error::NotAnImage { .. })),
            "{bytes:?}"
        );
    }
}

#[test]
fn animations_open_on_their_first_frame_and_say_so() {
    let image = picture(16, 16);
    let png = encoded(image.clone(), ImageFormat::Png);
    let control = |frames| chunk(b"acTL", &[0, 0, 0, frames, 0, 0, 0, 0]);
    let moving = png_with(&png, &control(2), false);
    let remark = ["This is an animation of 2 frames; the first is shown."];
    let decoded = decode(&moving).expect("an animation");
    assert_eq!(decoded.image, image);
    assert_eq!(decoded.remarks, remark);
    let decoded = decode(&gif(20, 16, 2)).expect("an animation");
    assert_eq!(decoded.remarks, remark);
    for single in [png_with(&png, &control(1), false), gif(20, 16, 1)] {
        assert!(decode(&single).expect("one frame").remarks.is_empty());
    }
}

#[test]
fn gif_colours_are_exact() {
    let image = RgbImage::from_fn(33, 21, |x, y| image::Rgb(files::gif_colour(x, y)));
    let decoded = decode(&gif(33, 21, 1)).expect("a GIF");
    assert_eq!(decoded.format, "GIF");
    assert_eq!(decoded.image, image);
}

#[test]
fn known_formats_that_are_not_read_are_named() {
    for (name, bytes) in [
        ("PDF", &b"%PDF-1.7\n"[..]),
        ("video", b"\0\0\0\x18ftypmp42\0\0\0\0"),
    ] {
        assert!(refusal(bytes).contains(name), "{name}");
    }
}

#[test]
fn small_images_are_refused_by_their_size() {
    for (width, height) in [(15, 40), (40, 15), (1, 1)] {
        for (name, bytes) in every_format(&picture(width, height)) {
            match decode(&bytes) {
                Err(Error::ImageTooSmall {
                    width: w,
                    height: h,
                    minimum,
                }) => {
                    assert_eq!((w, h, minimum), (width, height, MIN_SIDE));
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    decode(&encoded(picture(16, 16), ImageFormat::Png)).expect("16 pixels are enough");
    for bytes in [png_header(0, 20, 8, 2), jpeg_header(20, 0, 3)] {
        assert!(matches!(decode(&bytes), Err(Error::ImageTooSmall { .. })));
    }
}

#[test]
fn large_images_are_refused_from_the_header_alone() {
    let image = picture(16, 16);
    let mut bmp = encoded(image.clone(), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&65535_i32.to_le_bytes());
    bmp[22..26].copy_from_slice(&(-65535_i32).to_le_bytes());
    let webp = encoded(image.clone(), ImageFormat::WebP);
    let mut tiff = Tiff::rgb(&image);
    tiff.size = (65535, 65535);
    for bytes in [
        png_header(65535, 65535, 8, 2),
        png_header(u32::MAX, u32::MAX, 16, 6)[..40].to_vec(),
        jpeg_header(65535, 65535, 3),
        webp_extended(&webp, 0, 65535, 65535, &[]),
        bmp,
        tiff.bytes(),
        png_header(10_001, 10_000, 8, 0),
    ] {
        match decode(&bytes) {
            Err(Error::ImageTooLarge {
                megapixels: 100, ..
            }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn images_that_would_take_too_much_memory_are_refused_before_they_are_decoded() {
    // 100 megapixels of four 16-bit channels: 0.8 GB decoded and 0.3 GB as RGB.
    let sentence = refusal(&png_header(10_000, 10_000, 16, 6));
    assert!(sentence.contains("1.1 GB of memory"), "{sentence}");
}

#[test]
fn a_name_is_never_asked_for_so_a_jpeg_stays_a_jpeg() {
    let bytes = encoded(picture(16, 16), ImageFormat::Jpeg);
    assert_eq!(decode(&bytes).expect("decodes").format, "JPEG");
}
