// Weighted sums that change the width. A block is a quad of 4 neighbouring rows. Its 4 columns share the loads of all
// source pixels that any of them reads: `weights` holds for each quad of the output row the quad of the source at
// which they begin (bits of u32, in a vector's first place), and then for pixel after pixel the weights that it has in
// the 4 columns, 0 where it is no tap.

struct Axis {
    // groups of 4 source pixels
    steps: u32,
    // quads in an output row
    quads: u32,
}

const QUADS = 4u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let quads = params.axis.quads;
    let start = bitcast<u32>(weights[x].x);
    var s0 = vec4f(0.0);
    var s1 = vec4f(0.0);
    var s2 = vec4f(0.0);
    var s3 = vec4f(0.0);
    for (var k = 0u; k < params.axis.steps; k++) {
        let at = (1u + 4u * k) * quads + x;
        let w = mat4x4f(weights[at], weights[at + quads], weights[at + 2u * quads], weights[at + 3u * quads]);
        s0 = four_taps(s0, present(start + k, 4u * y, c), w);
        s1 = four_taps(s1, present(start + k, 4u * y + 1u, c), w);
        s2 = four_taps(s2, present(start + k, 4u * y + 2u, c), w);
        s3 = four_taps(s3, present(start + k, 4u * y + 3u, c), w);
    }
    return array<vec4f, QUADS>(s0, s1, s2, s3);
}

// A quad of the source, 0 behind the end of its row: what lies there may be no number.
fn present(q: u32, y: u32, c: u32) -> vec4f {
    let extent = params.input_0;
    let v = load4_0(min(q, (extent.width - 1u) / 4u), min(y, extent.height - 1u), c);
    return select(vec4f(0.0), v, 4u * q + vec4u(0u, 1u, 2u, 3u) < vec4u(extent.width));
}

fn four_taps(sum: vec4f, v: vec4f, w: mat4x4f) -> vec4f {
    return sum + v.x * w[0] + v.y * w[1] + v.z * w[2] + v.w * w[3];
}
