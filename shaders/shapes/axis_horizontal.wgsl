// Taps along a row, combined from the first to the last. A block is 16 neighbouring pixels, so that each quad loaded
// serves them all. The weights are padded at both ends, so that the first tap stands at a multiple of 4.
//
// Needs `combine(sum, v, weight)`, `finished(sum)` and AXIS_START of axis_sum.wgsl, axis_min.wgsl or axis_max.wgsl.

struct Axis {
    // groups of 4 taps
    steps: u32,
    // from the block to its first tap: quads
    before: i32,
    scale: f32,
}

alias Lanes = vec4f;

const QUADS = 4u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 4 * i32(x) - params.axis.before;
    var v0 = quad_along_row(first, y, c);
    var v1 = quad_along_row(first + 1, y, c);
    var v2 = quad_along_row(first + 2, y, c);
    var v3 = quad_along_row(first + 3, y, c);
    var s0 = vec4f(AXIS_START);
    var s1 = vec4f(AXIS_START);
    var s2 = vec4f(AXIS_START);
    var s3 = vec4f(AXIS_START);
    for (var k = 0u; k < params.axis.steps; k++) {
        let v4 = quad_along_row(first + i32(k) + 4, y, c);
        let w = weights_at(k);
        s0 = four_taps(s0, v0, v1, w);
        s1 = four_taps(s1, v1, v2, w);
        s2 = four_taps(s2, v2, v3, w);
        s3 = four_taps(s3, v3, v4, w);
        v0 = v1;
        v1 = v2;
        v2 = v3;
        v3 = v4;
    }
    return array<vec4f, QUADS>(finished(s0), finished(s1), finished(s2), finished(s3));
}

// Combines four taps of each pixel, the first of them in `a`.
fn four_taps(sum: vec4f, a: vec4f, b: vec4f, w: vec4f) -> vec4f {
    let one = combine(sum, a, w.x);
    let two = combine(one, vec4f(a.yzw, b.x), w.y);
    let three = combine(two, vec4f(a.zw, b.xy), w.z);
    return combine(three, vec4f(a.w, b.xyz), w.w);
}
