// Counts of whole codes: of the luma (LUMA) or of each colour channel, lane after lane, CODES in each.
//
// Needs `count(i)` of histogram_local.wgsl or histogram_global.wgsl, which also holds the entry point.

struct Reduce {
    // quads in the image
    quads: u32,
    // quads in a row
    columns: u32,
    // workgroups in a row of the dispatch
    span: u32,
}

const QUADS_EACH = 16u;

// Counts the quads of one invocation of a workgroup.
fn count_quads(group: vec3u, local: u32) {
    let first = (group.y * params.reduce.span + group.x) * 256u * QUADS_EACH + local;
    for (var k = 0u; k < QUADS_EACH; k++) {
        let i = first + 256u * k;
        if (i < params.reduce.quads) {
            let y = i / params.reduce.columns;
            count_quad(i - y * params.reduce.columns, y);
        }
    }
}

fn count_quad(q: u32, y: u32) {
    let r = codes(load4_0(q, y, 0u));
    var g = r;
    var b = r;
    if (COLOURS == 3u) {
        g = codes(load4_0(q, y, 1u));
        b = codes(load4_0(q, y, 2u));
    }
    let pixels = min(params.input_0.width - 4u * q, 4u);
    count_pixel(r.x, g.x, b.x);
    if (pixels > 1u) {
        count_pixel(r.y, g.y, b.y);
    }
    if (pixels > 2u) {
        count_pixel(r.z, g.z, b.z);
    }
    if (pixels > 3u) {
        count_pixel(r.w, g.w, b.w);
    }
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
