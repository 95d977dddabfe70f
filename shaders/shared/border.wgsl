// What a window reads beyond the image. Twin: src/image/border.rs.

const BORDER_REFLECT101 = 0u;
const BORDER_REFLECT = 1u;
const BORDER_CLAMP = 2u;
const BORDER_WRAP = 3u;
const BORDER_CONSTANT = 4u;

// The position in 0..n that position i reads; -1 where it reads the constant. No branches and no division of whole
// numbers: taps at a rim call this many times, and either is long code on some drivers.
fn border_index(border: u32, i: i32, n: i32) -> i32 {
    // Positions repeat after a period; those of it beyond the image are seen in a mirror.
    let mirror = 2 * n - select(1, 2, border == BORDER_REFLECT101);
    let reflected = select(mirror + 1, max(mirror, 1), border == BORDER_REFLECT101);
    let period = select(reflected, n, border == BORDER_WRAP);
    let t = remainder(select(i, clamp(i, 0, n - 1), border == BORDER_CLAMP), period);
    let inside = select(mirror - t, t, t < n);
    return select(inside, -1, border == BORDER_CONSTANT && (i < 0 || i >= n));
}

// The remainder that is never negative; m > 0, and both below 2^24. The quotient may be off by one, as floats are divided.
fn remainder(i: i32, m: i32) -> i32 {
    let t = i - m * i32(floor(f32(i) / f32(m)));
    return t + select(0, m, t < 0) - select(0, m, t >= m);
}
