//! PNG files of the tests.

use std::path::{Path, PathBuf};

use image::{ColorType, DynamicImage};
use imgproc::image::{Image, Layout, Samples};

/// Reads an 8- or 16-bit PNG.
pub fn read(path: &Path) -> Image {
    let decoded = image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let layout = |channels| Layout::new(decoded.width(), decoded.height(), channels);
    let of = |channels, samples| Image::new(layout(channels), samples);
    match &decoded {
        DynamicImage::ImageLuma8(v) => of(1, Samples::U8(v.as_raw().clone())),
        DynamicImage::ImageLumaA8(v) => of(2, Samples::U8(v.as_raw().clone())),
        DynamicImage::ImageRgb8(v) => of(3, Samples::U8(v.as_raw().clone())),
        DynamicImage::ImageRgba8(v) => of(4, Samples::U8(v.as_raw().clone())),
        DynamicImage::ImageLuma16(v) => of(1, Samples::U16(v.as_raw().clone())),
        DynamicImage::ImageLumaA16(v) => of(2, Samples::U16(v.as_raw().clone())),
        DynamicImage::ImageRgb16(v) => of(3, Samples::U16(v.as_raw().clone())),
        DynamicImage::ImageRgba16(v) => of(4, Samples::U16(v.as_raw().clone())),
        other => panic!("{}: no test image is {:?}", path.display(), other.color()),
    }
}

pub fn write(path: &Path, image: &Image) {
    let index = image.layout.channels() as usize - 1;
    let Layout { width, height, .. } = image.layout;
    let saved = match &image.samples {
        Samples::U8(v) => {
            let kind = [ColorType::L8, ColorType::La8, ColorType::Rgb8, ColorType::Rgba8][index];
            image::save_buffer(path, v, width, height, kind)
        }
        Samples::U16(v) => {
            let kind = [ColorType::L16, ColorType::La16, ColorType::Rgb16, ColorType::Rgba16][index];
            image::save_buffer(path, bytemuck::cast_slice::<u16, u8>(v), width, height, kind)
        }
        Samples::F32(_) => panic!("{}: PNG holds no floats", path.display()),
    };
    saved.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Differences as a gray picture in `target/tmp`: equal pixels black, any difference plain to see.
pub fn write_differences(recipe: &str, image: &str, layout: Layout, levels: &[f64]) -> PathBuf {
    let gray = levels.iter().map(|d| if *d == 0.0 { 0 } else { (64.0 + 8.0 * d).min(255.0) as u8 }).collect();
    let picture = Image::new(Layout::new(layout.width, layout.height, 1), Samples::U8(gray));
    let name: String =
        format!("{recipe} {image}").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).expect("a folder for pictures of differences");
    let path = folder.join(format!("{}.png", &name[..name.len().min(120)]));
    write(&path, &picture);
    path
}
