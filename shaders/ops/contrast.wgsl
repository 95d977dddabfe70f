// The distance of every level from a pivot, scaled.

fn contrast(v: vec4f, p: Contrast) -> vec4f {
    return (v - p.pivot) * p.factor + p.pivot;
}
