//! Colour and tone, pixel by pixel.

use super::{Picture, Step, luma};

pub fn linear_from_srgb(level: f64) -> f64 {
    let v = level / 255.0;
    if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

pub fn srgb_from_linear(v: f64) -> f64 {
    255.0 * if v <= 0.0031308 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

pub fn grayscale(step: &Step, picture: &Picture) -> Picture {
    if picture.colours() == 1 {
        return picture.clone();
    }
    let weights = step.word("*weights", "bt601");
    let mut values = Vec::new();
    for pixel in picture.values.chunks(picture.channels) {
        let (r, g, b) = (pixel[0], pixel[1], pixel[2]);
        let luminance = |r: f64, g: f64, b: f64| 0.2126 * r + 0.7152 * g + 0.0722 * b;
        values.push(match weights.as_str() {
            "bt601" => luma(r, g, b),
            "bt709" => luminance(r, g, b),
            "average" => (r + g + b) / 3.0,
            "linear" => srgb_from_linear(luminance(linear_from_srgb(r), linear_from_srgb(g), linear_from_srgb(b))),
            other => panic!("no weights {other}"),
        });
        values.extend(pixel.get(3));
    }
    Picture { channels: picture.channels - 2, values, ..*picture }
}

pub fn brightness(step: &Step, picture: &Picture) -> Picture {
    let amount = step.number("*amount", 0.0);
    picture.colour(|x, y, c| picture.at(x, y, c) + amount)
}

pub fn contrast(step: &Step, picture: &Picture) -> Picture {
    let (factor, pivot) = (step.number("*factor", 1.0), step.number("pivot", 127.5));
    picture.colour(|x, y, c| (picture.at(x, y, c) - pivot) * factor + pivot)
}

pub fn invert(picture: &Picture) -> Picture {
    picture.colour(|x, y, c| 255.0 - picture.at(x, y, c))
}

pub fn threshold(step: &Step, picture: &Picture) -> Picture {
    let (level, mode) = (step.number("*level", 128.0), step.word("mode", "binary"));
    picture.colour(|x, y, c| split(&mode, level, picture.at(x, y, c)))
}

/// What a threshold makes of a value.
pub fn split(mode: &str, level: f64, v: f64) -> f64 {
    match (mode, v > level) {
        ("binary", above) => 255.0 * f64::from(u8::from(above)),
        ("binary_inv", above) => 255.0 * f64::from(u8::from(!above)),
        ("trunc", true) => level,
        ("trunc", false) | ("tozero", true) | ("tozero_inv", false) => v,
        ("tozero", false) | ("tozero_inv", true) => 0.0,
        (other, _) => panic!("no mode {other}"),
    }
}
