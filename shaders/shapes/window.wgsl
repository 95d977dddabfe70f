// A square neighbourhood of at most 2 px to each side. The formula is `fn stem(x: i32, y: i32, c: u32, p: Struct) -> f32`
// and reads `near(x, y, c)`; `window(x, y, c)` calls it. A block is a quad of 4 rows. Inside the image `look` loads all
// that its windows see at once, REACH px beyond the block, and places are counted from there.

const QUADS = 4u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 4 * i32(x);
    let row = 4 * i32(y);
    if (RIM) {
        var v = array<vec4f, QUADS>();
        for (var j = 0; j < 4; j++) {
            for (var i = 0; i < 4; i++) {
                v[j][i] = window(first + i, row + j, c);
            }
        }
        return v;
    }
    look(i32(x), row, c);
    return array<vec4f, QUADS>(windows(REACH, c), windows(REACH + 1, c), windows(REACH + 2, c), windows(REACH + 3, c));
}

fn windows(y: i32, c: u32) -> vec4f {
    return vec4f(window(REACH, y, c), window(REACH + 1, y, c), window(REACH + 2, y, c), window(REACH + 3, y, c));
}
