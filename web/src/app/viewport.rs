//! Which part of the image the canvas shows: fit, zoom about a point, pan, and the limits of both.
//!
//! A [`View`] is in the engine's terms: image coordinates of the canvas's top left corner, and device pixels of the
//! canvas per image pixel. Everything here is plain arithmetic.

use delineo::mask::View;

/// At most this many device pixels for one image pixel, unless it takes more to fill the canvas.
const LARGEST_SCALE: f64 = 40.0;
/// Part of the canvas that may stay empty beside a large image, so that a brush reaches its edge.
const MARGIN: f64 = 0.25;
/// Part of the canvas that a fitted image leaves free on each side.
const BREATHING_SPACE: f64 = 0.02;

/// Width and height, in pixels of whatever has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
}

impl Size {
    /// A size from whole pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width: f64::from(width),
            height: f64::from(height),
        }
    }

    /// Whether there is anything to show or to show it on.
    pub fn is_empty(self) -> bool {
        self.width < 1.0 || self.height < 1.0
    }
}

/// A view and whether it follows the window: a fitted image is fitted again when the window changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// What is visible.
    pub view: View,
    /// Whether it stays fitted.
    pub fitted: bool,
}

impl Default for Viewport {
    fn default() -> Self {
        Self::of_aspect(1.0)
    }
}

impl Viewport {
    /// Of an image whose pixels have this height over their width.
    pub fn of_aspect(aspect: f64) -> Self {
        Self {
            view: View {
                aspect,
                ..View::ORIGIN
            },
            fitted: true,
        }
    }

    /// The whole image, centred; small images grow until they fill the canvas.
    pub fn fit(self, image: Size, canvas: Size) -> Self {
        let aspect = self.view.aspect;
        if image.is_empty() || canvas.is_empty() {
            return Self::of_aspect(aspect);
        }
        let view = View {
            scale: fitting_scale(image, aspect, canvas),
            aspect,
            ..View::ORIGIN
        };
        Self {
            view: limit(view, image, canvas),
            fitted: true,
        }
    }

    /// Zooms by `factor`, keeping what is at canvas point `at` where it is.
    pub fn zoom(self, factor: f64, at: (f64, f64), image: Size, canvas: Size) -> Self {
        self.zoom_to(self.view.scale * factor, at, image, canvas)
    }

    /// Zooms to `scale`, keeping what is at canvas point `at` where it is.
    pub fn zoom_to(self, scale: f64, at: (f64, f64), image: Size, canvas: Size) -> Self {
        let aspect = self.view.aspect;
        let fitting = fitting_scale(image, aspect, canvas);
        let scale = scale.clamp(fitting.min(1.0) / 2.0, LARGEST_SCALE.max(fitting));
        let (x, y) = to_image(self.view, at);
        let view = View {
            left: x - at.0 / scale,
            top: y - at.1 / (scale * aspect),
            scale,
            aspect,
        };
        Self {
            view: limit(view, image, canvas),
            fitted: false,
        }
    }

    /// Moves the picture by so many canvas pixels.
    pub fn pan(self, dx: f64, dy: f64, image: Size, canvas: Size) -> Self {
        let view = View {
            left: self.view.left - dx / self.view.scale,
            top: self.view.top - dy / self.view.scale_y(),
            ..self.view
        };
        Self {
            view: limit(view, image, canvas),
            fitted: false,
        }
    }

    /// The same viewport after the canvas changed from `before` to `canvas`: fitted again, or around the same centre.
    pub fn resized(self, before: Size, image: Size, canvas: Size) -> Self {
        if self.fitted || before.is_empty() {
            return self.fit(image, canvas);
        }
        let (x, y) = to_image(self.view, (before.width / 2.0, before.height / 2.0));
        let view = View {
            left: x - canvas.width / 2.0 / self.view.scale,
            top: y - canvas.height / 2.0 / self.view.scale_y(),
            ..self.view
        };
        Self {
            view: limit(view, image, canvas),
            fitted: false,
        }
    }
}

/// The image coordinates of a canvas point.
pub fn to_image(view: View, (x, y): (f64, f64)) -> (f64, f64) {
    (view.left + x / view.scale, view.top + y / view.scale_y())
}

/// The canvas point of image coordinates.
pub fn to_canvas(view: View, (x, y): (f64, f64)) -> (f64, f64) {
    (
        (x - view.left) * view.scale,
        (y - view.top) * view.scale_y(),
    )
}

/// How a picture drawn for view `from` is placed on a canvas that shows view `to`: offset and magnification.
pub fn between(from: View, to: View) -> (f64, f64, f64) {
    (
        (from.left - to.left) * to.scale,
        (from.top - to.top) * to.scale_y(),
        to.scale / from.scale,
    )
}

fn fitting_scale(image: Size, aspect: f64, canvas: Size) -> f64 {
    let room = 1.0 - 2.0 * BREATHING_SPACE;
    (canvas.width * room / image.width).min(canvas.height * room / (image.height * aspect))
}

/// Keeps the image in view: centred along an axis where it is smaller than the canvas, else without a large gap.
fn limit(view: View, image: Size, canvas: Size) -> View {
    let along = |start: f64, image: f64, visible: f64| {
        if image <= visible {
            return (image - visible) / 2.0;
        }
        let margin = visible * MARGIN;
        start.clamp(-margin, image - visible + margin)
    };
    View {
        left: along(view.left, image.width, canvas.width / view.scale),
        top: along(view.top, image.height, canvas.height / view.scale_y()),
        ..view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Size = Size {
        width: 1000.0,
        height: 500.0,
    };
    const CANVAS: Size = Size {
        width: 800.0,
        height: 800.0,
    };

    #[test]
    fn a_fitted_image_is_centred_and_whole() {
        let View {
            left, top, scale, ..
        } = Viewport::default().fit(IMAGE, CANVAS).view;
        assert!((scale - 0.768).abs() < 1e-9);
        assert!((left + (800.0 / scale - 1000.0) / 2.0).abs() < 1e-9);
        assert!((top + (800.0 / scale - 500.0) / 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_fitted_image_fills_the_canvas_however_small_it_is() {
        for side in [4, 16, 64] {
            let fitted = Viewport::default().fit(Size::new(side, side), CANVAS);
            let across = f64::from(side) * fitted.view.scale;
            assert!((across - 768.0).abs() < 1e-6, "{side}: {across}");
        }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let viewport =
            Viewport::default()
                .fit(IMAGE, CANVAS)
                .zoom(6.0, (400.0, 400.0), IMAGE, CANVAS);
        let at = (431.0, 377.0);
        let before = to_image(viewport.view, at);
        let after = to_image(viewport.zoom(1.5, at, IMAGE, CANVAS).view, at);
        assert!((before.0 - after.0).abs() < 1e-9 && (before.1 - after.1).abs() < 1e-9);
        assert!(!viewport.fitted);
    }

    #[test]
    fn pixels_that_are_not_square_are_shown_in_true_proportion() {
        // 1000 x 500 pixels, each twice as high as wide: a square.
        let fitted = Viewport::of_aspect(2.0).fit(IMAGE, CANVAS);
        assert!((fitted.view.scale - 0.768).abs() < 1e-9);
        assert!((fitted.view.scale_y() - 1.536).abs() < 1e-9);
        let (x, y) = to_image(fitted.view, (400.0, 400.0));
        assert!((x - 500.0).abs() < 1e-9 && (y - 250.0).abs() < 1e-9);
        let near = fitted.zoom(4.0, (100.0, 200.0), IMAGE, CANVAS);
        let before = to_image(fitted.view, (100.0, 200.0));
        let after = to_image(near.view, (100.0, 200.0));
        assert!((before.0 - after.0).abs() < 1e-9 && (before.1 - after.1).abs() < 1e-9);
        let moved = near.pan(-40.0, -40.0, IMAGE, CANVAS);
        let across = (moved.view.left - near.view.left) * near.view.scale;
        let down = (moved.view.top - near.view.top) * near.view.scale_y();
        assert!((across - 40.0).abs() < 1e-9 && (down - 40.0).abs() < 1e-9);
    }

    #[test]
    fn zoom_stops_at_the_limits() {
        let viewport = Viewport::default().fit(IMAGE, CANVAS);
        assert!(
            (viewport.zoom(1e9, (0.0, 0.0), IMAGE, CANVAS).view.scale - LARGEST_SCALE).abs() < 1e-9
        );
        assert!((viewport.zoom(1e-9, (0.0, 0.0), IMAGE, CANVAS).view.scale - 0.384).abs() < 1e-9);
    }

    #[test]
    fn panning_never_loses_the_image() {
        let near = Viewport::default()
            .fit(IMAGE, CANVAS)
            .zoom_to(4.0, (0.0, 0.0), IMAGE, CANVAS);
        let far = near.pan(-1e9, 1e9, IMAGE, CANVAS).view;
        assert!((far.left - (1000.0 - 200.0 + 50.0)).abs() < 1e-9);
        assert!((far.top + 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_frame_for_another_view_lands_where_the_image_is() {
        let from = View {
            left: 10.0,
            top: 20.0,
            scale: 2.0,
            aspect: 1.0,
        };
        let to = View {
            scale: 4.0,
            ..View::ORIGIN
        };
        assert_eq!(between(from, to), (40.0, 80.0, 2.0));
        assert_eq!(between(from, from), (0.0, 0.0, 1.0));
    }

    #[test]
    fn a_new_window_size_keeps_the_centre_or_the_fit() {
        let wide = Size {
            width: 1600.0,
            height: 800.0,
        };
        assert_eq!(
            Viewport::default()
                .fit(IMAGE, CANVAS)
                .resized(CANVAS, IMAGE, wide),
            Viewport::default().fit(IMAGE, wide)
        );
        let near =
            Viewport::default()
                .fit(IMAGE, CANVAS)
                .zoom_to(4.0, (400.0, 400.0), IMAGE, CANVAS);
        let before = to_image(near.view, (400.0, 400.0));
        let after = to_image(near.resized(CANVAS, IMAGE, wide).view, (800.0, 400.0));
        assert!((before.0 - after.0).abs() < 1e-9 && (before.1 - after.1).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_show_is_no_reason_to_divide_by_zero() {
        let nothing = Size::new(0, 0);
        assert_eq!(
            Viewport::default().fit(nothing, CANVAS),
            Viewport::default()
        );
        assert_eq!(Viewport::default().fit(IMAGE, nothing), Viewport::default());
    }
}
