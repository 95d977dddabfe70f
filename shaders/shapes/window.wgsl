// A square neighbourhood. The formula is `fn stem(x: i32, y: i32, c: u32, p: Struct) -> f32` and reads `tap(x, y, c)`;
// `window(x, y, c)` calls it. A block is a quad of 2 rows, whose taps the compiler loads once where the formula has no
// loop. Windows that reach further than 2 px are computed one sample an invocation.

const QUADS = 2u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 4 * i32(x);
    let row = 2 * i32(y);
    return array<vec4f, QUADS>(windows(first, row, c), windows(first, row + 1, c));
}

fn windows(x: i32, y: i32, c: u32) -> vec4f {
    if (RIM) {
        var v = vec4f(0.0);
        for (var i = 0; i < 4; i++) {
            v[i] = window(x + i, y, c);
        }
        return v;
    }
    return vec4f(window(x, y, c), window(x + 1, y, c), window(x + 2, y, c), window(x + 3, y, c));
}
