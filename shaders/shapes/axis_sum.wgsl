// Weighted sum; the padding weighs 0.

const AXIS_START = 0.0;

fn unite(a: Lanes, b: Lanes) -> Lanes {
    return a + b;
}

fn combine(sum: Lanes, v: Lanes, weight: f32) -> Lanes {
    return sum + weight * v;
}

fn finished(sum: Lanes) -> Lanes {
    return params.axis.scale * sum;
}
