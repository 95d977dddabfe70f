// The brown of old photographs, mixed by `p.amount`.

fn sepia(v: vec4f, p: Sepia) -> vec4f {
    let brown = vec3f(
        0.393 * v.r + 0.769 * v.g + 0.189 * v.b,
        0.349 * v.r + 0.686 * v.g + 0.168 * v.b,
        0.272 * v.r + 0.534 * v.g + 0.131 * v.b,
    );
    return vec4f((1.0 - p.amount) * v.rgb + p.amount * brown, v.a);
}
