// Colour over alpha; 0 where alpha is 0 or, by negative lobes, below.

fn unpremultiply(v: vec4f, p: Unpremultiply) -> vec4f {
    if v.a > 0.0 {
        return vec4f(v.rgb * p.white / v.a, v.a);
    }
    return vec4f(0.0, 0.0, 0.0, v.a);
}
