// Luma in whole 8-bit levels to colour by a table of 256 colours.

fn colormap(v: vec4f, p: Colormap) -> vec4f {
    let code = vec3u(
        u32(quantise(v.r, p.codes_per_level)),
        u32(quantise(v.g, p.codes_per_level)),
        u32(quantise(v.b, p.codes_per_level)),
    );
    let at = 3u * luma_code(code.r, code.g, code.b);
    return vec4f(table(at), table(at + 1u), table(at + 2u), v.a);
}
