// A square neighbourhood of at most 2 px to each side. The formula is `fn stem(x: i32, y: i32, c: u32, p: Struct) -> f32`
// and reads `near(x, y, c)`; `window(x, y, c)` calls it. An invocation walks down a quad of ROWS rows. Inside the image
// it keeps the rows that its windows see, so that each is loaded once, and places are counted from the first of them.
// Needs `write_row(q, y, c)`, which computes and stores a quad, and `begin(q, y, c)`, which is called before the first.

const ROWS = 8u;

fn write(x: u32, y: u32, c: u32) {
    let first = ROWS * y;
    let end = min(first + ROWS, params.output.height);
    begin(i32(x), i32(first), c);
    for (var row = first; row < end; row++) {
        write_row(x, row, c);
    }
}
