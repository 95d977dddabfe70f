//! Blurs, median, edges, sharpening.

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

pub fn sobel(step: &Step, picture: &Picture) -> Picture {
    let (output, scale) = (step.word("output", "magnitude"), step.number("scale", 1.0));
    let bordered = Bordered::new(step, "reflect101", picture);
    let smooth = [1.0, 2.0, 1.0];
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
