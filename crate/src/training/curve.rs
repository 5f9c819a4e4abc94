//! The journal as a picture: loss and val scores over the epochs, as SVG.

use plotters::prelude::*;

use super::journal::Row;
use crate::Error;

const SIZE: (u32, u32) = (900, 480);
const COLOURS: [RGBColor; 4] = [
    RGBColor(0, 95, 115),
    RGBColor(202, 103, 2),
    RGBColor(120, 70, 160),
    RGBColor(90, 140, 60),
];

/// Draws the curves. There must be at least one row.
pub(super) fn svg(rows: &[Row], title: &str) -> Result<String, Error> {
    let mut text = String::new();
    draw(rows, title, &mut text).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(text)
}

fn draw(rows: &[Row], title: &str, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let last = rows.len().max(2) as f64;
    let highest = rows.iter().map(|row| row.loss).fold(0.1, f64::max);
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .right_y_label_area_size(44)
        .build_cartesian_2d(1.0..last, 0.0..1.0)?
        .set_secondary_coord(1.0..last, 0.0..highest);
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc("mean IoU on val")
        .x_labels(12)
        .draw()?;
    chart.configure_secondary_axes().y_desc("loss").draw()?;
    let at = |row: &Row| row.epoch as f64;
    let grey = RGBColor(130, 130, 130);
    chart
        .draw_secondary_series(LineSeries::new(
            rows.iter().map(|row| (at(row), row.loss)),
            &grey,
        ))?
        .label("loss")
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], grey));
    let mut sets: Vec<&str> = Vec::new();
    for validation in rows.iter().flat_map(|row| &row.validations) {
        if validation.images > 0 && !sets.contains(&validation.data.as_str()) {
            sets.push(&validation.data);
        }
    }
    for (set, colour) in sets.iter().zip(COLOURS.into_iter().cycle()) {
        let points = rows.iter().filter_map(|row| {
            let found = row.validations.iter().find(|v| v.data == *set);
            found.map(|validation| (at(row), validation.iou))
        });
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(*set)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(grey)
        .draw()?;
    root.present()?;
    Ok(())
}
