//! The loss in libtorch's operators, so that the logits stay where the network is.

use tch::{Kind, TchError, Tensor};

use crate::training::config::Loss;
use crate::training::loss::SMOOTH;

impl Loss {
    /// [`Loss::of`], a tensor of one number; `logits` and `truth` are `[batch, classes, height, width]` in float32.
    pub(super) fn of_libtorch(&self, logits: &Tensor, truth: &Tensor) -> Result<Tensor, TchError> {
        let (batch, classes, height, width) = logits.size4()?;
        let flat = [batch * classes, height * width];
        let pixels = (height * width) as f64;
        let (logits, truth) = (logits.f_reshape(flat)?, truth.f_reshape(flat)?);
        let sum = |of: &Tensor| of.f_sum_dim_intlist([1].as_slice(), true, Kind::Float);
        let area = sum(&truth)?;
        let has_lesion = area.f_gt(0.0)?;
        let weight = |area: &Tensor| {
            let share = area
                .f_clamp(1.0, pixels - 1.0)?
                .f_mul_scalar(2.0 / pixels)?;
            let weight = share.f_pow_tensor_scalar(-f64::from(self.balance))?;
            weight.f_where_scalarother(&has_lesion, 1.0)
        };
        let but = |of: &Tensor, whole: f64| of.f_neg()?.f_add_scalar(whole);
        let found = logits.f_log_sigmoid()?.f_mul(&truth)?;
        let spared = logits.f_neg()?.f_log_sigmoid()?.f_mul(&but(&truth, 1.0)?)?;
        let found = found.f_mul(&weight(&area)?)?;
        let spared = spared.f_mul(&weight(&but(&area, pixels)?)?)?;
        let bce = found.f_add(&spared)?.f_mean(Kind::Float)?.f_neg()?;
        let probability = logits.f_sigmoid()?;
        let overlap = sum(&probability.f_mul(&truth)?)?;
        let sizes = sum(&probability.f_add(&truth)?)?;
        let with_lesion = f64::from(self.lesion_smoothing.unwrap_or(SMOOTH)) * pixels;
        let smooth = area
            .f_full_like(with_lesion)?
            .f_where_scalarother(&has_lesion, f64::from(SMOOTH) * pixels)?;
        let dice = overlap.f_mul_scalar(2.0)?.f_add(&smooth)?;
        let dice = dice.f_div(&sizes.f_add(&smooth)?)?.f_mean(Kind::Float)?;
        bce.f_mul_scalar(f64::from(self.bce))?
            .f_add(&but(&dice, 1.0)?.f_mul_scalar(f64::from(self.dice))?)
    }
}
