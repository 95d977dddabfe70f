// Detail, the difference of `v` from its blur `w`, made stronger.

fn unsharp_mask(v: vec4f, w: vec4f, p: Unsharp) -> vec4f {
    let detail = v - w;
    let counts = (abs(detail) > vec4f(p.threshold)) | vec4<bool>(p.threshold == 0.0);
    return v + p.amount * select(vec4f(0.0), detail, counts);
}
