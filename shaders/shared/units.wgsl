// A unit of the grid for each invocation. Needs `write(x, y, c)`, which computes and stores unit (x, y), of channel c
// where channels are dispatched apart.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = params.grid.first + id.y * params.grid.span + id.x;
    if (i < params.grid.end) {
        let unit = place(i);
        write(unit.x, unit.y, id.z);
    }
}
