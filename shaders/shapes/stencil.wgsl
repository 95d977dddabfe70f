// A weighted sum of neighbours. `weights_at` gives a tap a vector: dx and dy (px, bits of i32), and its weight.

struct Stencil {
    taps: u32,
    scale: f32,
    // levels
    offset: f32,
}

const QUADS = 1u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let stencil = params.stencil;
    var sum = vec4f(0.0);
    for (var k = 0u; k < stencil.taps; k++) {
        let t = weights_at(k);
        let first = 4 * i32(x) + bitcast<i32>(t.x);
        let row = i32(y) + bitcast<i32>(t.y);
        sum += t.z * vec4f(tap(first, row, c), tap(first + 1, row, c), tap(first + 2, row, c), tap(first + 3, row, c));
    }
    return array<vec4f, QUADS>(stencil.scale * sum + stencil.offset);
}
