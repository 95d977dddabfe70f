// The light of every colour channel, scaled; it ends where f32 would.

fn exposure(v: vec4f, p: Exposure) -> vec4f {
    let light = vec3f(linear_from_srgb(v.r), linear_from_srgb(v.g), linear_from_srgb(v.b));
    let scaled = min(p.scale * light, vec3f(1e30));
    return vec4f(srgb_from_linear(scaled.r), srgb_from_linear(scaled.g), srgb_from_linear(scaled.b), v.a);
}
