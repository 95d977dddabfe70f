// Taps along a row, combined from the first to the last. A block is 8 neighbouring pixels, so that each quad loaded
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

const QUADS = 2u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 2 * i32(x) - params.axis.before;
    var a = quad_along_row(first, y, c);
    var b = quad_along_row(first + 1, y, c);
    var left = vec4f(AXIS_START);
    var right = vec4f(AXIS_START);
    for (var k = 0u; k < params.axis.steps; k++) {
        let d = quad_along_row(first + i32(k) + 2, y, c);
        let w = weights[k];
        left = combine(left, a, w.x);
        right = combine(right, b, w.x);
        left = combine(left, vec4f(a.yzw, b.x), w.y);
        right = combine(right, vec4f(b.yzw, d.x), w.y);
        left = combine(left, vec4f(a.zw, b.xy), w.z);
        right = combine(right, vec4f(b.zw, d.xy), w.z);
        left = combine(left, vec4f(a.w, b.xyz), w.w);
        right = combine(right, vec4f(b.w, d.xyz), w.w);
        a = b;
        b = d;
    }
    return array<vec4f, QUADS>(finished(left), finished(right));
}
