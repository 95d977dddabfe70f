// What a window reads beyond the image. Twin: src/image/border.rs.

const BORDER_REFLECT101 = 0u;
const BORDER_REFLECT = 1u;
const BORDER_CLAMP = 2u;
const BORDER_WRAP = 3u;
const BORDER_CONSTANT = 4u;

// The position in 0..n that position i reads; -1 where it reads the constant.
fn border_index(border: u32, i: i32, n: i32) -> i32 {
    if (i >= 0 && i < n) {
        return i;
    }
    switch border {
        case BORDER_CONSTANT: {
            return -1;
        }
        case BORDER_CLAMP: {
            return clamp(i, 0, n - 1);
        }
        case BORDER_WRAP: {
            return rem_euclid(i, n);
        }
        case BORDER_REFLECT: {
            let t = rem_euclid(i, 2 * n);
            return select(2 * n - 1 - t, t, t < n);
        }
        default: {
            let t = rem_euclid(i, max(2 * n - 2, 1));
            return select(2 * n - 2 - t, t, t < n);
        }
    }
}

// The remainder that is never negative; m > 0.
fn rem_euclid(i: i32, m: i32) -> i32 {
    let t = i % m;
    return select(t, t + m, t < 0);
}
