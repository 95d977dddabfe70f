// The HSV hue, turned by `p.turn` sixths of the circle.

fn hue(v: vec4f, p: Hue) -> vec4f {
    let high = max(max(v.r, v.g), v.b);
    let chroma = high - min(min(v.r, v.g), v.b);
    // Where all channels are equal, 0 and not 0 / 0; a denormal may count as 0.
    let divisor = max(chroma, 1e-20);
    var sextant = 4.0 + (v.r - v.g) / divisor;
    if high == v.r {
        sextant = (v.g - v.b) / divisor;
    } else if high == v.g {
        sextant = 2.0 + (v.b - v.r) / divisor;
    }
    var k = sextant + p.turn + vec3f(5.0, 3.0, 1.0);
    k = k - 6.0 * floor(k / 6.0);
    return vec4f(high - chroma * clamp(min(k, 4.0 - k), vec3f(0.0), vec3f(1.0)), v.a);
}
