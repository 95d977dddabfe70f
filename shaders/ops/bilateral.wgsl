// Mean of the neighbours in a disc, each weighted by distance in place and in colour, and by its alpha. An invocation
// computes 4 pixels of a row, so that each pixel loaded serves them all.

fn bilateral(x: i32, y: i32, p: Bilateral) -> array<vec4f, PIXELS> {
    let own0 = pixel(x, y);
    let own1 = pixel(x + 1, y);
    let own2 = pixel(x + 2, y);
    let own3 = pixel(x + 3, y);
    var sum0 = vec4f(0.0);
    var sum1 = vec4f(0.0);
    var sum2 = vec4f(0.0);
    var sum3 = vec4f(0.0);
    for (var dy = -p.radius; dy <= p.radius; dy++) {
        // Half the disc's width; a root that is off by a rounding must not fall below a whole number.
        let half = i32(sqrt(f32(p.radius * p.radius - dy * dy) + 0.5));
        for (var dx = -half; dx <= half + 3; dx++) {
            let other = pixel(x + dx, y + dy);
            sum0 += bilateral_term(other, own0, dx, dy, half, p);
            sum1 += bilateral_term(other, own1, dx - 1, dy, half, p);
            sum2 += bilateral_term(other, own2, dx - 2, dy, half, p);
            sum3 += bilateral_term(other, own3, dx - 3, dy, half, p);
        }
    }
    return array<vec4f, PIXELS>(
        bilateral_mean(sum0, own0), bilateral_mean(sum1, own1), bilateral_mean(sum2, own2), bilateral_mean(sum3, own3),
    );
}

// A neighbour's colour by its weight, and the weight, which is 0 beyond the disc.
fn bilateral_term(other: vec4f, own: vec4f, dx: i32, dy: i32, half: i32, p: Bilateral) -> vec4f {
    let difference = abs(other.rgb - own.rgb);
    let d = select(difference.r + difference.g + difference.b, difference.r, COLOURS == 1u);
    let far = f32(dx * dx + dy * dy) * p.space;
    let weight = select(0.0, exp(-(d * d * p.color + far)) * other.a, abs(dx) <= half);
    return weight * vec4f(other.rgb, 1.0);
}

fn bilateral_mean(sum: vec4f, own: vec4f) -> vec4f {
    if sum.a > 0.0 && own.a > 0.0 {
        return vec4f(sum.rgb / sum.a, own.a);
    }
    return vec4f(0.0, 0.0, 0.0, own.a);
}
