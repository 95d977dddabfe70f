// Sums over a part of the search window, of COLUMN (4) pixels: weight times alpha times colour, and weight times alpha.
// Each offset is taken together with its opposite.

fn non_local_means(x: i32, y: i32, p: NonLocalMeans) -> array<vec4f, COLUMN> {
    let side = 2 * p.search_radius + 1;
    var sums = array<vec4f, COLUMN>();
    for (var i = p.first; i < p.end; i++) {
        let d = vec2i(i % side, i / side) - p.search_radius;
        let weights = non_local_weights(x, y, d, p);
        // The centre is its own opposite.
        let share = select(1.0, 0.5, all(d == vec2i(0)));
        for (var k = 0; k < i32(COLUMN); k++) {
            let one = pixel(x + d.x, y + k + d.y);
            let other = pixel(x - d.x, y + k - d.y);
            sums[k] += share * weights[0][k] * one.a * vec4f(one.rgb, 1.0);
            sums[k] += share * weights[1][k] * other.a * vec4f(other.rgb, 1.0);
        }
    }
    return sums;
}

// Weights of the neighbours at d, and of those at -d. The patches of the column overlap: a row of differences is summed
// once.
fn non_local_weights(x: i32, y: i32, d: vec2i, p: NonLocalMeans) -> array<vec4f, 2> {
    let reach = 2 * p.patch_radius;
    var one = vec4f(0.0);
    var other = vec4f(0.0);
    for (var row = 0; row < reach + i32(COLUMN); row++) {
        let sums = non_local_row(x, y - p.patch_radius + row, d, p.patch_radius);
        // Where in the patch of each pixel the row lies.
        let lies = vec4i(row) - vec4i(0, 1, 2, 3);
        let counts = (lies >= vec4i(0)) & (lies <= vec4i(reach));
        one += select(vec4f(0.0), vec4f(sums.x), counts);
        other += select(vec4f(0.0), vec4f(sums.y), counts);
    }
    return array<vec4f, 2>(non_local_weight(one, p), non_local_weight(other, p));
}

fn non_local_weight(sum: vec4f, p: NonLocalMeans) -> vec4f {
    return exp(-(max(sum * p.share - p.noise, vec4f(0.0)) * p.sharpness));
}

// Sums of squared differences along a row of a patch from those at d and at -d; 4 pixels at a time.
fn non_local_row(x: i32, y: i32, d: vec2i, radius: i32) -> vec2f {
    var one = vec4f(0.0);
    var other = vec4f(0.0);
    for (var dx = -radius; dx <= radius; dx += 4) {
        let columns = dx + vec4i(0, 1, 2, 3);
        let at = x + min(columns, vec4i(radius));
        let s = non_local_differences(at.x, y, d);
        let t = non_local_differences(at.y, y, d);
        let u = non_local_differences(at.z, y, d);
        let v = non_local_differences(at.w, y, d);
        let counts = columns <= vec4i(radius);
        one += select(vec4f(0.0), vec4f(s.x, t.x, u.x, v.x), counts);
        other += select(vec4f(0.0), vec4f(s.y, t.y, u.y, v.y), counts);
    }
    return vec2f((one.x + one.y) + (one.z + one.w), (other.x + other.y) + (other.z + other.w));
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
