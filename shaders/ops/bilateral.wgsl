// Mean of the neighbours in a disc, each weighted by distance in place and in colour, and by its alpha.

fn bilateral(x: i32, y: i32, p: Bilateral) -> vec4f {
    let own = pixel(x, y);
    let r = p.radius;
    var sum = vec3f(0.0);
    var total = 0.0;
    for (var dy = -r; dy <= r; dy++) {
        for (var dx = -r; dx <= r; dx++) {
            if dx * dx + dy * dy > r * r {
                continue;
            }
            let other = pixel(x + dx, y + dy);
            let difference = abs(other.rgb - own.rgb);
            let d = select(difference.r + difference.g + difference.b, difference.r, COLOURS == 1u);
            let far = f32(dx * dx + dy * dy) * p.space;
            let weight = exp(-(d * d * p.color + far)) * other.a;
            sum += weight * other.rgb;
            total += weight;
        }
    }
    if total > 0.0 && own.a > 0.0 {
        return vec4f(sum / total, own.a);
    }
    return vec4f(0.0, 0.0, 0.0, own.a);
}
