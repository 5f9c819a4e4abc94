//! Which rows of the list of documents are in view, so that of thousands only those are in the page.

use std::ops::Range;

/// So many rows above and below the visible ones are there already when the list is scrolled.
const OVERSCAN: usize = 6;

/// Which of `count` rows of the same height are to be there: those in view and a few around them. All lengths in CSS pixels.
pub fn window(scrolled: f64, height: f64, row: f64, count: usize) -> Range<usize> {
    let first = (scrolled / row).floor().max(0.0) as usize;
    let end = ((scrolled + height) / row).ceil().max(0.0) as usize + OVERSCAN;
    let first = first.saturating_sub(OVERSCAN).min(count);
    first..end.min(count).max(first)
}

/// Where a list must be scrolled to so that a row is in view; nothing where it is already. All lengths in CSS pixels.
pub fn scroll_to(place: usize, scrolled: f64, height: f64, row: f64) -> Option<f64> {
    let top = place as f64 * row;
    if top < scrolled {
        Some(top)
    } else if top + row > scrolled + height {
        Some((top + row - height).max(0.0))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_five_thousand_rows_only_those_in_view_are_there() {
        assert_eq!(window(0.0, 560.0, 56.0, 5000), 0..16);
        assert_eq!(window(56_000.0, 560.0, 56.0, 5000), 994..1016);
        assert_eq!(window(1e9, 560.0, 56.0, 5000), 5000..5000);
        assert_eq!(window(0.0, 560.0, 56.0, 3), 0..3);
        assert_eq!(window(-20.0, 0.0, 56.0, 0), 0..0);
    }

    #[test]
    fn a_row_is_scrolled_into_view_by_the_shortest_way() {
        assert_eq!(scroll_to(3, 0.0, 560.0, 56.0), None);
        assert_eq!(scroll_to(10, 0.0, 560.0, 56.0), Some(56.0));
        assert_eq!(scroll_to(1, 112.0, 560.0, 56.0), Some(56.0));
    }
}
