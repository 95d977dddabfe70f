// Slope by Sobel's 3x3 kernels; `p.output` counts magnitude, x, y.

fn sobel(x: i32, y: i32, c: u32, p: Sobel) -> f32 {
    let nw = tap(x - 1, y - 1, c);
    let ne = tap(x + 1, y - 1, c);
    let sw = tap(x - 1, y + 1, c);
    let se = tap(x + 1, y + 1, c);
    let gx = (ne - nw) + 2.0 * (tap(x + 1, y, c) - tap(x - 1, y, c)) + (se - sw);
    let gy = (sw - nw) + 2.0 * (tap(x, y + 1, c) - tap(x, y - 1, c)) + (se - ne);
    switch p.output {
        case 0u: { return p.scale * sqrt(gx * gx + gy * gy); }
        case 1u: { return p.scale * abs(gx); }
        default: { return p.scale * abs(gy); }
    }
}
