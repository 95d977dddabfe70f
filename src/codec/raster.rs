//! The formats that the `image` crate reads and writes.

use super::{CodecError, Format, Stored, faulty, gif_screen, icc, png_compression};
use crate::image::{Depth, Image, Layout, Samples};
use ::image::codecs::{bmp, gif, png, pnm, webp};
use ::image::metadata::Orientation;
use ::image::{ColorType, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageResult, Limits};
use std::error::Error;
use std::io::{Cursor, ErrorKind};

/// What a decoder may allocate beside the image itself: rows, palettes, profiles, compressed strips.
const WORKING_BYTES: u64 = 64 << 20;

/// The largest side of a WebP, px.
const MAX_WEBP_SIDE: u32 = 16_383;

/// Size, orientation and channels, from the bytes before the image data.
pub(super) fn stored(bytes: &[u8], format: Format) -> Result<Stored, CodecError> {
    if format == Format::WebP && webp_metadata_missing(bytes) {
        return Err(CodecError::HeaderIncomplete);
    }
    let opaque_gif = format == Format::Gif && !gif_screen::transparent(bytes).ok_or(CodecError::HeaderIncomplete)?;
    let mut decoder = open(bytes, format).map_err(|error| explained(error, format, true))?;
    let colour = decoder.color_type();
    let channels = if opaque_gif { 3 } else { u32::from(colour.channel_count()) };
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(CodecError::Other(format!("{}: the header says {width}x{height} px", format.name())));
    }
    let orientation = match orientation(decoder.as_mut()) {
        Err(error) if ends_early(&error) => return Err(CodecError::HeaderIncomplete),
        // An unreadable tag is as good as none.
        orientation => orientation.ok().flatten().unwrap_or(Orientation::NoTransforms),
    };
    let depth = if bits(colour) == 8 { Depth::Eight } else { Depth::Sixteen };
    Ok(Stored { layout: Layout::new(width, height, channels), depth, orientation, decoder_bytes: 0 })
}

/// Width and height of an extended WebP, which its first bytes tell; px.
pub(super) fn webp_canvas(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| bytes.get(at..at + 3).map(|b| 1 + u32::from_le_bytes([b[0], b[1], b[2], 0]));
    (bytes.get(12..16) == Some(b"VP8X")).then(|| Some((side(24)?, side(27)?))).flatten()
}

/// An extended WebP keeps EXIF behind the image data, so all of it has to be there.
fn webp_metadata_missing(bytes: &[u8]) -> bool {
    let size = bytes.get(4..8).map_or(0, |b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
    // A last byte of padding is often left out.
    bytes.get(12..16) == Some(b"VP8X") && size + 8 > bytes.len() as u64 + 1
}

fn orientation(decoder: &mut dyn ImageDecoder) -> ImageResult<Option<Orientation>> {
    // Some writers keep the prefix that only JPEG has.
    let exif = decoder.exif_metadata()?;
    Ok(exif.and_then(|exif| Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif))))
}

/// Stored samples of that layout, and the profile that fits them. The caller has checked the size.
pub(super) fn decode(bytes: &[u8], format: Format, layout: Layout) -> Result<(Samples, Option<Vec<u8>>), CodecError> {
    let failed = |error| explained(error, format, false);
    let mut decoder = open(bytes, format).map_err(failed)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(decoder.total_bytes().saturating_mul(2).saturating_add(WORKING_BYTES));
    decoder.set_limits(limits).map_err(failed)?;
    // A profile that can't be read is dropped, as one that does not fit is.
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| icc::fits(profile, layout));
    let colour = decoder.color_type();
    let len = usize::try_from(decoder.total_bytes()).map_err(|_| CodecError::Other("too large to decode".into()))?;
    let samples = match bits(colour) {
        8 => {
            let mut v = vec![0u8; len];
            decoder.read_image_boxed(&mut v).map_err(failed)?;
            if u32::from(colour.channel_count()) > layout.channels() {
                drop_alpha(&mut v);
            }
            Samples::U8(v)
        }
        _ => {
            let mut v = vec![0u16; len / 2];
            decoder.read_image_boxed(bytemuck::cast_slice_mut(&mut v)).map_err(failed)?;
            Samples::U16(v)
        }
    };
    Ok((samples, profile))
}

/// RGBA to RGB in place.
fn drop_alpha(samples: &mut Vec<u8>) {
    let pixels = samples.len() / 4;
    for i in 0..pixels {
        samples.copy_within(4 * i..4 * i + 3, 3 * i);
    }
    samples.truncate(3 * pixels);
}

fn bits(colour: ColorType) -> u32 {
    u32::from(colour.bits_per_pixel()) / u32::from(colour.channel_count())
}

fn open(bytes: &[u8], format: Format) -> ImageResult<Box<dyn ImageDecoder + '_>> {
    let source = Cursor::new(bytes);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(WORKING_BYTES);
    Ok(match format {
        Format::Png => Box::new(png::PngDecoder::with_limits(source, limits)?),
        Format::WebP => Box::new(webp::WebPDecoder::new(source)?),
        Format::Bmp => Box::new(bmp::BmpDecoder::new(source)?),
        Format::Gif => Box::new(gif::GifDecoder::new(source)?),
        Format::Pnm => Box::new(pnm::PnmDecoder::new(source)?),
        Format::Jpeg | Format::Tiff => unreachable!("has a decoder of its own"),
    })
}

/// Whether the bytes ended before the decoder had what it wanted.
fn ends_early(error: &ImageError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = match error {
        ImageError::IoError(error) => Some(error),
        other => other.source(),
    };
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::UnexpectedEof) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn explained(error: ImageError, format: Format, in_header: bool) -> CodecError {
    let name = format.name();
    let text = match &error {
        error if in_header && ends_early(error) => return CodecError::HeaderIncomplete,
        error if ends_early(error) => format!("{name}: the file is truncated"),
        ImageError::Unsupported(error) => {
            format!("{name} of a kind that is not read ({error}); convert it to 8-bit RGB first")
        }
        ImageError::Limits(error) => format!("{name}: the file asks for too much memory ({error})"),
        // The cause alone: what surrounds it only repeats the format.
        error => return faulty(name, &error.source().map_or(error.to_string(), <dyn Error>::to_string)),
    };
    CodecError::Other(text)
}

/// PNG, WebP and BMP.
pub(super) fn encode(image: &Image, format: Format) -> Result<Vec<u8>, CodecError> {
    let Layout { width, height, .. } = image.layout;
    if format == Format::WebP && width.max(height) > MAX_WEBP_SIDE {
        let advice = "choose another format or resize it";
        let text = format!("webp holds sides up to {MAX_WEBP_SIDE} px, not {width}x{height}; {advice}");
        return Err(CodecError::Other(text));
    }
    let (colour, samples) = written(image, format)?;
    let profile = image.icc.as_deref().filter(|profile| icc::fits(profile, image.layout));
    let mut file = Cursor::new(Vec::new());
    let result = match format {
        Format::Png => {
            let compression = png_compression::chosen(image.layout, samples, colour)?;
            return png_compression::encode(samples, image.layout, colour, profile, compression);
        }
        Format::WebP => {
            let mut encoder = webp::WebPEncoder::new_lossless(&mut file);
            let set = profile.map_or(Ok(()), |profile| encoder.set_icc_profile(profile.to_vec()));
            set.map_err(ImageError::Unsupported).and_then(|()| encoder.write_image(samples, width, height, colour))
        }
        Format::Bmp => bmp::BmpEncoder::new(&mut file).write_image(samples, width, height, colour),
        Format::Jpeg | Format::Tiff | Format::Gif | Format::Pnm => {
            return Err(CodecError::Other(format!("{} is not written by this encoder", format.name())));
        }
    };
    result.map_err(|error| CodecError::Other(format!("{}: {error}", format.name())))?;
    Ok(file.into_inner())
}

/// The colour type to write and the samples as bytes, in the machine's order.
fn written(image: &Image, format: Format) -> Result<(ExtendedColorType, &[u8]), CodecError> {
    use ExtendedColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    let layout = image.layout;
    let cannot = |what: &str| Err(CodecError::Other(format!("{} can't hold {what}", format.name())));
    if !format.holds_depth(image.depth()) {
        return cannot("16-bit samples");
    }
    if layout.channels() == 2 && !format.holds_gray_alpha() {
        return cannot("gray with alpha");
    }
    let channel = layout.channels() as usize - 1;
    match &image.samples {
        Samples::U8(v) => Ok(([L8, La8, Rgb8, Rgba8][channel], v)),
        Samples::U16(v) => Ok(([L16, La16, Rgb16, Rgba16][channel], bytemuck::cast_slice(v))),
        Samples::F32(_) => cannot("float samples"),
    }
}
