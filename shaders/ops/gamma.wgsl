// A power of every colour channel; it ends where f32 would.

fn gamma(v: vec4f, p: Gamma) -> vec4f {
    return min(255.0 * pow(max(v, vec4f(0.0)) / 255.0, vec4f(p.exponent)), vec4f(1e18));
}
