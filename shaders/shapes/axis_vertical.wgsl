// Taps along a column, combined from the first to the last. A block is a quad of 4 neighbouring rows, so that each
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

const QUADS = 4u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 4 * i32(y) - params.axis.before;
    var v0 = quad_of_row(x, first, c);
    var v1 = quad_of_row(x, first + 1, c);
    var v2 = quad_of_row(x, first + 2, c);
    var s0 = vec4f(AXIS_START);
    var s1 = vec4f(AXIS_START);
    var s2 = vec4f(AXIS_START);
    var s3 = vec4f(AXIS_START);
    for (var k = 0u; k < params.axis.steps; k++) {
        let row = first + 4 * i32(k);
        let w = weights[k];
        let v3 = quad_of_row(x, row + 3, c);
        let v4 = quad_of_row(x, row + 4, c);
        let v5 = quad_of_row(x, row + 5, c);
        let v6 = quad_of_row(x, row + 6, c);
        s0 = combine(combine(combine(combine(s0, v0, w.x), v1, w.y), v2, w.z), v3, w.w);
        s1 = combine(combine(combine(combine(s1, v1, w.x), v2, w.y), v3, w.z), v4, w.w);
        s2 = combine(combine(combine(combine(s2, v2, w.x), v3, w.y), v4, w.z), v5, w.w);
        s3 = combine(combine(combine(combine(s3, v3, w.x), v4, w.y), v5, w.z), v6, w.w);
        v0 = v4;
        v1 = v5;
        v2 = v6;
    }
    return array<vec4f, QUADS>(finished(s0), finished(s1), finished(s2), finished(s3));
}
