// A rectangle of the image, quad by quad.

const QUADS_EACH = 16u;

fn count_part(group: vec3u, local: u32) {
    let first = (group.y * params.reduce.span + group.x) * 256u * QUADS_EACH + local;
    for (var k = 0u; k < QUADS_EACH; k++) {
        let i = first + 256u * k;
        if (i < params.reduce.quads) {
            let y = i / params.reduce.columns;
            count_quad(params.reduce.left / 4u + i - y * params.reduce.columns, params.reduce.top + y);
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
    let pixels = min(params.reduce.right - 4u * q, 4u);
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
