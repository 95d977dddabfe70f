// Colour times alpha.

fn premultiply(v: vec4f, p: Premultiply) -> vec4f {
    return vec4f(v.rgb * v.a / p.white, v.a);
}
