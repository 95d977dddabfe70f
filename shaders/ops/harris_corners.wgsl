// 255 where `w` lies above a share of the greatest response.

fn harris_corners(v: vec4f, w: vec4f, p: HarrisCorners) -> vec4f {
    return select(vec4f(0.0), vec4f(255.0), w > vec4f(p.threshold * table(0u)));
}
