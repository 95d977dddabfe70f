// Codes through their table, or by the change that the table makes of luma; out come levels.

fn equalize_apply(v: vec4f, p: EqualizeApply) -> vec4f {
    let code = vec4u(v);
    if p.by_luma != 0u {
        let y = luma_code(code.r, code.g, code.b);
        return (v + (table(y) - f32(y))) * p.levels_per_code;
    }
    if p.lanes == 1u {
        return vec4f(table(code.r)) * p.levels_per_code;
    }
    return vec4f(table(code.r), table(p.codes + code.g), table(2u * p.codes + code.b), 0.0) * p.levels_per_code;
}
