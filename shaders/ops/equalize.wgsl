// OpenCV's table of equalizeHist from one lane's histogram: 256 invocations, each over its share of the codes.

// Pixels of the lowest code that occurs.
var<workgroup> equalize_least: u32;

// a / f32(b), rounded once to nearest even: a GPU's own division may be off in its last place.
fn quotient(a: u32, b: u32) -> f32 {
    let divisor = u32(f32(b));
    var q = a / divisor;
    var rest = a % divisor;
    var shift = 0u;
    while q < 0x1000000u {
        rest *= 2u;
        q *= 2u;
        if rest >= divisor {
            rest -= divisor;
            q += 1u;
        }
        shift += 1u;
    }
    // 25 bits: the last one and the rest decide the rounding.
    var mantissa = q / 2u;
    if (q & 1u) != 0u && (rest != 0u || (mantissa & 1u) != 0u) {
        mantissa += 1u;
    }
    return f32(mantissa) * bitcast<f32>((128u - shift) << 23u);
}

fn equalize(lane: u32, p: Equalize) {
    let share = p.codes / 256u;
    let begin = lane * p.codes + invocation * share;
    var sum = 0u;
    var first = 0u;
    for (var i = 0u; i < share; i++) {
        let n = histogram(begin + i);
        sum += n;
        if first == 0u {
            first = n;
        }
    }
    let sums = sums_of_shares(sum);
    var before = sums.x;
    let pixels = sums.y;
    if before == 0u && sum != 0u {
        equalize_least = first;
    }
    workgroupBarrier();
    let least = equalize_least;
    var scale = 0.0;
    if least != pixels {
        scale = quotient(p.codes - 1u, pixels - least);
    }
    for (var i = 0u; i < share; i++) {
        before += histogram(begin + i);
        var value = f32(invocation * share + i);
        if least != pixels {
            value = round(f32(max(before, least) - least) * scale);
        }
        set_table(begin + i, value);
    }
}
