// One image and a multiple of another, alpha like colour.

fn sums_plus(v: vec4f, w: vec4f, p: Plus) -> vec4f {
    return v + p.factor * w;
}
