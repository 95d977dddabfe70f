//! Weighted means that are summed in parts: weight times colour as colour, and the weights as alpha.

use crate::op::{Alpha, Formula, Point, PointRow};
use crate::shader_struct;

shader_struct! {
    /// `v + factor w`
    pub struct Plus { factor: f32, }
}

shader_struct! {
    /// An image's pixels in which colour is that of the sums, its second input, over their weight and times `factor`;
    /// 0 where the image's alpha is 0 (or below, as the sum of weights may be by negative lobes).
    pub struct Mean { factor: f32, }
}

impl Point for Plus {
    fn formula(&self) -> Formula {
        Formula::new("sums_plus", include_str!("../../shaders/ops/sums_plus.wgsl"), self)
    }

    fn alpha(&self) -> Alpha {
        Alpha::Work
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let (one, other) = row.inputs.split_at(row.inputs.len() / 2);
        for ((target, one), other) in output.iter_mut().zip(one).zip(other) {
            for ((t, v), w) in target.iter_mut().zip(*one).zip(*other) {
                *t = v + self.factor * w;
            }
        }
    }
}

impl Point for Mean {
    fn formula(&self) -> Formula {
        Formula::new("sums_mean", include_str!("../../shaders/ops/sums_mean.wgsl"), self)
    }

    fn alpha(&self) -> Alpha {
        Alpha::Work
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let (image, sums) = row.inputs.split_at(output.len());
        let (total, sums) = sums.split_last().expect("sums have their weights");
        let (colours, alpha) = output.split_at_mut(sums.len());
        let own_alpha = image.get(sums.len());
        for (target, sum) in colours.iter_mut().zip(sums) {
            for (i, (t, (v, weight))) in target.iter_mut().zip(sum.iter().zip(*total)).enumerate() {
                let shows = *weight > 0.0 && own_alpha.is_none_or(|a| a[i] > 0.0);
                *t = if shows { self.factor * v / weight } else { 0.0 };
            }
        }
        if let ([alpha], Some(own)) = (alpha, own_alpha) {
            alpha.copy_from_slice(own);
        }
    }
}
