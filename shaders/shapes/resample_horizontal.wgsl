// Weighted sums that change the width. `weights` holds, for each quad of the output row, the first tap of its 4 pixels
// (bits of u32), and then for tap after tap the 4 pixels' weights; padding weighs 0.

struct Axis {
    // groups of 4 taps
    steps: u32,
    // quads in an output row
    quads: u32,
}

const QUADS = 1u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let start = bitcast<vec4u>(weights[x]);
    var sum = vec4f(0.0);
    for (var k = 0u; k < params.axis.steps; k++) {
        let t = 4u * k;
        sum = sum + weighted(start, t, x, y, c);
        sum = sum + weighted(start, t + 1u, x, y, c);
        sum = sum + weighted(start, t + 2u, x, y, c);
        sum = sum + weighted(start, t + 3u, x, y, c);
    }
    return array<vec4f, QUADS>(sum);
}

fn weighted(start: vec4u, t: u32, x: u32, y: u32, c: u32) -> vec4f {
    let source = min(start + t, vec4u(params.input_0.width - 1u));
    let v = vec4f(load_0(source.x, y, c), load_0(source.y, y, c), load_0(source.z, y, c), load_0(source.w, y, c));
    return weights[(1u + t) * params.axis.quads + x] * v;
}
