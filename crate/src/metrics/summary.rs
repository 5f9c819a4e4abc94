//! From one figure an image to the figures of a data set.

use serde::{Deserialize, Serialize};

/// Resamples of the bootstrap.
const RESAMPLES: usize = 10_000;

/// A figure over many images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistic {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// 95 % interval of the mean: percentile bootstrap (Efron 1979) of 10,000 resamples of the images.
    pub interval: [f64; 2],
    /// How many images have the figure.
    pub count: usize,
    /// How many images do not have it and were left out.
    pub left_out: usize,
}

impl Statistic {
    /// Summarises one value an image; none when no image has one. The same values and seed give the same interval.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>, seed: u64) -> Option<Self> {
        let (mut left_out, mut found) = (0, Vec::new());
        for value in values {
            match value {
                Some(value) => found.push(value),
                None => left_out += 1,
            }
        }
        found.sort_by(f64::total_cmp);
        if found.is_empty() {
            return None;
        }
        Some(Self {
            mean: found.iter().sum::<f64>() / found.len() as f64,
            median: percentile(&found, 0.5),
            interval: bootstrap(&found, seed),
            count: found.len(),
            left_out,
        })
    }
}

/// The percentile `part` (0 to 1) of sorted values, interpolated between neighbours in rank (numpy's `linear`).
///
/// # Panics
/// When there are no values.
pub(super) fn percentile(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

fn bootstrap(values: &[f64], seed: u64) -> [f64; 2] {
    let mut state = seed;
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sum: f64 = (0..values.len())
                .map(|_| {
                    // The high half of a product spreads a random word over the indices (Lemire 2019).
                    let wide = u128::from(splitmix(&mut state)) * values.len() as u128;
                    values[(wide >> 64) as usize]
                })
                .sum();
            sum / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    [percentile(&means, 0.025), percentile(&means, 0.975)]
}

/// SplitMix64 (Steele, Lea & Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_is_left_out_and_counted() {
        let statistic = Statistic::of([Some(1.0), None, Some(4.0), Some(2.0), None], 0);
        let statistic = statistic.expect("values");
        assert_eq!((statistic.mean, statistic.median), (7.0 / 3.0, 2.0));
        assert_eq!((statistic.count, statistic.left_out), (3, 2));
        assert_eq!(Statistic::of([None, None], 0), None);
        assert_eq!(Statistic::of([], 0), None);
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        let statistic = Statistic::of([Some(0.5); 9], 3).expect("values");
        assert_eq!(statistic.interval, [0.5, 0.5]);
    }

    #[test]
    fn the_random_words_are_those_of_splitmix64() {
        // First three of java.util.SplittableRandom(1234567), as listed at rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
        let mut state = 1_234_567;
        let words: Vec<_> = (0..3).map(|_| splitmix(&mut state)).collect();
        assert_eq!(
            words,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_seed_gives_the_same_interval_again() {
        let values = || (0..40).map(|i| Some(f64::from(i).sqrt()));
        assert_eq!(Statistic::of(values(), 1), Statistic::of(values(), 1));
        assert_ne!(Statistic::of(values(), 1), Statistic::of(values(), 2));
    }
}
