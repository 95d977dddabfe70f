//! Pixels moved: crop, pad, flip, transpose, rotate.

use super::resize::bell;
use super::{Picture, Step, border_position};

/// At least 1 px.
pub fn side(v: u128) -> usize {
    v.max(1) as usize
}

/// Where in an axis of `outer` px one of `inner` px begins; `outer` may be the smaller one.
pub fn placed(outer: i64, inner: i64, gravity: &str, low: &str, high: &str) -> i64 {
    let room = outer - inner;
    if gravity.contains(low) {
        0
    } else if gravity.contains(high) {
        room
    } else if room >= 0 {
        room / 2
    } else {
        // The inner one is larger, so the outer one is placed in it.
        -((-room) / 2)
    }
}

pub fn crop(step: &Step, picture: &Picture) -> Result<Picture, String> {
    let (w, h) = step.text("*size").and_then(|t| t.split_once(['x', '/'])).expect("crop has a size");
    let (w, h): (i64, i64) = (w.trim().parse().expect("a width"), h.trim().parse().expect("a height"));
    let gravity = step.word("gravity", "center");
    let (width, height) = (picture.width as i64, picture.height as i64);
    let x = step.whole("x", placed(width, w, &gravity, "west", "east"));
    let y = step.whole("y", placed(height, h, &gravity, "north", "south"));
    if x < 0 || y < 0 || x + w > width || y + h > height {
        return Err(format!("{w}x{h} at {x}, {y} is not inside {width}x{height}"));
    }
    let moved = |i: usize, by: i64| i + by as usize;
    Ok(picture.sized(w as usize, h as usize, |i, j, c| picture.at(moved(i, x), moved(j, y), c)))
}

pub fn pad(step: &Step, picture: &Picture) -> Result<Picture, String> {
    let size = step.text("*size").expect("pad has a size");
    let sides: Vec<usize> = size.split(['x', '/']).map(|t| t.trim().parse().expect("a width")).collect();
    let (width, height) = (sides[0] + picture.width + sides[2], sides[1] + picture.height + sides[3]);
    if width > 65535 || height > 65535 {
        return Err(format!("{width}x{height} is too large"));
    }
    let border = step.word("border", "constant");
    let value = picture.channels_of(step.colour("value"));
    let along = |i: usize, before: usize, n: usize| border_position(&border, i as i64 - before as i64, n);
    Ok(picture.sized(width, height, |x, y, c| {
        match (along(x, sides[0], picture.width), along(y, sides[1], picture.height)) {
            (Some(x), Some(y)) => picture.at(x, y, c),
            _ => value[c],
        }
    }))
}

pub fn transpose(picture: &Picture) -> Picture {
    picture.sized(picture.height, picture.width, |x, y, c| picture.at(y, x, c))
}

pub fn flip(step: &Step, picture: &Picture) -> Picture {
    let (w, h) = (picture.width, picture.height);
    match step.word("*axis", "horizontal").as_str() {
        "horizontal" => picture.sized(w, h, |x, y, c| picture.at(w - 1 - x, y, c)),
        "vertical" => picture.sized(w, h, |x, y, c| picture.at(x, h - 1 - y, c)),
        other => panic!("no axis {other}"),
    }
}

/// A quarter turn counter-clockwise: the right column becomes the top row.
fn quarter(picture: &Picture) -> Picture {
    picture.sized(picture.height, picture.width, |x, y, c| picture.at(picture.width - 1 - y, x, c))
}

pub fn rotate(step: &Step, picture: &Picture) -> Picture {
    let angle = step.number("*angle", f64::NAN).rem_euclid(360.0);
    let expand = step.word("expand", "true") == "true";
    let quarters = (angle / 90.0).floor() as usize;
    let exact = angle % 90.0 == 0.0;
    if exact && (expand || quarters.is_multiple_of(2) || picture.width == picture.height) {
        return (0..quarters).fold(picture.clone(), |p, _| quarter(&p));
    }
    let (sin, cos) = match (exact, quarters) {
        (true, 1) => (1.0, 0.0),
        (true, 3) => (-1.0, 0.0),
        _ => angle.to_radians().sin_cos(),
    };
    mapped(step, &picture.premultiplied(), (sin, cos), expand).straight()
}

/// Every output pixel looked up where it came from.
fn mapped(step: &Step, picture: &Picture, (sin, cos): (f64, f64), expand: bool) -> Picture {
    let (w, h) = (picture.width as f64, picture.height as f64);
    let long = |a: f64, b: f64| side((a * cos.abs() + b * sin.abs() + 0.5).floor() as u128);
    let size = if expand { (long(w, h), long(h, w)) } else { (picture.width, picture.height) };
    let filter = step.word("filter", "bilinear");
    let background = picture.background(step);
    let tap = |x: i64, y: i64, c: usize| picture.at_or(x, y, c, &background);
    picture.sized(size.0, size.1, |i, j, c| {
        let (dx, dy) = (i as f64 - (size.0 as f64 - 1.0) / 2.0, j as f64 - (size.1 as f64 - 1.0) / 2.0);
        // y points down, so a turn counter-clockwise takes what lies clockwise of the pixel.
        let x = (w - 1.0) / 2.0 + cos * dx - sin * dy;
        let y = (h - 1.0) / 2.0 + sin * dx + cos * dy;
        if filter == "nearest" {
            return tap((x + 0.5).floor() as i64, (y + 0.5).floor() as i64, c);
        }
        let mut sum = 0.0;
        for v in y.floor() as i64 - 1..=y.floor() as i64 + 2 {
            for u in x.floor() as i64 - 1..=x.floor() as i64 + 2 {
                sum += bell(&filter, x - u as f64) * bell(&filter, y - v as f64) * tap(u, v, c);
            }
        }
        sum
    })
}
