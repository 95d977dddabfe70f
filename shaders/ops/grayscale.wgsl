// Colour to one gray channel; `p.weights` counts bt601, bt709, average, linear.

fn grayscale(v: vec4f, p: GrayscaleParameters) -> vec4f {
    var y: f32;
    switch p.weights {
        case 0u: { y = luma(v.r, v.g, v.b); }
        case 1u: { y = 0.2126 * v.r + 0.7152 * v.g + 0.0722 * v.b; }
        case 2u: { y = (v.r + v.g + v.b) / 3.0; }
        default: {
            y = srgb_from_linear(0.2126 * linear_from_srgb(v.r) + 0.7152 * linear_from_srgb(v.g)
                + 0.0722 * linear_from_srgb(v.b));
        }
    }
    return vec4f(y, y, y, v.a);
}
