// Mean of the neighbours in a disc, each weighted by distance in place and in colour, and by its alpha. An invocation
// computes a quad of 2 rows, so that each quad loaded serves them all. Reds, greens, blues and alphas of 4 pixels are the
// columns of a matrix, and so are their sums: of weight times colour, and of weights.

fn bilateral(x: i32, y: i32, p: Bilateral) -> array<vec4f, PIXELS> {
    let q = x / 4;
    let own0 = quad_pixels(q, y);
    let own1 = quad_pixels(q, y + 1);
    var sums0 = mat4x4f();
    var sums1 = mat4x4f();
    for (var dy = -p.radius; dy <= p.radius + 1; dy++) {
        // Half the disc's width around the nearer row; a root that is off by a rounding must not fall below a whole number.
        let near = max(-dy, dy - 1);
        let half = i32(sqrt(f32(p.radius * p.radius - near * near) + 0.5));
        let first = -((half + 3) / 4);
        var a = quad_pixels(q + first, y + dy);
        for (var k = first; k <= half / 4; k++) {
            let b = quad_pixels(q + k + 1, y + dy);
            let a1 = bilateral_columns(a[0].yzw, b[0].x, a[1].yzw, b[1].x, a[2].yzw, b[2].x, a[3].yzw, b[3].x);
            let a2 = bilateral_columns(a1[0].yzw, b[0].y, a1[1].yzw, b[1].y, a1[2].yzw, b[2].y, a1[3].yzw, b[3].y);
            let a3 = bilateral_columns(a2[0].yzw, b[0].z, a2[1].yzw, b[1].z, a2[2].yzw, b[2].z, a2[3].yzw, b[3].z);
            let dx = 4 * k;
            sums0 = bilateral_sums(sums0, own0, a, dx, dy, p);
            sums0 = bilateral_sums(sums0, own0, a1, dx + 1, dy, p);
            sums0 = bilateral_sums(sums0, own0, a2, dx + 2, dy, p);
            sums0 = bilateral_sums(sums0, own0, a3, dx + 3, dy, p);
            sums1 = bilateral_sums(sums1, own1, a, dx, dy - 1, p);
            sums1 = bilateral_sums(sums1, own1, a1, dx + 1, dy - 1, p);
            sums1 = bilateral_sums(sums1, own1, a2, dx + 2, dy - 1, p);
            sums1 = bilateral_sums(sums1, own1, a3, dx + 3, dy - 1, p);
            a = b;
        }
    }
    let means0 = transpose(bilateral_means(sums0, own0));
    let means1 = transpose(bilateral_means(sums1, own1));
    return array<vec4f, PIXELS>(
        means0[0], means0[1], means0[2], means0[3], means1[0], means1[1], means1[2], means1[3],
    );
}

fn bilateral_columns(r: vec3f, r3: f32, g: vec3f, g3: f32, b: vec3f, b3: f32, a: vec3f, a3: f32) -> mat4x4f {
    return mat4x4f(vec4f(r, r3), vec4f(g, g3), vec4f(b, b3), vec4f(a, a3));
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
