// Slopes by a pair of 3x3 kernels with the weights `corner`, `middle`, `corner`; `p.output` counts magnitude, x, y.

fn slope(x: i32, y: i32, c: u32, p: SlopeParameters) -> f32 {
    let nw = tap(x - 1, y - 1, c);
    let ne = tap(x + 1, y - 1, c);
    let sw = tap(x - 1, y + 1, c);
    let se = tap(x + 1, y + 1, c);
    let gx = p.corner * ((ne - nw) + (se - sw)) + p.middle * (tap(x + 1, y, c) - tap(x - 1, y, c));
    let gy = p.corner * ((sw - nw) + (se - ne)) + p.middle * (tap(x, y + 1, c) - tap(x, y - 1, c));
    switch p.output {
        case 0u: { return p.scale * sqrt(gx * gx + gy * gy); }
        case 1u: { return p.scale * abs(gx); }
        default: { return p.scale * abs(gy); }
    }
}
