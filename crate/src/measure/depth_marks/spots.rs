//! Small bright things in a picture: what a machine prints as a depth mark, and much else.

/// A picture's brightness, row by row.
pub struct Brightness {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` values.
    pub values: Vec<u8>,
}

/// A small bright thing, apart from others, in pixels from the picture's upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Upper edge.
    pub top: f64,
    /// How high it is.
    pub height: f64,
    /// Its middle in the direction of depth, weighted by contrast, so finer than a pixel.
    pub y: f64,
    /// Its brightest pixel, of 255.
    pub peak: f64,
    /// The sum of its contrast.
    pub mass: f64,
}

impl Spot {
    /// How wide it is.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// The middle of its columns.
    pub fn middle(&self) -> f64 {
        f64::midpoint(self.left, self.right)
    }
}

/// How much brighter than their surroundings the small things of a picture are.
pub struct Contrast {
    picture: Brightness,
    /// As many values as the picture has, of 255.
    values: Vec<u8>,
    /// What is longer than so many pixels is not small.
    longest: usize,
}

impl Contrast {
    /// Of what is at most `longest` pixels wide and high; none of a picture that is smaller itself.
    pub fn of(picture: Brightness, longest: usize) -> Option<Self> {
        let is_larger = picture.width >= longest && picture.height >= longest;
        is_larger.then(|| Self {
            values: contrast(&picture, longest),
            picture,
            longest,
        })
    }

    /// What is longer than so many pixels is not small.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The contrast at a point; bilinear between the middles of pixels, and 0 outside.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let (x, y) = (x - 0.5, y - 0.5);
        let pixel = |column: f64, row: f64| {
            let is_inside = column >= 0.0
                && row >= 0.0
                && (column as usize) < self.picture.width
                && (row as usize) < self.picture.height;
            let at = row as usize * self.picture.width + column as usize;
            if is_inside {
                f64::from(self.values[at])
            } else {
                0.0
            }
        };
        let (across, down) = (x - x.floor(), y - y.floor());
        let (left, top) = (x.floor(), y.floor());
        let upper = pixel(left, top) * (1.0 - across) + pixel(left + 1.0, top) * across;
        let lower = pixel(left, top + 1.0) * (1.0 - across) + pixel(left + 1.0, top + 1.0) * across;
        upper * (1.0 - down) + lower * down
    }

    /// The spots of which each pixel has at least this contrast, of 255. On bright tissue marks stand apart only at a
    /// high one, and dim marks are seen only at a low one.
    pub fn spots(&self, least: u8) -> Vec<Spot> {
        let mut is_seen: Vec<bool> = self.values.iter().map(|value| *value < least).collect();
        let mut spots = Vec::new();
        for start in 0..self.values.len() {
            if !is_seen[start] {
                let region = Region::around(start, self, &mut is_seen);
                spots.extend(region.spot(self.longest));
            }
        }
        spots
    }
}

/// Connected pixels, while they are gathered.
struct Region {
    columns: [usize; 2],
    rows: [usize; 2],
    mass: f64,
    moment: f64,
    peak: u8,
}

impl Region {
    /// The pixels around one that were not seen yet.
    fn around(start: usize, contrast: &Contrast, is_seen: &mut [bool]) -> Self {
        let mut region = Self {
            columns: [usize::MAX, 0],
            rows: [usize::MAX, 0],
            mass: 0.0,
            moment: 0.0,
            peak: 0,
        };
        let Brightness {
            width,
            height,
            ref values,
        } = contrast.picture;
        let mut ahead = vec![start];
        is_seen[start] = true;
        while let Some(at) = ahead.pop() {
            let (x, y) = (at % width, at / width);
            region.columns = [region.columns[0].min(x), region.columns[1].max(x + 1)];
            region.rows = [region.rows[0].min(y), region.rows[1].max(y + 1)];
            let weight = f64::from(contrast.values[at]);
            region.mass += weight;
            region.moment += weight * (y as f64 + 0.5);
            region.peak = region.peak.max(values[at]);
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    let next = row * width + column;
                    if !is_seen[next] {
                        is_seen[next] = true;
                        ahead.push(next);
                    }
                }
            }
        }
        region
    }

    fn spot(self, longest: usize) -> Option<Spot> {
        let [left, right] = self.columns;
        let [top, bottom] = self.rows;
        let is_small = right - left <= longest && bottom - top <= longest;
        is_small.then(|| Spot {
            left: left as f64,
            right: right as f64,
            top: top as f64,
            height: (bottom - top) as f64,
            y: self.moment / self.mass,
            peak: f64::from(self.peak),
            mass: self.mass,
        })
    }
}

/// How much brighter each pixel is than the picture without what is shorter than `length` along its row or its column:
/// the top-hat transform with both lines (Serra 1982), which keeps what is small in both directions.
fn contrast(picture: &Brightness, length: usize) -> Vec<u8> {
    let &Brightness {
        width,
        height,
        ref values,
    } = picture;
    let mut without = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width) {
        without.extend(opened(row.to_vec(), length));
    }
    for x in 0..width {
        let column: Vec<u8> = (0..height).map(|y| values[y * width + x]).collect();
        for (y, value) in opened(column, length).into_iter().enumerate() {
            let at = y * width + x;
            without[at] = values[at] - without[at].max(value);
        }
    }
    without
}

/// The opening of a line: what is brighter for less than `length` pixels is gone.
fn opened(line: Vec<u8>, length: usize) -> Vec<u8> {
    let low = over_windows(line, length, u8::min);
    let edge = vec![0; length - 1];
    over_windows([edge.as_slice(), &low, &edge].concat(), length, u8::max)
}

/// The least or the greatest value of each window of `length` values, by windows that double.
fn over_windows(mut line: Vec<u8>, length: usize, pick: fn(u8, u8) -> u8) -> Vec<u8> {
    let mut covered = 1;
    while covered < length {
        let step = covered.min(length - covered);
        let count = line.len() - step;
        for at in 0..count {
            line[at] = pick(line[at], line[at + step]);
        }
        line.truncate(count);
        covered += step;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(bright: impl Fn(usize, usize) -> bool) -> Brightness {
        let (width, height) = (60, 40);
        let value = |at: usize| {
            if bright(at % width, at / width) {
                200
            } else {
                30
            }
        };
        Brightness {
            width,
            height,
            values: (0..width * height).map(value).collect(),
        }
    }

    fn found(picture: Brightness, longest: usize) -> Vec<Spot> {
        Contrast::of(picture, longest).map_or_else(Vec::new, |contrast| contrast.spots(24))
    }

    #[test]
    fn what_is_small_is_a_spot_also_at_the_edge_and_what_is_long_is_none() {
        let dot = |x: usize, y: usize| (20..23).contains(&x) && (10..12).contains(&y);
        let cut = |x: usize, y: usize| x < 2 && (30..32).contains(&y);
        let line = |x: usize, y: usize| y == 20 || x == 50;
        let spots = found(picture(|x, y| dot(x, y) || cut(x, y) || line(x, y)), 9);
        let places: Vec<(f64, f64)> = spots.iter().map(|spot| (spot.middle(), spot.y)).collect();
        assert_eq!(places, [(21.5, 11.0), (1.0, 31.0)]);
        assert_eq!((spots[0].width(), spots[0].height), (3.0, 2.0));
    }

    #[test]
    fn a_picture_smaller_than_a_mark_has_no_spots() {
        assert_eq!(found(picture(|_, _| true), 41), []);
    }
}
