// What a flood sees in a pixel: 0 for nothing, 1 where it may come, 2 where it begins.

fn flood_classes(v: vec4f, p: FloodClasses) -> vec4f {
    return select(vec4f(0.0), select(vec4f(1.0), vec4f(2.0), v > vec4f(p.high)), v > vec4f(p.low));
}
