//! The exponential of weights that fall with distance, as code that compiles to vector instructions.

/// Added and taken away again it rounds a float to a whole number, whose bits then stand lowest: 1.5 2^23.
const ROUNDING: f32 = 12_582_912.0;

/// Coefficients of 2^f for -0.5 <= f <= 0.5, highest power first, that make the greatest relative error least; the
/// last one, 1, is left out.
const POWERS: [f32; 4] = [0.009_582_853, 0.055_906_426, 0.240_240_99, 0.693_124_2];

/// `exp(-t)` for `t >= 0`, within 4e-6 of it; it falls no further than to 2^-126.
#[inline(always)]
pub fn decay(t: f32) -> f32 {
    let exponent = t * -std::f32::consts::LOG2_E;
    // Not max(): that minds NaN.
    let exponent = if exponent > -126.0 { exponent } else { -126.0 };
    let whole = exponent + ROUNDING;
    let f = exponent - (whole - ROUNDING);
    let power = (((POWERS[0] * f + POWERS[1]) * f + POWERS[2]) * f + POWERS[3]) * f + 1.0;
    f32::from_bits(power.to_bits().wrapping_add(whole.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::decay;

    #[test]
    fn it_is_the_exponential() {
        assert_eq!(decay(0.0), 1.0);
        for i in 0..87_000 {
            let t = i as f32 * 0.001;
            let error = f64::from(decay(t)) / (-f64::from(t)).exp() - 1.0;
            // The product with log2 e is off by half a bit of itself.
            assert!(error.abs() < 4e-6 + 6e-8 * f64::from(t), "{t}: {error:e}");
        }
        assert!((0.0..2e-38).contains(&decay(1e30)));
    }
}
