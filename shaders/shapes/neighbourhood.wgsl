// A square neighbourhood of whole pixels, one result an invocation. The formula is
// `fn stem(x: i32, y: i32, p: Struct) -> vec4f` and reads `pixel(x, y) -> vec4f`: colour in rgb (gray in all three),
// alpha in a, 255 where there is none; COLOURS is the number of colour channels. `neighbourhood(x, y)` calls it.

fn write(x: u32, y: u32, c: u32) {
    let v = neighbourhood(i32(x), i32(y));
    let at = 4u * y * params.output.row + x;
    let plane = 4u * params.output.plane;
    output[at] = v.r;
    if (RESULT_COLOURS == 3u) {
        output[plane + at] = v.g;
        output[2u * plane + at] = v.b;
    }
    if (ALPHA) {
        output[RESULT_COLOURS * plane + at] = load_0(x, y, COLOURS);
    }
}
