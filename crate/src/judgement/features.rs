//! What a sample of a picture looks like, as numbers: brightness, colours, edges and texture at several scales, layout.

use super::sample::{Plane, SIDE, Sample};

/// How many numbers [`of`] gives.
pub(super) const COUNT: usize = 304;

/// Levels by which neighbours differ at the least before they count as darker or brighter.
const TOLERANCE: f32 = 3.0;

/// The features of a sample. Levels are in parts of 255, shares are square roots, energies logarithms.
pub(super) fn of(sample: &Sample) -> Vec<f32> {
    let mut features = Vec::with_capacity(COUNT);
    let planes = [
        &sample.luma,
        &sample.red_green,
        &sample.yellow_blue,
        &sample.colour,
    ];
    for plane in planes {
        levels(plane, &mut features);
    }
    colours(sample, &mut features);
    flatness(sample, &mut features);
    let mut scale = Plane {
        side: SIDE,
        values: sample.luma.values.clone(),
    };
    for step in 0..4 {
        edges(&scale, &mut features);
        if step < 3 {
            patterns(&scale, &mut features);
        }
        if step % 2 == 0 {
            directions(&scale, &mut features);
        }
        scale = scale.halved();
    }
    layout(sample, &mut features);
    lines(&sample.luma, &mut features);
    repetition(&sample.luma, &mut features);
    features
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

fn deviation(values: &[f32]) -> f32 {
    let mean = mean(values);
    let sum: f32 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (sum / values.len().max(1) as f32).sqrt()
}

/// The values below which these parts of all lie. `values` must not be empty.
fn quantiles<const N: usize>(mut values: Vec<f32>, parts: [f32; N]) -> [f32; N] {
    values.sort_unstable_by(f32::total_cmp);
    let last = values.len() - 1;
    parts.map(|part| values[(part * last as f32).round() as usize])
}

fn share(count: usize, all: usize) -> f32 {
    (count as f32 / all.max(1) as f32).sqrt()
}

fn energy(value: f32) -> f32 {
    (value + 0.1).ln()
}

/// Mean, deviation and quantiles: 11 numbers.
fn levels(plane: &Plane, features: &mut Vec<f32>) {
    let parts = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
    let numbers = [mean(&plane.values), deviation(&plane.values)];
    let all = numbers
        .into_iter()
        .chain(quantiles(plane.values.clone(), parts));
    features.extend(all.map(|value| value / 255.0));
}

/// Histograms of the two colour differences together and of the brightness, and how much colours differ among places
/// of equal brightness: 49 + 16 + 1 numbers.
fn colours(sample: &Sample, features: &mut Vec<f32>) {
    let all = sample.luma.values.len();
    let mut together = [0; 49];
    let mut bright = [0; 16];
    let mut sums = [[0.0_f32; 3]; 32];
    let bin = |level: f32, low: f32, width: f32, last: usize| {
        (((level - low) / width).max(0.0) as usize).min(last)
    };
    let differences = || {
        sample
            .red_green
            .values
            .iter()
            .zip(&sample.yellow_blue.values)
    };
    for (luma, (a, b)) in sample.luma.values.iter().zip(differences()) {
        together[7 * bin(*a, -56.0, 16.0, 6) + bin(*b, -56.0, 16.0, 6)] += 1;
        bright[bin(*luma, 0.0, 16.0, 15)] += 1;
        let [count, sum_a, sum_b] = &mut sums[bin(*luma, 0.0, 8.0, 31)];
        *count += 1.0;
        *sum_a += a;
        *sum_b += b;
    }
    features.extend(together.map(|count| share(count, all)));
    features.extend(bright.map(|count| share(count, all)));
    let distance: f32 = sample
        .luma
        .values
        .iter()
        .zip(differences())
        .map(|(luma, (a, b))| {
            let [count, sum_a, sum_b] = sums[bin(*luma, 0.0, 8.0, 31)];
            (a - sum_a / count).abs() + (b - sum_b / count).abs()
        })
        .sum();
    features.push(energy(distance / all as f32));
}

/// Shares of dark, bright, flat, grey and strongly coloured places, of the most and second most frequent colour, and how
/// many colours there are: 9 numbers.
fn flatness(sample: &Sample, features: &mut Vec<f32>) {
    let luma = &sample.luma;
    let all = luma.values.len();
    let is_flat = |index: &usize| {
        let (x, y) = (index % SIDE, index / SIDE);
        x > 0
            && y > 0
            && (luma.at(x, y) - luma.at(x - 1, y)).abs() < 0.5
            && (luma.at(x, y) - luma.at(x, y - 1)).abs() < 0.5
    };
    let among = |plane: &Plane, is: fn(f32) -> bool| {
        share(plane.values.iter().filter(|value| is(**value)).count(), all)
    };
    features.push(among(luma, |level| level < 10.0));
    features.push(among(luma, |level| level > 245.0));
    features.push(share((0..all).filter(is_flat).count(), all));
    features.push(among(&sample.colour, |level| level < 6.0));
    features.push(among(&sample.colour, |level| level > 60.0));
    features.push(among(&sample.colour, |level| level > 120.0));
    let mut counts = vec![0_u32; 16 * 32 * 32];
    for index in 0..all {
        let bin = |level: f32, low: f32, width: f32, last: usize| {
            (((level - low) / width) as usize).min(last)
        };
        let bright = bin(luma.values[index], 0.0, 16.0, 15);
        let a = bin(sample.red_green.values[index], -256.0, 16.0, 31);
        let b = bin(sample.yellow_blue.values[index], -256.0, 16.0, 31);
        counts[(bright * 32 + a) * 32 + b] += 1;
    }
    let colours = counts.iter().filter(|count| **count > 1).count();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    features.push(share(counts[0] as usize, all));
    features.push(share(counts[1] as usize, all));
    features.push((1.0 + colours as f32).ln());
}

/// How strong the edges of one scale are, how seldom and how sharp: 9 numbers.
fn edges(plane: &Plane, features: &mut Vec<f32>) {
    let side = plane.side;
    let (mut across, mut down, mut relative, mut corner) = (0.0, 0.0, 0.0, 0.0);
    let mut sizes = Vec::with_capacity((side - 1) * (side - 1));
    for y in 0..side - 1 {
        for x in 0..side - 1 {
            let here = plane.at(x, y);
            let (right, below) = (plane.at(x + 1, y), plane.at(x, y + 1));
            let (dx, dy) = ((right - here).abs(), (below - here).abs());
            across += dx;
            down += dy;
            corner += (plane.at(x + 1, y + 1) - right - below + here).abs();
            // The constant keeps quantisation of dark places from counting as contrast.
            relative += dx / (here + right + 8.0) + dy / (here + below + 8.0);
            sizes.push(dx + dy);
        }
    }
    let count = sizes.len() as f32;
    let mean = mean(&sizes);
    let square = sizes.iter().map(|size| size * size).sum::<f32>() / count;
    features.extend([across, down, corner].map(|sum| energy(sum / count)));
    features.push((relative / count + 0.002).ln());
    features.push((square / (mean * mean + 0.01) + 0.1).ln());
    features.extend(quantiles(sizes, [0.25, 0.5, 0.8, 0.96]).map(energy));
}

/// Local binary patterns that do not mind rotation (Ojala et al. 2002), with a tolerance: shares of 10 patterns.
fn patterns(plane: &Plane, features: &mut Vec<f32>) {
    let side = plane.side;
    let mut counts = [0; 10];
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let limit = plane.at(x, y) + TOLERANCE;
            let around = [
                (x - 1, y - 1),
                (x, y - 1),
                (x + 1, y - 1),
                (x + 1, y),
                (x + 1, y + 1),
                (x, y + 1),
                (x - 1, y + 1),
                (x - 1, y),
            ];
            let bits = around.map(|(x, y)| plane.at(x, y) > limit);
            let changes = (0..8).filter(|i| bits[*i] != bits[(i + 1) % 8]).count();
            let set = bits.iter().filter(|bit| **bit).count();
            counts[if changes <= 2 { set } else { 9 }] += 1;
        }
    }
    features.extend(counts.map(|count| share(count, (side - 2) * (side - 2))));
}

/// How the directions of the edges are distributed, weighted by their size: 8 numbers.
fn directions(plane: &Plane, features: &mut Vec<f32>) {
    let side = plane.side;
    let mut sums = [0.0_f32; 8];
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let dx = plane.at(x + 1, y) - plane.at(x - 1, y);
            let dy = plane.at(x, y + 1) - plane.at(x, y - 1);
            let turn = dy.atan2(dx) / std::f32::consts::PI;
            let bin = ((turn + 1.0) * 8.0) as usize % 8;
            sums[bin] += (dx * dx + dy * dy).sqrt();
        }
    }
    let all: f32 = sums.iter().sum::<f32>() + 1.0;
    features.extend(sums.map(|sum| (sum / all).sqrt()));
}

/// What is where: brightness in 36 fields in parts of its deviation; contrast and the two colour differences in 16 fields
/// each, less their means: 84 numbers.
fn layout(sample: &Sample, features: &mut Vec<f32>) {
    let field = |plane: &Plane, fields: usize, index: usize| -> Vec<f32> {
        let ends = |i: usize| i * SIDE / fields..(i + 1) * SIDE / fields;
        let (column, row) = (index % fields, index / fields);
        ends(row)
            .flat_map(|y| plane.values[y * SIDE..][ends(column)].iter().copied())
            .collect()
    };
    let luma = &sample.luma;
    let (middle, spread) = (mean(&luma.values), deviation(&luma.values) + 4.0);
    features.extend((0..36).map(|index| (mean(&field(luma, 6, index)) - middle) / spread));
    features.extend((0..16).map(|index| energy(deviation(&field(luma, 4, index)))));
    for plane in [&sample.red_green, &sample.yellow_blue] {
        let middle = mean(&plane.values);
        features.extend((0..16).map(|index| (mean(&field(plane, 4, index)) - middle) / 64.0));
    }
}

/// Rows and columns that are all of one brightness, how much neighbouring ones differ, and the rim: 8 numbers.
fn lines(luma: &Plane, features: &mut Vec<f32>) {
    let rows = |y: usize| luma.values[y * SIDE..(y + 1) * SIDE].to_vec();
    let columns = |x: usize| (0..SIDE).map(|y| luma.at(x, y)).collect::<Vec<_>>();
    for lines in [&rows as &dyn Fn(usize) -> Vec<f32>, &columns] {
        let lines: Vec<_> = (0..SIDE).map(lines).collect();
        let plain = lines.iter().filter(|line| deviation(line) < 2.0).count();
        features.push(share(plain, SIDE));
        let means: Vec<_> = lines.iter().map(|line| mean(line)).collect();
        let steps: Vec<_> = means
            .windows(2)
            .map(|two| (two[1] - two[0]).abs())
            .collect();
        features.push(energy(mean(&steps)));
        features.extend(quantiles(steps, [0.95]).map(energy));
    }
    let rim = |index: &usize| {
        let (x, y) = (index % SIDE, index / SIDE);
        x < 4 || y < 4 || x >= SIDE - 4 || y >= SIDE - 4
    };
    let rim: Vec<_> = (0..SIDE * SIDE)
        .filter(rim)
        .map(|i| luma.values[i])
        .collect();
    features.push(mean(&rim) / 255.0);
    features.push(deviation(&rim) / 255.0);
}

/// Correlation of the fine structure with itself at some distances across and down, and how strong it is: 11 numbers.
fn repetition(luma: &Plane, features: &mut Vec<f32>) {
    let smooth = luma.blurred(4);
    let fine: Vec<_> = luma
        .values
        .iter()
        .zip(&smooth.values)
        .map(|(a, b)| a - b)
        .collect();
    let power = fine.iter().map(|v| v * v).sum::<f32>() / fine.len() as f32;
    for distance in [1, 2, 3, 4, 6] {
        for step in [1, SIDE] {
            let (mut sum, mut count) = (0.0, 0);
            for y in 0..SIDE - distance {
                for x in 0..SIDE - distance {
                    let at = y * SIDE + x;
                    sum += fine[at] * fine[at + distance * step];
                    count += 1;
                }
            }
            features.push(sum / count as f32 / (power + 0.01));
        }
    }
    features.push(energy(power.sqrt()));
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::phantom;

    fn of_image(image: &RgbImage) -> Vec<f32> {
        of(&Sample::of(image).expect("pixels"))
    }

    #[test]
    fn any_picture_has_as_many_finite_features_as_were_said() {
        for image in [
            RgbImage::new(1, 1),
            RgbImage::from_pixel(300, 20, Rgb([255; 3])),
            phantom::ultrasound(1, 90, 120).image,
            phantom::dermoscopy(1, 400, 300).image,
        ] {
            let features = of_image(&image);
            assert_eq!(features.len(), COUNT);
            assert!(features.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn the_size_of_a_picture_changes_its_features_little() {
        let small = of_image(&phantom::dermoscopy(3, 256, 256).image);
        let large = of_image(&phantom::dermoscopy(3, 1024, 1024).image);
        let apart = small.iter().zip(&large).map(|(a, b)| (a - b).abs());
        assert!(apart.sum::<f32>() / (COUNT as f32) < 0.2);
    }
}
