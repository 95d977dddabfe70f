//! Resampling to another size.

use super::tone::{linear_from_srgb, srgb_from_linear};
use super::turn::{placed, side};
use super::{Picture, Step};

pub fn resize(step: &Step, picture: &Picture) -> Picture {
    let plan = plan(step, picture.width as u128, picture.height as u128);
    let mut scaled = picture.clone();
    if plan.scaled != (picture.width, picture.height) {
        let linear = step.word("linear", "false") == "true";
        if linear {
            scaled = scaled.colour(|x, y, c| 255.0 * linear_from_srgb(picture.at(x, y, c)));
        }
        scaled = resampled(&scaled.premultiplied(), plan.scaled, &step.word("filter", "lanczos3")).straight();
        if linear {
            scaled = scaled.clone().colour(|x, y, c| srgb_from_linear(scaled.at(x, y, c) / 255.0));
        }
    }
    let background = scaled.channels_of(step.colour("background"));
    let gravity = step.word("gravity", "center");
    let left = placed(plan.scaled.0 as i64, plan.canvas.0 as i64, &gravity, "west", "east");
    let top = placed(plan.scaled.1 as i64, plan.canvas.1 as i64, &gravity, "north", "south");
    scaled.sized(plan.canvas.0, plan.canvas.1, |x, y, c| {
        let (x, y) = (x as i64 + left, y as i64 + top);
        let inside = (0..scaled.width as i64).contains(&x) && (0..scaled.height as i64).contains(&y);
        if inside { scaled.at(x as usize, y as usize, c) } else { background[c] }
    })
}

/// Sizes: what the picture is resampled to, and what is shown of it or around it.
struct Plan {
    scaled: (usize, usize),
    canvas: (usize, usize),
}

/// A scale as numerator and denominator.
type Scale = (u128, u128);

fn plan(step: &Step, width: u128, height: u128) -> Plan {
    let text = step.text("*size").expect("resize has a size");
    let fit = step.word("fit", "inside");
    let capped = |s: Scale| if step.word("enlarge", "true") == "false" && s.0 > s.1 { (1, 1) } else { s };
    let scaled = |x: Scale, y: Scale| {
        let (x, y) = (capped(x), capped(y));
        (rounded(width * x.0, x.1), rounded(height * y.0, y.1))
    };
    let plain = |s: Scale| Plan { scaled: scaled(s, s), canvas: scaled(s, s) };
    if let Some(percent) = text.strip_suffix('%') {
        let (whole, places) = percent.split_once('.').unwrap_or((percent, ""));
        let digits: u128 = format!("{whole}{places}").parse().expect("a percentage");
        return plain((digits, 100 * 10u128.pow(places.len() as u32)));
    }
    let (w, h) = text.split_once(['x', '/']).expect("WxH");
    match (w.trim().parse::<u128>(), h.trim().parse::<u128>()) {
        (Ok(w), Err(_)) => plain((w, width)),
        (Err(_), Ok(h)) => plain((h, height)),
        (Ok(w), Ok(h)) => {
            let (x, y) = ((w, width), (h, height));
            let x_is_less = x.0 * y.1 <= y.0 * x.1;
            let (least, most) = if x_is_less { (x, y) } else { (y, x) };
            let size = match fit.as_str() {
                "fill" => scaled(x, y),
                "inside" | "contain" => scaled(least, least),
                "outside" | "cover" => scaled(most, most),
                other => panic!("no fit {other}"),
            };
            let canvas = match fit.as_str() {
                "contain" => (w as usize, h as usize),
                "cover" => (size.0.min(w as usize), size.1.min(h as usize)),
                _ => size,
            };
            Plan { scaled: size, canvas }
        }
        _ => panic!("{text} is no size"),
    }
}

/// `max(1, floor(a / b + 1/2))`
fn rounded(a: u128, b: u128) -> usize {
    side((2 * a + b) / (2 * b))
}

/// Along rows, then along columns.
fn resampled(picture: &Picture, (width, height): (usize, usize), filter: &str) -> Picture {
    let columns: Vec<Taps> = (0..width).map(|x| taps(x, picture.width, width, filter)).collect();
    let rows: Vec<Taps> = (0..height).map(|y| taps(y, picture.height, height, filter)).collect();
    let wide = picture.sized(width, picture.height, |x, y, c| {
        columns[x].iter().map(|(i, weight)| weight * picture.at(*i, y, c)).sum()
    });
    wide.sized(width, height, |x, y, c| rows[y].iter().map(|(i, weight)| weight * wide.at(x, *i, c)).sum())
}

type Taps = Vec<(usize, f64)>;

/// The input positions that output `i` takes, and how much of each.
fn taps(i: usize, from: usize, to: usize, filter: &str) -> Taps {
    if filter == "nearest" {
        return vec![((2 * i + 1) * from / (2 * to), 1.0)];
    }
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    let centre = (i as f64 + 0.5) * scale;
    // The bounds and the order of Pillow: where a sample lies midway between two outputs, the box filter gives it to
    // either or neither as these roundings fall.
    let reach = stretch
        * match filter {
            "box" => 0.5,
            "bilinear" => 1.0,
            "bicubic" => 2.0,
            _ => 3.0,
        };
    let low = (centre - reach + 0.5).max(0.0) as usize;
    let high = ((centre + reach + 0.5) as usize).min(from);
    let all: Taps = (low..high).map(|j| (j, bell(filter, (j as f64 + 0.5 - centre) / stretch))).collect();
    let total: f64 = all.iter().map(|(_, w)| w).sum();
    all.into_iter().filter(|(_, w)| *w != 0.0).map(|(j, w)| (j, w / total)).collect()
}

/// The filter's weight at distance `x`.
pub fn bell(filter: &str, x: f64) -> f64 {
    let d = x.abs();
    match filter {
        // Half open, so that a sample midway between two outputs counts once.
        "box" => f64::from(u8::from(-0.5 < x && x <= 0.5)),
        "bilinear" => (1.0 - d).max(0.0),
        "bicubic" => cubic(d, -0.5),
        "lanczos3" if d < 3.0 => sinc(x) * sinc(x / 3.0),
        "lanczos3" => 0.0,
        other => panic!("no filter {other}"),
    }
}

/// Keys' cubic with parameter `a`.
fn cubic(d: f64, a: f64) -> f64 {
    if d < 1.0 {
        (a + 2.0) * d.powi(3) - (a + 3.0) * d.powi(2) + 1.0
    } else if d < 2.0 {
        a * d.powi(3) - 5.0 * a * d.powi(2) + 8.0 * a * d - 4.0 * a
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    let t = std::f64::consts::PI * x;
    if t == 0.0 { 1.0 } else { t.sin() / t }
}
