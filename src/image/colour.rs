//! Colour formulas on the working scale. Twin: `shaders/shared/colour.wgsl`.

/// bt601 luma of R, G, B. In thousandths, so that a tie at a half is exact for whole levels.
#[inline(always)]
pub fn luma(r: f32, g: f32, b: f32) -> f32 {
    (299.0 * r + 587.0 * g + 114.0 * b) / 1000.0
}

/// bt601 luma in whole codes of whole codes.
pub fn luma_code(r: u32, g: u32, b: u32) -> u32 {
    (299 * r + 587 * g + 114 * b + 500) / 1000
}

/// The same of whole 8-bit levels as floats, which is exact: sums are below 2^24, and no quotient lies nearer than 0.001
/// below a whole number.
#[inline(always)]
pub fn luma_level(r: f32, g: f32, b: f32) -> f32 {
    ((299.0 * r + 587.0 * g + 114.0 * b + 500.0) / 1000.0).floor()
}

/// 0..255 encoded sRGB to 0..1 linear, continued beyond both ends (IEC 61966-2-1).
#[inline(always)]
pub fn linear_from_srgb(v: f32) -> f32 {
    let v = v / 255.0;
    if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

/// 0..1 linear to 0..255 encoded sRGB, continued beyond both ends (IEC 61966-2-1).
#[inline(always)]
pub fn srgb_from_linear(v: f32) -> f32 {
    255.0 * if v <= 0.0031308 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// The code of a value on the working scale: clamped, halves rounded up. `codes_per_level` is 1 or 257.
#[inline(always)]
pub fn quantise(v: f32, codes_per_level: f32) -> f32 {
    (v.clamp(0.0, 255.0) * codes_per_level + 0.5).floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn srgb_round_trips_and_has_its_known_points() {
        for code in 0..=255 {
            let v = code as f32;
            assert!((srgb_from_linear(linear_from_srgb(v)) - v).abs() < 1e-3, "{code}");
        }
        assert!((linear_from_srgb(188.0) - 0.5029).abs() < 1e-4);
        assert!(srgb_from_linear(-0.1) < 0.0 && srgb_from_linear(1.2) > 255.0);
    }

    #[test]
    fn luma_of_gray_is_itself() {
        for code in 0..=255u32 {
            assert_eq!(luma(code as f32, code as f32, code as f32), code as f32);
            assert_eq!(luma_code(code, code, code), code);
        }
        for i in 0..200_000u32 {
            let [r, g, b] = [i * 7 % 256, i * 11 / 3 % 256, i * 13 / 7 % 256];
            assert_eq!(luma_level(r as f32, g as f32, b as f32), luma_code(r, g, b) as f32);
        }
    }

    #[test]
    fn quantise_rounds_halves_up_and_clamps() {
        assert_eq!(quantise(0.5, 1.0), 1.0);
        assert_eq!(quantise(1.4999, 1.0), 1.0);
        assert_eq!(quantise(-3.0, 1.0), 0.0);
        assert_eq!(quantise(300.0, 257.0), 65535.0);
    }
}
