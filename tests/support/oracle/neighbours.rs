//! Neighbours weighed by place and likeness, and by lists of weights.

use super::filters::Bordered;
use super::{Picture, Step};

/// Of each pixel the mean of its neighbours, weighted by `weight(dx, dy)` of a picture of weights and by alpha.
fn weighted_mean(picture: &Picture, extended: &Picture, reach: usize, weights: &[((i64, i64), Vec<f64>)]) -> Picture {
    let colours = picture.colours();
    let near = |v: usize, d: i64| (v as i64 + reach as i64 + d) as usize;
    let alpha = |x: usize, y: usize| if picture.has_alpha() { extended.at(x, y, colours) } else { 1.0 };
    picture.colour(|x, y, c| {
        let (mut sum, mut total) = (0.0, 0.0);
        for ((dx, dy), weight) in weights {
            let (u, v) = (near(x, *dx), near(y, *dy));
            let w = weight[y * picture.width + x] * alpha(u, v);
            sum += w * extended.at(u, v, c);
            total += w;
        }
        if total > 0.0 && alpha(near(x, 0), near(y, 0)) > 0.0 { sum / total } else { 0.0 }
    })
}

fn square(r: i64) -> impl Iterator<Item = (i64, i64)> {
    (-r..=r).flat_map(move |dy| (-r..=r).map(move |dx| (dx, dy)))
}

pub fn bilateral(step: &Step, picture: &Picture) -> Picture {
    let r = step.whole("*radius", 4);
    let (colour, space) = (step.number("sigma_color", 50.0), step.number("sigma_space", 3.0));
    let extended = Bordered::new(step, "reflect101", picture).extended(r as usize);
    let weight = |x: usize, y: usize, dx: i64, dy: i64| {
        let near = |c| extended.at((x as i64 + r + dx) as usize, (y as i64 + r + dy) as usize, c);
        let d: f64 = (0..picture.colours()).map(|c| (near(c) - picture.at(x, y, c)).abs()).sum();
        (-d * d / (2.0 * colour * colour)).exp() * (-((dx * dx + dy * dy) as f64) / (2.0 * space * space)).exp()
    };
    let disc = square(r).filter(|(dx, dy)| dx * dx + dy * dy <= r * r);
    let places = || (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (x, y)));
    let weights: Vec<_> =
        disc.map(|(dx, dy)| ((dx, dy), places().map(|(x, y)| weight(x, y, dx, dy)).collect())).collect();
    weighted_mean(picture, &extended, r as usize, &weights)
}

pub fn non_local_means(step: &Step, picture: &Picture) -> Picture {
    let (h, noise) = (step.number("*h", 10.0), step.number("noise", 0.0));
    let (patch, search) = (step.whole("patch", 3), step.whole("search", 10));
    let reach = (patch + search) as usize;
    let extended = Bordered::new(step, "reflect101", picture).extended(reach);
    let weight = |distance: f64| (-(distance - 2.0 * noise * noise).max(0.0) / (h * h)).exp();
    let weights: Vec<_> = square(search)
        .map(|offset| (offset, patch_distances(picture, &extended, patch, search, offset).into_iter().map(weight)))
        .map(|(offset, weights)| (offset, weights.collect()))
        .collect();
    weighted_mean(picture, &extended, reach, &weights)
}

/// Of each pixel the mean squared difference of its patch from the one at an offset.
fn patch_distances(picture: &Picture, extended: &Picture, patch: i64, search: i64, (dx, dy): (i64, i64)) -> Vec<f64> {
    let colours = picture.colours();
    let side = 2 * patch as usize + 1;
    let (wide, tall) = (picture.width + side - 1, picture.height + side - 1);
    let place = |v: usize, d: i64| (v as i64 + search + d) as usize;
    let mut squares = vec![0.0; wide * tall];
    for y in 0..tall {
        for x in 0..wide {
            let squared =
                |c| (extended.at(place(x, 0), place(y, 0), c) - extended.at(place(x, dx), place(y, dy), c)).powi(2);
            squares[y * wide + x] = (0..colours).map(squared).sum::<f64>() / colours as f64;
        }
    }
    let along: Vec<f64> = (0..tall)
        .flat_map(|y| (0..picture.width).map(move |x| (x, y)))
        .map(|(x, y)| squares[y * wide + x..][..side].iter().sum())
        .collect();
    (0..picture.height)
        .flat_map(|y| (0..picture.width).map(move |x| (x, y)))
        .map(|(x, y)| (y..y + side).map(|row| along[row * picture.width + x]).sum::<f64>() / (side * side) as f64)
        .collect()
}

/// Sine and cosine of `angle`, exact for quarter turns: what lies beside a line along an axis has no share at all, which
/// shows where alpha is 0.
fn direction(step: &Step, default: f64) -> (f64, f64) {
    let (sin, cos) = step.number("angle", default).to_radians().sin_cos();
    let exact = |v: f64| if v.abs() < 1e-9 { 0.0 } else { v };
    (exact(sin), exact(cos))
}

pub fn motion_blur(step: &Step, picture: &Picture) -> Picture {
    let count = (step.number("*length", 9.0) + 0.5).floor();
    let (sin, cos) = direction(step, 0.0);
    let premultiplied = picture.premultiplied();
    let mut bordered = Bordered::new(step, "reflect101", &premultiplied);
    if let (true, Some((alpha, colour))) = (picture.has_alpha(), bordered.value.split_last_mut()) {
        colour.iter_mut().for_each(|v| *v *= *alpha / 255.0);
    }
    let sample = |x: f64, y: f64, c: usize| {
        let (left, top) = (x.floor(), y.floor());
        let (s, t) = (x - left, y - top);
        let at = |dx: i64, dy: i64| bordered.at(left as i64 + dx, top as i64 + dy, c);
        (at(0, 0) * (1.0 - s) + at(1, 0) * s) * (1.0 - t) + (at(0, 1) * (1.0 - s) + at(1, 1) * s) * t
    };
    let blurred = premultiplied.sized(picture.width, picture.height, |x, y, c| {
        let places = (0..count as i64).map(|i| i as f64 - (count - 1.0) / 2.0);
        places.map(|t| sample(x as f64 + t * cos, y as f64 - t * sin, c)).sum::<f64>() / count
    });
    blurred.straight()
}

/// Each colour sample from its neighbours, weighted by the rows of a kernel.
fn correlated(step: &Step, picture: &Picture, kernel: &[Vec<f64>]) -> Picture {
    let bordered = Bordered::new(step, "reflect101", picture);
    let (top, left) = (kernel.len() as i64 / 2, kernel[0].len() as i64 / 2);
    picture.colour(|x, y, c| {
        let mut sum = 0.0;
        for (j, row) in kernel.iter().enumerate() {
            for (i, weight) in row.iter().enumerate() {
                sum += weight * bordered.at(x as i64 + i as i64 - left, y as i64 + j as i64 - top, c);
            }
        }
        sum
    })
}

pub fn convolve(step: &Step, picture: &Picture) -> Picture {
    let number = |t: &str| t.trim().parse::<f64>().expect("a weight");
    let text = step.text("*kernel").expect("a kernel");
    let kernel: Vec<Vec<f64>> = text.split(';').map(|row| row.split('/').map(number).collect()).collect();
    let sum: f64 = kernel.iter().flatten().sum();
    let scale = step.number("scale", if sum == 0.0 { 1.0 } else { sum });
    let offset = step.number("offset", 0.0);
    let correlated = correlated(step, picture, &kernel);
    picture.colour(|x, y, c| correlated.at(x, y, c) / scale + offset)
}

pub fn emboss(step: &Step, picture: &Picture) -> Picture {
    let (sin, cos) = direction(step, 135.0);
    let strength = step.number("*strength", 1.0);
    let kernel: Vec<Vec<f64>> = [-1.0, 0.0, 1.0]
        .iter()
        .map(|dy| [-1.0, 0.0, 1.0].map(|dx| strength * (dy * sin - dx * cos)).to_vec())
        .collect();
    let correlated = correlated(step, picture, &kernel);
    picture.colour(|x, y, c| correlated.at(x, y, c) + 128.0)
}
