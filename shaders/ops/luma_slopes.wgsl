// Sobel slopes of one channel, and what is made of the two; `p.kind` counts taxicab, squared, products.

fn luma_slopes(x: i32, y: i32, p: LumaSlopes) -> vec4f {
    let nw = pixel(x - 1, y - 1).r;
    let ne = pixel(x + 1, y - 1).r;
    let sw = pixel(x - 1, y + 1).r;
    let se = pixel(x + 1, y + 1).r;
    let gx = (ne - nw) + 2.0 * (pixel(x + 1, y).r - pixel(x - 1, y).r) + (se - sw);
    let gy = (sw - nw) + 2.0 * (pixel(x, y + 1).r - pixel(x, y - 1).r) + (se - ne);
    switch p.kind {
        case 0u: { return vec4f(gx, gy, abs(gx) + abs(gy), 0.0); }
        case 1u: { return vec4f(gx, gy, gx * gx + gy * gy, 0.0); }
        default: { return vec4f(gx * gx, gx * gy, gy * gy, 0.0); }
    }
}
