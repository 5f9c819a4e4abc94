//! The learning rate over the steps of a training.

use serde::{Deserialize, Serialize};

/// How the learning rate runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Up in a cosine over `warmup` of all steps, then down to a ten-thousandth (Smith and Topin 2019).
    OneCycle {
        /// Share of the steps that the rise takes.
        warmup: f64,
    },
    /// `(1 - step / steps) ^ power`; the authors take 0.9.
    Poly {
        /// The exponent.
        power: f64,
    },
}

impl Schedule {
    /// The factor on the highest learning rate before step `step` of `steps`, both counted from 0.
    pub fn factor(self, step: usize, steps: usize) -> f64 {
        let done = step as f64 / steps.max(1) as f64;
        let cosine = |from: f64, to: f64, share: f64| {
            to + (from - to) * (1.0 + (std::f64::consts::PI * share).cos()) / 2.0
        };
        match self {
            Self::OneCycle { warmup } if done < warmup => cosine(0.04, 1.0, done / warmup),
            Self::OneCycle { warmup } => cosine(1.0, 1e-4, (done - warmup) / (1.0 - warmup)),
            Self::Poly { power } => (1.0 - done).max(0.0).powf(power),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cycle_rises_to_the_full_rate_and_falls_to_almost_nothing() {
        let schedule = Schedule::OneCycle { warmup: 0.25 };
        assert!((schedule.factor(0, 100) - 0.04).abs() < 1e-9);
        assert!((schedule.factor(25, 100) - 1.0).abs() < 1e-9);
        assert!(schedule.factor(99, 100) < 2e-3);
        let rates: Vec<f64> = (25..100).map(|step| schedule.factor(step, 100)).collect();
        assert!(rates.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn poly_is_the_authors_decay() {
        // (1 - 50 / 200) ** 0.9 in Python
        let factor = Schedule::Poly { power: 0.9 }.factor(50, 200);
        assert!((factor - 0.771_889_5).abs() < 1e-6, "{factor}");
    }
}
