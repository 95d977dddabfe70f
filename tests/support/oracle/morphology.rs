//! Erosion, dilation, and what is made of them.

use super::{Picture, Step};

/// The least or greatest value of a shape around each pixel, several times over; the outside is left out.
fn repeated(step: &Step, picture: &Picture, pick: fn(f64, f64) -> f64) -> Picture {
    let offsets = offsets(step.whole("*radius", 1), &step.word("shape", "square"));
    let mut result = picture.clone();
    for _ in 0..step.whole("iterations", 1) {
        result = once(&result, &offsets, pick);
    }
    result
}

pub fn erode(step: &Step, picture: &Picture) -> Picture {
    repeated(step, picture, f64::min)
}

pub fn dilate(step: &Step, picture: &Picture) -> Picture {
    repeated(step, picture, f64::max)
}

pub fn open(step: &Step, picture: &Picture) -> Picture {
    dilate(step, &erode(step, picture))
}

pub fn close(step: &Step, picture: &Picture) -> Picture {
    erode(step, &dilate(step, picture))
}

/// `high - low` in colour, alpha kept.
pub fn minus(high: &Picture, low: &Picture) -> Picture {
    high.colour(|x, y, c| high.at(x, y, c) - low.at(x, y, c))
}

fn once(picture: &Picture, offsets: &[(i64, i64)], pick: fn(f64, f64) -> f64) -> Picture {
    let inside = |i: i64, n: usize| (0..n as i64).contains(&i).then_some(i as usize);
    picture.colour(|x, y, c| {
        let places = offsets.iter().filter_map(|(dx, dy)| {
            Some((inside(x as i64 + dx, picture.width)?, inside(y as i64 + dy, picture.height)?))
        });
        places.map(|(x, y)| picture.at(x, y, c)).reduce(pick).expect("a shape holds its own middle")
    })
}

fn offsets(r: i64, shape: &str) -> Vec<(i64, i64)> {
    let holds = |dx: i64, dy: i64| match shape {
        "square" => true,
        "cross" => dx == 0 || dy == 0,
        "disk" => dx * dx + dy * dy <= r * r + r,
        other => panic!("no shape {other}"),
    };
    (-r..=r).flat_map(|dy| (-r..=r).map(move |dx| (dx, dy))).filter(|(dx, dy)| holds(*dx, *dy)).collect()
}
