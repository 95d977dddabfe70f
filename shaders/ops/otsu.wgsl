// The table of a threshold at Otsu's level, from one histogram: 256 invocations, each over its share of the codes.
// Twin: src/ops/otsu.rs, which says what the numbers mean. Variances are compared as fractions of whole numbers.

// A whole number of 256 bits, lowest word first.
struct OtsuWide {
    low: vec4u,
    high: vec4u,
}

// A histogram parted in two. Its variance counts as square / (below above).
struct OtsuSplit {
    square: OtsuWide,
    below: u32,
    above: u32,
}

// Pixels, and the sum of their codes as two words.
struct OtsuClass {
    pixels: u32,
    sum: vec2u,
}

const OTSU_PARTS = 1000000000u;

var<workgroup> otsu_greatest: array<OtsuSplit, 256>;
var<workgroup> otsu_lowest: atomic<u32>;

// a b + c + d, which two words hold: low and high.
fn otsu_step(a: u32, b: u32, c: u32, d: u32) -> vec2u {
    let a_low = a & 65535u;
    let a_high = a >> 16u;
    let b_low = b & 65535u;
    let b_high = b >> 16u;
    let low = a_low * b_low + (c & 65535u) + (d & 65535u);
    let middle = a_high * b_low + (c >> 16u) + (low >> 16u);
    let cross = a_low * b_high + (d >> 16u) + (middle & 65535u);
    return vec2u((cross << 16u) | (low & 65535u), a_high * b_high + (middle >> 16u) + (cross >> 16u));
}

// w factor + more
fn otsu_times_plus(w: OtsuWide, factor: u32, more: OtsuWide) -> OtsuWide {
    let a = otsu_step(w.low.x, factor, more.low.x, 0u);
    let b = otsu_step(w.low.y, factor, more.low.y, a.y);
    let c = otsu_step(w.low.z, factor, more.low.z, b.y);
    let d = otsu_step(w.low.w, factor, more.low.w, c.y);
    let e = otsu_step(w.high.x, factor, more.high.x, d.y);
    let f = otsu_step(w.high.y, factor, more.high.y, e.y);
    let g = otsu_step(w.high.z, factor, more.high.z, f.y);
    let h = otsu_step(w.high.w, factor, more.high.w, g.y);
    return OtsuWide(vec4u(a.x, b.x, c.x, d.x), vec4u(e.x, f.x, g.x, h.x));
}

fn otsu_times(w: OtsuWide, factor: u32) -> OtsuWide {
    return otsu_times_plus(w, factor, OtsuWide(vec4u(0u), vec4u(0u)));
}

fn otsu_complement(w: OtsuWide) -> OtsuWide {
    return OtsuWide(~w.low, ~w.high);
}

fn otsu_next_word(w: OtsuWide) -> OtsuWide {
    return OtsuWide(vec4u(0u, w.low.xyz), vec4u(w.low.w, w.high.xyz));
}

fn otsu_split(below: OtsuClass, all: OtsuClass) -> OtsuSplit {
    let minuend = otsu_times(OtsuWide(vec4u(all.sum, 0u, 0u), vec4u(0u)), below.pixels);
    let sum = OtsuWide(vec4u(below.sum, 0u, 0u), vec4u(0u));
    // a - b = ~(~a + b)
    let distance = otsu_complement(otsu_times_plus(sum, all.pixels, otsu_complement(minuend)));
    var square = otsu_times(distance, distance.low.z);
    square = otsu_times_plus(distance, distance.low.y, otsu_next_word(square));
    square = otsu_times_plus(distance, distance.low.x, otsu_next_word(square));
    return OtsuSplit(square, below.pixels, all.pixels - below.pixels);
}

// Whether a_times the variance of a is at least b_times that of b.
fn otsu_at_least(a: OtsuSplit, a_times: u32, b: OtsuSplit, b_times: u32) -> bool {
    let left = otsu_times(otsu_times(otsu_times(a.square, b.below), b.above), a_times);
    let right = otsu_times(otsu_times(otsu_times(b.square, a.below), a.above), b_times);
    // right + ~left carries where right is greater.
    var carry = 0u;
    carry = otsu_step(~left.low.x, 1u, right.low.x, carry).y;
    carry = otsu_step(~left.low.y, 1u, right.low.y, carry).y;
    carry = otsu_step(~left.low.z, 1u, right.low.z, carry).y;
    carry = otsu_step(~left.low.w, 1u, right.low.w, carry).y;
    carry = otsu_step(~left.high.x, 1u, right.high.x, carry).y;
    carry = otsu_step(~left.high.y, 1u, right.high.y, carry).y;
    carry = otsu_step(~left.high.z, 1u, right.high.z, carry).y;
    carry = otsu_step(~left.high.w, 1u, right.high.w, carry).y;
    return carry == 0u;
}

// The class with more pixels of a code.
fn otsu_with(part: OtsuClass, code: u32, n: u32) -> OtsuClass {
    let sum = otsu_step(n, code, part.sum.x, 0u);
    return OtsuClass(part.pixels + n, vec2u(sum.x, part.sum.y + sum.y));
}

// Whether the code with n pixels parts the image.
fn otsu_parts(n: u32, below: OtsuClass, all: OtsuClass) -> bool {
    let least = (max(all.pixels, 1u) - 1u) / 8388608u + 1u;
    return n != 0u && min(below.pixels, all.pixels - below.pixels) >= least;
}

fn otsu_table(lane: u32, p: Otsu) {
    let share = p.codes / 256u;
    let begin = invocation * share;
    var own = OtsuClass(0u, vec2u(0u));
    for (var i = 0u; i < share; i++) {
        own = otsu_with(own, begin + i, histogram(begin + i));
    }
    // A sum of codes in halves of 24 bits, of which 256 still fit a word.
    let pixels = sums_of_shares(own.pixels);
    let low = sums_of_shares(own.sum.x & 0xffffffu);
    let high = sums_of_shares((own.sum.x >> 24u) | (own.sum.y << 8u));
    let before = OtsuClass(pixels.x, otsu_step(high.x, 0x1000000u, low.x, 0u));
    let all = OtsuClass(pixels.y, otsu_step(high.y, 0x1000000u, low.y, 0u));

    var greatest = OtsuSplit(OtsuWide(vec4u(0u), vec4u(0u)), 1u, 1u);
    var below = before;
    for (var i = 0u; i < share; i++) {
        let n = histogram(begin + i);
        below = otsu_with(below, begin + i, n);
        if otsu_parts(n, below, all) {
            let split = otsu_split(below, all);
            if !otsu_at_least(greatest, 1u, split, 1u) {
                greatest = split;
            }
        }
    }
    otsu_greatest[invocation] = greatest;
    if invocation == 0u {
        atomicStore(&otsu_lowest, p.codes);
    }
    workgroupBarrier();
    for (var i = 0u; i < 256u; i++) {
        if !otsu_at_least(greatest, 1u, otsu_greatest[i], 1u) {
            greatest = otsu_greatest[i];
        }
    }

    below = before;
    for (var i = 0u; i < share; i++) {
        let n = histogram(begin + i);
        below = otsu_with(below, begin + i, n);
        if otsu_parts(n, below, all) {
            if otsu_at_least(otsu_split(below, all), OTSU_PARTS, greatest, OTSU_PARTS - 1u) {
                atomicMin(&otsu_lowest, begin + i);
                break;
            }
        }
    }
    workgroupBarrier();
    let lowest = atomicLoad(&otsu_lowest);
    let level = f32(select(lowest, 0u, lowest == p.codes)) * p.levels_per_code;
    for (var i = 0u; i < share; i++) {
        let v = f32(begin + i) * p.levels_per_code;
        set_table(begin + i, threshold_mode(vec4f(v), level, p.mode).x);
    }
}
