// Counts of whole codes: of the luma (LUMA) or of each colour channel, CODES in each lane; lanes are counted channel
// after channel and, within one, tile after tile.
//
// Needs `count_part(group, local)`, which counts one invocation's share of the pixels, of histogram_image.wgsl or
// histogram_tiles.wgsl, and `count(i)` of histogram_local.wgsl or histogram_global.wgsl, which hold the entry point.

struct Reduce {
    // quads in the rectangle that is counted
    quads: u32,
    // quads in a row of it
    columns: u32,
    // workgroups in a row of the dispatch, or of a tile
    span: u32,
    // tiles in the image
    tiles: u32,
    across: u32,
    // of a tile, px
    tile_width: u32,
    tile_height: u32,
    // the rectangle, px; it begins at a whole quad
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    // the tiles that see some of it: the first, and how many stand in a row
    first_column: u32,
    first_row: u32,
    tile_columns: u32,
}

// The tile that the workgroup counts.
var<private> tile: u32;

// Place of a count among all, given its code behind those of the channels before it.
fn place_of_count(i: u32) -> u32 {
    let channel = i / CODES;
    return (channel * params.reduce.tiles + tile) * CODES + (i - channel * CODES);
}

fn codes(v: vec4f) -> vec4u {
    return vec4u(clamp(v + 0.5, vec4f(0.0), vec4f(f32(CODES - 1u))));
}

fn count_pixel(r: u32, g: u32, b: u32) {
    if (COLOURS == 1u) {
        count(r);
    } else if (LUMA) {
        count(luma_code(r, g, b));
    } else {
        count(r);
        count(CODES + g);
        count(2u * CODES + b);
    }
}
