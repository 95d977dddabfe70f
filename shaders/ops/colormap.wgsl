// Luma in whole 8-bit levels to colour by a table of 256 colours.

fn colormap(v: vec4f, p: Colormap) -> vec4f {
    let at = 3u * luma_of_levels(v.rgb, p.codes_per_level);
    return vec4f(table(at), table(at + 1u), table(at + 2u), v.a);
}
