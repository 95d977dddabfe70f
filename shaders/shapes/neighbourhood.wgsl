// A square neighbourhood of whole pixels; an invocation computes a block of ACROSS x DOWN of them. The formula is
// `fn stem(x: i32, y: i32, p: Struct) -> vec4f` (an array of the block's PIXELS where that is more than 1) and reads
// `pixel(x, y) -> vec4f`: colour in rgb (gray in all three), alpha in a, 255 where there is none; COLOURS is the number
// of colour channels. `neighbourhood(x, y)` calls it.

fn write(x: u32, y: u32, c: u32) {
    let first = vec2u(ACROSS * x, DOWN * y);
    var pixels = neighbourhood(i32(first.x), i32(first.y));
    for (var k = 0u; k < PIXELS; k++) {
        let at = first + vec2u(k % ACROSS, k / ACROSS);
        if (at.x < params.output.width && at.y < params.output.height) {
            write_pixel(at.x, at.y, pixels[k]);
        }
    }
}

fn write_pixel(x: u32, y: u32, v: vec4f) {
    let at = 4u * (y * params.output.row - params.output.origin) + x;
    let plane = 4u * params.output.plane;
    output[at] = v.r;
    if (RESULT_COLOURS == 3u) {
        output[plane + at] = v.g;
        output[2u * plane + at] = v.b;
    }
    if (WORKS_ON_ALPHA) {
        output[RESULT_COLOURS * plane + at] = v.a;
    } else if (ALPHA) {
        output[RESULT_COLOURS * plane + at] = tap(i32(x), i32(y), COLOURS);
    }
}
