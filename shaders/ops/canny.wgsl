// The slope of a pixel where it is a peak across the edge, else 0; of channels gx, gy, slope. Whole numbers, because
// the directions are told apart as OpenCV does, in 15 bits.

fn canny(x: i32, y: i32, p: CannyPeaks) -> vec4f {
    let here = pixel(x, y);
    let across = i32(here.r);
    let down = i32(here.g);
    let run = abs(across);
    let rise = abs(down) << 15u;
    let tangent22 = run * p.tangent;
    var before: f32;
    var after: f32;
    var ties = false;
    if rise < tangent22 {
        before = pixel(x - 1, y).b;
        after = pixel(x + 1, y).b;
        ties = true;
    } else if rise > tangent22 + (run << 16u) {
        before = pixel(x, y - 1).b;
        after = pixel(x, y + 1).b;
        ties = true;
    } else if (across ^ down) < 0 {
        before = pixel(x + 1, y - 1).b;
        after = pixel(x - 1, y + 1).b;
    } else {
        before = pixel(x - 1, y - 1).b;
        after = pixel(x + 1, y + 1).b;
    }
    let v = here.b;
    let is_peak = v > before && (v > after || (ties && v == after));
    return vec4f(select(0.0, v, is_peak));
}
