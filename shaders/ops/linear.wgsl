// Encoded sRGB to linear light, or back where `p.encode` is 1; both on the scale 0 to 255.

fn linear(v: vec4f, p: Linear) -> vec4f {
    if p.encode == 0u {
        return 255.0 * vec4f(linear_from_srgb(v.r), linear_from_srgb(v.g), linear_from_srgb(v.b), v.a);
    }
    return vec4f(srgb_from_linear(v.r / 255.0), srgb_from_linear(v.g / 255.0), srgb_from_linear(v.b / 255.0), v.a);
}
