// A square neighbourhood seen as sorted columns. A workgroup computes a strip of the image: it walks down, keeps each
// column of its windows sorted in workgroup memory, and each invocation computes one window of a row. The formula is
// `fn stem(first: u32, guess: f32, p: Struct) -> f32`: it reads `sorted(column, i)` and `split(column, …)` of columns
// `first` to `first + 2 reach`; `guess` is the result of the row above. `window(first, guess)` calls it.
//
// Needs LONGEST, the greatest power of two that is no more than 2 reach + 1.

struct Strip {
    // px
    reach: u32,
    // results, px
    width: u32,
    height: u32,
}

// The values of a column in a window about a bound.
struct Split {
    // how many are at most the bound
    count: u32,
    // the greatest of them
    below: f32,
    // the least of the others
    above: f32,
}

var<workgroup> values: array<f32, 4096>;

fn side() -> u32 {
    return 2u * params.strip.reach + 1u;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let i = params.grid.first + group.y * params.grid.span + group.x;
    if (i < params.grid.end) {
        let unit = place(i);
        let first = vec2u(unit.x * params.strip.width, unit.y * params.strip.height);
        let end = min(first + vec2u(params.strip.width, params.strip.height), vec2u(params.output.width, params.output.height));
        strip(first, end, group.z, local);
    }
}

fn copy_strip(first: vec2u, end: vec2u, c: u32, local: u32) {
    let x = first.x + local;
    for (var y = first.y; y < end.y && x < end.x; y++) {
        output[output_index(x, y, c)] = tap(i32(x), i32(y), c);
    }
}

fn walk_strip(first: vec2u, end: vec2u, c: u32, local: u32) {
    let x = first.x + local;
    fill(first, end, c, local);
    var result = 0.0;
    for (var y = first.y; y < end.y; y++) {
        if (y > first.y) {
            slide(first.x, end.x, y, c, local);
        }
        workgroupBarrier();
        if (x < end.x) {
            if (y == first.y) {
                result = sorted(local + params.strip.reach, params.strip.reach);
            }
            result = window(local, result);
            output[output_index(x, y, c)] = result;
        }
        workgroupBarrier();
    }
}

fn output_index(x: u32, y: u32, c: u32) -> u32 {
    return 4u * (c * params.output.plane + y * params.output.row - params.output.origin) + x;
}

// Sorts the columns of the strip's first row.
fn fill(first: vec2u, end: vec2u, c: u32, local: u32) {
    let corner = vec2i(first) - i32(params.strip.reach);
    for (var column = local; column < end.x - first.x + side() - 1u; column += 64u) {
        for (var i = 0u; i < side(); i++) {
            settle(column, i, i, tap(corner.x + i32(column), corner.y + i32(i), c));
        }
    }
}

// Moves the columns down to row y.
fn slide(first: u32, end: u32, y: u32, c: u32, local: u32) {
    let reach = i32(params.strip.reach);
    for (var column = local; column < end - first + side() - 1u; column += 64u) {
        let x = i32(first + column) - reach;
        let leaving = tap(x, i32(y) - 1 - reach, c);
        let place = split(column, leaving, leaving, leaving).count - 1u;
        settle(column, place, side() - 1u, tap(x, i32(y) + reach, c));
    }
}

// Puts v into a column that is sorted as far as `last` but for the value at `hole`.
fn settle(column: u32, hole: u32, last: u32, v: f32) {
    let base = column * side();
    var at = base + hole;
    while (at > base) {
        let next = values[at - 1u];
        if (next <= v) {
            break;
        }
        values[at] = next;
        at -= 1u;
    }
    while (at < base + last) {
        let next = values[at + 1u];
        if (next >= v) {
            break;
        }
        values[at] = next;
        at += 1u;
    }
    values[at] = v;
}

// Value i of a column, from the least.
fn sorted(column: u32, i: u32) -> f32 {
    return values[column * side() + i];
}

// A column about `bound`, given some value that is at most the bound, and one that is above it.
fn split(column: u32, bound: f32, below: f32, above: f32) -> Split {
    var found = Split(0u, below, above);
    if (LONGEST >= 32u) {
        found = probe(found, column, 32u, bound);
    }
    if (LONGEST >= 16u) {
        found = probe(found, column, 16u, bound);
    }
    if (LONGEST >= 8u) {
        found = probe(found, column, 8u, bound);
    }
    found = probe(found, column, 4u, bound);
    found = probe(found, column, 2u, bound);
    return probe(found, column, 1u, bound);
}

// Whether `step` more values are at most the bound.
fn probe(found: Split, column: u32, step: u32, bound: f32) -> Split {
    let count = found.count + step;
    let v = sorted(column, min(count, side()) - 1u);
    if (v > bound) {
        return Split(found.count, found.below, min(found.above, v));
    }
    return Split(select(found.count, count, count <= side()), max(found.below, v), found.above);
}
