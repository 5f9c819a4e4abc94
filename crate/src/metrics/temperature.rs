//! The temperature that makes probabilities honest (Guo et al., ICML 2017): logits are divided by it.

/// Bins for each unit of a logit.
const PER_UNIT: f64 = 64.0;
/// Largest logit told apart from larger ones.
const REACH: f64 = 64.0;
/// Temperatures beyond these are of no use: the network knows nothing, or everything.
const RANGE: [f64; 2] = [0.05, 20.0];

/// Logits of many pixels and their truth, kept as a fine histogram so that any number of images takes the same memory.
#[derive(Clone, Debug)]
pub struct Temperature {
    bins: Vec<Bin>,
    /// Sum of weight × truth × logit.
    agreement: f64,
    weight: f64,
}

/// The logits in one bin.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    weight: f64,
    /// Sum of weight × logit.
    sum: f64,
}

impl Bin {
    fn logit(&self) -> f64 {
        self.sum / self.weight
    }
}

impl Default for Temperature {
    fn default() -> Self {
        let bins = (2.0 * REACH * PER_UNIT) as usize;
        Self {
            bins: vec![Bin::default(); bins],
            agreement: 0.0,
            weight: 0.0,
        }
    }
}

impl Temperature {
    /// Adds an image: its logits, the share of lesion in each pixel from 0 to 1, and what the image weighs among
    /// others.
    pub fn add(&mut self, logits: &[f32], truth: &[f32], weight: f64) {
        let weight = weight / logits.len().max(1) as f64;
        let last = self.bins.len() - 1;
        for (logit, truth) in logits.iter().zip(truth) {
            let logit = f64::from(*logit).clamp(-REACH, REACH);
            if logit.is_nan() {
                continue;
            }
            let bin = &mut self.bins[(((logit + REACH) * PER_UNIT) as usize).min(last)];
            bin.weight += weight;
            bin.sum += weight * logit;
            self.agreement += weight * f64::from(*truth) * logit;
            self.weight += weight;
        }
    }

    /// Mean negative log-likelihood of a pixel, in nats, at a temperature.
    pub fn nll(&self, temperature: f64) -> f64 {
        // -log of the sigmoid, without overflow
        let loss = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
        let bins = self.bins.iter().filter(|bin| bin.weight > 0.0);
        let sum: f64 = bins
            .map(|bin| bin.weight * loss(bin.logit() / temperature))
            .sum();
        (sum - self.agreement / temperature) / self.weight.max(f64::MIN_POSITIVE)
    }

    /// The temperature from 0.05 to 20 with the least negative log-likelihood; 1 when nothing was added.
    pub fn fit(&self) -> f32 {
        if self.weight == 0.0 {
            return 1.0;
        }
        // The likelihood is convex in 1 / temperature, so its slope there changes sign once.
        let slope = |scale: f64| {
            let bins = self.bins.iter().filter(|bin| bin.weight > 0.0);
            let expected: f64 = bins
                .map(|bin| bin.sum / (1.0 + (-scale * bin.logit()).exp()))
                .sum();
            expected - self.agreement
        };
        let (mut low, mut high) = (1.0 / RANGE[1], 1.0 / RANGE[0]);
        for _ in 0..60 {
            let middle = (low * high).sqrt();
            if slope(middle) > 0.0 {
                high = middle;
            } else {
                low = middle;
            }
        }
        (1.0 / (low * high).sqrt()) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_added_leaves_the_logits_as_they_are() {
        assert_eq!(Temperature::default().fit(), 1.0);
    }

    #[test]
    fn logits_that_are_twice_too_sure_need_a_temperature_of_two() {
        // The truth of each pixel is exactly the probability that half its logit says.
        let logits: Vec<f32> = (-400..=400).map(|i| i as f32 / 50.0).collect();
        let truth: Vec<f32> = logits
            .iter()
            .map(|z| 1.0 / (1.0 + (-z / 2.0).exp()))
            .collect();
        let mut fitted = Temperature::default();
        fitted.add(&logits, &truth, 1.0);
        assert!((fitted.fit() - 2.0).abs() < 1e-3, "{}", fitted.fit());
        assert!(fitted.nll(2.0) < fitted.nll(1.9) && fitted.nll(2.0) < fitted.nll(2.1));
    }

    #[test]
    fn the_temperature_stays_in_its_range_where_the_data_ask_for_none() {
        let mut right = Temperature::default();
        right.add(
            &[3.0, -3.0, f32::INFINITY, f32::NAN],
            &[1.0, 0.0, 1.0, 0.0],
            1.0,
        );
        assert!((right.fit() - 0.05).abs() < 1e-4);
        let mut wrong = Temperature::default();
        wrong.add(&[3.0, -3.0], &[0.0, 1.0], 1.0);
        assert!((wrong.fit() - 20.0).abs() < 1e-2);
        assert!(right.nll(1.0).is_finite() && wrong.nll(1.0).is_finite());
    }
}
