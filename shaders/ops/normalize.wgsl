// The table that stretches the codes between two percentiles: 256 invocations, each over its share of the codes.

var<workgroup> normalize_black: u32;
var<workgroup> normalize_white: u32;

fn normalize_table(lane: u32, p: Normalize) {
    let share = p.codes / 256u;
    let begin = invocation * share;
    var sum = 0u;
    for (var i = 0u; i < share; i++) {
        sum += histogram(begin + i);
    }
    var below = sums_of_shares(sum).x;
    for (var i = 0u; i < share; i++) {
        let before = below;
        below += histogram(begin + i);
        // Of all codes, one reaches each number.
        if before < p.low && below >= p.low {
            normalize_black = begin + i;
        }
        if before < p.high && below >= p.high {
            normalize_white = begin + i;
        }
    }
    workgroupBarrier();
    let black = normalize_black;
    let range = normalize_white - black;
    for (var i = 0u; i < share; i++) {
        let code = f32(begin + i);
        if range == 0u {
            set_table(begin + i, code * p.levels_per_code);
        } else {
            set_table(begin + i, (code - f32(black)) * 255.0 / f32(range));
        }
    }
}
