// What becomes of a value on either side of a level; `mode` counts binary, binary_inv, trunc, tozero, tozero_inv.

fn threshold_mode(v: vec4f, level: f32, mode: u32) -> vec4f {
    let above = v > vec4f(level);
    switch mode {
        case 0u: { return select(vec4f(0.0), vec4f(255.0), above); }
        case 1u: { return select(vec4f(255.0), vec4f(0.0), above); }
        case 2u: { return select(v, vec4f(level), above); }
        case 3u: { return select(vec4f(0.0), v, above); }
        default: { return select(v, vec4f(0.0), above); }
    }
}
