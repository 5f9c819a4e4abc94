//! Whether a probability of 0.8 is right eight times in ten.

use serde::{Deserialize, Serialize};

/// Pixels by the probability that was given to the lesion class, in bins of equal width (reliability diagram; Guo et
/// al., ICML 2017).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The bins, from 0 up; each takes its lower end and the last takes 1 too.
    pub bins: Vec<Bin>,
}

/// One bin of a reliability diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many pixels.
    pub pixels: u64,
    /// Mean probability of these pixels; 0 where there are none.
    pub confidence: f64,
    /// Share of these pixels that are lesion in truth; 0 where there are none.
    pub frequency: f64,
}

impl Default for Reliability {
    fn default() -> Self {
        Self::new(15)
    }
}

impl Reliability {
    /// No pixels yet, in `bins` bins; 15 is usual.
    ///
    /// # Panics
    /// When there is not one bin.
    pub fn new(bins: usize) -> Self {
        assert!(bins > 0, "a reliability diagram needs a bin");
        Self {
            bins: vec![Bin::default(); bins],
        }
    }

    /// Adds the pixels of an image: probabilities from 0 to 1, and 1 in `truth` where the lesion is.
    pub fn add(&mut self, probabilities: &[f32], truth: &[u8]) {
        let mut sums = vec![(0_u64, 0.0_f64, 0_u64); self.bins.len()];
        let last = self.bins.len() - 1;
        for (probability, truth) in probabilities.iter().zip(truth) {
            let bin = (f64::from(*probability) * self.bins.len() as f64) as usize;
            let (pixels, sum, lesion) = &mut sums[bin.min(last)];
            *pixels += 1;
            *sum += f64::from(*probability);
            *lesion += u64::from(*truth);
        }
        for (bin, (pixels, sum, lesion)) in self.bins.iter_mut().zip(sums) {
            let before = bin.pixels as f64;
            bin.pixels += pixels;
            if pixels > 0 {
                let all = bin.pixels as f64;
                bin.confidence = (bin.confidence * before + sum) / all;
                bin.frequency = (bin.frequency * before + lesion as f64) / all;
            }
        }
    }

    /// How many pixels were added.
    pub fn pixels(&self) -> u64 {
        self.bins.iter().map(|bin| bin.pixels).sum()
    }

    /// Expected calibration error: `|frequency - confidence|`, averaged over all pixels. 0 when there are none.
    pub fn ece(&self) -> f64 {
        let error = |bin: &Bin| bin.pixels as f64 * (bin.frequency - bin.confidence).abs();
        self.bins.iter().map(error).sum::<f64>() / self.pixels().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_takes_its_lower_end_and_the_last_takes_one() {
        let mut reliability = Reliability::new(4);
        reliability.add(&[0.0, 0.25, 0.5, 0.75, 1.0], &[0, 0, 1, 1, 1]);
        let pixels: Vec<_> = reliability.bins.iter().map(|bin| bin.pixels).collect();
        assert_eq!(pixels, [1, 1, 1, 2]);
        assert_eq!(reliability.bins[3].confidence, 0.875);
        // (0 + 0.25 + 0.5 + 2 * 0.125) / 5
        assert!((reliability.ece() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn adding_in_parts_is_adding_at_once() {
        let probabilities: Vec<f32> = (0..200).map(|i| (i * 37 % 100) as f32 / 100.0).collect();
        let truth: Vec<u8> = (0..200).map(|i| u8::from(i % 3 == 0)).collect();
        let (mut whole, mut parts) = (Reliability::default(), Reliability::default());
        whole.add(&probabilities, &truth);
        for (probabilities, truth) in probabilities.chunks(33).zip(truth.chunks(33)) {
            parts.add(probabilities, truth);
        }
        assert!((whole.ece() - parts.ece()).abs() < 1e-12);
        assert_eq!(whole.pixels(), 200);
    }

    #[test]
    fn no_pixels_are_no_error() {
        assert_eq!(Reliability::default().ece(), 0.0);
    }
}
