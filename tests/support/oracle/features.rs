//! Edges and corners of luma in whole levels.

use super::filters::gaussian_blur;
use super::shade::luma_levels;
use super::{Picture, Step, border_position, steps};

/// One channel of these values, with the alpha of `picture`.
fn gray(picture: &Picture, value: impl Fn(usize) -> f64) -> Picture {
    let mut values = Vec::new();
    for (i, pixel) in picture.values.chunks(picture.channels).enumerate() {
        values.push(value(i));
        values.extend(&pixel[picture.colours()..]);
    }
    Picture { channels: 1 + picture.channels - picture.colours(), values, ..*picture }
}

/// Luma levels as a picture of one channel.
fn luma_picture(picture: &Picture) -> Picture {
    let values = luma_levels(picture).into_iter().map(|v| v as f64).collect();
    Picture { channels: 1, values, ..*picture }
}

/// Horizontal and vertical slopes by Sobel's kernels.
fn slopes(luma: &Picture, border: &str) -> (Vec<f64>, Vec<f64>) {
    let at = |x: i64, y: i64| {
        let column = border_position(border, x, luma.width).expect("no constant");
        luma.at(column, border_position(border, y, luma.height).expect("no constant"), 0)
    };
    let smooth = [1.0, 2.0, 1.0];
    let places = (0..luma.height as i64).flat_map(|y| (0..luma.width as i64).map(move |x| (x, y)));
    places
        .map(|(x, y)| {
            let across = |j: i64| at(x + 1, y + j) - at(x - 1, y + j);
            let down = |i: i64| at(x + i, y + 1) - at(x + i, y - 1);
            let weighted = |slope: &dyn Fn(i64) -> f64| (-1..=1).zip(smooth).map(|(k, w)| w * slope(k)).sum::<f64>();
            (weighted(&across), weighted(&down))
        })
        .unzip()
}

pub fn canny(step: &Step, picture: &Picture) -> Picture {
    let mut luma = luma_picture(picture);
    let sigma = step.number("sigma", 0.0);
    if sigma > 0.0 {
        luma = gaussian_blur(&steps(&format!("gaussian_blur:{sigma}:border=clamp"))[0], &luma);
        luma.values.iter_mut().for_each(|v| *v = (v.clamp(0.0, 255.0) + 0.5).floor());
    }
    let (gx, gy) = slopes(&luma, "clamp");
    let squared = step.word("norm", "l1") == "l2";
    let slope = |i: usize| if squared { gx[i] * gx[i] + gy[i] * gy[i] } else { gx[i].abs() + gy[i].abs() };
    let (a, b) = (step.number("*low", 50.0), step.number("high", 150.0));
    let whole = |v: f64| if squared { v.min(32_767.0).powi(2).floor() } else { v.floor() };
    let (low, high) = (whole(a.min(b)), whole(a.max(b)));
    let (width, height) = (luma.width as i64, luma.height as i64);
    let at = |x: i64, y: i64| {
        let inside = (0..width).contains(&x) && (0..height).contains(&y);
        if inside { slope((y * width + x) as usize) } else { 0.0 }
    };
    let is_peak = |x: i64, y: i64| {
        let i = (y * width + x) as usize;
        let (run, rise) = (gx[i].abs(), gy[i].abs() * 32_768.0);
        let tangent22 = run * 13_573.0;
        let ((dx, dy), ties) = match () {
            _ if rise < tangent22 => ((1, 0), true),
            _ if rise > tangent22 + run * 65_536.0 => ((0, 1), true),
            _ if (gx[i] < 0.0) != (gy[i] < 0.0) => ((-1, 1), false),
            _ => ((1, 1), false),
        };
        let (before, here, after) = (at(x - dx, y - dy), at(x, y), at(x + dx, y + dy));
        here > low && here > before && (here > after || ties && here == after)
    };
    let peaks: Vec<bool> =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| is_peak(x, y)).collect();
    let mut edges: Vec<bool> = peaks.iter().enumerate().map(|(i, peak)| *peak && slope(i) > high).collect();
    // Strong ones spread to the peaks beside them until none is added.
    loop {
        let beside = |i: i64| {
            let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (i % width + dx, i / width + dy)));
            around
                .filter(|(x, y)| (0..width).contains(x) && (0..height).contains(y))
                .any(|(x, y)| edges[(y * width + x) as usize])
        };
        let more: Vec<bool> = (0..edges.len()).map(|i| peaks[i] && beside(i as i64)).collect();
        if more == edges {
            break;
        }
        edges = more;
    }
    gray(picture, |i| if edges[i] { 255.0 } else { 0.0 })
}

pub fn harris(step: &Step, picture: &Picture) -> Picture {
    let luma = luma_picture(picture);
    let (gx, gy) = slopes(&luma, "reflect101");
    let block = step.whole("block", 2);
    let (k, threshold) = (step.number("*k", 0.04), step.number("threshold", 0.01));
    let (width, height) = (luma.width as i64, luma.height as i64);
    let inner = |i: i64, n: i64| border_position("reflect101", i, n as usize).expect("no constant") as i64;
    let response = |x: i64, y: i64| {
        let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
        for dy in 0..block {
            for dx in 0..block {
                let (u, v) = (inner(x + dx - block / 2, width), inner(y + dy - block / 2, height));
                let i = (v * width + u) as usize;
                a += gx[i] * gx[i];
                b += gx[i] * gy[i];
                c += gy[i] * gy[i];
            }
        }
        a * c - b * b - k * (a + c) * (a + c)
    };
    let responses: Vec<f64> = (0..height).flat_map(|y| (0..width).map(move |x| response(x, y))).collect();
    let greatest = responses.iter().copied().fold(f64::MIN, f64::max);
    gray(picture, |i| if responses[i] > threshold * greatest { 255.0 } else { 0.0 })
}
