// The negative.

fn invert(v: vec4f, p: Invert) -> vec4f {
    return p.white - v;
}
