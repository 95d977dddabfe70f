// Greatest tap; the padding's weight puts it below every value, the others' is 0.

const AXIS_START = -3.0e38;

fn combine(greatest: vec4f, v: vec4f, weight: f32) -> vec4f {
    return max(greatest, v - weight);
}

fn finished(greatest: vec4f) -> vec4f {
    return greatest;
}
