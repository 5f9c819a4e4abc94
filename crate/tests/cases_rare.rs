//! HEIC, AVIF, JPEG XL and JPEG 2000: files that are made here or lie in `tests/files/rare`, and those of
//! `shared/cases` beside the checkout.

#[path = "files/heif.rs"]
mod heif;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use delineo::imaging::{self, Rendering, Window, decode};
use delineo::{Error, RgbImage};
use heif::Item;
use image::DynamicImage;
use image::metadata::Orientation;

fn rare() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/rare")
}

fn stored(name: &str) -> Vec<u8> {
    fs::read(rare().join(name)).expect(name)
}

fn truth() -> RgbImage {
    decode(&stored("truth.png")).expect("a PNG").image
}

/// Grey as the encoders' script makes it (ITU-R BT.601).
fn luma(image: &RgbImage) -> RgbImage {
    let mut image = image.clone();
    for pixel in image.pixels_mut() {
        let [r, g, b] = pixel.0.map(u32::from);
        pixel.0 = [((299 * r + 587 * g + 114 * b + 500) / 1000) as u8; 3];
    }
    image
}

/// Mean absolute difference of two images' channels, in levels of 255.
fn distance(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one
        .iter()
        .zip(other.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / one.len() as f64
}

#[test]
fn the_phantom_comes_back_from_every_format_and_kind_of_pixel() {
    // Greatest mean difference: what the encoder lost, as Pillow, pillow-heif and imagecodecs decode the same files.
    let files = [
        ("420.heic", 2.0),
        ("444_limited.heic", 2.0),
        ("alpha.heic", 2.0),
        ("ten_bits.heic", 2.0),
        ("420.avif", 2.0),
        ("limited_422.avif", 2.5),
        ("alpha.avif", 2.5),
        ("ten_bits.avif", 2.0),
        ("lossless.jxl", 0.0),
        ("lossy.jxl", 2.0),
        ("animation.jxl", 4.0),
        ("alpha.jxl", 3.5),
        ("lossless.jp2", 0.0),
        ("lossy.j2k", 3.0),
        ("alpha.jp2", 4.5),
    ];
    let truth = truth();
    for (name, most) in files {
        let decoded = decode(&stored(name)).expect(name);
        let far = distance(&decoded.image, &truth);
        assert!(far <= most, "{name}: {far}");
        assert_eq!(
            imaging::size(&stored(name)).expect(name),
            truth.dimensions()
        );
        let said = decoded.remarks.join(" ");
        assert_eq!(
            said.contains("Transparency"),
            name.starts_with("alpha"),
            "{name}: {said}"
        );
        assert_eq!(
            said.contains("animation"),
            name.starts_with("animation"),
            "{name}: {said}"
        );
        assert_eq!(
            said.contains("from 10 to 8 bits"),
            name.starts_with("ten"),
            "{name}: {said}"
        );
    }
    let decoded = decode(&stored("grey.heic")).expect("grey");
    assert!(distance(&decoded.image, &luma(&truth)) < 2.0);
}

#[test]
fn grey_of_twelve_bits_has_a_window_that_can_be_narrowed() {
    for name in ["grey_12.jp2", "grey_12.jxl"] {
        let bytes = stored(name);
        let whole = decode(&bytes).expect(name);
        let windowing = whole.windowing.expect(name);
        assert_eq!(windowing.shown, Window::between(0.0, 4095.0));
        let mut grey = luma(&truth());
        // The encoder says of grey of more than 8 bits that it is linear light (IEC 61966-2-1, 5.2).
        if name.ends_with("jxl") {
            for value in grey.iter_mut() {
                let light = f64::from(*value) / 255.0;
                *value = ((1.055 * light.powf(1.0 / 2.4) - 0.055) * 255.0).round() as u8;
            }
        }
        assert!(distance(&whole.image, &grey) < 1.0, "{name}");
        let (least, greatest) = windowing.range;
        assert!(least > 0.0 && greatest < 4095.0);
        let rendering = Rendering {
            frame: 0,
            window: Some(Window::between(least, greatest)),
        };
        let narrow = imaging::render(&bytes, &rendering).expect(name).image;
        assert!(narrow.contains(&0) && narrow.contains(&255));
    }
}

/// The coded picture of a stored file as an item, with its codec's configuration, and its colours where it tells them.
fn coded(name: &str) -> Item {
    let file = stored(name);
    let (kind, configuration) = if name.ends_with("avif") {
        (*b"av01", b"av1C")
    } else {
        (*b"hvc1", b"hvcC")
    };
    let parsed = heifer::heifer_isobmff::HeifFile::parse(&file).expect(name);
    let data = parsed.item_data(parsed.primary_id).expect(name).to_vec();
    let configured = heif::find(&file, configuration).expect(name);
    let colours = heif::find(&file, b"colr").map(|content| heif::boxed(b"colr", content));
    let mut properties = vec![heif::boxed(configuration, configured), heif::extent(75, 57)];
    properties.extend(colours);
    Item {
        kind,
        data,
        properties,
        made_from: Vec::new(),
    }
}

#[test]
fn turns_and_mirrors_of_the_container_are_made_once_and_exif_is_not_asked() {
    for (name, brand) in [("420.heic", b"heic"), ("420.avif", b"avif")] {
        let lying = decode(&stored(name)).expect(name).image;
        for quarters in 0..4 {
            for axis in [None, Some(0), Some(1)] {
                let mut item = coded(name);
                item.properties.push(heif::rotation(quarters));
                item.properties.extend(axis.map(heif::mirror));
                let bytes = heif::file(brand, &[item]);
                let mut expected = DynamicImage::from(lying.clone());
                let turn = [
                    Orientation::NoTransforms,
                    Orientation::Rotate270,
                    Orientation::Rotate180,
                    Orientation::Rotate90,
                ][usize::from(quarters)];
                expected.apply_orientation(turn);
                match axis {
                    Some(0) => expected.apply_orientation(Orientation::FlipVertical),
                    Some(_) => expected.apply_orientation(Orientation::FlipHorizontal),
                    None => {}
                }
                let decoded = decode(&bytes).expect(name).image;
                let size = imaging::size(&bytes).expect(name);
                assert_eq!(size, decoded.dimensions());
                assert!(
                    decoded == expected.into_rgb8(),
                    "{name}, {quarters} quarters, mirror {axis:?}"
                );
            }
        }
    }
}

#[test]
fn a_grid_is_put_together_and_cut_to_its_size_and_a_crop_takes_its_part() {
    for (name, brand) in [("420.heic", b"heic"), ("420.avif", b"avif")] {
        let tile = decode(&stored(name)).expect(name).image;
        let whole = RgbImage::from_fn(140, 100, |x, y| *tile.get_pixel(x % 75, y % 57));
        let grid = |properties: Vec<Vec<u8>>| {
            let mut items = vec![Item {
                kind: *b"grid",
                data: heif::grid(2, 2, (140, 100)),
                properties,
                made_from: vec![1, 2, 3, 4],
            }];
            items.extend((0..4).map(|_| coded(name)));
            heif::file(brand, &items)
        };
        let decoded = decode(&grid(vec![heif::extent(140, 100)])).expect(name);
        assert!(decoded.image == whole, "{name}");
        let cropped = [heif::extent(140, 100), heif::aperture((30, 20), (10, -20))];
        let decoded = decode(&grid(cropped.to_vec())).expect(name).image;
        // Centre 70 + 5 and 50 - 10, half of 30 and of 20 before it.
        let part = image::imageops::crop_imm(&whole, 60, 30, 30, 20).to_image();
        assert!(decoded == part, "{name}");
        let copy = Item {
            kind: *b"iden",
            data: Vec::new(),
            properties: vec![heif::rotation(1)],
            made_from: vec![1],
        };
        let turned = decode(&heif::file(brand, &[copy, coded(name)]))
            .expect(name)
            .image;
        assert_eq!(turned.dimensions(), (57, 75));
    }
}

#[test]
fn a_grid_of_an_encoder_like_those_of_phones_opens() {
    let truth = truth();
    let large = image::imageops::resize(&truth, 900, 684, image::imageops::FilterType::Triangle);
    let options = heifer::EncodeOptions {
        quality: 90,
        ..heifer::EncodeOptions::default()
    };
    let bytes = heifer::encode_rgb8(900, 684, &large, &options).expect("encodes");
    let decoded = decode(&bytes).expect("opens").image;
    assert!(distance(&decoded, &large) < 2.0);
}

#[test]
fn a_display_p3_profile_is_converted() {
    let p3 = moxcms::ColorProfile::new_display_p3()
        .encode()
        .expect("encodes");
    let mut item = coded("444_limited.heic");
    item.properties.push(heif::profile(&p3));
    let plain = decode(&stored("444_limited.heic")).expect("plain").image;
    let converted = decode(&heif::file(b"heic", &[item])).expect("with a profile");
    assert_eq!(converted.remarks, ["Converted from Display P3 to sRGB."]);
    // Skin and lesion are more saturated in P3 than the same numbers in sRGB: red rises, blue falls.
    let mean = |image: &RgbImage, channel: usize| {
        image.pixels().map(|p| f64::from(p.0[channel])).sum::<f64>() / 4275.0
    };
    assert!(mean(&converted.image, 0) > mean(&plain, 0) + 2.0);
    assert!(mean(&converted.image, 2) < mean(&plain, 2) - 2.0);
}

#[test]
fn every_cut_is_told_and_never_half_a_picture() {
    let mut names: Vec<_> = fs::read_dir(rare())
        .expect("there")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("plain")
        })
        .collect();
    names.sort();
    for name in names {
        if name.ends_with("py") || name.ends_with("png") {
            continue;
        }
        let bytes = stored(&name);
        decode(&bytes).expect(&name);
        for part in 1..40 {
            let end = bytes.len() * part / 40;
            // The frame that is shown may be whole before the file's end, which is all that an animation needs.
            let first_frame = name.starts_with("animation");
            match decode(&bytes[..end]) {
                Err(Error::DamagedImage { .. } | Error::NotAnImage { .. }) => {}
                Ok(_) if first_frame && part >= 20 => {}
                other => panic!("{name} cut at {end} of {}: {other:?}", bytes.len()),
            }
        }
    }
}

#[test]
fn a_tile_that_claims_to_be_endless_is_refused() {
    let mut tile = coded("420.heic");
    tile.properties[1] = heif::extent(u32::MAX, u32::MAX);
    let grid = Item {
        kind: *b"grid",
        data: heif::grid(1, 1, (75, 57)),
        properties: vec![heif::extent(75, 57)],
        made_from: vec![1],
    };
    let refused = decode(&heif::file(b"heic", &[grid, tile]));
    assert!(
        matches!(refused, Err(Error::UnsupportedImage(_))),
        "{refused:?}"
    );
}

#[test]
fn a_size_over_the_limit_is_refused_from_the_header() {
    let mut item = coded("420.heic");
    item.properties[1] = heif::extent(20_000, 20_000);
    let huge = heif::file(b"heic", &[item]);
    assert!(matches!(
        decode(&huge),
        Err(Error::ImageTooLarge { width: 20_000, .. })
    ));
    let mut jp2 = stored("lossy.j2k");
    jp2[8..12].copy_from_slice(&60_000_u32.to_be_bytes());
    jp2[12..16].copy_from_slice(&60_000_u32.to_be_bytes());
    assert!(decode(&jp2).is_err());
}

/// Width, height and mean RGB that a row expects.
fn expected(row: &str) -> Option<((u32, u32), [f64; 3])> {
    let size = row.strip_prefix("opens ")?.split(',').next()?;
    let (width, height) = size.split_once('x')?;
    let means = row.split("mean RGB ").nth(1)?;
    let mut means = means.split_whitespace().map(|mean| mean.parse().ok());
    Some((
        (width.parse().ok()?, height.parse().ok()?),
        [means.next()??, means.next()??, means.next()??],
    ))
}

#[test]
fn the_files_of_these_formats_in_shared_cases_open_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let Ok(table) = fs::read_to_string(folder.join("cases.tsv")) else {
        let line = format!("skipped the rare formats: {} is absent", folder.display());
        // Not by `eprintln!`, whose output is captured in a test that passes.
        writeln!(io::stderr(), "{line}").expect("standard error");
        return;
    };
    let kinds = ["HEIC", "AVIF", "JPEG 2000", "JPEG XL"];
    let mut seen = 0;
    for row in table.lines() {
        let columns: Vec<&str> = row.split('\t').collect();
        let [file, kind, expect, ..] = columns[..] else {
            continue;
        };
        if !file.starts_with("other/") || !kinds.iter().any(|name| kind.starts_with(name)) {
            continue;
        }
        let (size, means) = expected(expect).unwrap_or_else(|| panic!("{file}: {expect}"));
        let bytes = fs::read(folder.join(file)).expect(file);
        let image = decode(&bytes)
            .unwrap_or_else(|error| panic!("{file}: {error}"))
            .image;
        assert_eq!(image.dimensions(), size, "{file}");
        for (channel, mean) in means.into_iter().enumerate() {
            let sum: u64 = image
                .pixels()
                .map(|pixel| u64::from(pixel.0[channel]))
                .sum();
            let found = sum as f64 / f64::from(size.0 * size.1);
            assert!(
                (found - mean).abs() <= 1.0,
                "{file}, channel {channel}: {found}, not {mean}"
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 5, "rows of rare formats");
}
