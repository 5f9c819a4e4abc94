//! How far the masks of a data set agree where it holds a picture twice.
//!
//! Public data sets often do, each time with a mask drawn anew. Between them stands what two looks of the people who drew
//! the masks differ by, and no model can be expected to agree with the masks better than they do with each other.

use std::collections::BTreeMap;

use serde::Serialize;

use super::pair::Pair;
use super::pairs::Dataset;
use super::part::Part;
use crate::Error;
use crate::imaging::resize;
use crate::manifest::Resize;
use crate::mask::Mask;
use crate::metrics::Confusion;

/// Side in pixels at which pictures are compared.
const SIDE: usize = 256;

/// One picture in a data set twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The two names.
    pub names: [String; 2],
    /// Pearson's correlation of the grey levels, both squashed to 256×256 pixels.
    pub correlation: f64,
    /// Intersection over union of the two masks at that size.
    pub iou: f64,
    /// Dice coefficient of the two masks at that size.
    pub dice: f64,
}

/// An image and its mask at the size of the comparison.
struct Look {
    name: String,
    grey: Vec<f64>,
    mask: Mask,
}

impl Look {
    fn at(pair: &Pair) -> Result<Self, Error> {
        let (image, mask) = pair.load()?;
        let from = (image.width() as usize, image.height() as usize);
        let to = (SIDE, SIDE);
        let rgb = resize::<3>(image.as_raw(), from, to, Resize::Area);
        let grey = rgb.as_chunks::<3>().0.iter();
        let grey = grey
            .map(|rgb| rgb.iter().map(|v| f64::from(*v)).sum())
            .collect();
        let levels: Vec<u8> = mask.bits().iter().map(|bit| bit * 255).collect();
        let levels = resize::<1>(&levels, from, to, Resize::Area);
        let bits = levels.iter().map(|level| u8::from(*level > 127)).collect();
        Ok(Self {
            name: pair.name.clone(),
            grey: centred(grey),
            mask: Mask::new(SIDE as u32, SIDE as u32, bits),
        })
    }
}

/// Less their mean, and of length 1; all zero where all are alike.
fn centred(values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let values: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    values.iter().map(|value| value * scale).collect()
}

impl Dataset {
    /// The pictures that these parts hold twice: those of one near-duplicate group whose grey levels correlate by `least`
    /// or more. The most alike come first. Images without a lesion in both masks are left out.
    ///
    /// # Errors
    /// As [`Pair::load`].
    pub fn agreement(&self, parts: &[Part], least: f64) -> Result<Vec<Agreement>, Error> {
        let mut groups = BTreeMap::<&str, Vec<&Pair>>::new();
        for pair in self.pairs.iter().filter(|pair| parts.contains(&pair.part)) {
            groups.entry(&pair.group).or_default().push(pair);
        }
        let mut found = Vec::new();
        for pairs in groups.values().filter(|pairs| pairs.len() > 1) {
            let looks = pairs.iter().map(|pair| Look::at(pair));
            let looks = looks.collect::<Result<Vec<_>, _>>()?;
            for (place, one) in looks.iter().enumerate() {
                for other in &looks[place + 1..] {
                    let products = one.grey.iter().zip(&other.grey);
                    let correlation = products.map(|(a, b)| a * b).sum();
                    let is_normal = one.mask.area() + other.mask.area() == 0;
                    if correlation >= least && !is_normal {
                        let counts = Confusion::of(&one.mask, &other.mask)?;
                        found.push(Agreement {
                            names: [one.name.clone(), other.name.clone()],
                            correlation,
                            iou: counts.iou(),
                            dice: counts.dice(),
                        });
                    }
                }
            }
        }
        found.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
        Ok(found)
    }
}
