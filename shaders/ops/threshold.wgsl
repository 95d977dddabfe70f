// Levels split in two; `p.mode` counts binary, binary_inv, trunc, tozero, tozero_inv.

fn threshold(v: vec4f, p: Threshold) -> vec4f {
    let above = v > vec4f(p.level);
    switch p.mode {
        case 0u: { return select(vec4f(0.0), vec4f(255.0), above); }
        case 1u: { return select(vec4f(255.0), vec4f(0.0), above); }
        case 2u: { return select(v, vec4f(p.level), above); }
        case 3u: { return select(vec4f(0.0), v, above); }
        default: { return select(v, vec4f(0.0), above); }
    }
}
