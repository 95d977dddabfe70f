// Weighted sums that change the height. A block is a quad of 4 neighbouring rows, which share the loads of all source
// rows that any of them reads: `weights` holds for each block of rows the source row at which they begin (bits of u32,
// in a vector's first place), and then for row after row the weights that it has in the 4 rows, 0 where it is no tap.

struct Axis {
    // groups of 4 source rows
    steps: u32,
}

const QUADS = 4u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let steps = params.axis.steps;
    let base = y * (1u + 4u * steps);
    let start = bitcast<u32>(weights[base].x);
    var s = array<vec4f, QUADS>();
    for (var k = 0u; k < 4u * steps; k += 4u) {
        s = tap_of_four(s, source_row(x, start + k, c), weights[base + k + 1u]);
        s = tap_of_four(s, source_row(x, start + k + 1u, c), weights[base + k + 2u]);
        s = tap_of_four(s, source_row(x, start + k + 2u, c), weights[base + k + 3u]);
        s = tap_of_four(s, source_row(x, start + k + 3u, c), weights[base + k + 4u]);
    }
    return s;
}

// Rows behind the last are no tap, so they weigh 0.
fn source_row(x: u32, y: u32, c: u32) -> vec4f {
    return load4_0(x, min(y, params.input_0.height - 1u), c);
}

fn tap_of_four(s: array<vec4f, QUADS>, v: vec4f, w: vec4f) -> array<vec4f, QUADS> {
    return array<vec4f, QUADS>(s[0] + w.x * v, s[1] + w.y * v, s[2] + w.z * v, s[3] + w.w * v);
}
