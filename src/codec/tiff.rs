//! Writes TIFF, and reads it: gray of 1, 2, 4, 8 and 16 bits, RGB, CMYK and alpha of 8 and 16, floats of 32; the first page.

use super::{CodecError, Stored, faulty, icc};
use crate::image::{Depth, Image, Layout, Samples};
use ::image::metadata::Orientation;
use ::tiff::decoder::{ChunkType, Decoder, Limits};
use ::tiff::encoder::{TiffEncoder, TiffValue, colortype};
use ::tiff::tags::{CompressionMethod, Tag};
use ::tiff::{ColorType, TiffError};
use std::io::{Cursor, ErrorKind};

/// What a decoder may allocate for one tag or strip beyond the size of the file.
const WORKING_BYTES: usize = 64 << 20;

/// The greatest float sample, where white is 1. Far beyond any light, and small enough for sums of a whole window to stay
/// finite.
const FLOAT_LIMIT: f32 = 1e6;

type Source<'a> = Decoder<Cursor<&'a [u8]>>;

/// How samples lie in a file.
#[derive(Clone, Copy)]
struct Kind {
    /// 1, 2 and 4 are packed; 32 are floats.
    bits: u8,
    /// CMYK has four, and becomes three.
    channels: u32,
    cmyk: bool,
    /// Colour was multiplied by alpha.
    premultiplied: bool,
}

/// Size, orientation and channels, from the first directory.
pub(super) fn stored(bytes: &[u8]) -> Result<Stored, CodecError> {
    let (mut source, kind) = open(bytes).map_err(|error| explained(error, true))?;
    let (width, height) = source.dimensions().map_err(|error| explained(error, true))?;
    if width == 0 || height == 0 {
        return Err(CodecError::Other(format!("tiff: the header says {width}x{height} px")));
    }
    // An unreadable tag is as good as none.
    let tag = source.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let orientation = tag.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
    let layout = Layout::new(width, height, if kind.cmyk { 3 } else { kind.channels });
    let depth = if kind.bits <= 8 { Depth::Eight } else { Depth::Sixteen };
    Ok(Stored { layout, depth, orientation, decoder_bytes: 0 })
}

fn open(bytes: &[u8]) -> Result<(Source<'_>, Kind), TiffError> {
    let mut limits = Limits::default();
    limits.intermediate_buffer_size = bytes.len().saturating_add(WORKING_BYTES);
    limits.ifd_value_size = WORKING_BYTES;
    let mut source = Decoder::new(Cursor::new(bytes))?.with_limits(limits);
    let kind = kind(&mut source)?;
    Ok((source, kind))
}

fn kind(source: &mut Source) -> Result<Kind, TiffError> {
    let colour = source.colortype()?;
    let formats = source.find_tag_unsigned_vec::<u16>(Tag::SampleFormat)?.unwrap_or_default();
    let extra = source.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?.unwrap_or_default();
    let has_alpha = matches!(extra.first(), Some(1 | 2));
    let (bits, channels, alpha) = match colour {
        ColorType::Gray(bits) => (bits, 1, false),
        ColorType::Multiband { bit_depth, num_samples: 2 } if has_alpha => (bit_depth, 2, true),
        ColorType::RGB(bits) => (bits, 3, false),
        ColorType::RGBA(bits) => (bits, 4, true),
        ColorType::CMYK(bits) => (bits, 4, false),
        other => return Err(unread(format!("{other:?}"))),
    };
    let cmyk = matches!(colour, ColorType::CMYK(_));
    let float = formats.contains(&3);
    let known = match bits {
        1 | 2 | 4 => channels == 1,
        8 | 16 => true,
        32 => float && !cmyk,
        _ => false,
    };
    // Sample formats are 1 for whole numbers, 3 for floats.
    let uniform = formats.iter().all(|format| *format == if bits == 32 { 3 } else { 1 });
    if !known || !uniform {
        return Err(unread(format!("{colour:?} of sample format {formats:?}")));
    }
    Ok(Kind { bits, channels, cmyk, premultiplied: alpha && extra.first() == Some(&1) })
}

fn unread(what: String) -> TiffError {
    TiffError::IoError(std::io::Error::new(ErrorKind::Unsupported, what))
}

/// Stored samples, and the profile that fits them. The caller has checked the size.
pub(super) fn decode(bytes: &[u8], layout: Layout) -> Result<(Samples, Option<Vec<u8>>), CodecError> {
    let (mut source, kind) = open(bytes).map_err(|error| explained(error, false))?;
    let samples = samples(&mut source, kind, layout, bytes.len() as u64).map_err(|error| explained(error, false))?;
    // A profile that can't be read is dropped, as one that does not fit is.
    let profile = source.get_tag_u8_vec(Tag::IccProfile).ok().filter(|profile| icc::fits(profile, layout));
    Ok((samples, profile))
}

fn samples(source: &mut Source, kind: Kind, layout: Layout, file_bytes: u64) -> Result<Samples, TiffError> {
    check_strips(source, file_bytes)?;
    let len = layout.pixels() as usize * kind.channels as usize;
    let channels = kind.channels as usize;
    Ok(match kind.bits {
        8 => {
            let mut v = vec![0u8; len];
            read(source, &mut v, channels)?;
            Samples::U8(finished(v, kind, 255))
        }
        16 => {
            let mut v = vec![0u16; len];
            read(source, &mut v, channels)?;
            Samples::U16(finished(v, kind, 65_535))
        }
        32 => {
            let mut v = vec![0f32; len];
            read(source, &mut v, channels)?;
            v.iter_mut().for_each(|v| *v = finite(*v));
            if kind.premultiplied {
                v.chunks_exact_mut(channels).for_each(straighten_floats);
            }
            Samples::F32(v)
        }
        bits => {
            let row = (layout.width as usize * usize::from(bits)).div_ceil(8);
            let mut packed = vec![0u8; row * layout.height as usize];
            read(source, &mut packed, 1)?;
            Samples::U8(unpacked(&packed, row, layout.width as usize, bits))
        }
    })
}

/// JPEG strips are decoded leniently, so one that the file cuts short has to be noticed here. All others are read to
/// their end.
fn check_strips(source: &mut Source, file_bytes: u64) -> Result<(), TiffError> {
    let jpeg = CompressionMethod::ModernJPEG.to_u16();
    if source.find_tag_unsigned::<u16>(Tag::Compression)? != Some(jpeg) {
        return Ok(());
    }
    let tags = match source.get_chunk_type() {
        ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
        ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
    };
    let offsets = source.find_tag_unsigned_vec::<u64>(tags.0)?.unwrap_or_default();
    let counts = source.find_tag_unsigned_vec::<u64>(tags.1)?.unwrap_or_default();
    if offsets.iter().zip(&counts).any(|(offset, count)| offset.saturating_add(*count) > file_bytes) {
        return Err(TiffError::IoError(ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}

/// Fills `target` with interleaved samples, or packed rows.
fn read<T: bytemuck::Pod>(source: &mut Source, target: &mut [T], channels: usize) -> Result<(), TiffError> {
    let layout = source.image_buffer_layout()?;
    if layout.complete_len != size_of_val(target) {
        return Err(unread("rows of another length than the image's".into()));
    }
    if layout.planes <= 1 {
        return source.read_image_bytes(bytemuck::cast_slice_mut(target));
    }
    if source.get_chunk_type() == ChunkType::Tile {
        return Err(unread("channels in planes of tiles".into()));
    }
    let mut planes = vec![T::zeroed(); target.len()];
    source.read_image_bytes(bytemuck::cast_slice_mut(&mut planes))?;
    let pixels = target.len() / channels;
    for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
        for (pixel, v) in target.chunks_exact_mut(channels).zip(plane) {
            pixel[channel] = *v;
        }
    }
    Ok(())
}

/// CMYK to RGB, premultiplied to straight; `white` is the greatest code.
fn finished<T: Copy + Into<u64> + TryFrom<u64>>(mut v: Vec<T>, kind: Kind, white: u64) -> Vec<T> {
    let code = |v: u64, fallback: T| T::try_from(v.min(white)).unwrap_or(fallback);
    if kind.cmyk {
        let pixels = v.len() / 4;
        for i in 0..pixels {
            let light = white - v[4 * i + 3].into();
            for c in 0..3 {
                let ink = v[4 * i + c];
                v[3 * i + c] = code(((white - ink.into()) * light + white / 2) / white, ink);
            }
        }
        v.truncate(3 * pixels);
    }
    if kind.premultiplied {
        for pixel in v.chunks_exact_mut(kind.channels as usize) {
            let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
            let alpha: u64 = (*alpha).into();
            for v in colours {
                *v = code(((*v).into() * white + alpha / 2).checked_div(alpha).unwrap_or(0), *v);
            }
        }
    }
    v
}

fn straighten_floats(pixel: &mut [f32]) {
    if let Some((alpha, colours)) = pixel.split_last_mut() {
        colours.iter_mut().for_each(|v| *v = if *alpha > 0.0 { finite(*v / *alpha) } else { 0.0 });
    }
}

/// NaN is 0, and all else within [`FLOAT_LIMIT`].
fn finite(v: f32) -> f32 {
    if v.is_nan() { 0.0 } else { v.clamp(-FLOAT_LIMIT, FLOAT_LIMIT) }
}

/// Gray of fewer than 8 bits, the first sample in the highest bits, spread over 0 to 255.
fn unpacked(packed: &[u8], row_bytes: usize, width: usize, bits: u8) -> Vec<u8> {
    let (per_byte, greatest) = (8 / usize::from(bits), (1u16 << bits) - 1);
    let sample = |row: &[u8], x: usize| {
        let shift = 8 - usize::from(bits) * (x % per_byte + 1);
        let code = u16::from(row[x / per_byte] >> shift) & greatest;
        (code * 255 / greatest) as u8
    };
    let mut v = Vec::with_capacity(packed.len() * per_byte);
    for row in packed.chunks_exact(row_bytes) {
        v.extend((0..width).map(|x| sample(row, x)));
    }
    v
}

fn explained(error: TiffError, in_header: bool) -> CodecError {
    let unread = |what: String| format!("tiff of a kind that is not read ({what}); convert it to 8-bit RGB first");
    CodecError::Other(match error {
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof && in_header => {
            return CodecError::HeaderIncomplete;
        }
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => "tiff: the file is truncated".into(),
        TiffError::IoError(error) if error.kind() == ErrorKind::Unsupported => unread(error.to_string()),
        TiffError::UnsupportedError(error) => unread(error.to_string()),
        TiffError::LimitsExceeded => "tiff: the file asks for too much memory".into(),
        error => return faulty("tiff", &error.to_string()),
    })
}

/// An uncompressed TIFF of gray, RGB or RGBA (straight alpha), 8 or 16 bits.
pub(super) fn encode(image: &Image) -> Result<Vec<u8>, CodecError> {
    let written = match (&image.samples, image.layout.channels()) {
        (Samples::U8(v), 1) => written::<colortype::Gray8>(image, v),
        (Samples::U8(v), 3) => written::<colortype::RGB8>(image, v),
        (Samples::U8(v), 4) => written::<colortype::RGBA8>(image, v),
        (Samples::U16(v), 1) => written::<colortype::Gray16>(image, v),
        (Samples::U16(v), 3) => written::<colortype::RGB16>(image, v),
        (Samples::U16(v), 4) => written::<colortype::RGBA16>(image, v),
        _ => return Err(CodecError::Other("tiff can't hold gray with alpha or floats".into())),
    };
    written.map_err(|error| CodecError::Other(format!("tiff: {error}")))
}

fn written<C: colortype::ColorType>(image: &Image, samples: &[C::Inner]) -> Result<Vec<u8>, TiffError>
where
    [C::Inner]: TiffValue,
{
    /// Says that the fourth sample is straight alpha.
    const UNASSOCIATED_ALPHA: u16 = 2;
    let mut target = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut target)?;
    let mut page = encoder.new_image::<C>(image.layout.width, image.layout.height)?;
    if image.layout.alpha {
        page.encoder().write_tag(Tag::ExtraSamples, UNASSOCIATED_ALPHA)?;
    }
    if let Some(profile) = image.icc.as_ref().filter(|profile| icc::fits(profile, image.layout)) {
        page.encoder().write_tag(Tag::IccProfile, &profile[..])?;
    }
    page.write_data(samples)?;
    Ok(target.into_inner())
}

#[cfg(test)]
#[path = "tiff_tests.rs"]
mod tests;
