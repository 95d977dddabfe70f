// Codes through their table, or by the change that the table makes of luma; out come levels.

fn lookup(v: vec4f, p: LookupPoint) -> vec4f {
    let code = vec4u(v);
    if p.by_luma != 0u {
        let y = luma_code(code.r, code.g, code.b);
        return (v + (table(y) - f32(y))) * p.unit;
    }
    if p.colours == 1u {
        return vec4f(table(code.r)) * p.unit;
    }
    return vec4f(table(code.r), table(p.stride + code.g), table(2u * p.stride + code.b), 0.0) * p.unit;
}
