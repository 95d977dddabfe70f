// The levels from black to white, stretched to those from out_black to out_white with a gamma between.

fn levels(v: vec4f, p: Levels) -> vec4f {
    let t = clamp((v - p.black) / (p.white - p.black), vec4f(0.0), vec4f(1.0));
    return p.out_black + pow(t, vec4f(p.exponent)) * (p.out_white - p.out_black);
}
