// Sums over a part of the search window, of a block of 4 x 4 pixels: weight times alpha times colour, and weight times
// alpha. Each offset is taken together with its opposite.

fn non_local_means(x: i32, y: i32, p: NonLocalMeans) -> array<vec4f, PIXELS> {
    let side = 2 * p.search_radius + 1;
    var sums = array<vec4f, PIXELS>();
    for (var i = p.first; i < p.end; i++) {
        let d = vec2i(i % side, i / side) - p.search_radius;
        var weights = non_local_weights(x, y, d, p);
        // The centre is its own opposite.
        let share = select(1.0, 0.5, all(d == vec2i(0)));
        for (var k = 0; k < i32(PIXELS); k++) {
            let own = vec2i(x + k % 4, y + k / 4);
            let one = pixel(own.x + d.x, own.y + d.y);
            let other = pixel(own.x - d.x, own.y - d.y);
            sums[k] += share * weights[0][k / 4][k % 4] * one.a * vec4f(one.rgb, 1.0);
            sums[k] += share * weights[1][k / 4][k % 4] * other.a * vec4f(other.rgb, 1.0);
        }
    }
    return sums;
}

// Weights of the neighbours at d, and of those at -d: a column of the matrix is a row of the block. The patches of the
// block overlap: each difference is taken once.
fn non_local_weights(x: i32, y: i32, d: vec2i, p: NonLocalMeans) -> array<mat4x4f, 2> {
    let reach = 2 * p.patch_radius;
    var one = mat4x4f();
    var other = mat4x4f();
    for (var j = 0; j < reach + 4; j++) {
        let sums = non_local_row(x, y - p.patch_radius + j, d, p.patch_radius);
        let counts = non_local_counts(j, reach);
        one += mat4x4f(counts.x * sums[0], counts.y * sums[0], counts.z * sums[0], counts.w * sums[0]);
        other += mat4x4f(counts.x * sums[1], counts.y * sums[1], counts.z * sums[1], counts.w * sums[1]);
    }
    for (var k = 0; k < 4; k++) {
        one[k] = non_local_weight(one[k], p);
        other[k] = non_local_weight(other[k], p);
    }
    return array<mat4x4f, 2>(one, other);
}

// 1 for those of 4 neighbouring patches that hold place i, counted from the first one's begin; else 0.
fn non_local_counts(i: i32, reach: i32) -> vec4f {
    let place_in = vec4i(i) - vec4i(0, 1, 2, 3);
    return select(vec4f(0.0), vec4f(1.0), (place_in >= vec4i(0)) & (place_in <= vec4i(reach)));
}

fn non_local_weight(sum: vec4f, p: NonLocalMeans) -> vec4f {
    return exp(-(max(sum * p.share - p.noise, vec4f(0.0)) * p.sharpness));
}

// Sums of squared differences along a row of 4 neighbouring patches from those at d, and from those at -d.
fn non_local_row(x: i32, y: i32, d: vec2i, radius: i32) -> array<vec4f, 2> {
    var one = vec4f(0.0);
    var other = vec4f(0.0);
    for (var i = 0; i < 2 * radius + 4; i++) {
        let differences = non_local_differences(x - radius + i, y, d);
        let counts = non_local_counts(i, 2 * radius);
        one += counts * differences.x;
        other += counts * differences.y;
    }
    return array<vec4f, 2>(one, other);
}

fn non_local_differences(x: i32, y: i32, d: vec2i) -> vec2f {
    let own = pixel(x, y).rgb;
    let one = own - pixel(x + d.x, y + d.y).rgb;
    let other = own - pixel(x - d.x, y - d.y).rgb;
    if COLOURS == 1u {
        return vec2f(one.r * one.r, other.r * other.r);
    }
    return vec2f(dot(one, one), dot(other, other));
}
