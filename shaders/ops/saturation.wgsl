// The distance of every colour from its luma, scaled.

fn saturation(v: vec4f, p: Saturation) -> vec4f {
    let y = luma(v.r, v.g, v.b);
    return y + p.factor * (v - y);
}
