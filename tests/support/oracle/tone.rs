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

pub fn exposure(step: &Step, picture: &Picture) -> Picture {
    let scale = 2f64.powf(step.number("*stops", 0.0));
    picture.colour(|x, y, c| srgb_from_linear(scale * linear_from_srgb(picture.at(x, y, c))))
}

pub fn gamma(step: &Step, picture: &Picture) -> Picture {
    let gamma = step.number("*gamma", 1.0);
    picture.colour(|x, y, c| 255.0 * (picture.at(x, y, c).max(0.0) / 255.0).powf(1.0 / gamma))
}

pub fn levels(step: &Step, picture: &Picture) -> Picture {
    let (black, white) = (step.number("black", 0.0), step.number("white", 255.0));
    let (out_black, out_white) = (step.number("out_black", 0.0), step.number("out_white", 255.0));
    let gamma = step.number("gamma", 1.0);
    picture.colour(|x, y, c| {
        let inside = ((picture.at(x, y, c) - black) / (white - black)).clamp(0.0, 1.0);
        out_black + inside.powf(1.0 / gamma) * (out_white - out_black)
    })
}

pub fn saturation(step: &Step, picture: &Picture) -> Picture {
    if picture.colours() == 1 {
        return picture.clone();
    }
    let factor = step.number("*factor", 1.0);
    in_three_channels(picture, |[r, g, b]| {
        let gray = luma(r, g, b);
        [r, g, b].map(|v| gray + factor * (v - gray))
    })
}

pub fn hue(step: &Step, picture: &Picture) -> Picture {
    if picture.colours() == 1 {
        return picture.clone();
    }
    let degrees = step.number("*degrees", 0.0);
    in_three_channels(picture, |rgb| {
        let [hue, saturation, value] = hsv(rgb);
        rgb_of_hsv([hue + degrees, saturation, value])
    })
}

/// Hue in degrees; the distance of the least from the greatest channel, in place of a saturation that is divided by
/// the value, which may be 0 or below; the value.
fn hsv([r, g, b]: [f64; 3]) -> [f64; 3] {
    let value = r.max(g).max(b);
    let chroma = value - r.min(g).min(b);
    let hue = match () {
        _ if chroma == 0.0 => 0.0,
        _ if value == r => 60.0 * (g - b) / chroma,
        _ if value == g => 60.0 * (b - r) / chroma + 120.0,
        _ => 60.0 * (r - g) / chroma + 240.0,
    };
    [hue, chroma, value]
}

fn rgb_of_hsv([hue, chroma, value]: [f64; 3]) -> [f64; 3] {
    let least = value - chroma;
    let sixths = hue.rem_euclid(360.0) / 60.0;
    let rising = least + chroma * sixths.fract();
    let falling = least + chroma * (1.0 - sixths.fract());
    match sixths as u32 % 6 {
        0 => [value, rising, least],
        1 => [falling, value, least],
        2 => [least, value, rising],
        3 => [least, falling, value],
        4 => [rising, least, value],
        _ => [value, least, falling],
    }
}

pub fn tint(step: &Step, picture: &Picture) -> Picture {
    let (color, amount) = (step.colour("*color"), step.number("amount", 1.0));
    in_three_channels(picture, |rgb| {
        let gray = luma(rgb[0], rgb[1], rgb[2]);
        [0, 1, 2].map(|c| (1.0 - amount) * rgb[c] + amount * gray * color[c] / 255.0)
    })
}

pub fn sepia(step: &Step, picture: &Picture) -> Picture {
    const MATRIX: [[f64; 3]; 3] = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];
    let amount = step.number("*amount", 1.0);
    in_three_channels(picture, |rgb| {
        [0, 1, 2].map(|c| {
            let brown: f64 = MATRIX[c].iter().zip(rgb).map(|(weight, v)| weight * v).sum();
            (1.0 - amount) * rgb[c] + amount * brown
        })
    })
}

/// R, G, B of every pixel computed together, gray being all three; alpha kept.
fn in_three_channels(picture: &Picture, value: impl Fn([f64; 3]) -> [f64; 3]) -> Picture {
    let mut values = Vec::new();
    for pixel in picture.values.chunks(picture.channels) {
        let (colour, alpha) = pixel.split_at(picture.colours());
        values.extend(value([colour[0], colour[1 % colour.len()], colour[2 % colour.len()]]));
        values.extend(alpha);
    }
    Picture { channels: 3 + usize::from(picture.has_alpha()), values, ..*picture }
}

pub fn posterize(step: &Step, picture: &Picture) -> Picture {
    let levels = step.number("*levels", 4.0);
    picture.colour(|x, y, c| {
        let nth = (picture.at(x, y, c) * levels / 255.0).floor().clamp(0.0, levels - 1.0);
        255.0 * nth / (levels - 1.0)
    })
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
