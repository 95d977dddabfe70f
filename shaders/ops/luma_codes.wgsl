// bt601 luma in whole 8-bit levels. Of gray, which stands in all three channels, its own level.

fn luma_codes(v: vec4f, p: LumaCodes) -> vec4f {
    let code = vec3u(
        u32(quantise(v.r, p.codes_per_level)),
        u32(quantise(v.g, p.codes_per_level)),
        u32(quantise(v.b, p.codes_per_level)),
    );
    let y = f32(luma_code(code.r, code.g, code.b));
    return vec4f(y, y, y, v.a);
}
