//! From luma and chroma to RGB (ITU-T H.273, 8.3), straight into the finished image.

use image::RgbImage;

use super::frame::{Coding, Frame, Layout};

/// Linear combinations of a row's luma and chroma that make its colours.
enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    /// Luma, and green and orange differences.
    YCgCo,
    /// Luma, and blue and red differences, with the shares of red and blue in luma.
    Differences { red: f32, blue: f32 },
}

impl Matrix {
    /// None for those that are not linear in the coded values.
    fn of(code: u16) -> Option<Self> {
        let (red, blue) = match code {
            0 => return Some(Self::Identity),
            8 => return Some(Self::YCgCo),
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            7 => (0.212, 0.087),
            9 => (0.2627, 0.0593),
            // BT.601, which an unspecified matrix means in still pictures (ISO/IEC 23000-22, 7.3.6.4).
            2 | 5 | 6 => (0.299, 0.114),
            // Derived from the primaries (12); those of BT.709 are by far the most usual.
            12 => (0.2126, 0.0722),
            _ => return None,
        };
        Some(Self::Differences { red, blue })
    }
}

/// Whether [`draw`] knows the matrix.
pub(super) fn known(coding: Coding) -> bool {
    Matrix::of(coding.matrix).is_some()
}

/// Values to 0 to 255: `(value - black) * scale`.
#[derive(Clone, Copy)]
struct Range {
    black: f32,
    scale: f32,
}

impl Range {
    fn luma(bits: u32, full: bool) -> Self {
        if full {
            let greatest = ((1_u32 << bits) - 1) as f32;
            return Self {
                black: 0.0,
                scale: 255.0 / greatest,
            };
        }
        let step = (1_u32 << (bits - 8)) as f32;
        Self {
            black: 16.0 * step,
            scale: 255.0 / (219.0 * step),
        }
    }

    fn chroma(bits: u32, full: bool) -> Self {
        let middle = (1_u32 << (bits - 1)) as f32;
        let step = (1_u32 << (bits - 8)) as f32;
        Self {
            black: middle,
            scale: if full {
                Self::luma(bits, true).scale
            } else {
                255.0 / (224.0 * step)
            },
        }
    }
}

/// Draws a frame into `image` with its upper left corner at `at`; what sticks out is left out. A matrix that is not
/// [`known`] counts as BT.601.
///
/// Chroma is interpolated linearly: its columns lie on the even columns of luma, its rows between two rows, which is
/// what both codecs mean where they say nothing.
pub(super) fn draw(frame: &dyn Frame, coding: Coding, image: &mut RgbImage, at: (u32, u32)) {
    let Layout {
        size, bits, chroma, ..
    } = frame.layout();
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (left, top) = (at.0 as usize, at.1 as usize);
    let columns = size.0.min(width.saturating_sub(left));
    let rows = size.1.min(height.saturating_sub(top));
    if columns == 0 || rows == 0 {
        return;
    }
    let identity = coding.matrix == 0;
    let matrix = Matrix::of(coding.matrix).unwrap_or(Matrix::Differences {
        red: 0.299,
        blue: 0.114,
    });
    let luma_range = Range::luma(bits.0, coding.full_range);
    let chroma_range = if identity {
        Range::luma(bits.1, coding.full_range)
    } else {
        Range::chroma(bits.1, coding.full_range)
    };
    let mut coded = vec![0_u16; size.0];
    let mut luma = vec![0.0_f32; columns];
    let mut differences = Chroma::new(size, columns, chroma, chroma_range);
    for y in 0..rows {
        frame.row(0, y, &mut coded[..columns]);
        for (value, coded) in luma.iter_mut().zip(&coded) {
            *value = (f32::from(*coded) - luma_range.black) * luma_range.scale;
        }
        let from = ((top + y) * width + left) * 3;
        let out = &mut image.as_mut()[from..from + columns * 3];
        let out = out.as_chunks_mut::<3>().0;
        // The cast clamps to 0 to 255.
        let byte = |value: f32| (value + 0.5) as u8;
        if chroma.is_none() {
            for (pixel, luma) in out.iter_mut().zip(&luma) {
                *pixel = [byte(*luma); 3];
            }
            continue;
        }
        differences.read(frame, y);
        let [first, second] = &differences.rows;
        let values = luma.iter().zip(first).zip(second);
        let pixels = out.iter_mut().zip(values);
        match matrix {
            Matrix::Identity => {
                pixels.for_each(|(out, ((g, b), r))| *out = [byte(*r), byte(*g), byte(*b)]);
            }
            Matrix::YCgCo => pixels.for_each(|(out, ((y, cg), co))| {
                *out = [byte(y - cg + co), byte(y + cg), byte(y - cg - co)];
            }),
            Matrix::Differences { red, blue } => {
                let green = 1.0 - red - blue;
                let (r, b) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
                let (of_red, of_blue) = (r * red / green, b * blue / green);
                pixels.for_each(|(out, ((y, cb), cr))| {
                    *out = [
                        byte(y + r * cr),
                        byte(y - of_blue * cb - of_red * cr),
                        byte(y + b * cb),
                    ];
                });
            }
        }
    }
}

/// The two chroma planes at the size of luma, a row at a time.
struct Chroma {
    /// Powers of two.
    ratio: (u32, u32),
    /// Of a plane.
    size: (usize, usize),
    range: Range,
    coded: Vec<u16>,
    narrow: Vec<f32>,
    rows: [Vec<f32>; 2],
}

impl Chroma {
    fn new(luma: (usize, usize), columns: usize, ratio: Option<(u32, u32)>, range: Range) -> Self {
        let ratio = ratio.unwrap_or_default();
        let size = (luma.0.div_ceil(1 << ratio.0), luma.1.div_ceil(1 << ratio.1));
        Self {
            ratio,
            size,
            range,
            coded: vec![0; size.0],
            narrow: vec![0.0; size.0],
            rows: [vec![0.0; columns], vec![0.0; columns]],
        }
    }

    fn read(&mut self, frame: &dyn Frame, y: usize) {
        // The two rows of chroma that a row of luma lies between, and the share of the nearer one.
        let near = y >> self.ratio.1;
        let far = match (self.ratio.1, y % 2) {
            (0, _) => near,
            (_, 0) => near.saturating_sub(1),
            _ => (near + 1).min(self.size.1 - 1),
        };
        for plane in 0..2 {
            frame.row(plane + 1, near, &mut self.coded);
            for (value, coded) in self.narrow.iter_mut().zip(&self.coded) {
                *value = f32::from(*coded);
            }
            if far != near {
                frame.row(plane + 1, far, &mut self.coded);
                for (value, coded) in self.narrow.iter_mut().zip(&self.coded) {
                    *value = 0.75 * *value + 0.25 * f32::from(*coded);
                }
            }
            let Range { black, scale } = self.range;
            self.narrow
                .iter_mut()
                .for_each(|value| *value = (*value - black) * scale);
            let row = &mut self.rows[plane];
            if self.ratio.0 == 0 {
                let columns = row.len();
                row.copy_from_slice(&self.narrow[..columns]);
                continue;
            }
            for (x, value) in row.iter_mut().enumerate() {
                let here = self.narrow[x / 2];
                let next = self.narrow.get(x / 2 + 1).copied().unwrap_or(here);
                *value = if x % 2 == 0 {
                    here
                } else {
                    0.5 * (here + next)
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One colour all over, 8 bits, 4:2:0.
    struct Flat([u16; 3], Option<(u32, u32)>);

    impl Frame for Flat {
        fn layout(&self) -> Layout {
            Layout {
                size: (5, 3),
                bits: (8, 8),
                chroma: self.1,
                coding: Coding {
                    matrix: 6,
                    full_range: false,
                },
            }
        }

        fn row(&self, plane: usize, _: usize, out: &mut [u16]) {
            out.fill(self.0[plane]);
        }
    }

    fn drawn(samples: [u16; 3], chroma: Option<(u32, u32)>, coding: Coding) -> [u8; 3] {
        let mut image = RgbImage::new(5, 3);
        draw(&Flat(samples, chroma), coding, &mut image, (0, 0));
        let first = image.get_pixel(0, 0).0;
        assert!(image.pixels().all(|pixel| pixel.0 == first));
        first
    }

    #[test]
    fn black_white_and_red_are_what_the_standards_say() {
        let limited = Coding {
            matrix: 1,
            full_range: false,
        };
        let full = Coding {
            matrix: 6,
            full_range: true,
        };
        for chroma in [Some((1, 1)), Some((1, 0)), Some((0, 0))] {
            assert_eq!(drawn([16, 128, 128], chroma, limited), [0; 3]);
            assert_eq!(drawn([235, 128, 128], chroma, limited), [255; 3]);
            // Red in BT.709 (ITU-R BT.709, 3.3) and in JFIF.
            assert_eq!(drawn([63, 102, 240], chroma, limited), [255, 1, 0]);
            assert_eq!(drawn([76, 85, 255], chroma, full), [254, 0, 0]);
        }
        assert_eq!(drawn([200, 0, 0], None, full), [200; 3]);
        let identity = Coding {
            matrix: 0,
            full_range: true,
        };
        assert_eq!(drawn([1, 2, 3], Some((0, 0)), identity), [3, 1, 2]);
    }

    #[test]
    fn a_tile_that_sticks_out_is_cut_and_one_outside_is_left_out() {
        let full = Coding {
            matrix: 6,
            full_range: true,
        };
        let mut image = RgbImage::new(6, 4);
        draw(&Flat([9, 128, 128], Some((1, 1))), full, &mut image, (4, 2));
        draw(
            &Flat([99, 128, 128], Some((1, 1))),
            full,
            &mut image,
            (6, 0),
        );
        let inside = |x, y| u8::from(x >= 4 && y >= 2) * 9;
        assert!(
            image
                .enumerate_pixels()
                .all(|(x, y, p)| p.0 == [inside(x, y); 3])
        );
    }
}
