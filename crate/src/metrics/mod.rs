//! How well masks and probabilities agree with the truth, for one image and over many.
//!
//! A ratio whose denominator is zero is 1 when there was nothing to get wrong: two empty masks agree perfectly, an
//! empty truth has every one of its pixels found, and an empty prediction claims nothing falsely. So IoU and Dice of
//! one empty and one non-empty mask are 0, as they must be, and no ratio is ever NaN. What has no value at all, such
//! as the distance to a border that does not exist, is `None`, and [`Statistic`] says how many were left out.

mod authors;
mod comparison;
mod confusion;
mod reliability;
mod summary;
mod surface;
mod temperature;
mod threshold;

pub use authors::AuthorsScore;
pub use comparison::{Comparison, Difference};
pub use confusion::{Confusion, FALSE_POSITIVE_AREA};
pub use reliability::{Bin, Reliability};
pub use summary::Statistic;
pub use surface::SurfaceDistance;
pub use temperature::Temperature;
pub use threshold::{ThresholdPoint, ThresholdSweep};
