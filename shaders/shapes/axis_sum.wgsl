// Weighted sum; the padding weighs 0.

const AXIS_START = 0.0;

fn combine(sum: vec4f, v: vec4f, weight: f32) -> vec4f {
    return sum + weight * v;
}

fn finished(sum: vec4f) -> vec4f {
    return params.axis.scale * sum;
}
