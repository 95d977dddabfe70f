// Sums over a part of the search window, of COLUMN (4) pixels: weight times alpha times colour, and weight times alpha.
// Offsets are gone through with their opposites, in the order of the Rust twin.

fn non_local_means(x: i32, y: i32, p: NonLocalMeans) -> array<vec4f, COLUMN> {
    let side = 2 * p.search_radius + 1;
    var sums = array<vec4f, COLUMN>();
    for (var i = p.first; i < p.end; i++) {
        let offset = vec2i(i % side, i / side) - p.search_radius;
        // The centre is its own opposite.
        let share = select(1.0, 0.5, all(offset == vec2i(0)));
        for (var sign = -1; sign <= 1; sign += 2) {
            let d = sign * offset;
            let weights = share * non_local_weights(x, y, d, p);
            for (var k = 0; k < i32(COLUMN); k++) {
                let other = pixel(x + d.x, y + k + d.y);
                sums[k] += weights[k] * other.a * vec4f(other.rgb, 1.0);
            }
        }
    }
    return sums;
}

// Weights of the neighbours at d. The patches of the column overlap: a row of differences is summed once.
fn non_local_weights(x: i32, y: i32, d: vec2i, p: NonLocalMeans) -> vec4f {
    let reach = 2 * p.patch_radius;
    var sum = vec4f(0.0);
    for (var row = 0; row < reach + i32(COLUMN); row++) {
        let differences = non_local_row(x, y - p.patch_radius + row, d, p.patch_radius);
        // Where in the patch of each pixel the row lies.
        let place_in = vec4i(row) - vec4i(0, 1, 2, 3);
        sum += select(vec4f(0.0), vec4f(differences), (place_in >= vec4i(0)) & (place_in <= vec4i(reach)));
    }
    return exp(-(max(sum * p.share - p.noise, vec4f(0.0)) * p.sharpness));
}

// Sum of squared differences along a row of a patch, 4 at a time.
fn non_local_row(x: i32, y: i32, d: vec2i, radius: i32) -> f32 {
    var sum = vec4f(0.0);
    for (var dx = -radius; dx <= radius; dx += 4) {
        let columns = dx + vec4i(0, 1, 2, 3);
        let at = x + min(columns, vec4i(radius));
        let differences = vec4f(
            non_local_difference(at.x, y, d),
            non_local_difference(at.y, y, d),
            non_local_difference(at.z, y, d),
            non_local_difference(at.w, y, d),
        );
        sum += select(vec4f(0.0), differences, columns <= vec4i(radius));
    }
    return (sum.x + sum.y) + (sum.z + sum.w);
}

fn non_local_difference(x: i32, y: i32, d: vec2i) -> f32 {
    let difference = pixel(x, y).rgb - pixel(x + d.x, y + d.y).rgb;
    return select(dot(difference, difference), difference.r * difference.r, COLOURS == 1u);
}
