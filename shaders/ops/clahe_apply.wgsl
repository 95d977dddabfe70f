// Codes through the tables of the four tiles around them; out come levels. Results hang on the rounding of each
// product, so that none may be fused with the sum that it goes into.

// Two neighbouring tiles along one side, and how much the second counts.
struct ClaheBetween {
    first: u32,
    second: u32,
    weight: f32,
}

// The value, rounded: a compiler that may fuse what it came from can't see through this.
fn clahe_rounded(v: f32, p: ClaheApply) -> f32 {
    return bitcast<f32>(bitcast<u32>(v) ^ p.zero);
}

fn clahe_between(position: f32, tiles_per_pixel: f32, p: ClaheApply) -> ClaheBetween {
    let place = clahe_rounded(position * tiles_per_pixel, p) - 0.5;
    let first = floor(place);
    let last = f32(p.tiles - 1u);
    return ClaheBetween(u32(clamp(first, 0.0, last)), u32(clamp(first + 1.0, 0.0, last)), place - first);
}

// The mean of two values by the second's weight.
fn clahe_mix(a: f32, b: f32, weight: f32, p: ClaheApply) -> f32 {
    return clahe_rounded(a * (1.0 - weight), p) + clahe_rounded(b * weight, p);
}

// What becomes of a code, given where the tables of its channel begin.
fn clahe_code(begin: u32, across: ClaheBetween, down: ClaheBetween, code: u32, p: ClaheApply) -> f32 {
    let upper = begin + down.first * p.tiles * p.codes + code;
    let lower = begin + down.second * p.tiles * p.codes + code;
    let left = across.first * p.codes;
    let right = across.second * p.codes;
    let top = clahe_mix(table(upper + left), table(upper + right), across.weight, p);
    let bottom = clahe_mix(table(lower + left), table(lower + right), across.weight, p);
    return round(clahe_mix(top, bottom, down.weight, p));
}

fn clahe_apply(v: vec4f, p: ClaheApply) -> vec4f {
    let code = vec4u(v);
    let across = clahe_between(position.x, p.tiles_per_column, p);
    let down = clahe_between(position.y, p.tiles_per_row, p);
    if p.by_luma != 0u {
        let y = luma_code(code.r, code.g, code.b);
        return (v + (clahe_code(0u, across, down, y, p) - f32(y))) * p.levels_per_code;
    }
    let red = clahe_code(0u, across, down, code.r, p);
    if p.colours == 1u {
        return vec4f(red) * p.levels_per_code;
    }
    let lane = p.tiles * p.tiles * p.codes;
    let green = clahe_code(lane, across, down, code.g, p);
    let blue = clahe_code(2u * lane, across, down, code.b, p);
    return vec4f(red, green, blue, 0.0) * p.levels_per_code;
}
