//! JPEG: the decoders behind one seam, and the encoder.

use super::jpeg_markers::{APP2, Colours, ICC, Markers};
use super::{CodecError, DecodeOptions, JpegDecoder, Part, Stored, faulty, icc};
use crate::image::{Demand, Image, Layout, Reduction, Samples, buffers};
use libjpeg_turbo_rs::{DecodeLimits, Decoder, PixelFormat, ScalingFactor};
#[cfg(not(feature = "turbojpeg"))]
use libjpeg_turbo_rs::{Encoder, Subsampling, compress_raw};
use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// The largest side that the encoder writes, px.
pub(super) const MAX_SIDE: u32 = 65_500;

/// Bytes of a file that we write up to the end of its JFIF segment.
const JFIF_END: usize = 20;

/// Bytes of a profile that a segment holds, less its length, its name and two numbers.
const ICC_PART: usize = 65_535 - 2 - ICC.len() - 2;

/// Scans of a progressive file. Encoders write about ten; each costs a pass over all coefficients.
const MAX_SCANS: usize = 100;

/// Stored samples of a JPEG, and the profile that fits them. Corrupt or incomplete data is an error. The demand is of the
/// stored image.
pub(super) fn decode(bytes: &[u8], options: &DecodeOptions, demand: Demand) -> Result<Part, CodecError> {
    let markers = Markers::read(bytes)?;
    let whole = markers.stored.layout;
    let luma = demand.luma && markers.colours == Colours::YCbCr;
    let reduced_by = reduction(&markers, options.jpeg, demand);
    let layout = Reduction::layout(Layout { colours: if luma { 1 } else { whole.colours }, ..whole }, reduced_by);
    let pixels = match options.jpeg {
        #[cfg(feature = "turbojpeg")]
        JpegDecoder::LibjpegTurbo if markers.is_one_scan && markers.colours != Colours::Other => {
            super::jpeg_c::decode(bytes, layout, reduced_by)
                .or_else(|_| turbo(bytes, layout, reduced_by, options.max_pixels))
        }
        #[cfg(feature = "turbojpeg")]
        JpegDecoder::LibjpegTurbo => turbo(bytes, layout, reduced_by, options.max_pixels),
        JpegDecoder::Turbo => turbo(bytes, layout, reduced_by, options.max_pixels),
        JpegDecoder::Zune => zune(bytes, layout, &markers),
    };
    let pixels = pixels.map_err(|error| faulty("jpeg", &error))?;
    if pixels.len() as u64 != layout.samples() {
        return Err(CodecError::Other("jpeg: the decoder gave another size than the header".into()));
    }
    let icc = markers.icc().filter(|profile| !luma && icc::fits(profile, whole));
    Ok(Part { samples: Samples::U8(pixels), icc, layout, reduced_by })
}

/// How many times smaller the image is decoded: as much as leaves the demanded size, where colours are plain.
fn reduction(markers: &Markers, decoder: JpegDecoder, demand: Demand) -> u32 {
    let Layout { width, height, .. } = markers.stored.layout;
    match demand.least {
        Some((least_width, least_height)) if decoder != JpegDecoder::Zune && markers.colours != Colours::Other => {
            let leaves = |by: &u32| width / by >= least_width && height / by >= least_height;
            [8, 4, 2].into_iter().find(leaves).unwrap_or(1)
        }
        _ => 1,
    }
}

/// Strict by default: an entropy-coded segment that ends early, or holds an unknown code, is an error; a missing end
/// marker is not.
fn turbo(bytes: &[u8], layout: Layout, reduced_by: u32, max_pixels: u64) -> Result<Vec<u8>, String> {
    let limits = DecodeLimits {
        max_width: usize::from(u16::MAX),
        max_height: usize::from(u16::MAX),
        max_pixels,
        max_scans: MAX_SCANS,
        max_memory: None,
    };
    let format = if layout.colours == 1 { PixelFormat::Grayscale } else { PixelFormat::Rgb };
    let decoder = Decoder::new_with_limits(bytes, limits).map_err(|error| error.to_string())?;
    let scale = ScalingFactor::try_new(1, reduced_by).map_err(|error| error.to_string())?;
    let decoder = decoder.with_output_format(format).with_scale(scale);
    // `decode_image_into` would copy gray once more.
    if layout.colours == 1 {
        return decoder.decode_image().map(|image| image.data).map_err(|error| error.to_string());
    }
    let len = decoder.output_buffer_size().map_err(|error| error.to_string())?;
    if len as u64 != layout.samples() {
        return Err("the decoder gives another size than the header".into());
    }
    let mut pixels = buffers::take(len);
    decoder.decode_image_into(&mut pixels).map_err(|error| error.to_string())?;
    Ok(pixels)
}

/// Strict mode still fills what is missing of the last row of blocks, so the end marker must be there.
fn zune(bytes: &[u8], layout: Layout, markers: &Markers) -> Result<Vec<u8>, String> {
    if !markers.has_end(bytes) {
        return Err("the file is truncated: it has no end marker".into());
    }
    let space = if layout.colours == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(space);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    // Its messages stand in quotes.
    decoder.decode().map_err(|error| error.to_string().replace('"', ""))
}

/// 4:2:0 for colour; gray stays one component. 8-bit gray or RGB only.
pub(super) fn encode(image: &Image, quality: u8) -> Result<Vec<u8>, CodecError> {
    let Layout { width, height, alpha, .. } = image.layout;
    let Samples::U8(samples) = &image.samples else {
        return Err(CodecError::Other("jpeg holds 8-bit samples only".into()));
    };
    if alpha {
        return Err(CodecError::Other("jpeg holds no alpha".into()));
    }
    if width.max(height) > MAX_SIDE {
        let advice = "choose another format or resize it";
        return Err(CodecError::Other(format!("jpeg holds sides up to {MAX_SIDE} px, not {width}x{height}; {advice}")));
    }
    let file = encoded(samples, image.layout, quality.clamp(1, 100));
    let file = file.map_err(|error| CodecError::Other(format!("jpeg: {error}")))?;
    let profile = image.icc.as_deref().filter(|profile| icc::fits(profile, image.layout));
    Ok(match profile {
        Some(profile) => with_profile(&file, profile),
        None => file,
    })
}

#[cfg(feature = "turbojpeg")]
use super::jpeg_c::encode as encoded;

#[cfg(not(feature = "turbojpeg"))]
fn encoded(samples: &[u8], layout: Layout, quality: u8) -> libjpeg_turbo_rs::Result<Vec<u8>> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    if layout.colours == 1 {
        // The same bytes in little more than half the time: `Encoder` makes planes of chroma for gray, too.
        return compress_raw(&[samples], &[width], &[height], width, height, quality, Subsampling::S444);
    }
    Encoder::new(samples, width, height, PixelFormat::Rgb).quality(quality).encode()
}

/// The profile in as many parts as it takes, behind the JFIF segment, which has to stand first.
fn with_profile(file: &[u8], profile: &[u8]) -> Vec<u8> {
    let (head, rest) = file.split_at(JFIF_END);
    let parts = profile.chunks(ICC_PART);
    let count = parts.len() as u8;
    let mut whole = head.to_vec();
    for (number, part) in (1..).zip(parts) {
        let length = (2 + ICC.len() + 2 + part.len()) as u16;
        whole.extend([0xff, APP2]);
        whole.extend(length.to_be_bytes());
        whole.extend(ICC);
        whole.extend([number, count]);
        whole.extend(part);
    }
    whole.extend(rest);
    whole
}

/// Size, orientation and channels from the segments before the first scan.
pub(super) fn stored(bytes: &[u8]) -> Result<Stored, CodecError> {
    Markers::read(bytes).map(|markers| markers.stored)
}
