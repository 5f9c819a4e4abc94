//! The mask at image size, the preview on the screen and the exported files must agree.

use delineo::RgbImage;
use delineo::export::{self, Segmentation, mask_png, overlay_png, png, probability_png};
use delineo::mask::{
    Bounds, Cleaning, Correction, Lasso, Mask, Painting, Place, Preview, ProbabilityMap, Stroke,
    StrokeKind, Style, ThresholdBox, View,
};

const TINT: Style = Style {
    tint: true,
    contour: false,
    opacity: 0.5,
    colour: [255, 0, 128],
    line: 2.0,
};

const CLEANINGS: [Cleaning; 5] = [
    Cleaning::NONE,
    Cleaning {
        largest_region: true,
        ..Cleaning::NONE
    },
    Cleaning {
        fill_holes: true,
        ..Cleaning::NONE
    },
    Cleaning {
        largest_region: true,
        fill_holes: true,
        ..Cleaning::NONE
    },
    // 1 % of the image: the speck of `ring_and_speck` has 1.6 %.
    Cleaning {
        islands_below: 10_000,
        ..Cleaning::NONE
    },
];

/// Noise of cells of the map's own size: many regions, many holes, many diagonal contacts.
fn noise(width: usize, height: usize, seed: u32) -> ProbabilityMap {
    let mut state = seed;
    let values = (0..width * height)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        })
        .collect();
    ProbabilityMap::new(width, height, values)
}

/// A disc with a hole, and a smaller disc beside it, on a map of 64×48.
fn ring_and_speck() -> ProbabilityMap {
    let values = (0..64 * 48).map(|at| {
        let (x, y) = ((at % 64) as f32, (at / 64) as f32);
        let ring = (x - 24.0).hypot(y - 24.0);
        let speck = (x - 54.0).hypot(y - 10.0);
        let inside = (16.0 - ring).min(ring - 5.0).max(4.0 - speck);
        (0.5 + inside / 8.0).clamp(0.0, 1.0)
    });
    ProbabilityMap::new(64, 48, values.collect())
}

fn strokes() -> Vec<Correction> {
    let stroke = |kind, radius, points: &[[f32; 2]]| {
        Correction::Stroke(Stroke {
            kind,
            radius,
            points: points.to_vec(),
        })
    };
    vec![
        stroke(
            StrokeKind::Add,
            4.3,
            &[[10.0, 10.0], [60.5, 31.0], [58.0, 70.0]],
        ),
        stroke(StrokeKind::Erase, 2.5, &[[0.0, 40.0], [200.0, 44.0]]),
        stroke(StrokeKind::Add, 6.0, &[[33.3, 42.0]]),
    ]
}

/// Corrections of every kind, such that none of them does nothing on [`ring_and_speck`] at 128 by 96 pixels.
fn corrections() -> Vec<Correction> {
    let polygon = |kind, corners: &[[f32; 2]]| {
        Correction::Lasso(Lasso {
            kind,
            corners: corners.to_vec(),
        })
    };
    let place = |x, y| Place {
        at: [x, y],
        within: 1.0,
    };
    let mut all = vec![Correction::Threshold(ThresholdBox {
        corners: [[20.0, 60.0], [70.0, 95.0]],
        threshold: Some(0.2),
    })];
    all.push(Correction::FillRegion(place(50.0, 50.0)));
    all.extend(strokes());
    all.extend([
        polygon(
            StrokeKind::Add,
            &[[90.0, 60.0], [125.5, 62.0], [100.0, 95.0]],
        ),
        Correction::DropRegion(place(108.0, 20.0)),
        polygon(
            StrokeKind::Erase,
            &[[95.0, 65.0], [110.0, 66.0], [101.0, 80.0]],
        ),
        Correction::Threshold(ThresholdBox {
            corners: [[100.0, 40.0], [60.0, 10.0]],
            threshold: None,
        }),
    ]);
    all
}

/// The mask of a map of 128 × 96 pixels at 0.5, with nothing done to it, as a tint on the whole image.
fn whole(map: &ProbabilityMap) -> Painting<'_> {
    Painting {
        map,
        canvas: (128, 96),
        view: WHOLE,
        threshold: 0.5,
        cleaning: Cleaning::NONE,
        corrections: &[],
        style: TINT,
    }
}

/// What [`Preview::paint`] paints, on the whole canvas.
fn painted(preview: &mut Preview, painting: &Painting<'_>) -> Vec<u8> {
    // What an earlier painting left behind must not show.
    let mut part = vec![7; 12];
    let bounds = preview.paint(painting, &mut part);
    let canvas = painting.canvas;
    let [left, top, width, height] =
        [bounds.left, bounds.top, bounds.width, bounds.height].map(|length| length as usize);
    assert_eq!(part.len(), width * height * 4);
    let stride = canvas.0 as usize * 4;
    let mut rgba = vec![0; stride * canvas.1 as usize];
    for (row, line) in part.chunks((width * 4).max(1)).enumerate() {
        rgba[(top + row) * stride + left * 4..][..line.len()].copy_from_slice(line);
    }
    rgba
}

fn tinted(rgba: &[u8]) -> Vec<u8> {
    rgba.chunks(4).map(|pixel| u8::from(pixel[3] > 0)).collect()
}

const WHOLE: View = View::ORIGIN;

#[test]
fn paint_at_scale_one_is_the_mask_pixel_for_pixel() {
    for (map, width, height) in [
        (noise(30, 20, 3), 30, 20),
        (noise(16, 16, 4), 90, 61),
        (noise(80, 70, 5), 51, 40),
        (ring_and_speck(), 128, 96),
    ] {
        let mut preview = Preview::new(width, height);
        for cleaning in CLEANINGS {
            for strokes in [&[][..], &strokes(), &corrections()] {
                for threshold in [0.3, 0.5, 0.7] {
                    let mask = Mask::make(&map, width, height, threshold, cleaning, strokes);
                    let rgba = painted(
                        &mut preview,
                        &Painting {
                            canvas: (width, height),
                            threshold,
                            cleaning,
                            corrections: strokes,
                            ..whole(&map)
                        },
                    );
                    assert_eq!(
                        tinted(&rgba),
                        mask.bits(),
                        "{width}×{height} {cleaning:?} {threshold}"
                    );
                    let on = rgba.chunks(4).find(|pixel| pixel[3] > 0);
                    assert_eq!(on, Some(&[255, 0, 128, 128][..]));
                }
            }
        }
    }
}

#[test]
fn a_view_of_a_part_shows_that_part_of_the_mask() {
    let (map, strokes) = (ring_and_speck(), corrections());
    let cleaning = CLEANINGS[3];
    let mask = Mask::make(&map, 128, 96, 0.5, cleaning, &strokes);
    let view = View {
        left: -7.0,
        top: 30.0,
        scale: 1.0,
        aspect: 1.0,
    };
    let rgba = painted(
        &mut Preview::new(128, 96),
        &Painting {
            canvas: (150, 80),
            view,
            cleaning,
            corrections: &strokes,
            ..whole(&map)
        },
    );
    for (at, on) in tinted(&rgba).into_iter().enumerate() {
        let (x, y) = ((at % 150) as i32 - 7, (at / 150) as i32 + 30);
        let inside = (0..128).contains(&x) && (0..96).contains(&y);
        let expected = if inside {
            mask.bits()[(y * 128 + x) as usize]
        } else {
            0
        };
        assert_eq!(on, expected, "{x}, {y}");
    }
}

#[test]
fn the_painted_part_is_the_least_that_holds_the_mask() {
    let (map, cleaning) = (ring_and_speck(), CLEANINGS[3]);
    for strokes in [&[][..], &strokes(), &corrections()] {
        let mask = Mask::make(&map, 128, 96, 0.5, cleaning, strokes);
        let on = |x: u32, y: u32| mask.bits()[(y * 128 + x) as usize] == 1;
        let columns: Vec<_> = (0..128).filter(|x| (0..96).any(|y| on(*x, y))).collect();
        let rows: Vec<_> = (0..96).filter(|y| (0..128).any(|x| on(x, *y))).collect();
        let mut rgba = Vec::new();
        let mut preview = Preview::new(128, 96);
        let bounds = preview.paint(
            &Painting {
                cleaning,
                corrections: strokes,
                ..whole(&map)
            },
            &mut rgba,
        );
        assert_eq!((bounds.left, bounds.top), (columns[0], rows[0]));
        assert_eq!(bounds.width, columns[columns.len() - 1] - columns[0] + 1);
        assert_eq!(bounds.height, rows[rows.len() - 1] - rows[0] + 1);
    }
}

#[test]
fn panning_moves_tint_and_contour_and_changes_nothing_in_sight() {
    let (map, strokes) = (ring_and_speck(), corrections());
    let style = Style {
        contour: true,
        line: 3.0,
        ..TINT
    };
    // Beyond the edges of a canvas the contour is not known; it reaches three pixels.
    let (width, height, edge) = (60, 50, 4);
    for cleaning in CLEANINGS {
        let mut preview = Preview::new(128, 96);
        let mut paint = |size, left, top| {
            let (left, top) = (f64::from(left) - 20.0, f64::from(top) - 20.0);
            let view = View {
                left,
                top,
                scale: 1.0,
                aspect: 1.0,
            };
            painted(
                &mut preview,
                &Painting {
                    canvas: size,
                    view,
                    cleaning,
                    corrections: &strokes,
                    style,
                    ..whole(&map)
                },
            )
        };
        let whole = paint((168, 136), 0, 0);
        for (left, top) in [(0, 0), (17, 33), (40, 20), (108, 86)] {
            let part = paint((width, height), left, top);
            for y in edge..height - edge {
                let columns =
                    |start: u32| start as usize * 4..(start + width - 2 * edge) as usize * 4;
                assert_eq!(
                    part[columns(y * width + edge)],
                    whole[columns((top + y) * 168 + left + edge)],
                    "{cleaning:?}, row {y} of the view at {left}, {top}"
                );
            }
        }
    }
}

#[test]
fn enlarged_or_reduced_the_painted_area_is_the_mask_area() {
    let (map, strokes) = (ring_and_speck(), corrections());
    for (width, height) in [(128, 96), (3000, 2250)] {
        for cleaning in CLEANINGS {
            let strokes = if width == 128 { &strokes[..] } else { &[] };
            let area = Mask::make(&map, width, height, 0.5, cleaning, strokes).area() as f64;
            for canvas in [320_u32, 640] {
                let scale = f64::from(canvas) / f64::from(width);
                let view = View { scale, ..WHOLE };
                let size = (canvas, canvas * 3 / 4);
                let rgba = painted(
                    &mut Preview::new(width, height),
                    &Painting {
                        canvas: size,
                        view,
                        cleaning,
                        corrections: strokes,
                        ..whole(&map)
                    },
                );
                let painted =
                    tinted(&rgba).iter().map(|on| f64::from(*on)).sum::<f64>() / scale / scale;
                assert!(
                    (painted / area - 1.0).abs() < 0.02,
                    "{cleaning:?}: {painted} and not {area}"
                );
            }
        }
    }
}

#[test]
fn the_area_is_exact_up_to_1024_pixels_a_side_and_close_beyond() {
    let map = ring_and_speck();
    for cleaning in CLEANINGS {
        for strokes in [&[][..], &strokes(), &corrections()] {
            let mut preview = Preview::new(128, 96);
            let exact = Mask::make(&map, 128, 96, 0.4, cleaning, strokes).area();
            assert_eq!(preview.area(&map, 0.4, cleaning, strokes), (exact, true));
            let mut large = Preview::new(2000, 1500);
            let true_area = Mask::make(&map, 2000, 1500, 0.4, cleaning, strokes).area();
            let (area, exact) = large.area(&map, 0.4, cleaning, strokes);
            assert!(!exact && (area as f64 / true_area as f64 - 1.0).abs() < 0.005);
        }
    }
    assert!(
        Preview::new(1024, 1024)
            .area(&map, 0.5, Cleaning::default(), &[])
            .1
    );
}

#[test]
fn each_correction_of_the_tests_changes_the_mask() {
    let (map, all) = (ring_and_speck(), corrections());
    let made = |of: &[Correction]| Mask::make(&map, 128, 96, 0.5, Cleaning::NONE, of);
    for index in 0..all.len() {
        let mut others = all.clone();
        others.remove(index);
        assert!(made(&others) != made(&all), "{:?}", all[index]);
    }
}

#[test]
fn the_analysis_follows_the_corrections_one_by_one_and_back() {
    let (map, all) = (ring_and_speck(), corrections());
    let mut kept = Preview::new(128, 96);
    let counts = (0..=all.len()).chain((0..all.len()).rev());
    for count in counts {
        let fresh = Mask::make(&map, 128, 96, 0.5, CLEANINGS[4], &all[..count]);
        let rgba = painted(
            &mut kept,
            &Painting {
                cleaning: CLEANINGS[4],
                corrections: &all[..count],
                ..whole(&map)
            },
        );
        assert!(tinted(&rgba) == fresh.bits(), "{count} corrections");
        let area = kept.area(&map, 0.5, CLEANINGS[4], &all[..count]);
        assert_eq!(area, (fresh.area(), true));
    }
}

#[test]
fn corrections_look_the_same_on_a_large_image_and_on_the_screen() {
    let map = ring_and_speck();
    let scaled: Vec<Correction> = corrections().iter().map(enlarged).collect();
    let mask = Mask::make(&map, 2560, 1920, 0.5, CLEANINGS[4], &scaled);
    let view = View {
        scale: 0.25,
        ..WHOLE
    };
    let rgba = painted(
        &mut Preview::new(2560, 1920),
        &Painting {
            canvas: (640, 480),
            view,
            cleaning: CLEANINGS[4],
            corrections: &scaled,
            ..whole(&map)
        },
    );
    // The centre of a canvas pixel lies between four pixels of the image.
    let differ = tinted(&rgba)
        .into_iter()
        .enumerate()
        .filter(|(at, on)| mask.bits()[(at / 640 * 4 + 2) * 2560 + at % 640 * 4 + 2] != *on)
        .count();
    assert!(differ < 640 * 480 / 1000, "{differ} pixels differ");
}

/// A correction for an image of twenty times the size.
fn enlarged(of: &Correction) -> Correction {
    let mut of = of.clone();
    let grow = |points: &mut [[f32; 2]]| points.iter_mut().flatten().for_each(|at| *at *= 20.0);
    match &mut of {
        Correction::Stroke(stroke) => {
            stroke.radius *= 20.0;
            grow(&mut stroke.points);
        }
        Correction::Lasso(polygon) => grow(&mut polygon.corners),
        Correction::FillRegion(place) | Correction::DropRegion(place) => {
            grow(std::slice::from_mut(&mut place.at));
        }
        Correction::Threshold(of) => grow(&mut of.corners),
    }
    of
}

#[test]
fn the_analysis_follows_threshold_cleaning_and_map() {
    let (first, second) = (ring_and_speck(), noise(64, 48, 8));
    let mut kept = Preview::new(128, 96);
    for (map, threshold, cleaning) in [
        (&first, 0.5, CLEANINGS[3]),
        (&first, 0.6, CLEANINGS[3]),
        (&first, 0.6, CLEANINGS[1]),
        (&second, 0.6, CLEANINGS[1]),
        (&first, 0.6, CLEANINGS[0]),
        (&first, 0.6, CLEANINGS[1]),
    ] {
        let fresh = Mask::make(map, 128, 96, threshold, cleaning, &[]);
        assert_eq!(kept.area(map, threshold, cleaning, &[]).0, fresh.area());
        let rgba = painted(
            &mut kept,
            &Painting {
                threshold,
                cleaning,
                ..whole(map)
            },
        );
        assert_eq!(tinted(&rgba), fresh.bits());
    }
}

#[test]
fn nothing_is_painted_off_the_image_not_even_the_contour() {
    let map = ProbabilityMap::new(4, 4, vec![1.0; 16]);
    let style = Style {
        contour: true,
        line: 6.0,
        ..TINT
    };
    let view = View {
        left: -10.0,
        top: -5.0,
        scale: 2.0,
        aspect: 1.0,
    };
    let rgba = painted(
        &mut Preview::new(20, 20),
        &Painting {
            canvas: (100, 80),
            view,
            cleaning: CLEANINGS[3],
            style,
            ..whole(&map)
        },
    );
    for (at, on) in tinted(&rgba).into_iter().enumerate() {
        let inside = (20..60).contains(&(at % 100)) && (10..50).contains(&(at / 100));
        assert_eq!(on == 1, inside);
    }
    // The image is all lesion, so its edge is the border.
    assert_eq!(rgba[(30 * 100 + 20) * 4..][..4], [255, 0, 128, 255]);
}

#[test]
fn a_style_without_tint_and_contour_paints_nothing_and_a_contour_alone_only_the_border() {
    let map = ring_and_speck();
    let mut preview = Preview::new(128, 96);
    let nothing = Style {
        tint: false,
        ..TINT
    };
    let rgba = painted(
        &mut preview,
        &Painting {
            style: nothing,
            ..whole(&map)
        },
    );
    assert!(rgba.iter().all(|byte| *byte == 0));
    let border = Style {
        contour: true,
        ..nothing
    };
    let rgba = painted(
        &mut preview,
        &Painting {
            cleaning: CLEANINGS[1],
            style: border,
            ..whole(&map)
        },
    );
    let painted = tinted(&rgba);
    assert_eq!(painted[48 * 128 + 72], 0, "well within the ring's wall");
    assert_eq!(painted[20 * 128 + 108], 0, "the speck was cleaned away");
    assert!(painted.iter().map(|on| u32::from(*on)).sum::<u32>() > 300);
}

#[test]
fn views_of_nonsense_paint_nothing() {
    let map = ring_and_speck();
    for view in [
        View {
            scale: 0.0,
            ..WHOLE
        },
        View {
            scale: -1.0,
            ..WHOLE
        },
        View {
            scale: f64::NAN,
            ..WHOLE
        },
        View {
            left: f64::INFINITY,
            ..WHOLE
        },
        View {
            left: 1e18,
            ..WHOLE
        },
        View {
            scale: 1e-300,
            ..WHOLE
        },
    ] {
        let style = Style {
            contour: true,
            ..TINT
        };
        let rgba = painted(
            &mut Preview::new(128, 96),
            &Painting {
                canvas: (40, 30),
                view,
                cleaning: CLEANINGS[3],
                corrections: &strokes(),
                style,
                ..whole(&map)
            },
        );
        assert!(
            tinted(&rgba).iter().map(|on| u32::from(*on)).sum::<u32>() <= 1,
            "{view:?}"
        );
    }
    let mut rgba = vec![7; 12];
    let mut preview = Preview::new(128, 96);
    let bounds = preview.paint(
        &Painting {
            canvas: (0, 30),
            cleaning: CLEANINGS[3],
            ..whole(&map)
        },
        &mut rgba,
    );
    assert_eq!(bounds, Bounds::default());
    assert!(rgba.is_empty());
}

/// Kinds of the chunks of a PNG, in order, IDAT once.
fn chunks(png: &[u8]) -> Vec<String> {
    let (mut at, mut kinds) = (8, Vec::new());
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
        kinds.push(String::from_utf8_lossy(&png[at + 4..at + 8]).into_owned());
        at += 12 + length as usize;
    }
    kinds.dedup();
    kinds
}

#[test]
fn exported_files_hold_pixels_and_nothing_else() {
    let map = ring_and_speck();
    let mask = Mask::make(&map, 100, 60, 0.5, CLEANINGS[0], &[]);
    let image = RgbImage::from_pixel(100, 60, image::Rgb([90, 80, 70]));
    for file in [
        mask_png(&mask),
        overlay_png(&image, &mask, &TINT),
        probability_png(&map, 100, 60),
        png(&image),
    ] {
        assert_eq!(chunks(&file.expect("encodes")), ["IHDR", "IDAT", "IEND"]);
    }
}

#[test]
fn every_export_shows_the_mask_that_was_asked_for() {
    let (map, strokes) = (ring_and_speck(), corrections());
    let image = RgbImage::from_pixel(130, 70, image::Rgb([90, 80, 70]));
    let segmentation = Segmentation::new(&image, &map, 0.6, CLEANINGS[3], &strokes, TINT);
    let mask = Mask::make(&map, 130, 70, 0.6, CLEANINGS[3], &strokes);
    assert_eq!(*segmentation.mask(), mask);
    for (id, expected) in [
        ("mask", mask_png(&mask)),
        ("overlay", overlay_png(&image, &mask, &TINT)),
        ("probability", probability_png(&map, 130, 70)),
    ] {
        let format = export::by_id(id).expect("listed");
        let bytes = format.encode(&segmentation).expect("encodes");
        assert_eq!(bytes, expected.expect("encodes"), "{id}");
    }
}

#[test]
fn exported_masks_and_probabilities_read_back_as_they_were() {
    let map = ring_and_speck();
    let mask = Mask::make(&map, 130, 70, 0.5, CLEANINGS[0], &[]);
    let read = image::load_from_memory(&mask_png(&mask).expect("encodes")).expect("decodes");
    let expected: Vec<u8> = mask.bits().iter().map(|bit| bit * 255).collect();
    assert_eq!(
        read,
        image::GrayImage::from_raw(130, 70, expected)
            .expect("fits")
            .into()
    );
    let read = image::load_from_memory(&probability_png(&map, 130, 70).expect("encodes"))
        .expect("decodes");
    let expected: Vec<u16> = map
        .resample(130, 70)
        .iter()
        .map(|p| (p * 65535.0).round() as u16)
        .collect();
    assert_eq!(read.into_luma16().into_raw(), expected);
}

#[test]
fn an_exported_overlay_looks_as_it_does_on_the_screen() {
    let map = ring_and_speck();
    let mask = Mask::make(&map, 128, 96, 0.5, CLEANINGS[1], &[]);
    let image = RgbImage::from_fn(128, 96, |x, y| {
        image::Rgb([(x * 2) as u8, (y * 2) as u8, 99])
    });
    let style = Style {
        contour: true,
        line: 3.0,
        ..TINT
    };
    let overlay = overlay_png(&image, &mask, &style).expect("encodes");
    let overlay = image::load_from_memory(&overlay)
        .expect("decodes")
        .into_rgb8();
    let rgba = painted(
        &mut Preview::new(128, 96),
        &Painting {
            cleaning: CLEANINGS[1],
            style,
            ..whole(&map)
        },
    );
    for ((out, under), over) in overlay.pixels().zip(image.pixels()).zip(rgba.chunks(4)) {
        for channel in 0..3 {
            let alpha = f32::from(over[3]) / 255.0;
            let mixed =
                f32::from(over[channel]) * alpha + f32::from(under.0[channel]) * (1.0 - alpha);
            assert!((f32::from(out.0[channel]) - mixed).abs() <= 1.0);
        }
    }
}

#[test]
fn an_overlay_of_another_size_or_no_size_is_refused_with_a_sentence() {
    let mask = Mask::new(2, 2, vec![0; 4]);
    let image = RgbImage::new(3, 2);
    let error = overlay_png(&image, &mask, &TINT).expect_err("sizes differ");
    assert!(error.to_string().contains("2×2"), "{error}");
    assert!(mask_png(&Mask::new(0, 0, Vec::new())).is_err());
    assert!(png(&RgbImage::new(0, 0)).is_err());
    assert!(probability_png(&ring_and_speck(), 0, 5).is_err());
}

#[test]
fn any_byte_but_zero_counts_as_on() {
    let mask = Mask::new(3, 2, vec![0, 1, 255, 7, 0, 0]);
    assert_eq!((mask.area(), mask.bits()), (3, &[0, 1, 1, 1, 0, 0][..]));
}
