// Uniform taps of long windows from running ones; the method stands at `Axis::runs` in src/op/kernel.rs. A unit is a block
// of a line: as many positions as the window is long. What runs back to a position is kept in the output until what runs
// forward is combined with it. Both loops take two positions a round.
//
// Needs Lanes, `line_length()`, `line_tap(i, line, c)`, `line_place(i, line, c)` of running_horizontal.wgsl or
// running_vertical.wgsl; `unite(a, b)`, `finished(v)` and AXIS_START of axis_sum.wgsl, axis_min.wgsl or axis_max.wgsl.

struct Axis {
    // px
    reach: i32,
    scale: f32,
}

fn kept(i: i32, line: u32, c: u32) -> Lanes {
    return output[line_place(i, line, c)];
}

fn keep(i: i32, line: u32, c: u32, v: Lanes) {
    if (i < line_length()) {
        output[line_place(i, line, c)] = v;
    }
}

fn run_unit(unit: u32, line: u32, c: u32) {
    let reach = params.axis.reach;
    let first = i32(unit) * (2 * reach + 1);
    let last = first + 2 * reach;
    var back = line_tap(last - reach, line, c);
    keep(last, line, c, back);
    for (var i = last - 1; i > first; i -= 2) {
        back = unite(back, line_tap(i - reach, line, c));
        keep(i, line, c, back);
        back = unite(back, line_tap(i - 1 - reach, line, c));
        keep(i - 1, line, c, back);
    }
    keep(first, line, c, finished(back));
    let end = min(last, line_length() - 1);
    var ahead = Lanes(AXIS_START);
    for (var i = first + 1; i <= end; i += 2) {
        ahead = unite(ahead, line_tap(i + reach, line, c));
        keep(i, line, c, finished(unite(kept(i, line, c), ahead)));
        ahead = unite(ahead, line_tap(i + 1 + reach, line, c));
        keep(i + 1, line, c, finished(unite(kept(i + 1, line, c), ahead)));
    }
}

// The unit's part of the line as it is.
fn copy_unit(unit: u32, line: u32, c: u32) {
    let count = 2 * params.axis.reach + 1;
    let first = i32(unit) * count;
    for (var i = first; i < min(first + count, line_length()); i++) {
        keep(i, line, c, line_tap(i, line, c));
    }
}
