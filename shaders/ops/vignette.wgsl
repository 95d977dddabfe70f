// Darker towards the corners.

fn vignette(v: vec4f, p: Vignette) -> vec4f {
    let d = position - vec2f(p.centre_x, p.centre_y);
    let r = sqrt(d.x * d.x + d.y * d.y) * p.inverse_corner;
    let t = clamp((r - p.inner) / (1.0 - p.inner), 0.0, 1.0);
    return v * (1.0 - p.strength * t * t * (3.0 - 2.0 * t));
}
