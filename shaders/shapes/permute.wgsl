// Pixels moved: output (x, y) reads input origin + step (u, v), (u, v) being (x, y), or (y, x) where transposed.

struct Permute {
    transposed: u32,
    // 1 or -1
    step_x: i32,
    step_y: i32,
    // px
    origin_x: i32,
    origin_y: i32,
}

const QUADS = 1u;

fn block(x: u32, y: u32, c: u32) -> array<vec4f, QUADS> {
    let first = 4u * x;
    return array<vec4f, QUADS>(
        vec4f(moved(first, y, c), moved(first + 1u, y, c), moved(first + 2u, y, c), moved(first + 3u, y, c)),
    );
}

fn moved(x: u32, y: u32, c: u32) -> f32 {
    let p = params.permute;
    // Pixels behind the end of the row read its last one: what they hold is never seen.
    let place = vec2i(i32(min(x, params.output.width - 1u)), i32(y));
    let source = select(place, place.yx, p.transposed != 0u);
    return tap(p.origin_x + p.step_x * source.x, p.origin_y + p.step_y * source.y, c);
}
