// A level added to every colour channel.

fn brightness(v: vec4f, p: Brightness) -> vec4f {
    return v + p.amount;
}
