// Which part of an image an invocation computes. The work is a grid of units, or a rectangle of it; a unit is a block of
// quads (4 pixels of a row that start at a multiple of 4), one pixel for costly windows, a stretch of a line, or a strip,
// which has a workgroup of its own. The units whose taps all lie inside the image and those at its rim are dispatched
// apart, because some drivers run both sides of every branch; each of the two may be divided into several dispatches.
//
// Needs `place(i) -> vec2u`, the unit of that number, of inside.wgsl or rim.wgsl.

struct Grid {
    // invocations in a row of the dispatch; of strips: workgroups
    span: u32,
    // units of the rectangle
    columns: u32,
    rows: u32,
    // of those, at its sides: units of the image's rim
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
    // the dispatch's units by number, the last excluded
    first: u32,
    end: u32,
    // where the rectangle begins, units
    column: u32,
    row: u32,
}
