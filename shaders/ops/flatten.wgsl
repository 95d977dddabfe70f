// The image laid on a colour.

fn flatten(v: vec4f, p: Flatten) -> vec4f {
    let background = vec3f(p.red, p.green, p.blue);
    return vec4f((v.rgb * v.a + background * (255.0 - v.a)) / 255.0, 255.0);
}
