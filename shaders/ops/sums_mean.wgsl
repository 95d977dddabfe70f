// The colour of sums `w` over their weight, which is their alpha; 0 where the image `v` is clear.

fn sums_mean(v: vec4f, w: vec4f, p: Mean) -> vec4f {
    if w.a > 0.0 && v.a > 0.0 {
        return vec4f(p.factor * w.rgb / w.a, v.a);
    }
    return vec4f(0.0, 0.0, 0.0, v.a);
}
