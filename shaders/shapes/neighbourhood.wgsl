// A square neighbourhood of whole pixels. The formula is `fn stem(x: i32, y: i32, p: Struct) -> vec4f`, or gives a block
// of several rows and columns, an array of its PIXELS. It reads `pixel(x, y) -> vec4f`: colour in rgb (gray in all
// three), alpha in a, 255 where there is none; or `quad_pixels(q, y) -> mat4x4f`: the reds, greens, blues and alphas of
// the 4 pixels of a quad. COLOURS is the number of colour channels, ALPHA whether there is alpha.
// `neighbourhood(x, y)` calls it.
