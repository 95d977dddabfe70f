// Weighted sums that change the height. `weights` holds for each output row its first tap (bits of u32, in a vector's
// first place) and then its weights, 4 in a vector; padding weighs 0.

struct Axis {
    // groups of 4 taps
    steps: u32,
}

const QUADS = 1u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let steps = params.axis.steps;
    let base = y * (1u + steps);
    let start = bitcast<u32>(weights[base].x);
    var sum = vec4f(0.0);
    for (var k = 0u; k < steps; k++) {
        let w = weights[base + 1u + k];
        let row = start + 4u * k;
        sum = sum + w.x * row_of(x, row, c);
        sum = sum + w.y * row_of(x, row + 1u, c);
        sum = sum + w.z * row_of(x, row + 2u, c);
        sum = sum + w.w * row_of(x, row + 3u, c);
    }
    return array<vec4f, QUADS>(sum);
}

fn row_of(x: u32, y: u32, c: u32) -> vec4f {
    return load4_0(x, min(y, params.input_0.height - 1u), c);
}
