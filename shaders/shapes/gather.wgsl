// Pixels sampled where an inverse map says. Twin: Gather::place of src/op/gather.rs.

struct Gather {
    a: f32,
    b: f32,
    c: f32,
    d: f32,
    e: f32,
    f: f32,
    g: f32,
    h: f32,
    i: f32,
    // px
    input_x: f32,
    input_y: f32,
    output_x: f32,
    output_y: f32,
    // 0 nearest, 1 bilinear, 2 bicubic
    sampling: u32,
}

const QUADS = 1u;
const LEAST_W = 1.0e-30;
const FARTHEST = 1.0e6;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    // A loop, because the code of one sample is long.
    var v = vec4f(0.0);
    for (var i = 0u; i < 4u; i++) {
        v[i] = sampled(4u * x + i, y, c);
    }
    return array<vec4f, QUADS>(v);
}

fn sampled(x: u32, y: u32, c: u32) -> f32 {
    let m = params.gather;
    let u = f32(x) - m.output_x;
    let v = f32(y) - m.output_y;
    var w = m.g * u + m.h * v + m.i;
    w = select(w, LEAST_W, w == 0.0);
    let centre = vec2f(m.input_x, m.input_y);
    let source = centre + vec2f(m.a * u + m.b * v + m.c, m.d * u + m.e * v + m.f) / w;
    let at = clamp(source, vec2f(-FARTHEST), vec2f(FARTHEST));
    switch m.sampling {
        case 0u: {
            let nearest = vec2i(floor(at + 0.5));
            return tap(nearest.x, nearest.y, c);
        }
        case 1u: {
            return bilinear(at, c);
        }
        default: {
            return bicubic(at, c);
        }
    }
}

fn bilinear(at: vec2f, c: u32) -> f32 {
    let corner = floor(at);
    let t = at - corner;
    let p = vec2i(corner);
    let above = tap(p.x, p.y, c) * (1.0 - t.x) + tap(p.x + 1, p.y, c) * t.x;
    let below = tap(p.x, p.y + 1, c) * (1.0 - t.x) + tap(p.x + 1, p.y + 1, c) * t.x;
    return above * (1.0 - t.y) + below * t.y;
}

fn bicubic(at: vec2f, c: u32) -> f32 {
    let corner = floor(at);
    let p = vec2i(corner);
    let across = cubic_weights(at.x - corner.x);
    let down = cubic_weights(at.y - corner.y);
    var sum = 0.0;
    for (var j = 0; j < 4; j++) {
        let y = p.y + j - 1;
        var row = 0.0;
        for (var i = 0; i < 4; i++) {
            row += across[i] * tap(p.x + i - 1, y, c);
        }
        sum += down[j] * row;
    }
    return sum;
}

// Weights of the taps at -1, 0, 1 and 2 for a place t behind tap 0: the cubic with a = -0.5 (Keys 1981).
fn cubic_weights(t: f32) -> vec4f {
    return vec4f(cubic_far(1.0 + t), cubic_near(t), cubic_near(1.0 - t), cubic_far(2.0 - t));
}

fn cubic_near(d: f32) -> f32 {
    return (1.5 * d - 2.5) * d * d + 1.0;
}

fn cubic_far(d: f32) -> f32 {
    return ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0;
}
