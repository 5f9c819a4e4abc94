//! The network's answer: a probability for each pixel of its own, small grid.

use std::sync::atomic::{AtomicU64, Ordering};

/// Steps from a probability of 0 to one of 1. A power of two, so that one half and one quarter are probabilities, as thresholds
/// are.
const STEPS: f32 = 32_768.0;

/// Probabilities at the network's size, row by row, spanning the whole image.
///
/// Each is a multiple of 1 / 32 768, the nearest to what the network said: it is off by 1.6e-5 at most, a sixtieth of the
/// error that two devices may differ by. So a map fits into 16 bits a pixel without loss ([`MapCopy`](crate::MapCopy)), and a
/// mask made from a copy is the mask, at every threshold and size.
#[derive(Clone, Debug)]
pub struct ProbabilityMap {
    width: usize,
    height: usize,
    values: Vec<f32>,
    /// Equal for clones and for nothing else, so that a preview knows when its analysis is stale.
    id: u64,
}

impl ProbabilityMap {
    /// A map of `width` × `height` probabilities, row by row. Values are clamped to 0 to 1 and rounded to
    /// multiples of 1 / 32 768; NaN becomes 0.
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
                f32::from(level(*value)) / STEPS
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

    /// The map of these [levels](Self::levels), row by row.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub(crate) fn from_levels(
        width: usize,
        height: usize,
        levels: impl Iterator<Item = u16>,
    ) -> Self {
        let values = levels.map(|level| f32::from(level) / STEPS).collect();
        Self::new(width, height, values)
    }

    /// The probabilities as multiples of 1 / 32 768, row by row: all that there is to know of them.
    pub(crate) fn levels(&self) -> impl Iterator<Item = u16> {
        self.values.iter().map(|value| level(*value))
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

/// The nearest multiple of 1 / 32 768.
fn level(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * STEPS + 0.5) as u16
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
        assert!((map.values()[0] - 0.731_058_6).abs() < 1.6e-5); // sigmoid(1)
        assert_eq!(map.values()[1], 0.0);
        assert_eq!(map.values()[2], 0.5);
    }

    #[test]
    fn a_map_made_again_from_its_values_or_levels_is_the_same() {
        let values = (0..=100_000).map(|n| n as f32 / 100_000.0);
        let map = ProbabilityMap::new(100_001, 1, values.clone().collect());
        let errors = values.zip(map.values()).map(|(a, b)| (a - b).abs());
        let worst = errors.fold(0.0, f32::max);
        assert!((1.4e-5..=1.53e-5).contains(&worst), "{worst}"); // half a step is 1.526e-5
        let again = ProbabilityMap::new(100_001, 1, map.values().to_vec());
        assert_eq!(again.values(), map.values());
        let again = ProbabilityMap::from_levels(100_001, 1, map.levels());
        assert_eq!(again.values(), map.values());
    }

    #[test]
    fn clones_share_their_identity_and_new_maps_do_not() {
        let map = ProbabilityMap::new(1, 1, vec![0.5]);
        assert_eq!(map.id(), map.clone().id());
        assert_ne!(map.id(), ProbabilityMap::new(1, 1, vec![0.5]).id());
    }
}
