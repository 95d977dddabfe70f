// Units whose taps all lie inside the image.

const RIM = false;

fn place(i: u32) -> vec2u {
    let grid = params.grid;
    let columns = grid.columns - grid.left - grid.right;
    let y = i / columns;
    return vec2u(grid.column + grid.left + (i - y * columns), grid.row + grid.top + y);
}

// The value at a pixel.
fn tap(x: i32, y: i32, c: u32) -> f32 {
    return load_0(u32(x), u32(y), c);
}

// The pixel that is read at a place, for `tap_at`.
fn tap_place(x: i32, y: i32) -> vec2i {
    return vec2i(x, y);
}

fn tap_at(inside: vec2i, c: u32) -> f32 {
    return load_0(u32(inside.x), u32(inside.y), c);
}

// The values of quad q of row y.
fn quad(q: i32, y: i32, c: u32) -> vec4f {
    return load4_0(u32(q), u32(y), c);
}

// The values of quad q of a row: pixels 4q to 4q + 3.
fn quad_along_row(q: i32, y: u32, c: u32) -> vec4f {
    return load4_0(u32(q), y, c);
}

// The values of a quad of row y.
fn quad_of_row(q: u32, y: i32, c: u32) -> vec4f {
    return load4_0(q, u32(y), c);
}
