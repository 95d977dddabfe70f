// Few levels, in whole numbers: a division of floats may be off by a bit on a GPU.

// clamp(floor(v levels / 255), 0, levels - 1). What lies below v by less than 2^-24 is no step.
fn posterize_step(level: vec4f, levels: u32) -> vec4u {
    let v = clamp(level, vec4f(0.0), vec4f(255.0));
    let whole = floor(v);
    let part = vec4u((v - whole) * 16777216.0);
    return min((vec4u(whole) * levels + ((part * levels) >> vec4u(24u))) / 255u, vec4u(levels - 1u));
}

// 255 step / (levels - 1), rounded down in its 24th bit: so its code at 16 bits is that of the exact value.
fn posterize_value(step: vec4u, levels: u32) -> vec4f {
    let last = levels - 1u;
    let low = 2u * step <= vec4u(last);
    let parts = select(vec4u(65536u), vec4u(131072u), low);
    let part = select(vec4f(1.0 / 65536.0), vec4f(1.0 / 131072.0), low);
    return vec4f(255u * step * parts / last) * part;
}

fn posterize(v: vec4f, p: Posterize) -> vec4f {
    return posterize_value(posterize_step(v, p.levels), p.levels);
}
