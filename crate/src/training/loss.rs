//! What training minimises.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

use super::config::Loss;

/// Added to both sides of the Dice quotient unless the configuration says otherwise, as a share of the pixels: an image without a lesion costs nothing when
/// nothing is found, and what is found there by mistake costs in proportion until it is about this large. With a few
/// pixels, as is customary, the loss saturates at once and says nothing about how to get rid of it.
pub(super) const SMOOTH: f32 = 0.002;

impl Loss {
    /// The loss, a tensor of one number.
    ///
    /// `logits` and `truth` are `[batch, classes, height, width]`; the truth is 0 to 1, fractions on the border.
    pub fn of(&self, logits: Tensor<4>, truth: Tensor<4>) -> Tensor<1> {
        let [batch, classes, height, width] = logits.dims();
        let flat = |x: Tensor<4>| x.reshape([batch * classes, height * width]);
        let (logits, truth) = (flat(logits), flat(truth));
        let pixels = (height * width) as f32;
        let area = truth.clone().sum_dim(1);
        let has_lesion = area.clone().greater_elem(0.0);
        let weight = |area: Tensor<2>| {
            let share = area.clamp(1.0, pixels - 1.0) * (2.0 / pixels);
            (share.log() * -self.balance)
                .exp()
                .mask_fill(has_lesion.clone().bool_not(), 1.0)
        };
        let (on, off) = (weight(area.clone()), weight(-area + pixels));
        let missed = log_sigmoid(logits.clone()).neg() * truth.clone() * on;
        let invented = log_sigmoid(-logits.clone()).neg() * (-truth.clone() + 1.0) * off;
        let bce = (missed + invented).mean();
        let probability = sigmoid(logits);
        let overlap = (probability.clone() * truth.clone()).sum_dim(1);
        let smooth = Tensor::full([batch * classes, 1], SMOOTH * pixels, &truth.device())
            .mask_fill(has_lesion, self.lesion_smoothing.unwrap_or(SMOOTH) * pixels);
        let sizes = (probability + truth).sum_dim(1);
        let dice = ((overlap * 2.0 + smooth.clone()) / (sizes + smooth)).mean();
        bce * self.bce + (dice.neg() + 1.0) * self.dice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn of(loss: Loss, logits: &[f32], truth: &[f32]) -> f32 {
        let device = Device::flex();
        let tensor = |v: &[f32]| {
            Tensor::<4>::from_data(TensorData::new(v.to_vec(), [1, 1, 1, v.len()]), &device)
        };
        loss.of(tensor(logits), tensor(truth)).into_scalar::<f32>()
    }

    fn loss(bce: f32, dice: f32, lesion_smoothing: Option<f32>) -> Loss {
        Loss {
            bce,
            balance: 0.0,
            dice,
            lesion_smoothing,
        }
    }

    #[test]
    fn the_terms_are_those_of_pytorch() {
        let (logits, truth) = ([2.0, -1.0, 60.0, 0.5], [1.0, 0.0, 1.0, 0.25]);
        // torch.nn.functional.binary_cross_entropy_with_logits(tensor([2., -1., 60., 0.5]), tensor([1., 0., 1., 0.25]))
        let bce = of(loss(1.0, 0.0, None), &logits, &truth);
        assert!((bce - 0.322_316_7).abs() < 1e-5, "{bce}");
        // p = sigmoid(logits); 1 - (2 * (p * t).sum() + 0.008) / (p.sum() + t.sum() + 0.008)
        let dice = of(loss(0.0, 1.0, None), &logits, &truth);
        assert!((dice - 0.188_734_9).abs() < 1e-5, "{dice}");
        // The same with 1 in place of 0.008, which is a quarter of the four pixels.
        let smooth = of(loss(0.0, 1.0, Some(0.25)), &logits, &truth);
        assert!((smooth - 0.157_645_8).abs() < 1e-5, "{smooth}");
    }

    #[test]
    fn balanced_cross_entropy_weighs_lesion_and_background_alike() {
        let (logits, truth) = ([2.0, -1.0, 0.3, -0.5], [1.0, 0.0, 0.0, 0.0]);
        let balanced = |balance| {
            let loss = Loss {
                balance,
                ..loss(1.0, 0.0, None)
            };
            of(loss, &logits, &truth)
        };
        let (missed, invented) = (0.126_928, (0.313_262 + 0.854_355 + 0.474_077) / 3.0);
        assert!((balanced(1.0) - (missed + invented) / 2.0).abs() < 1e-5);
        assert!((balanced(0.0) - (missed + 3.0 * invented) / 4.0).abs() < 1e-5);
        // Without a lesion there is nothing to balance.
        let loss = Loss {
            balance: 1.0,
            ..loss(1.0, 0.0, None)
        };
        let nothing = of(loss, &[0.0; 4], &[0.0; 4]);
        assert!((nothing - 2f32.ln()).abs() < 1e-5, "{nothing}");
    }

    #[test]
    fn nothing_found_where_nothing_is_costs_nothing() {
        let nothing = of(loss(0.5, 1.0, None), &[-40.0; 16], &[0.0; 16]);
        assert!(nothing.abs() < 1e-5, "{nothing}");
    }
}
