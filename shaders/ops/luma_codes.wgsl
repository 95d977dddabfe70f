// bt601 luma in whole 8-bit levels. Of gray, which stands in all three channels, its own level.

fn luma_codes(v: vec4f, p: LumaCodes) -> vec4f {
    let y = f32(luma_of_levels(v.rgb, p.codes_per_level));
    return vec4f(y, y, y, v.a);
}
