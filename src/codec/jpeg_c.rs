//! JPEG by libjpeg-turbo, the C library, where it was built in. Pixels and files are those of `libjpeg-turbo-rs`.

use turbojpeg::{Compressor, Decompressor, Image, OutputBuf, PixelFormat, Result, ScalingFactor, Subsamp};

use crate::image::{Layout, buffers};

/// Samples of that layout, of an image that is stored so much larger.
///
/// # Errors
/// Whatever the library objects to, harmless oddities included: it tells its first warning only.
pub(super) fn decode(bytes: &[u8], layout: Layout, reduced_by: u32) -> Result<Vec<u8>> {
    let mut decompressor = Decompressor::new()?;
    decompressor.set_scaling_factor(ScalingFactor::new(1, reduced_by as usize))?;
    let mut pixels = buffers::take(layout.samples() as usize);
    decompressor.decompress(bytes, image(pixels.as_mut_slice(), layout))?;
    Ok(pixels)
}

/// The file of 8-bit samples without alpha; 4:2:0 for colour.
pub(super) fn encode(samples: &[u8], layout: Layout, quality: u8) -> Result<Vec<u8>> {
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality.into())?;
    compressor.set_subsamp(if layout.colours == 1 { Subsamp::Gray } else { Subsamp::Sub2x2 })?;
    let mut file = OutputBuf::new_owned();
    compressor.compress(image(samples, layout), &mut file)?;
    Ok(file.to_vec())
}

fn image<T>(pixels: T, layout: Layout) -> Image<T> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    let format = if layout.colours == 1 { PixelFormat::GRAY } else { PixelFormat::RGB };
    Image { pixels, width, height, pitch: width * layout.colours as usize, format }
}
