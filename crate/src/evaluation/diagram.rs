//! The reliability diagram: how often a probability came true, as SVG.

use plotters::prelude::*;

use crate::Error;
use crate::metrics::Reliability;

const SIZE: (u32, u32) = (520, 680);
/// Height in pixels of the plot; the panel of shares is below it.
const PLOT: u32 = 500;

const FREQUENCY: RGBColor = RGBColor(60, 120, 190);
const GAP: RGBColor = RGBColor(240, 150, 120);
const INK: RGBColor = RGBColor(40, 40, 44);

/// Draws a reliability diagram: a bar for each bin as high as the share of its pixels that are lesion in truth, the gap
/// to the mean probability in red, and the diagonal where the two are equal. The panel below has the share of all
/// pixels that fall into each bin, on a logarithmic scale from one in a million to all.
///
/// # Errors
/// [`Error::Encode`] when it cannot be drawn.
pub fn reliability_diagram(reliability: &Reliability) -> Result<String, Error> {
    let mut text = String::new();
    draw(reliability, &mut text).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(text)
}

fn draw(reliability: &Reliability, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (plot, panel) = root.split_vertically(PLOT);
    let (ece, all) = (reliability.ece(), reliability.pixels());
    let (count, all_of) = (reliability.bins.len() as f64, all.max(1) as f64);
    let bins = || {
        let filled = reliability.bins.iter().enumerate();
        let filled = filled.filter(|(_, bin)| bin.pixels > 0);
        filled.map(|(index, bin)| (index as f64 / count, (index + 1) as f64 / count, bin))
    };

    let mut chart = ChartBuilder::on(&plot)
        .caption(format!("ECE {ece:.4}, {all} pixels"), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    chart
        .configure_mesh()
        .max_light_lines(1)
        .x_desc("predicted probability")
        .y_desc("share that is lesion")
        .draw()?;
    chart.draw_series(bins().map(|(left, right, bin)| {
        Rectangle::new([(left, 0.0), (right, bin.frequency)], FREQUENCY.filled())
    }))?;
    chart.draw_series(bins().map(|(left, right, bin)| {
        let corners = [(left, bin.frequency), (right, bin.confidence)];
        Rectangle::new(corners, GAP.filled())
    }))?;
    let diagonal = [(0.0, 0.0), (1.0, 1.0)];
    chart.draw_series(LineSeries::new(diagonal, INK.stroke_width(2)))?;

    let mut chart = ChartBuilder::on(&panel)
        .margin(12)
        .x_label_area_size(24)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..1.0, (1e-6..1.0).log_scale())?;
    chart
        .configure_mesh()
        .max_light_lines(1)
        .y_desc("share of pixels")
        .y_labels(4)
        .y_label_formatter(&|share| format!("{share:.0e}"))
        .draw()?;
    chart.draw_series(bins().map(|(left, right, bin)| {
        let share = (bin.pixels as f64 / all_of).max(1e-6);
        Rectangle::new([(left, 1e-6), (right, share)], INK.filled())
    }))?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heights in pixels of the rectangles of a colour, added up.
    fn heights(diagram: &str, RGBColor(r, g, b): RGBColor) -> u32 {
        let fill = format!("fill=\"#{r:02X}{g:02X}{b:02X}\"");
        let rectangles = diagram.split("<rect ").filter(|text| text.contains(&fill));
        let height = |text: &str| {
            let (height, _) = text.split_once("height=\"")?.1.split_once('"')?;
            height.parse::<u32>().ok()
        };
        rectangles.filter_map(height).sum()
    }

    #[test]
    fn the_gap_between_promise_and_truth_is_shown_and_none_where_there_is_none() {
        let gap = |truth: &[u8]| {
            let mut reliability = Reliability::new(2);
            reliability.add(&[0.75; 4], truth);
            heights(&reliability_diagram(&reliability).expect("drawn"), GAP)
        };
        assert_eq!(gap(&[1, 1, 1, 0]), 0);
        assert!(gap(&[1, 0, 0, 0]) > gap(&[1, 1, 0, 0]));
        assert!(gap(&[1, 1, 0, 0]) > 0);
    }

    #[test]
    fn no_pixels_make_an_empty_diagram() {
        let diagram = reliability_diagram(&Reliability::default()).expect("drawn");
        assert_eq!(heights(&diagram, FREQUENCY) + heights(&diagram, GAP), 0);
    }
}
