// Units whose taps may lie outside the image: those above and below the inside, then those left and right of it.
// They are few, so that shorter code counts more here than faster code: long code is long to compile.

const RIM = true;

fn place(i: u32) -> vec2u {
    return vec2u(params.grid.column, params.grid.row) + place_in_part(i);
}

fn place_in_part(i: u32) -> vec2u {
    let grid = params.grid;
    let above = grid.top * grid.columns;
    let below = grid.bottom * grid.columns;
    if (i < above + below) {
        let y = i / grid.columns;
        return vec2u(i - y * grid.columns, select(y, grid.rows - grid.bottom + y - grid.top, i >= above));
    }
    let sides = grid.left + grid.right;
    let y = (i - above - below) / sides;
    let x = i - above - below - y * sides;
    return vec2u(select(x, grid.columns - grid.right + x - grid.left, x >= grid.left), grid.top + y);
}

// The value at a pixel, or beyond the border.
fn tap(x: i32, y: i32, c: u32) -> f32 {
    return tap_at(tap_place(x, y), c);
}

// The pixel that is read at a place, for `tap_at`; beyond a constant border there is none, but something negative. Of an
// image that is repeated, `begin` is where the part begins that is there, at most a repetition; else it is 0.
fn tap_place(x: i32, y: i32) -> vec2i {
    let extent = params.input_0;
    let begin = vec2i(params.begin[0], params.begin[1]);
    let column = border_index(border(), x - begin.x, i32(extent.width));
    let row = border_index(border(), y - begin.y, i32(extent.height));
    return begin + vec2i(column, row);
}

fn tap_at(inside: vec2i, c: u32) -> f32 {
    let v = load_0(u32(max(inside.x, 0)), u32(max(inside.y, 0)), c);
    return select(v, params.edge[c], min(inside.x, inside.y) < 0);
}

// The values of quad q of row y.
fn quad(q: i32, y: i32, c: u32) -> vec4f {
    // A loop of a length that only parameters tell, so that drivers don't unroll it.
    var v = vec4f(0.0);
    for (var i = 0; i < params.quad; i++) {
        v[i] = tap(4 * q + i, y, c);
    }
    return v;
}

// The values of quad q of a row: pixels 4q to 4q + 3.
fn quad_along_row(q: i32, y: u32, c: u32) -> vec4f {
    return quad(q, i32(y), c);
}

// The values of a quad of row y.
fn quad_of_row(q: u32, y: i32, c: u32) -> vec4f {
    let inside = border_index(border(), y, i32(params.input_0.height));
    return select(load4_0(q, u32(max(inside, 0)), c), vec4f(params.edge[c]), inside < 0);
}
