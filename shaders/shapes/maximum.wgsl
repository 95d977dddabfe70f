// The greatest value of the first channel in a rectangle, or 0: as bits, which for floats from 0 up are in the order of their values.

struct Maximum {
    // quads in the rectangle
    quads: u32,
    // quads in a row of it
    columns: u32,
    // workgroups in a row of the dispatch
    span: u32,
    // of the rectangle, px; it begins at a whole quad
    left: u32,
    top: u32,
    right: u32,
}

const QUADS_EACH = 16u;

var<workgroup> greatest: atomic<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let first = (group.y * params.maximum.span + group.x) * 256u * QUADS_EACH + local;
    var most = 0.0;
    for (var k = 0u; k < QUADS_EACH; k++) {
        let i = first + 256u * k;
        if (i < params.maximum.quads) {
            let y = i / params.maximum.columns;
            let q = params.maximum.left / 4u + i - y * params.maximum.columns;
            // What lies behind the end of a row is none of it.
            let present = 4u * q + vec4u(0u, 1u, 2u, 3u) < vec4u(params.maximum.right);
            let v = select(vec4f(0.0), load4_0(q, params.maximum.top + y, 0u), present);
            most = max(most, max(max(v.x, v.y), max(v.z, v.w)));
        }
    }
    // -0 would come before every other float.
    atomicMax(&greatest, bitcast<u32>(select(0.0, most, most > 0.0)));
    workgroupBarrier();
    if (local == 0u) {
        atomicMax(&output[0], atomicLoad(&greatest));
    }
}
