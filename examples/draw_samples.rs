//! Draws the sample images in `assets/samples/`: `cargo run --release --example draw_samples`.
//!
//! Each shows something that a recipe can work on: edges, discs, strokes in uneven light, alpha, low contrast at
//! 16 bits, a photo that lies on its side.

// The rule on the disk is for the program.
#![allow(clippy::disallowed_methods)]

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// R, G, B from 0 to 1.
type Colour = [f64; 3];

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let file = |name: &str| folder.join(name);

    write_jpeg(&file("mountains.jpg"), 640, 480, &samples(640, 480, mountains), None)?;
    write_jpeg(&file("coins.jpg"), 640, 480, &samples(640, 480, coins), None)?;
    // Orientation 6: shown turned clockwise by 90 degrees, so it is stored turned the other way.
    let upright = samples(480, 640, lighthouse);
    write_jpeg(&file("lighthouse.jpg"), 640, 480, &turned_left(&upright, 480, 640), Some(6))?;
    let page = samples(640, 480, |x, y| [handwriting(x, y)]);
    write_png(&file("handwriting.png"), 640, 480, &page, ExtendedColorType::L8)?;
    let wheel = samples(320, 320, |x, y| colour_wheel(x, y, 320.0));
    write_png(&file("wheel.png"), 320, 320, &wheel, ExtendedColorType::Rgba8)?;
    write_png(&file("fog.png"), 480, 320, &fog_codes(480, 320), ExtendedColorType::L16)
}

/// 8-bit samples of a picture given by place (pixels' centres, px).
fn samples<const N: usize>(width: u32, height: u32, value: impl Fn(f64, f64) -> [f64; N]) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (f64::from(x) + 0.5, f64::from(y) + 0.5)));
    places.flat_map(|(x, y)| value(x, y)).map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8).collect()
}

/// An RGB image turned counter-clockwise by 90 degrees.
fn turned_left(pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
    let at = |x: usize, y: usize| &pixels[(y * width + x) * 3..][..3];
    (0..width).flat_map(|y| (0..height).flat_map(move |x| at(width - 1 - y, x).iter().copied())).collect()
}

fn write_jpeg(path: &PathBuf, width: u32, height: u32, pixels: &[u8], orientation: Option<u8>) -> Result<()> {
    let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    let mut encoder = JpegEncoder::new_with_quality(BufWriter::new(file), 85);
    if let Some(orientation) = orientation {
        // A TIFF header and one directory of one entry: tag 0x0112, type short, one value.
        let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        encoder.set_exif_metadata(exif)?;
    }
    encoder.write_image(pixels, width, height, ExtendedColorType::Rgb8).context(format!("writing {}", path.display()))
}

fn write_png(path: &PathBuf, width: u32, height: u32, bytes: &[u8], colour: ExtendedColorType) -> Result<()> {
    let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    let encoder = PngEncoder::new_with_quality(BufWriter::new(file), CompressionType::Best, FilterType::Adaptive);
    encoder.write_image(bytes, width, height, colour).context(format!("writing {}", path.display()))
}

// What the pictures are made of.

/// The same number from 0 to 1 for the same three whole numbers.
fn hash(x: i64, y: i64, seed: i64) -> f64 {
    let mut h = (x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B) ^ seed.wrapping_mul(0xC2B2_AE35)) as u64;
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D_1234_5677);
    h = (h ^ (h >> 27)).wrapping_mul(0x297A_2D39_89AB_CDEF);
    ((h >> 40) as f64) / f64::from(1 << 24)
}

/// Smooth noise from 0 to 1 with features 1 apart.
fn noise(x: f64, y: f64, seed: i64) -> f64 {
    let (i, j) = (x.floor() as i64, y.floor() as i64);
    let (u, v) = (smooth(0.0, 1.0, x - x.floor()), smooth(0.0, 1.0, y - y.floor()));
    let row = |j: i64| mix(hash(i, j, seed), hash(i + 1, j, seed), u);
    mix(row(j), row(j + 1), v)
}

/// Noise of five octaves, about 0 to 1.
fn clouds(x: f64, y: f64, seed: i64) -> f64 {
    (0..5).map(|o| f64::from(1 << o)).map(|f| noise(x * f, y * f, seed) / f).sum::<f64>() / 1.94
}

fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

fn blend(a: Colour, b: Colour, t: f64) -> Colour {
    [0, 1, 2].map(|c| mix(a[c], b[c], t.clamp(0.0, 1.0)))
}

/// 0 up to `low`, 1 from `high`, smooth between.
fn smooth(low: f64, high: f64, v: f64) -> f64 {
    let t = ((v - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn scaled(colour: Colour, by: f64) -> Colour {
    colour.map(|v| v * by)
}

/// Ranges of hills behind one another under a low sun, with a lake.
fn mountains(x: f64, y: f64) -> Colour {
    const SHORE: f64 = 372.0;
    if y < SHORE {
        return land(x, y);
    }
    // The lake mirrors what stands above its shore, broken by ripples that grow towards the front.
    let depth = y - SHORE;
    let ripple = (noise(x / 60.0, depth * 40.0 / (depth + 20.0), 9) - 0.5) * (4.0 + depth * 0.25);
    let mirrored = land(x + ripple, SHORE - depth * 1.6 + ripple);
    blend(scaled(mirrored, 0.8), [0.05, 0.14, 0.22], 0.15 + depth / 260.0)
}

fn land(x: f64, y: f64) -> Colour {
    let from_sun = ((x - 450.0).powi(2) + (y - 150.0).powi(2)).sqrt();
    let sky = blend([0.20, 0.36, 0.62], [0.99, 0.80, 0.55], (y / 300.0).clamp(0.0, 1.0).powf(1.3));
    let cloud = smooth(0.5, 0.8, clouds(x / 170.0, y / 45.0, 4)) * 0.55;
    let mut colour = blend(sky, [1.0, 0.94, 0.88], cloud);
    colour = blend(colour, [1.0, 0.9, 0.62], (-from_sun / 70.0).exp() * 0.9);
    colour = blend(colour, [1.0, 0.98, 0.9], 1.0 - smooth(25.0, 27.5, from_sun));
    for range in 0..4 {
        let near = f64::from(range) / 3.0;
        let seed = 20 + i64::from(range);
        let height = mix(190.0, 95.0, near) * (0.3 + clouds(x / mix(230.0, 120.0, near), 0.3, seed));
        let ridge = mix(350.0, 385.0, near) - height;
        let rock = blend([0.55, 0.58, 0.70], [0.10, 0.20, 0.16], near);
        let shade = clouds(x / 26.0 + (y - ridge) / 30.0, y / 34.0, seed + 7);
        let snow = smooth(60.0, 30.0, y - ridge + 40.0 * shade) * (1.0 - near * 1.6).max(0.0);
        let body = blend(scaled(rock, 0.65 + 0.6 * shade), [0.96, 0.95, 0.97], snow);
        colour = blend(colour, body, smooth(-0.7, 0.7, y - ridge));
    }
    colour
}

/// Discs of several metals, lit from the upper left, on felt.
fn coins(x: f64, y: f64) -> Colour {
    const COINS: [(f64, f64, f64, usize); 9] = [
        (110.0, 105.0, 62.0, 0),
        (270.0, 85.0, 45.0, 1),
        (420.0, 115.0, 72.0, 2),
        (570.0, 90.0, 50.0, 0),
        (85.0, 275.0, 48.0, 2),
        (235.0, 240.0, 66.0, 1),
        (545.0, 270.0, 74.0, 1),
        (165.0, 400.0, 52.0, 0),
        (390.0, 345.0, 80.0, 2),
    ];
    const METALS: [Colour; 3] = [[0.85, 0.68, 0.30], [0.75, 0.76, 0.78], [0.76, 0.46, 0.30]];
    let felt = 0.75 + 0.5 * (noise(x / 2.2, y / 2.2, 1) - 0.5) + 0.25 * (clouds(x / 90.0, y / 90.0, 2) - 0.5);
    let light = 1.15 - 0.45 * ((x / 640.0 + y / 480.0) / 2.0);
    let mut colour = scaled([0.10, 0.27, 0.20], felt * light);
    for (cx, cy, r, metal) in COINS {
        let shadow = ((x - cx - 7.0).powi(2) + (y - cy - 9.0).powi(2)).sqrt();
        colour = scaled(colour, mix(0.45, 1.0, smooth(r - 6.0, r + 9.0, shadow)));
        let (dx, dy) = (x - cx, y - cy);
        let d = (dx * dx + dy * dy).sqrt();
        let towards_light = -(dx + dy) / (d.max(1.0) * std::f64::consts::SQRT_2);
        let rim = smooth(r - 9.0, r - 6.0, d) - smooth(r - 5.0, r - 2.0, d);
        let turn = dy.atan2(dx);
        let relief = (turn * 5.0).cos() * smooth(r * 0.2, r * 0.5, d) * (1.0 - smooth(r * 0.55, r * 0.7, d));
        let grain = 0.06 * (noise(d / 1.5, turn * 12.0, 3) - 0.5);
        let edge = towards_light * (0.5 * rim + 0.25 * smooth(r - 4.0, r, d));
        let shine = 0.78 + edge + 0.14 * relief + grain - 0.12 * (dx + dy) / r;
        colour = blend(colour, scaled(METALS[metal], shine * light), 1.0 - smooth(r - 0.7, r + 0.7, d));
    }
    colour
}

/// A lighthouse on a rock at dusk, upright: 480 x 640.
fn lighthouse(x: f64, y: f64) -> Colour {
    let sky = blend([0.10, 0.13, 0.32], [0.96, 0.56, 0.40], (y / 470.0).powf(1.6));
    let mut colour = blend(sky, [0.95, 0.70, 0.62], smooth(0.55, 0.8, clouds(x / 130.0, y / 34.0, 31)) * 0.5);
    let beam = ((y - 178.0) / (x - 240.0).abs().max(1.0)).abs();
    colour = blend(colour, [1.0, 0.95, 0.70], (1.0 - smooth(0.0, 0.16, beam)) * 0.55);
    let waves = noise(x / 38.0, (y - 470.0) / 5.0, 33);
    let sea = blend([0.62, 0.42, 0.42], [0.05, 0.10, 0.20], (y - 470.0) / 120.0 + 0.4 * (waves - 0.5));
    colour = blend(colour, sea, smooth(469.5, 470.5, y));
    let rock_top = 545.0 - 95.0 * (-((x - 250.0) / 120.0).powi(2)).exp() - 22.0 * clouds(x / 40.0, 0.5, 35);
    let rock = scaled([0.22, 0.19, 0.19], 0.6 + 0.9 * clouds(x / 18.0, y / 14.0, 36));
    colour = blend(colour, rock, smooth(-0.8, 0.8, y - rock_top));
    tower(x, y, colour)
}

fn tower(x: f64, y: f64, behind: Colour) -> Colour {
    let across = |half: f64| 1.0 - smooth(half - 0.7, half + 0.7, (x - 240.0).abs());
    let between = |top: f64, bottom: f64| smooth(top - 0.7, top + 0.7, y) - smooth(bottom - 0.7, bottom + 0.7, y);
    let half = mix(24.0, 40.0, (y - 200.0) / 260.0);
    let stripe = if ((y - 205.0) / 44.0).floor() as i64 % 2 == 0 { [0.80, 0.16, 0.14] } else { [0.93, 0.91, 0.87] };
    let shade = 0.95 - 0.5 * ((x - 240.0) / half + 0.25).max(0.0).powi(2);
    let mut colour = blend(behind, scaled(stripe, shade), across(half) * between(205.0, 460.0));
    colour = blend(colour, [0.12, 0.12, 0.14], across(33.0) * between(196.0, 206.0));
    let glow = (-((x - 240.0).powi(2) + (y - 178.0).powi(2)) / 240.0).exp();
    colour =
        blend(colour, blend([0.35, 0.30, 0.25], [1.0, 0.96, 0.75], glow * 1.4), across(19.0) * between(160.0, 196.0));
    let roof = (y - 132.0) * 0.85;
    colour = blend(colour, [0.55, 0.10, 0.10], across(roof.max(0.1)) * between(132.0, 161.0));
    for window in [250.0, 320.0, 390.0] {
        colour = blend(colour, [0.14, 0.12, 0.14], across(5.0) * between(window, window + 17.0));
    }
    colour
}

/// Gray: lines of pen strokes on paper, brighter on one side than the other.
fn handwriting(x: f64, y: f64) -> f64 {
    let paper = mix(0.95, 0.42, smooth(0.0, 900.0, x + 0.6 * y)) + 0.02 * (clouds(x / 50.0, y / 50.0, 41) - 0.5);
    let line = ((y - 30.0) / 46.0).floor();
    let middle = 30.0 + 46.0 * line + 24.0;
    if !(0.0..9.0).contains(&line) || !(40.0..600.0).contains(&x) {
        return paper;
    }
    // The pen moves in loops whose height changes from letter to letter; words are parted by gaps.
    let seed = line as i64 + 50;
    let end = 600.0 - 160.0 * hash(3, 4, seed) * f64::from(u8::from(line == 8.0));
    let nearest =
        (-70..=70).map(|i| x + f64::from(i) * 0.4).filter(|t| noise(t / 42.0, 0.5, seed) > 0.27 && *t < end).map(|t| {
            let phase = t * 0.52 + 2.0 * noise(t / 20.0, 1.5, seed);
            let tall = 5.0 + 13.0 * noise(t / 11.0, 2.5, seed).powi(2);
            let (px, py) = (t + 4.0 * phase.cos(), middle - tall * phase.sin());
            ((x - px).powi(2) + (y - py).powi(2)).sqrt()
        });
    let pen = 1.0 + 0.7 * noise(x / 9.0, y / 9.0, 44);
    let ink = 1.0 - smooth(pen - 0.7, pen + 0.7, nearest.fold(f64::INFINITY, f64::min));
    mix(paper, paper * 0.25, ink)
}

/// Hue around, saturation outwards; alpha fades in six steps around and ends at the rim.
fn colour_wheel(x: f64, y: f64, size: f64) -> [f64; 4] {
    let (dx, dy) = (x - size / 2.0, y - size / 2.0);
    let r = (dx * dx + dy * dy).sqrt() / (size / 2.0 - 4.0);
    let turn = (dy.atan2(dx) / std::f64::consts::TAU + 1.0).fract() * 6.0;
    let hue = |shift: f64| ((turn + shift).rem_euclid(6.0) - 3.0).abs() - 1.0;
    let colour = [0.0, 4.0, 2.0].map(|shift| mix(1.0, hue(shift).clamp(0.0, 1.0), r.min(1.0)));
    let rim = (size / 2.0 - 4.0) * (1.0 - r);
    let alpha = smooth(-0.7, 0.7, rim) * if r > 0.55 { 1.0 } else { (turn.floor() + 1.0) / 6.0 };
    // Outside the rim, under alpha 0, colour goes on: a filter that works on straight colour shows a fringe.
    [colour[0], colour[1], colour[2], alpha]
}

/// Gray at 16 bits: trees in fog, all within an eighth of the range. Two bytes a code, in this machine's order.
fn fog_codes(width: u32, height: u32) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (f64::from(x) + 0.5, f64::from(y) + 0.5)));
    // In steps of 32 codes: 256 steps over the range, where an 8-bit image would have 32.
    let code = |(x, y)| ((32_000.0 + 8_192.0 * fog(x, y)) / 32.0) as u16 * 32;
    places.flat_map(|place| code(place).to_ne_bytes()).collect()
}

fn fog(x: f64, y: f64) -> f64 {
    let mut light = 0.75 + 0.25 * (1.0 - y / 320.0);
    for row in 0..4i64 {
        let near = (row + 1) as f64 / 4.0;
        let spacing = mix(26.0, 74.0, near);
        let foot = 150.0 + 130.0 * near * near;
        let ground = foot + 8.0 * noise(x / 70.0, 0.5, 60 + row);
        light = mix(light, mix(0.85, 0.25, near), smooth(-4.0, 4.0, y - ground));
        for tree in [(x / spacing).floor() - 1.0, (x / spacing).floor(), (x / spacing).floor() + 1.0] {
            let random = |n: i64| hash(tree as i64, n, 70 + row);
            let (middle, tall) = (spacing * (tree + 0.2 + 0.6 * random(1)), spacing * (1.6 + random(2)));
            let down = (y - (ground - tall)) / tall;
            let ragged = 0.6 + 0.8 * (down * 7.0).fract();
            let half = 0.24 * spacing * down.max(0.0) * ragged;
            let inside =
                smooth(1.2, -1.2, (x - middle).abs() - half) * smooth(-0.02, 0.02, down) * smooth(1.02, 0.98, down);
            light = mix(light, mix(0.80, 0.08, near), inside);
        }
    }
    light
}
