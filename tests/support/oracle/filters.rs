//! Blurs, median, edges, sharpening, cells.

use super::{Picture, Step, border_position};

/// A picture seen through a border.
pub struct Bordered<'a> {
    picture: &'a Picture,
    border: String,
    /// Of each channel, for `constant`.
    pub value: Vec<f64>,
}

impl<'a> Bordered<'a> {
    pub fn new(step: &Step, default: &str, picture: &'a Picture) -> Bordered<'a> {
        Bordered { picture, border: step.word("border", default), value: picture.channels_of(step.colour("value")) }
    }

    pub fn at(&self, x: i64, y: i64, c: usize) -> f64 {
        let column = border_position(&self.border, x, self.picture.width);
        let row = border_position(&self.border, y, self.picture.height);
        match (column, row) {
            (Some(x), Some(y)) => self.picture.at(x, y, c),
            _ => self.value[c],
        }
    }

    /// The picture with `reach` more pixels on every side.
    pub fn extended(&self, reach: usize) -> Picture {
        let (width, height) = (self.picture.width + 2 * reach, self.picture.height + 2 * reach);
        let inner = |v: usize| v as i64 - reach as i64;
        self.picture.sized(width, height, |x, y, c| self.at(inner(x), inner(y), c))
    }

    /// Sums of `2 r + 1` weighted neighbours along rows, then along columns, alpha like colour.
    fn separable(&self, weights: &[f64]) -> Picture {
        let reach = weights.len() as i64 / 2;
        let along = |n: usize| -> Vec<Vec<Option<usize>>> {
            let taps = |i: usize| (-reach..=reach).map(move |d| i as i64 + d);
            (0..n).map(|i| taps(i).map(|j| border_position(&self.border, j, n)).collect()).collect()
        };
        let source = self.picture;
        let (columns, rows) = (along(source.width), along(source.height));
        let wide = source.sized(source.width, source.height, |x, y, c| {
            weights.iter().zip(&columns[x]).map(|(w, i)| w * i.map_or(self.value[c], |i| source.at(i, y, c))).sum()
        });
        source.sized(source.width, source.height, |x, y, c| {
            weights.iter().zip(&rows[y]).map(|(w, i)| w * i.map_or(self.value[c], |i| wide.at(x, i, c))).sum()
        })
    }
}

/// A separable blur on premultiplied colour, given back straight.
fn blur(step: &Step, picture: &Picture, weights: &[f64]) -> Picture {
    let premultiplied = picture.premultiplied();
    let mut bordered = Bordered::new(step, "reflect101", &premultiplied);
    if let (true, Some((alpha, colour))) = (picture.has_alpha(), bordered.value.split_last_mut()) {
        colour.iter_mut().for_each(|v| *v *= *alpha / 255.0);
    }
    bordered.separable(weights).straight()
}

pub fn box_blur(step: &Step, picture: &Picture) -> Picture {
    let taps = 2 * step.whole("*radius", 1) as usize + 1;
    blur(step, picture, &vec![1.0 / taps as f64; taps])
}

pub fn gaussian_blur(step: &Step, picture: &Picture) -> Picture {
    let sigma = step.number("*sigma", 1.0);
    blur(step, picture, &gaussian_weights(sigma))
}

fn gaussian_weights(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5).floor() as i64;
    let bell = |x: i64| if x == 0 { 1.0 } else { (-((x * x) as f64) / (2.0 * sigma * sigma)).exp() };
    let total: f64 = (-radius..=radius).map(bell).sum();
    (-radius..=radius).map(|x| bell(x) / total).collect()
}

pub fn unsharp_mask(step: &Step, picture: &Picture) -> Picture {
    let (amount, threshold) = (step.number("*amount", 1.0), step.number("threshold", 0.0));
    let blurred = blur(step, picture, &gaussian_weights(step.number("sigma", 1.0)));
    picture.colour(|x, y, c| {
        let v = picture.at(x, y, c);
        let detail = v - blurred.at(x, y, c);
        if threshold == 0.0 || detail.abs() > threshold { v + amount * detail } else { v }
    })
}

pub fn median(step: &Step, picture: &Picture) -> Picture {
    let r = step.whole("*radius", 1);
    let bordered = Bordered::new(step, "clamp", picture);
    picture.colour(|x, y, c| {
        let mut window = Vec::new();
        for dy in -r..=r {
            for dx in -r..=r {
                window.push(bordered.at(x as i64 + dx, y as i64 + dy, c));
            }
        }
        let middle = window.len() / 2;
        *window.select_nth_unstable_by(middle, f64::total_cmp).1
    })
}

/// Slopes by a difference across the pixel, smoothed along the other axis by three weights.
pub fn slope(step: &Step, picture: &Picture, smooth: [f64; 3]) -> Picture {
    let (output, scale) = (step.word("output", "magnitude"), step.number("scale", 1.0));
    let bordered = Bordered::new(step, "reflect101", picture);
    picture.colour(|x, y, c| {
        let (mut gx, mut gy) = (0.0, 0.0);
        for j in 0..3 {
            for i in 0..3 {
                let v = bordered.at(x as i64 + i - 1, y as i64 + j - 1, c);
                gx += v * (i - 1) as f64 * smooth[j as usize];
                gy += v * (j - 1) as f64 * smooth[i as usize];
            }
        }
        scale
            * match output.as_str() {
                "magnitude" => (gx * gx + gy * gy).sqrt(),
                "x" => gx.abs(),
                "y" => gy.abs(),
                other => panic!("no output {other}"),
            }
    })
}

pub fn adaptive_threshold(step: &Step, picture: &Picture) -> Picture {
    let (block, c) = (step.whole("*block", 11), step.number("c", 2.0));
    let weights = match step.word("method", "mean").as_str() {
        "mean" => vec![1.0 / block as f64; block as usize],
        _ => opencv_gaussian(block),
    };
    let means = Bordered::new(step, "clamp", picture).separable(&weights);
    picture.colour(|x, y, channel| {
        // A tie that f64 misses by its last bits is one all the same.
        let mean = ((means.at(x, y, channel) * 1e9).round() / 1e9).round_ties_even();
        if picture.at(x, y, channel) > mean - c { 255.0 } else { 0.0 }
    })
}

/// `cv2.getGaussianKernel(size, 0)`.
fn opencv_gaussian(size: i64) -> Vec<f64> {
    let sixteenths = |weights: &[i32]| weights.iter().map(|w| f64::from(*w) / 16.0).collect();
    match size {
        3 => return sixteenths(&[4, 8, 4]),
        5 => return sixteenths(&[1, 4, 6, 4, 1]),
        7 => return vec![0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125],
        9 => {
            let half = [0.015625, 0.05078125, 0.1171875, 0.19921875, 0.234375];
            return half.iter().chain(half[..4].iter().rev()).copied().collect();
        }
        _ => {}
    }
    let sigma = 0.3 * ((size as f64 - 1.0) * 0.5 - 1.0) + 0.8;
    let bell = |i: i64| (-((i - size / 2) as f64).powi(2) / (2.0 * sigma * sigma)).exp();
    let total: f64 = (0..size).map(bell).sum();
    (0..size).map(|i| bell(i) / total).collect()
}

pub fn laplacian(step: &Step, picture: &Picture) -> Picture {
    // The tests write three places: in whole thousandths, a tie between two levels is exact.
    let thousandths = (1000.0 * step.number("scale", 1.0)).round();
    let bordered = Bordered::new(step, "reflect101", picture);
    picture.colour(|x, y, c| {
        let at = |dx: i64, dy: i64| bordered.at(x as i64 + dx, y as i64 + dy, c);
        let curvature = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4.0 * at(0, 0);
        thousandths * curvature.abs() / 1000.0
    })
}

pub fn difference_of_gaussians(step: &Step, picture: &Picture) -> Picture {
    let (sigma, k) = (step.number("*sigma", 1.0), step.number("k", 1.6));
    let [first, second] = [sigma, k * sigma].map(|sigma| blur(step, picture, &gaussian_weights(sigma)));
    picture.colour(|x, y, c| (first.at(x, y, c) - second.at(x, y, c)).abs())
}

pub fn pixelate(step: &Step, picture: &Picture) -> Picture {
    let size = step.whole("*size", 8) as usize;
    let source = picture.premultiplied();
    let cell = |i: usize, n: usize| i / size * size..((i / size + 1) * size).min(n);
    let mean = |x: usize, y: usize, c: usize| {
        let (columns, rows) = (cell(x, source.width), cell(y, source.height));
        let count = columns.len() * rows.len();
        let sum: f64 = rows.flat_map(|y| columns.clone().map(move |x| (x, y))).map(|(x, y)| source.at(x, y, c)).sum();
        sum / count as f64
    };
    // Each cell once.
    let corners =
        source.sized(source.width.div_ceil(size), source.height.div_ceil(size), |x, y, c| mean(x * size, y * size, c));
    source.sized(source.width, source.height, |x, y, c| corners.at(x / size, y / size, c)).straight()
}
