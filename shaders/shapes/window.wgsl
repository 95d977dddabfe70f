// A square neighbourhood. The formula is `fn stem(x: i32, y: i32, c: u32, p: Struct) -> f32` and reads `tap(x, y, c)`;
// `window(x, y, c)` calls it.

const QUADS = 1u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 4 * i32(x);
    let row = i32(y);
    return array<vec4f, QUADS>(
        vec4f(window(first, row, c), window(first + 1, row, c), window(first + 2, row, c), window(first + 3, row, c)),
    );
}
