//! The network's answer: a probability for each pixel of its own, small grid.

use std::sync::atomic::{AtomicU64, Ordering};

/// Probabilities at the network's size, row by row, spanning the whole image.
#[derive(Clone, Debug)]
pub struct ProbabilityMap {
    width: usize,
    height: usize,
    values: Vec<f32>,
    /// Equal for clones and for nothing else, so that a preview knows when its analysis is stale.
    id: u64,
}

impl ProbabilityMap {
    /// A map of `width` × `height` probabilities, row by row. Values are clamped to 0 to 1; NaN becomes 0.
    ///
    /// # Panics
    /// When a side is zero or `values` does not hold `width * height` numbers.
    pub fn new(width: usize, height: usize, mut values: Vec<f32>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        assert!(
            width > 0 && height > 0 && values.len() == width * height,
            "a map of {width}×{height} cannot be made of {} values",
            values.len()
        );
        for value in &mut values {
            *value = if value.is_nan() {
                0.0
            } else {
                value.clamp(0.0, 1.0)
            };
        }
        Self {
            width,
            height,
            values,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// A map for each class, from logits `[classes, height, width]`: softmax over the classes of `logit / temperature`.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn from_softmax(
        width: usize,
        height: usize,
        logits: &[f32],
        temperature: f32,
    ) -> Vec<Self> {
        let plane = width * height;
        let planes: Vec<&[f32]> = logits.chunks_exact(plane).collect();
        let mut maps = vec![Vec::with_capacity(plane); planes.len()];
        for at in 0..plane {
            // Less the greatest, so that no exponential overflows.
            let most = planes
                .iter()
                .map(|plane| plane[at])
                .fold(f32::MIN, f32::max);
            let exponential = |plane: &&[f32]| ((plane[at] - most) / temperature).exp();
            let sum: f32 = planes.iter().map(exponential).sum();
            for (map, plane) in maps.iter_mut().zip(&planes) {
                map.push(exponential(plane) / sum);
            }
        }
        let maps = maps.into_iter();
        maps.map(|values| Self::new(width, height, values))
            .collect()
    }

    /// A map from `width` × `height` logits: `1 / (1 + exp(-logit / temperature))` (temperature scaling, Guo et al.
    /// 2017; 1 leaves the probabilities as they are).
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn from_logits(width: usize, height: usize, logits: &[f32], temperature: f32) -> Self {
        let values = logits
            .iter()
            .map(|logit| 1.0 / (1.0 + (-logit / temperature).exp()))
            .collect();
        Self::new(width, height, values)
    }

    /// Width of the map in its own pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height of the map in its own pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The probabilities, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_clamped_and_not_a_number_becomes_zero() {
        let map = ProbabilityMap::new(4, 1, vec![-1.0, f32::NAN, 0.25, 7.0]);
        assert_eq!(map.values(), [0.0, 0.0, 0.25, 1.0]);
    }

    #[test]
    fn a_temperature_divides_the_logits() {
        let map = ProbabilityMap::from_logits(3, 1, &[2.0, -200.0, 0.0], 2.0);
        assert!((map.values()[0] - 0.731_058_6).abs() < 1e-6); // sigmoid(1)
        assert!(map.values()[1] < 1e-30);
        assert_eq!(map.values()[2], 0.5);
    }

    #[test]
    fn clones_share_their_identity_and_new_maps_do_not() {
        let map = ProbabilityMap::new(1, 1, vec![0.5]);
        assert_eq!(map.id(), map.clone().id());
        assert_ne!(map.id(), ProbabilityMap::new(1, 1, vec![0.5]).id());
    }
}
