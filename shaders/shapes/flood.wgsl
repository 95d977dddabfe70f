// A flood over the pixels above `low` from those above `high`, by union-find: every pixel above `low` points at another
// one of its region, in the end all of them at one, the region's root. Each step is a dispatch of its own, because each
// needs all of the one before: start, join, join, mark, flow.
//
// Joining twice: an invocation gives up after ROUNDS steps (some drivers end longer loops silently), and by then has
// shortened the path so much that the second time is sure to come through.

struct Flood {
    low: f32,
    high: f32,
    // invocations in a row of the dispatch
    span: u32,
    // the dispatch's pixels, row after row, the last excluded
    first: u32,
    end: u32,
}

const OUTSIDE = 0xffffffffu;
const ROUNDS = 10000u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = params.flood.first + id.y * params.flood.span + id.x;
    if (i < params.flood.end) {
        step(i);
    }
}

fn value_at(i: u32) -> f32 {
    let y = i / params.input_0.width;
    return load_0(i - y * params.input_0.width, y, 0u);
}

// Every pixel points at itself; no root is marked.
fn start(i: u32) {
    atomicStore(&marks[i], 0u);
    atomicStore(&parents[i], select(OUTSIDE, i, value_at(i) > params.flood.low));
}

// The root of a pixel's region so far; halves the path to it.
fn root(i: u32) -> u32 {
    var at = i;
    for (var k = 0u; k < ROUNDS; k++) {
        let parent = atomicLoad(&parents[at]);
        if (parent == at) {
            break;
        }
        let above = atomicLoad(&parents[parent]);
        atomicMin(&parents[at], above);
        at = parent;
    }
    return at;
}

// Joins each pixel's region with those of the neighbours behind it: right, and the three below.
fn join(i: u32) {
    if (atomicLoad(&parents[i]) == OUTSIDE) {
        return;
    }
    let extent = params.input_0;
    let y = i / extent.width;
    let x = i - y * extent.width;
    let right = x + 1u < extent.width;
    if (right) {
        unite(i, i + 1u);
    }
    if (y + 1u < extent.height) {
        unite(i, i + extent.width);
        if (x > 0u) {
            unite(i, i + extent.width - 1u);
        }
        if (right) {
            unite(i, i + extent.width + 1u);
        }
    }
}

// Hangs the root with the greater number under the other one.
fn unite(a: u32, b: u32) {
    if (atomicLoad(&parents[b]) == OUTSIDE) {
        return;
    }
    var one = a;
    var other = b;
    for (var k = 0u; k < ROUNDS; k++) {
        one = root(one);
        other = root(other);
        if (one == other) {
            return;
        }
        let greater = max(one, other);
        let less = min(one, other);
        let before = atomicMin(&parents[greater], less);
        if (before == greater) {
            return;
        }
        // Another invocation was first: what it hung there must be joined with the rest.
        one = before;
        other = less;
    }
}

// Marks the roots of regions that hold a seed.
fn mark(i: u32) {
    if (atomicLoad(&parents[i]) != OUTSIDE && value_at(i) > params.flood.high) {
        atomicStore(&marks[root(i)], 1u);
    }
}

fn flow(i: u32) {
    let y = i / params.input_0.width;
    let x = i - y * params.input_0.width;
    var reached = false;
    if (atomicLoad(&parents[i]) != OUTSIDE) {
        reached = atomicLoad(&marks[root(i)]) != 0u;
    }
    output[4u * y * params.output.row + x] = select(0.0, 255.0, reached);
}
