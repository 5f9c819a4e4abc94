//! What was measured, with the picture and the overlay, as a page of HTML that can be read and printed anywhere.

use image::RgbImage;

use super::format::ExportFormat;
use super::overlay::{check, draw_rows};
use super::png::png;
use super::segmentation::Segmentation;
use crate::Error;
use crate::measure::{Measurements, Report, ReportPage, Scale, Uncertainty};

/// The id of this format, which needs [`Segmentation::report`].
pub const REPORT: &str = "report";

pub(super) static FORMAT: ExportFormat = ExportFormat {
    id: REPORT,
    name: "Report",
    label: "Report, HTML",
    suffix: "_report",
    extension: "html",
    media_type: "text/html",
    copyable: false,
};

/// Longest side in pixels of the pictures: on half of a printed page that is 300 pixels an inch.
const MOST: u32 = 1280;

pub(super) fn encode(segmentation: &Segmentation) -> Result<Vec<u8>, Error> {
    let Some(page) = &segmentation.report else {
        return Err(Error::Encode("the mask was not measured".to_owned()));
    };
    let Segmentation {
        image,
        style,
        lines,
        ..
    } = segmentation;
    let mask = segmentation.mask();
    check(image, mask)?;
    let mut picture = Reduced::new(image.dimensions());
    for row in image
        .as_raw()
        .chunks_exact(3 * image.width().max(1) as usize)
    {
        picture.take(row);
    }
    let mut overlay = Reduced::new(image.dimensions());
    let drawn = draw_rows(image, mask, style, lines, |row| {
        overlay.take(row);
        Ok(())
    });
    drawn.map_err(|error| Error::Encode(error.to_string()))?;
    let page = page.html(&png(&picture.image())?, &png(&overlay.image())?);
    Ok(page.into_bytes())
}

impl ReportPage {
    /// What is measured of a mask as a whole, for who exports many; it names no person. `model` is the id of the model that made
    /// the mask, `corrected` whether a person changed it.
    pub fn of_whole(
        segmentation: &Segmentation,
        scale: Option<&Scale>,
        model: Option<&str>,
        corrected: bool,
    ) -> Self {
        let Segmentation {
            image,
            map,
            threshold,
            cleaning,
            corrections,
            ..
        } = *segmentation;
        let measurements = Measurements::of(segmentation.mask(), scale);
        let shape = measurements.whole.as_ref();
        let size = image.dimensions();
        let uncertainty = model
            .and(shape)
            .map(|shape| Uncertainty::of_whole(shape, map, size, threshold, cleaning, corrections));
        let report = Report {
            title: "",
            measurements: &measurements,
            shape,
            uncertainty: uncertainty.as_ref(),
            scale: scale.map(|scale| scale.source),
            proportions: None,
            outline: None,
            model,
            threshold: model.map(|_| threshold),
            corrected,
            version: env!("CARGO_PKG_VERSION"),
        };
        Self::new(&report, "")
    }
}

/// A picture that is made smaller row by row: each pixel is the mean of a square of them, so that no second picture of full
/// size is in memory.
struct Reduced {
    width: u32,
    height: u32,
    /// Side of the squares; those at the right and at the bottom may be cut.
    side: usize,
    pixels: Vec<u8>,
    /// Sums of the rows since the last one that was finished, and how many those are.
    sums: Vec<u32>,
    rows: usize,
    /// Rows that are still to come.
    left: u32,
}

impl Reduced {
    /// For a picture of this width and height.
    fn new((width, height): (u32, u32)) -> Self {
        let side = width.max(height).div_ceil(MOST).max(1);
        let (across, down) = (width.div_ceil(side), height.div_ceil(side));
        Self {
            width: across,
            height: down,
            side: side as usize,
            pixels: Vec::with_capacity(3 * across as usize * down as usize),
            sums: vec![0; 3 * across as usize],
            rows: 0,
            left: height,
        }
    }

    /// The next row, three bytes a pixel.
    fn take(&mut self, row: &[u8]) {
        let blocks = row.chunks(3 * self.side);
        for (sum, block) in self.sums.as_chunks_mut::<3>().0.iter_mut().zip(blocks) {
            for pixel in block.as_chunks::<3>().0 {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
            }
        }
        self.rows += 1;
        self.left = self.left.saturating_sub(1);
        if self.rows < self.side && self.left > 0 {
            return;
        }
        let blocks = row.chunks(3 * self.side).map(|block| block.len() / 3);
        for (sum, width) in self.sums.as_chunks::<3>().0.iter().zip(blocks) {
            let count = (width * self.rows) as u32;
            self.pixels
                .extend(sum.map(|sum| ((sum + count / 2) / count) as u8));
        }
        self.sums.fill(0);
        self.rows = 0;
    }

    fn image(self) -> RgbImage {
        RgbImage::from_raw(self.width, self.height, self.pixels).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Cleaning, ProbabilityMap, Style};
    use crate::measure::RESEARCH_USE;

    #[test]
    fn a_picture_is_reduced_to_the_means_of_its_squares() {
        let image = RgbImage::from_fn(2561, 4, |x, y| {
            image::Rgb([(x % 3 * 90) as u8, (y * 50) as u8, 7])
        });
        let mut reduced = Reduced::new(image.dimensions());
        for row in image.as_raw().chunks_exact(3 * 2561) {
            reduced.take(row);
        }
        let reduced = reduced.image();
        // Squares of three; the last column has two pixels and the last row one.
        assert_eq!(reduced.dimensions(), (854, 2));
        assert_eq!(reduced.get_pixel(0, 0).0, [90, 50, 7]);
        assert_eq!(reduced.get_pixel(853, 1).0, [45, 150, 7]);
    }

    #[test]
    fn the_report_holds_the_figures_and_two_pictures_and_needs_a_measurement() {
        let image = RgbImage::from_pixel(64, 48, image::Rgb([120, 90, 80]));
        let map = ProbabilityMap::new(8, 8, vec![0.9; 64]);
        let cleaning = Cleaning::default();
        let mut segmentation =
            Segmentation::new(&image, &map, 0.5, cleaning, &[], Style::default());
        assert!(encode(&segmentation).is_err());
        let page = ReportPage::of_whole(&segmentation, None, Some("model"), false);
        segmentation.report = Some(page);
        let page = encode(&segmentation).expect("encodes");
        let page = String::from_utf8(page).expect("text");
        assert_eq!(page.matches("data:image/png;base64,").count(), 2);
        assert!(page.contains("3072 px²") && page.contains(RESEARCH_USE));
    }
}
