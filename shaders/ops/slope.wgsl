// Slopes by a pair of 3x3 kernels with the weights `corner`, `middle`, `corner`; `p.output` counts magnitude, x, y.

fn slope(x: i32, y: i32, c: u32, p: SlopeParameters) -> f32 {
    let nw = near(x - 1, y - 1, c);
    let ne = near(x + 1, y - 1, c);
    let sw = near(x - 1, y + 1, c);
    let se = near(x + 1, y + 1, c);
    let gx = p.corner * ((ne - nw) + (se - sw)) + p.middle * (near(x + 1, y, c) - near(x - 1, y, c));
    let gy = p.corner * ((sw - nw) + (se - ne)) + p.middle * (near(x, y + 1, c) - near(x, y - 1, c));
    switch p.output {
        case 0u: { return p.scale * sqrt(gx * gx + gy * gy); }
        case 1u: { return p.scale * abs(gx); }
        default: { return p.scale * abs(gy); }
    }
}
