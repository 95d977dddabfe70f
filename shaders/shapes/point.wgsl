// A pixel by itself. The formulas are applied when the block is finished: `fn stem(v: vec4f, p: Struct) -> vec4f`, or
// with a second image `fn stem(v: vec4f, w: vec4f, p: Struct) -> vec4f`; colour in rgb (gray in all three), alpha in a,
// 255 where there is none; `table(i)` reads the table of a kernel that gives one.

const QUADS = 1u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    return array<vec4f, QUADS>(load4_0(x, y, c));
}
