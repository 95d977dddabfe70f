// Luma in one colour, mixed by `p.amount`.

fn tint(v: vec4f, p: Tint) -> vec4f {
    let y = luma(v.r, v.g, v.b);
    let color = vec3f(p.red, p.green, p.blue);
    return vec4f((1.0 - p.amount) * v.rgb + p.amount * (y * (color / 255.0)), v.a);
}
