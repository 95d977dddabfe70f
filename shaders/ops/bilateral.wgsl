// Mean of the neighbours in a disc, each weighted by distance in place and in colour, and by its alpha. An invocation
// computes two quads of a row, so that each quad loaded serves both. Reds, greens, blues and alphas of 4 pixels are the
// columns of a matrix, and so are their sums: of weight times colour, and of weights.

fn bilateral(x: i32, y: i32, p: Bilateral) -> array<vec4f, PIXELS> {
    let q = x / 4;
    let own0 = quad_pixels(q, y);
    let own1 = quad_pixels(q + 1, y);
    var sums0 = mat4x4f();
    var sums1 = mat4x4f();
    for (var dy = -p.radius; dy <= p.radius; dy++) {
        // Half the disc's width; a root that is off by a rounding must not fall below a whole number.
        let half = i32(sqrt(f32(p.radius * p.radius - dy * dy) + 0.5));
        let first = -((half + 3) / 4);
        var a = quad_pixels(q + first, y + dy);
        var b = quad_pixels(q + first + 1, y + dy);
        for (var k = first; k <= half / 4; k++) {
            let c = quad_pixels(q + k + 2, y + dy);
            let dx = 4 * k;
            sums0 = bilateral_sums(sums0, own0, a, dx, dy, p);
            sums1 = bilateral_sums(sums1, own1, b, dx, dy, p);
            sums0 = bilateral_sums(sums0, own0, bilateral_one_on(a, b), dx + 1, dy, p);
            sums1 = bilateral_sums(sums1, own1, bilateral_one_on(b, c), dx + 1, dy, p);
            sums0 = bilateral_sums(sums0, own0, bilateral_two_on(a, b), dx + 2, dy, p);
            sums1 = bilateral_sums(sums1, own1, bilateral_two_on(b, c), dx + 2, dy, p);
            sums0 = bilateral_sums(sums0, own0, bilateral_three_on(a, b), dx + 3, dy, p);
            sums1 = bilateral_sums(sums1, own1, bilateral_three_on(b, c), dx + 3, dy, p);
            a = b;
            b = c;
        }
    }
    let means0 = transpose(bilateral_means(sums0, own0));
    let means1 = transpose(bilateral_means(sums1, own1));
    return array<vec4f, PIXELS>(
        means0[0], means0[1], means0[2], means0[3], means1[0], means1[1], means1[2], means1[3],
    );
}

// The four pixels that begin one, two or three behind the first of `a`; `b` is the quad after it.
fn bilateral_one_on(a: mat4x4f, b: mat4x4f) -> mat4x4f {
    return mat4x4f(vec4f(a[0].yzw, b[0].x), vec4f(a[1].yzw, b[1].x), vec4f(a[2].yzw, b[2].x), vec4f(a[3].yzw, b[3].x));
}

fn bilateral_two_on(a: mat4x4f, b: mat4x4f) -> mat4x4f {
    return mat4x4f(vec4f(a[0].zw, b[0].xy), vec4f(a[1].zw, b[1].xy), vec4f(a[2].zw, b[2].xy), vec4f(a[3].zw, b[3].xy));
}

fn bilateral_three_on(a: mat4x4f, b: mat4x4f) -> mat4x4f {
    return mat4x4f(vec4f(a[0].w, b[0].xyz), vec4f(a[1].w, b[1].xyz), vec4f(a[2].w, b[2].xyz), vec4f(a[3].w, b[3].xyz));
}

// The sums with the neighbours at one distance more, which weigh 0 beyond the disc.
fn bilateral_sums(sums: mat4x4f, own: mat4x4f, other: mat4x4f, dx: i32, dy: i32, p: Bilateral) -> mat4x4f {
    var d = abs(other[0] - own[0]);
    if COLOURS == 3u {
        d = d + abs(other[1] - own[1]) + abs(other[2] - own[2]);
    }
    // exp() of that is 0.
    let square = dx * dx + dy * dy;
    let far = select(1.0e9, f32(square) * p.space, square <= p.radius * p.radius);
    var weight = exp(-(d * d * p.color + far));
    if ALPHA {
        weight *= other[3];
    }
    return sums + mat4x4f(weight * other[0], weight * other[1], weight * other[2], weight);
}

fn bilateral_means(sums: mat4x4f, own: mat4x4f) -> mat4x4f {
    let counts = (sums[3] > vec4f(0.0)) & (own[3] > vec4f(0.0));
    let weights = select(vec4f(1.0), sums[3], counts);
    let none = vec4f(0.0);
    return mat4x4f(
        select(none, sums[0] / weights, counts),
        select(none, sums[1] / weights, counts),
        select(none, sums[2] / weights, counts),
        own[3],
    );
}
