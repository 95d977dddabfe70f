//! Light and colour by place and by table.

use super::{Picture, Step};

pub fn vignette(step: &Step, picture: &Picture) -> Picture {
    let (strength, inner) = (step.number("*strength", 0.5), step.number("inner", 0.4));
    let (cx, cy) = ((picture.width as f64 - 1.0) / 2.0, (picture.height as f64 - 1.0) / 2.0);
    let corner = (cx * cx + cy * cy).sqrt();
    picture.colour(|x, y, c| {
        let from_centre = ((x as f64 - cx).powi(2) + (y as f64 - cy).powi(2)).sqrt();
        let r = if corner == 0.0 { 0.0 } else { from_centre / corner };
        let t = ((r - inner) / (1.0 - inner)).clamp(0.0, 1.0);
        picture.at(x, y, c) * (1.0 - strength * t * t * (3.0 - 2.0 * t))
    })
}

pub fn flatten(step: &Step, picture: &Picture) -> Picture {
    if !picture.has_alpha() {
        return picture.clone();
    }
    let background = match step.text("*background") {
        Some(_) => step.colour("*background"),
        None => [255.0; 4],
    };
    let background = picture.channels_of(background);
    let mut values = Vec::new();
    for pixel in picture.values.chunks(picture.channels) {
        let (alpha, colours) = pixel.split_last().expect("alpha");
        values.extend(colours.iter().zip(&background).map(|(v, b)| v * alpha / 255.0 + b * (1.0 - alpha / 255.0)));
    }
    Picture { channels: picture.channels - 1, values, ..*picture }
}

/// Luma in whole 8-bit levels of each pixel, row after row.
pub fn luma_levels(picture: &Picture) -> Vec<i64> {
    let code = |v: f64| (v.clamp(0.0, 255.0) + 0.5).floor() as i64;
    let luma = |pixel: &[f64]| match picture.colours() {
        1 => code(pixel[0]),
        _ => (299 * code(pixel[0]) + 587 * code(pixel[1]) + 114 * code(pixel[2]) + 500) / 1000,
    };
    picture.values.chunks(picture.channels).map(luma).collect()
}

pub fn colormap(step: &Step, picture: &Picture) -> Picture {
    let text = match step.word("*name", "viridis").as_str() {
        "gray" => (0..256).map(|v| format!("{v:02x}{v:02x}{v:02x} ")).collect(),
        name => std::fs::read_to_string(format!("{}/assets/colormaps/{name}.txt", env!("CARGO_MANIFEST_DIR")))
            .expect("a table of that name"),
    };
    let colours: Vec<&str> = text.split_whitespace().collect();
    let mut values = Vec::new();
    for (level, pixel) in luma_levels(picture).into_iter().zip(picture.values.chunks(picture.channels)) {
        let hex = colours[level as usize];
        values.extend([0, 2, 4].map(|i| f64::from(u8::from_str_radix(&hex[i..i + 2], 16).expect("two digits"))));
        values.extend(&pixel[picture.colours()..]);
    }
    Picture { channels: 3 + picture.channels - picture.colours(), values, ..*picture }
}
