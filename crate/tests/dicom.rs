//! DICOM files of every kind that is read, made here.

use std::borrow::Cow;

use delineo::Error;
use delineo::imaging::{Decoded, Rendering, Window, decode, render};
use delineo::measure::{Rect, ScaleSource, Spacing};
use dicom_core::value::{DataSetSequence, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR, dicom_value};
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::{TransferSyntaxRegistry, entries};

const WIDTH: u16 = 32;
const HEIGHT: u16 = 24;
const PIXELS: usize = WIDTH as usize * HEIGHT as usize;

fn put(object: &mut InMemDicomObject, tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) {
    object.put(DataElement::new(tag, vr, value.into()));
}

fn short(object: &mut InMemDicomObject, tag: Tag, value: u16) {
    put(object, tag, VR::US, value);
}

fn sequence(object: &mut InMemDicomObject, tag: Tag, items: Vec<InMemDicomObject>) {
    object.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
}

/// A grey picture of 8 bits; the value of pixel i is i mod 251.
fn grey() -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    put(
        &mut object,
        tags::SOP_CLASS_UID,
        VR::UI,
        uids::ULTRASOUND_IMAGE_STORAGE,
    );
    put(&mut object, tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4");
    put(&mut object, tags::MODALITY, VR::CS, "US");
    put(&mut object, tags::PATIENT_NAME, VR::PN, "Nobody^Known");
    short(&mut object, tags::SAMPLES_PER_PIXEL, 1);
    put(
        &mut object,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        "MONOCHROME2",
    );
    short(&mut object, tags::ROWS, HEIGHT);
    short(&mut object, tags::COLUMNS, WIDTH);
    short(&mut object, tags::BITS_ALLOCATED, 8);
    short(&mut object, tags::BITS_STORED, 8);
    short(&mut object, tags::HIGH_BIT, 7);
    short(&mut object, tags::PIXEL_REPRESENTATION, 0);
    pixels(
        &mut object,
        (0..PIXELS).map(|index| (index % 251) as u8).collect(),
    );
    object
}

fn pixels(object: &mut InMemDicomObject, bytes: Vec<u8>) {
    put(
        object,
        tags::PIXEL_DATA,
        VR::OB,
        PrimitiveValue::from(bytes),
    );
}

fn words(object: &mut InMemDicomObject, words: Vec<u16>) {
    let value = PrimitiveValue::U16(words.into());
    put(object, tags::PIXEL_DATA, VR::OW, value);
}

/// A picture of 12 bits in 16; the value of pixel i is 5 i.
fn deep() -> InMemDicomObject {
    let mut object = grey();
    short(&mut object, tags::BITS_ALLOCATED, 16);
    short(&mut object, tags::BITS_STORED, 12);
    short(&mut object, tags::HIGH_BIT, 11);
    words(
        &mut object,
        (0..PIXELS).map(|index| 5 * index as u16).collect(),
    );
    object
}

fn colour(photometric: &str, bytes: Vec<u8>) -> InMemDicomObject {
    let mut object = grey();
    short(&mut object, tags::SAMPLES_PER_PIXEL, 3);
    put(
        &mut object,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        photometric,
    );
    short(&mut object, tags::PLANAR_CONFIGURATION, 0);
    pixels(&mut object, bytes);
    object
}

fn compressed(mut object: InMemDicomObject, fragments: Vec<Vec<u8>>) -> InMemDicomObject {
    let fragments = PixelFragmentSequence::new_fragments(fragments);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, fragments));
    object
}

/// The file in a transfer syntax.
fn file(object: &InMemDicomObject, syntax: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(uids::ULTRASOUND_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("1.2.3.4")
        .transfer_syntax(syntax);
    let file = object.clone().with_meta(meta).expect("meta information");
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).expect("memory");
    bytes
}

fn explicit(object: &InMemDicomObject) -> Vec<u8> {
    file(object, entries::EXPLICIT_VR_LITTLE_ENDIAN.uid())
}

/// The data set without preamble and meta information.
fn bare(object: &InMemDicomObject, syntax: &str) -> Vec<u8> {
    let syntax = TransferSyntaxRegistry.get(syntax).expect("known");
    let mut bytes = Vec::new();
    object
        .write_dataset_with_ts(&mut bytes, syntax)
        .expect("memory");
    bytes
}

fn open(bytes: &[u8]) -> Decoded {
    decode(bytes).expect("a picture")
}

fn first_channel(decoded: &Decoded) -> Vec<u8> {
    decoded.image.pixels().map(|pixel| pixel.0[0]).collect()
}

fn ramp() -> Vec<u8> {
    (0..PIXELS).map(|index| (index % 251) as u8).collect()
}

fn region(
    left: u32,
    top: u32,
    last_column: u32,
    last_row: u32,
    units: u16,
    delta: f64,
) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    let kind = if units == 3 { 1_u16 } else { 3 };
    short(&mut item, tags::REGION_SPATIAL_FORMAT, kind);
    short(&mut item, tags::REGION_DATA_TYPE, kind);
    for (tag, value) in [
        (tags::REGION_LOCATION_MIN_X0, left),
        (tags::REGION_LOCATION_MIN_Y0, top),
        (tags::REGION_LOCATION_MAX_X1, last_column),
        (tags::REGION_LOCATION_MAX_Y1, last_row),
    ] {
        put(&mut item, tag, VR::UL, value);
    }
    short(&mut item, tags::PHYSICAL_UNITS_X_DIRECTION, units);
    short(&mut item, tags::PHYSICAL_UNITS_Y_DIRECTION, units);
    put(&mut item, tags::PHYSICAL_DELTA_X, VR::FD, delta);
    put(&mut item, tags::PHYSICAL_DELTA_Y, VR::FD, delta / 2.0);
    item
}

#[test]
fn the_same_picture_comes_out_of_every_outer_form() {
    let object = grey();
    let whole = explicit(&object);
    let implicit = entries::IMPLICIT_VR_LITTLE_ENDIAN.uid();
    let big = entries::EXPLICIT_VR_BIG_ENDIAN.uid();
    let mut tiff = whole.clone();
    tiff[..4].copy_from_slice(b"II*\0");
    let mut deflated = file(&object, implicit);
    let set = bare(&object, entries::EXPLICIT_VR_LITTLE_ENDIAN.uid());
    let syntax = entries::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid();
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(uids::ULTRASOUND_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("1.2.3.4")
        .transfer_syntax(syntax)
        .build()
        .expect("meta information");
    deflated.truncate(132);
    meta.write(&mut deflated).expect("memory");
    let mut writer = flate2::write::DeflateEncoder::new(deflated, flate2::Compression::default());
    std::io::Write::write_all(&mut writer, &set).expect("memory");
    let deflated = writer.finish().expect("memory");
    let forms = [
        ("explicit", whole.clone()),
        ("implicit", file(&object, implicit)),
        ("big endian", file(&object, big)),
        ("deflated", deflated),
        ("a preamble that looks like a TIFF", tiff),
        ("without preamble", whole[132..].to_vec()),
        ("data set alone, implicit", bare(&object, implicit)),
        ("data set alone, explicit", set),
        ("data set alone, big endian", bare(&object, big)),
        ("named explicit and yet implicit", {
            let mut bytes = file(&object, entries::EXPLICIT_VR_LITTLE_ENDIAN.uid());
            let set = bare(&object, entries::EXPLICIT_VR_LITTLE_ENDIAN.uid());
            bytes.truncate(bytes.len() - set.len());
            bytes.extend(bare(&object, implicit));
            bytes
        }),
    ];
    for (name, bytes) in forms {
        let decoded = decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decoded.format, "DICOM");
        assert_eq!(first_channel(&decoded), ramp(), "{name}");
        assert!(
            decoded.scale.is_none() && decoded.windowing.is_none(),
            "{name}"
        );
    }
}

#[test]
fn low_values_of_monochrome1_are_white() {
    let mut object = grey();
    put(
        &mut object,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        "MONOCHROME1",
    );
    let inverted: Vec<u8> = ramp().iter().map(|level| 255 - level).collect();
    assert_eq!(first_channel(&open(&explicit(&object))), inverted);
}

#[test]
fn values_of_more_than_8_bits_are_shown_through_the_window_asked_for_or_the_files_or_their_range() {
    let mut object = deep();
    let plain = open(&explicit(&object));
    let windowing = plain.windowing.as_ref().expect("12 bits");
    let most = 5.0 * (PIXELS - 1) as f64;
    assert_eq!(windowing.range, (0.0, most));
    assert_eq!(windowing.shown, Window::between(0.0, most));
    assert_eq!(first_channel(&plain)[PIXELS - 1], 255);
    assert_eq!(plain.remarks.len(), 1);

    put(&mut object, tags::RESCALE_SLOPE, VR::DS, "2");
    put(&mut object, tags::RESCALE_INTERCEPT, VR::DS, "-100");
    put(
        &mut object,
        tags::WINDOW_CENTER,
        VR::DS,
        dicom_value!(Strs, ["1000.5", "50"]),
    );
    put(
        &mut object,
        tags::WINDOW_WIDTH,
        VR::DS,
        dicom_value!(Strs, ["1001", "10"]),
    );
    put(
        &mut object,
        tags::WINDOW_CENTER_WIDTH_EXPLANATION,
        VR::LO,
        dicom_value!(Strs, ["WIDE", "NARROW"]),
    );
    let bytes = explicit(&object);
    let windowed = open(&bytes);
    let windowing = windowed.windowing.as_ref().expect("12 bits");
    let names: Vec<&str> = windowing
        .presets
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["WIDE", "NARROW"]);
    assert_eq!(windowing.shown, windowing.presets[0].1);
    // 500 is black and 1500 white: stored 300 to 800, pixels 60 to 160.
    let greys = first_channel(&windowed);
    assert_eq!((greys[60], greys[110], greys[160]), (0, 128, 255));

    let rendering = Rendering {
        frame: 0,
        window: Some(Window {
            centre: 50.0,
            width: 10.0,
        }),
    };
    let asked = render(&bytes, &rendering).expect("a picture");
    // 50 is stored as 75, pixel 15.
    let greys = first_channel(&asked);
    assert!(
        greys[14] == 0 && greys[16] == 255 && (120..150).contains(&greys[15]),
        "{greys:?}"
    );
}

#[test]
fn signed_values_and_bits_above_the_stored_ones_are_told_apart() {
    let mut object = deep();
    short(&mut object, tags::PIXEL_REPRESENTATION, 1);
    // From -384 on, with bits of an overlay above.
    let values = (0..PIXELS).map(|index| ((index as i16 - 384) as u16 & 0xfff) | 0xa000);
    words(&mut object, values.collect());
    let decoded = open(&explicit(&object));
    let windowing = decoded.windowing.as_ref().expect("12 bits");
    assert_eq!(windowing.range, (-384.0, 383.0));
    let greys = first_channel(&decoded);
    assert!(greys.is_sorted() && greys[0] == 0 && greys[PIXELS - 1] == 255);
}

#[test]
fn lookup_tables_come_before_windows() {
    let mut object = deep();
    let mut table = InMemDicomObject::new_empty();
    put(
        &mut table,
        tags::LUT_DESCRIPTOR,
        VR::US,
        dicom_value!(U16, [4, 100, 8]),
    );
    put(
        &mut table,
        tags::LUT_DATA,
        VR::OW,
        dicom_value!(U16, [10, 20, 30, 40]),
    );
    sequence(&mut object, tags::VOILUT_SEQUENCE, vec![table]);
    put(&mut object, tags::WINDOW_CENTER, VR::DS, "50");
    put(&mut object, tags::WINDOW_WIDTH, VR::DS, "10");
    let greys = first_channel(&open(&explicit(&object)));
    // Stored 0, 100 and 105, which lies behind the table.
    assert_eq!((greys[0], greys[20], greys[21]), (10, 10, 40));
}

#[test]
fn colours_lie_by_pixel_by_plane_or_as_luma_and_differences() {
    let by_pixel: Vec<u8> = [200, 100, 50].repeat(PIXELS);
    let by_plane: Vec<u8> = [200, 100, 50]
        .iter()
        .flat_map(|level| vec![*level; PIXELS])
        .collect();
    let mut planar = colour("RGB", by_plane);
    short(&mut planar, tags::PLANAR_CONFIGURATION, 1);
    // 200, 100, 50 by JFIF: luma 124.2, differences 86.1 and 182.1.
    let full = [124, 86, 182].repeat(PIXELS);
    let shared = [124, 124, 86, 182].repeat(PIXELS / 2);
    for object in [
        colour("RGB", by_pixel),
        planar,
        colour("YBR_FULL", full),
        colour("YBR_FULL_422", shared),
    ] {
        let decoded = open(&explicit(&object));
        let near = |pixel: &image::Rgb<u8>| {
            let expected = [200_u8, 100, 50];
            pixel
                .0
                .iter()
                .zip(expected)
                .all(|(a, b)| a.abs_diff(b) <= 1)
        };
        assert!(
            decoded.image.pixels().all(near),
            "{:?}",
            decoded.image.get_pixel(3, 3)
        );
    }
}

#[test]
fn colours_of_a_profile_become_srgb_and_greys_stay() {
    let profile = moxcms::ColorProfile::new_display_p3();
    let profile = profile.encode().expect("encodes");
    let with_profile = |mut object: InMemDicomObject| {
        let value = PrimitiveValue::from(profile.clone());
        put(&mut object, tags::ICC_PROFILE, VR::OB, value);
        open(&explicit(&object))
    };
    let decoded = with_profile(colour("RGB", [200, 120, 100].repeat(PIXELS)));
    // What Little CMS 2 says.
    let expected = [213_u8, 115, 95];
    let shown = decoded.image.get_pixel(0, 0).0;
    assert!(
        shown.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1),
        "{shown:?}"
    );
    assert_eq!(decoded.remarks, ["Converted from Display P3 to sRGB."]);
    let before = open(&explicit(&grey()));
    assert_eq!(with_profile(grey()).image, before.image);
}

#[test]
fn a_table_gives_colours_in_8_or_16_bits() {
    for (bits, entries, vr) in [
        (8_u16, vec![0x0201_u16, 0x0403], VR::OW),
        (16, vec![0x0100, 0x0200, 0x0300, 0x0400], VR::OW),
    ] {
        let mut object = grey();
        put(
            &mut object,
            tags::PHOTOMETRIC_INTERPRETATION,
            VR::CS,
            "PALETTE COLOR",
        );
        pixels(
            &mut object,
            (0..PIXELS).map(|index| (index % 6) as u8).collect(),
        );
        for (descriptor, data) in [
            (
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
        ] {
            put(
                &mut object,
                descriptor,
                VR::US,
                dicom_value!(U16, [4, 1, bits]),
            );
            put(
                &mut object,
                data,
                vr,
                PrimitiveValue::U16(entries.clone().into()),
            );
        }
        let levels = first_channel(&open(&explicit(&object)));
        // The table begins with value 1.
        assert_eq!(levels[..6], [1, 1, 2, 3, 4, 4], "{bits} bits");
    }
}

#[test]
fn run_lengths_are_unpacked_frame_by_frame() {
    let frame = |level: u8| {
        let mut bytes = vec![0; 64];
        bytes[0] = 1;
        bytes[4] = 64;
        for _ in 0..PIXELS / 128 {
            bytes.extend([129, level]);
        }
        bytes
    };
    let mut object = compressed(grey(), vec![frame(7), frame(9), frame(11)]);
    put(&mut object, tags::NUMBER_OF_FRAMES, VR::IS, "3");
    put(&mut object, tags::CINE_RATE, VR::IS, "25");
    let bytes = file(&object, uids::RLE_LOSSLESS);
    for (frame, level) in [(0, 7), (1, 9), (2, 11), (99, 11)] {
        let rendering = Rendering {
            frame,
            window: None,
        };
        let decoded = render(&bytes, &rendering).expect("a picture");
        assert_eq!((decoded.frames, decoded.frame_time), (3, Some(40.0)));
        assert_eq!(first_channel(&decoded), vec![level; PIXELS]);
    }
    // Cut in the last frame: the others are there.
    let cut = open(&bytes[..bytes.len() - 20]);
    assert_eq!(cut.frames, 2);
    assert!(cut.remarks.iter().any(|remark| remark.contains("cut")));
}

#[test]
fn jpeg_of_any_colours_is_read_in_its_own() {
    use image::codecs::jpeg::JpegEncoder;
    let mut jpeg = Vec::new();
    let pixels = [200, 100, 50].repeat(PIXELS);
    JpegEncoder::new_with_quality(&mut jpeg, 95)
        .encode(
            &pixels,
            WIDTH.into(),
            HEIGHT.into(),
            image::ExtendedColorType::Rgb8,
        )
        .expect("memory");
    // Programs say RGB of JPEG in luma and differences.
    for photometric in ["YBR_FULL_422", "RGB"] {
        let object = compressed(colour(photometric, Vec::new()), vec![jpeg.clone()]);
        let decoded = open(&file(&object, uids::JPEG_BASELINE8_BIT));
        let [red, green, blue] = decoded.image.get_pixel(9, 9).0;
        assert!(red.abs_diff(200) < 4 && green.abs_diff(100) < 4 && blue.abs_diff(50) < 4);
    }
    // One frame in two fragments.
    let (first, second) = jpeg.split_at(jpeg.len() / 4 * 2);
    let object = compressed(
        colour("YBR_FULL_422", Vec::new()),
        vec![first.into(), second.into()],
    );
    assert_eq!(open(&file(&object, uids::JPEG_BASELINE8_BIT)).frames, 1);
    // A data set that says another size.
    let mut object = compressed(colour("RGB", Vec::new()), vec![jpeg]);
    short(&mut object, tags::ROWS, HEIGHT - 1);
    assert!(decode(&file(&object, uids::JPEG_BASELINE8_BIT)).is_err());
}

#[test]
fn a_scale_comes_from_spacing_in_the_body_or_with_a_remark_from_the_detector() {
    let mut object = grey();
    put(
        &mut object,
        tags::IMAGER_PIXEL_SPACING,
        VR::DS,
        dicom_value!(Strs, ["0.14", "0.14"]),
    );
    let detector = open(&explicit(&object));
    assert_eq!(
        detector.scale.expect("a scale").source,
        ScaleSource::ImagerPixelSpacing
    );
    assert_eq!(detector.remarks.len(), 1);
    put(
        &mut object,
        tags::PIXEL_SPACING,
        VR::DS,
        dicom_value!(Strs, ["0.3", "0.15"]),
    );
    let body = open(&explicit(&object));
    let scale = body.scale.expect("a scale");
    assert_eq!(scale.source, ScaleSource::PixelSpacing);
    assert_eq!(scale.regions[0].spacing, Spacing { x: 0.15, y: 0.3 });
    assert_eq!(body.pixel_aspect, 2.0);
    for senseless in ["0", "-1", "nan", "x", "1e9"] {
        let mut object = grey();
        let value =
            PrimitiveValue::Strs([senseless, "0.1"].map(str::to_owned).into_iter().collect());
        put(&mut object, tags::PIXEL_SPACING, VR::DS, value);
        assert!(open(&explicit(&object)).scale.is_none(), "{senseless}");
    }
    let mut object = grey();
    put(
        &mut object,
        tags::PIXEL_ASPECT_RATIO,
        VR::IS,
        dicom_value!(Strs, ["4", "3"]),
    );
    assert_eq!(open(&explicit(&object)).pixel_aspect, 4.0 / 3.0);
}

#[test]
fn enhanced_files_tell_their_spacing_in_functional_groups() {
    let measures = |spacing: &str| {
        let mut item = InMemDicomObject::new_empty();
        let value =
            PrimitiveValue::Strs([spacing, spacing].map(str::to_owned).into_iter().collect());
        put(&mut item, tags::PIXEL_SPACING, VR::DS, value);
        let mut group = InMemDicomObject::new_empty();
        sequence(&mut group, tags::PIXEL_MEASURES_SEQUENCE, vec![item]);
        group
    };
    let mut object = grey();
    put(&mut object, tags::NUMBER_OF_FRAMES, VR::IS, "2");
    pixels(&mut object, ramp().repeat(2));
    let spacing = |object: &InMemDicomObject| {
        open(&explicit(object))
            .scale
            .map(|scale| scale.regions[0].spacing.x)
    };
    sequence(
        &mut object,
        tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        vec![measures("0.2"), measures("0.3")],
    );
    assert_eq!(spacing(&object), None, "the frames differ");
    sequence(
        &mut object,
        tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        vec![measures("0.2"), measures("0.2")],
    );
    assert_eq!(spacing(&object), Some(0.2));
    sequence(
        &mut object,
        tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        vec![measures("0.4")],
    );
    assert_eq!(spacing(&object), Some(0.4));
}

#[test]
fn ultrasound_regions_have_their_own_spacing_and_spectra_have_none() {
    let mut object = grey();
    let tissue = region(2, 1, 29, 11, 3, 0.02);
    let smaller = region(0, 12, 9, 17, 3, 0.01);
    let spectrum = region(0, 18, 31, 23, 4, 0.004);
    sequence(
        &mut object,
        tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
        vec![spectrum.clone(), smaller, tissue],
    );
    let scale = open(&explicit(&object)).scale.expect("a scale");
    assert_eq!(scale.source, ScaleSource::UltrasoundRegions);
    assert_eq!(scale.regions.len(), 2);
    let area = Rect {
        left: 2,
        top: 1,
        right: 30,
        bottom: 12,
    };
    assert_eq!(scale.regions[0].area, Some(area));
    assert_eq!(scale.regions[0].spacing, Spacing { x: 0.2, y: 0.1 });
    sequence(
        &mut object,
        tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
        vec![spectrum],
    );
    assert!(open(&explicit(&object)).scale.is_none());
    // A picture that was reduced to half.
    sequence(
        &mut object,
        tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
        vec![region(4, 2, 59, 43, 3, 0.02)],
    );
    let reduced = open(&explicit(&object));
    assert!(reduced.scale.is_none() && reduced.remarks.len() == 1);
    // One that lost its lower half.
    sequence(
        &mut object,
        tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
        vec![region(4, 2, 31, 43, 3, 0.02)],
    );
    let cut = open(&explicit(&object)).scale.expect("a scale");
    assert_eq!(cut.regions[0].area.map(|area| area.bottom), Some(24));
}

#[test]
fn text_in_the_picture_is_remarked_on_and_overlays_are_left_out() {
    let mut object = grey();
    put(&mut object, tags::BURNED_IN_ANNOTATION, VR::CS, "YES");
    let overlay = PrimitiveValue::from(vec![255_u8; PIXELS / 8]);
    put(&mut object, Tag(0x6000, 0x3000), VR::OB, overlay);
    let decoded = open(&explicit(&object));
    assert_eq!(decoded.remarks.len(), 2);
    assert_eq!(first_channel(&decoded), ramp());
}

#[test]
fn objects_without_a_picture_are_refused_with_what_they_are() {
    for (class, word) in [
        (uids::BASIC_TEXT_SR_STORAGE, "report"),
        (uids::ENCAPSULATED_PDF_STORAGE, "document"),
        (uids::MEDIA_STORAGE_DIRECTORY_STORAGE, "DICOMDIR"),
        (uids::RT_STRUCTURE_SET_STORAGE, "radiotherapy"),
        (uids::SEGMENTATION_STORAGE, "segmentation"),
        (uids::ULTRASOUND_IMAGE_STORAGE, "no picture"),
    ] {
        let mut object = grey();
        object.remove_element(tags::PIXEL_DATA);
        put(&mut object, tags::SOP_CLASS_UID, VR::UI, class);
        let error = decode(&explicit(&object)).expect_err("no picture");
        assert!(matches!(error, Error::UnsupportedImage(_)));
        assert!(error.to_string().contains(word), "{error}");
    }
    let twelve = compressed(deep(), vec![vec![0; 8]]);
    let error = decode(&file(&twelve, uids::JPEG_EXTENDED12_BIT)).expect_err("12 bits");
    assert!(error.to_string().contains("12 bits"), "{error}");
    let object = compressed(grey(), vec![vec![0; 8]]);
    for (syntax, word) in [
        (uids::MPEG4HP41, "video"),
        (uids::HTJ2K_LOSSLESS, "JPEG 2000"),
    ] {
        let error = decode(&file(&object, syntax)).expect_err("no decoder");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn cut_pixels_are_refused_and_a_length_too_large_is_remarked_on() {
    let bytes = explicit(&grey());
    for end in [bytes.len() - 1, bytes.len() - PIXELS, 400, 200, 133] {
        assert!(decode(&bytes[..end]).is_err(), "{end}");
    }
    let mut longer = bytes.clone();
    let at = bytes.len() - PIXELS - 4;
    longer[at..at + 4].copy_from_slice(&0x7fff_fff0_u32.to_le_bytes());
    let decoded = open(&longer);
    assert_eq!(first_channel(&decoded), ramp());
    assert_eq!(decoded.remarks.len(), 1);
}

#[test]
fn nothing_of_a_person_comes_out() {
    let bytes = explicit(&grey());
    let told = format!("{:?}", open(&bytes));
    assert!(!told.contains("Nobody"));
    let error = decode(&bytes[..bytes.len() - 1]).expect_err("cut");
    assert!(!error.to_string().contains("Nobody"));
}

#[test]
fn damage_anywhere_is_an_answer_and_never_a_panic() {
    use image::codecs::jpeg::JpegEncoder;
    let mut jpeg = Vec::new();
    JpegEncoder::new(&mut jpeg)
        .encode(
            &ramp(),
            WIDTH.into(),
            HEIGHT.into(),
            image::ExtendedColorType::L8,
        )
        .expect("memory");
    let mut calibrated = deep();
    sequence(
        &mut calibrated,
        tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
        vec![region(0, 0, 31, 23, 3, 0.1)],
    );
    let files = [
        explicit(&calibrated),
        file(&calibrated, entries::IMPLICIT_VR_LITTLE_ENDIAN.uid()),
        file(&compressed(grey(), vec![jpeg]), uids::JPEG_BASELINE8_BIT),
        file(&compressed(grey(), vec![vec![1; 200]]), uids::RLE_LOSSLESS),
        file(
            &compressed(grey(), vec![vec![1; 200]]),
            uids::JPEG2000_LOSSLESS,
        ),
    ];
    let mut state = 1_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    for bytes in files.map(Cow::from) {
        for _ in 0..400 {
            let mut damaged = bytes.to_vec();
            for _ in 0..1 + random() % 3 {
                let at = random() % damaged.len();
                damaged[at] = random() as u8;
            }
            damaged.truncate(damaged.len() - random() % 4 * (random() % 40));
            let _ = decode(&damaged);
        }
    }
}
