// 255 where `w` lies above a level.

fn canny_edges(v: vec4f, w: vec4f, p: CannyEdges) -> vec4f {
    return select(vec4f(0.0), vec4f(255.0), w > vec4f(p.level));
}
