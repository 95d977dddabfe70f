// Which part of an image an invocation computes. The work is a grid of units; a unit is a block of quads (4 pixels of a
// row that start at a multiple of 4), one pixel for costly windows, or a stretch of a line. The units whose taps all lie
// inside the image and those at its rim are dispatched apart, because some drivers run both sides of every branch; each
// of the two may be divided into several dispatches.
//
// Needs `place(i) -> vec2u`, the unit of that number, of inside.wgsl or rim.wgsl, and `write(x, y, c)`, which computes
// and stores unit (x, y), of channel c where channels are dispatched apart.

struct Grid {
    // invocations in a row of the dispatch
    span: u32,
    // units
    columns: u32,
    rows: u32,
    // units of the rim
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
    // the dispatch's units by number, the last excluded
    first: u32,
    end: u32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = params.grid.first + id.y * params.grid.span + id.x;
    if (i < params.grid.end) {
        let unit = place(i);
        write(unit.x, unit.y, id.z);
    }
}
