// Taps along a column, combined from the first to the last. A block is a quad of 8 neighbouring rows, so that each
// quad loaded serves them all. The weights are padded at the end to a multiple of 4.
//
// Needs `combine(sum, v, weight)`, `finished(sum)` and AXIS_START of axis_sum.wgsl, axis_min.wgsl or axis_max.wgsl.

struct Axis {
    // groups of 4 taps
    steps: u32,
    // from a row to its first tap: px
    before: i32,
    scale: f32,
}

alias Lanes = vec4f;

const QUADS = 8u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 8 * i32(y) - params.axis.before;
    var v0 = quad_of_row(x, first, c);
    var v1 = quad_of_row(x, first + 1, c);
    var v2 = quad_of_row(x, first + 2, c);
    var v3 = quad_of_row(x, first + 3, c);
    var v4 = quad_of_row(x, first + 4, c);
    var v5 = quad_of_row(x, first + 5, c);
    var v6 = quad_of_row(x, first + 6, c);
    var s0 = vec4f(AXIS_START);
    var s1 = vec4f(AXIS_START);
    var s2 = vec4f(AXIS_START);
    var s3 = vec4f(AXIS_START);
    var s4 = vec4f(AXIS_START);
    var s5 = vec4f(AXIS_START);
    var s6 = vec4f(AXIS_START);
    var s7 = vec4f(AXIS_START);
    for (var k = 0u; k < params.axis.steps; k++) {
        let row = first + 4 * i32(k);
        let w = weights_at(k);
        let v7 = quad_of_row(x, row + 7, c);
        let v8 = quad_of_row(x, row + 8, c);
        let v9 = quad_of_row(x, row + 9, c);
        let v10 = quad_of_row(x, row + 10, c);
        s0 = four_taps(s0, v0, v1, v2, v3, w);
        s1 = four_taps(s1, v1, v2, v3, v4, w);
        s2 = four_taps(s2, v2, v3, v4, v5, w);
        s3 = four_taps(s3, v3, v4, v5, v6, w);
        s4 = four_taps(s4, v4, v5, v6, v7, w);
        s5 = four_taps(s5, v5, v6, v7, v8, w);
        s6 = four_taps(s6, v6, v7, v8, v9, w);
        s7 = four_taps(s7, v7, v8, v9, v10, w);
        v0 = v4;
        v1 = v5;
        v2 = v6;
        v3 = v7;
        v4 = v8;
        v5 = v9;
        v6 = v10;
    }
    return array<vec4f, QUADS>(
        finished(s0), finished(s1), finished(s2), finished(s3),
        finished(s4), finished(s5), finished(s6), finished(s7),
    );
}

fn four_taps(sum: vec4f, a: vec4f, b: vec4f, c: vec4f, d: vec4f, w: vec4f) -> vec4f {
    return combine(combine(combine(combine(sum, a, w.x), b, w.y), c, w.z), d, w.w);
}
