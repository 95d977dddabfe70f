// The pixels of one tile that lie in the rectangle, and what reflect101 reads of it where the tile reaches beyond the
// image.

const PIXELS_EACH = 16u;

fn count_part(group: vec3u, local: u32) {
    let grid = params.reduce;
    let column = grid.first_column + group.z % grid.tile_columns;
    let line = grid.first_row + group.z / grid.tile_columns;
    tile = line * grid.across + column;
    let left = column * grid.tile_width;
    let top = line * grid.tile_height;
    let first = (group.y * grid.span + group.x) * 256u * PIXELS_EACH + local;
    for (var k = 0u; k < PIXELS_EACH; k++) {
        let i = first + 256u * k;
        if (i < grid.tile_width * grid.tile_height) {
            let row = i / grid.tile_width;
            let x = inner(left + i - row * grid.tile_width, params.input_0.width);
            let y = inner(top + row, params.input_0.height);
            if (x >= grid.left && x < grid.right && y >= grid.top && y < grid.bottom) {
                count_at(x, y);
            }
        }
    }
}

fn count_at(x: u32, y: u32) {
    let r = code_at(x, y, 0u);
    if (COLOURS == 3u) {
        count_pixel(r, code_at(x, y, 1u), code_at(x, y, 2u));
    } else {
        count_pixel(r, r, r);
    }
}

fn inner(i: u32, n: u32) -> u32 {
    return u32(border_index(BORDER_REFLECT101, i32(i), i32(n)));
}

fn code_at(x: u32, y: u32, c: u32) -> u32 {
    return codes(vec4f(load_0(x, y, c))).x;
}
