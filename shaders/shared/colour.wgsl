// Colour formulas on the working scale. Twin: src/image/colour.rs.

// bt601 luma of R, G, B. In thousandths, so that a tie at a half is exact for whole levels.
fn luma(r: f32, g: f32, b: f32) -> f32 {
    return (299.0 * r + 587.0 * g + 114.0 * b) / 1000.0;
}

// bt601 luma in whole codes of whole codes.
fn luma_code(r: u32, g: u32, b: u32) -> u32 {
    return (299u * r + 587u * g + 114u * b + 500u) / 1000u;
}

// bt601 luma in whole codes of levels; codes_per_level is 1 or 257.
fn luma_of_levels(v: vec3f, codes_per_level: f32) -> u32 {
    let code = vec3u(
        u32(quantise(v.r, codes_per_level)),
        u32(quantise(v.g, codes_per_level)),
        u32(quantise(v.b, codes_per_level)),
    );
    return luma_code(code.r, code.g, code.b);
}

// 0..255 encoded sRGB to 0..1 linear, continued beyond both ends (IEC 61966-2-1).
fn linear_from_srgb(level: f32) -> f32 {
    let v = level / 255.0;
    if (v <= 0.04045) {
        return v / 12.92;
    }
    return pow((v + 0.055) / 1.055, 2.4);
}

// 0..1 linear to 0..255 encoded sRGB, continued beyond both ends (IEC 61966-2-1).
fn srgb_from_linear(v: f32) -> f32 {
    if (v <= 0.0031308) {
        return 255.0 * (12.92 * v);
    }
    return 255.0 * (1.055 * pow(v, 1.0 / 2.4) - 0.055);
}

// The code of a value on the working scale: clamped, halves rounded up. codes_per_level is 1 or 257.
fn quantise(v: f32, codes_per_level: f32) -> f32 {
    return floor(clamp(v, 0.0, 255.0) * codes_per_level + 0.5);
}
