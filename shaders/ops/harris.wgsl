// Corner response of the sums of gx^2, gx gy, gy^2.

fn harris(v: vec4f, p: HarrisResponse) -> vec4f {
    let trace = v.r + v.b;
    let response = v.r * v.b - v.g * v.g - p.k * trace * trace;
    return vec4f(response, response, response, v.a);
}
