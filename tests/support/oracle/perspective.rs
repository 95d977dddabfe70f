//! A quadrilateral pulled straight.

use super::{Picture, Step};

/// The solution of `rows x = right`, by elimination with the greatest pivot.
fn solved<const N: usize>(mut rows: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for k in 0..N {
        let pivot = (k..N).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs())).expect("a row is left");
        rows.swap(k, pivot);
        right.swap(k, pivot);
        for i in (0..N).filter(|i| *i != k) {
            let factor = rows[i][k] / rows[k][k];
            (0..N).for_each(|j| rows[i][j] -= factor * rows[k][j]);
            right[i] -= factor * right[k];
        }
    }
    std::array::from_fn(|k| right[k] / rows[k][k])
}

pub fn perspective(step: &Step, picture: &Picture) -> Picture {
    let quad = step.text("*quad").expect("perspective has a quad");
    let quad: Vec<f64> = quad.split(['/', 'x']).map(|v| v.trim().parse().expect("a number")).collect();
    let (width, height) = match step.text("size").and_then(|t| t.split_once(['x', '/'])) {
        Some((w, h)) => (w.trim().parse().expect("a width"), h.trim().parse().expect("a height")),
        None => (picture.width, picture.height),
    };
    let (w, h) = (width.max(2) as f64 - 1.0, height.max(2) as f64 - 1.0);
    // (a x + b y + c) / (g x + h y + 1) = u and its like for v, at the four corners.
    let (mut rows, mut right) = ([[0.0; 8]; 8], [0.0; 8]);
    for (i, (x, y)) in [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)].into_iter().enumerate() {
        let (u, v) = (quad[2 * i], quad[2 * i + 1]);
        rows[2 * i] = [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y];
        rows[2 * i + 1] = [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y];
        (right[2 * i], right[2 * i + 1]) = (u, v);
    }
    let m = solved(rows, right);
    let source = picture.premultiplied();
    let background = picture.background(step);
    let tap = |x: i64, y: i64, c: usize| source.at_or(x, y, c, &background);
    let mapped = source.sized(width, height, |i, j, c| {
        let (x, y) = (i as f64, j as f64);
        let below = m[6] * x + m[7] * y + 1.0;
        let below = if below == 0.0 { 1e-30 } else { below };
        let u = ((m[0] * x + m[1] * y + m[2]) / below).clamp(-1e6, 1e6);
        let v = ((m[3] * x + m[4] * y + m[5]) / below).clamp(-1e6, 1e6);
        let (s, t) = (u - u.floor(), v - v.floor());
        let (left, top) = (u.floor() as i64, v.floor() as i64);
        (1.0 - t) * ((1.0 - s) * tap(left, top, c) + s * tap(left + 1, top, c))
            + t * ((1.0 - s) * tap(left, top + 1, c) + s * tap(left + 1, top + 1, c))
    });
    mapped.straight()
}
