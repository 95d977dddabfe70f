//! Bytes to `Image` and back; synchronous; the format is told by content.

mod fit;
mod gif_screen;
mod icc;
mod jpeg;
#[cfg(feature = "turbojpeg")]
mod jpeg_c;
mod jpeg_markers;
mod orientation;
mod png_compression;
mod png_runs;
mod raster;
mod sniff;
mod tiff;
mod tiff_directory;

#[cfg(test)]
mod tests;

pub use fit::{Conversion, fit_format};

use crate::image::{Demand, Depth, Image, Layout, Reduction, Samples};
use ::image::metadata::Orientation;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Tiff,
    Bmp,
    /// read only
    Gif,
    /// PBM, PGM, PPM, PAM; read only
    Pnm,
}

impl Format {
    /// `jpeg`, `png`, …
    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::WebP => "webp",
            Format::Tiff => "tiff",
            Format::Bmp => "bmp",
            Format::Gif => "gif",
            Format::Pnm => "pnm",
        }
    }

    /// Extension of files that this program writes, without the dot: `jpg`, `png`, `webp`, `tif`, `bmp`, …
    pub fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Tiff => "tif",
            other => other.name(),
        }
    }

    /// The format that an output of this input format gets under `--format keep`: itself, or PNG for those read only.
    pub fn kept(self) -> Format {
        match self {
            Format::Gif | Format::Pnm => Format::Png,
            other => other,
        }
    }

    pub fn holds_depth(self, depth: Depth) -> bool {
        depth == Depth::Eight || matches!(self, Format::Png | Format::Tiff)
    }

    pub fn holds_alpha(self) -> bool {
        !matches!(self, Format::Jpeg)
    }

    /// Whether gray with alpha is written as such; else it is written as RGBA.
    pub(crate) fn holds_gray_alpha(self) -> bool {
        matches!(self, Format::Png | Format::WebP)
    }
}

/// Which library decodes JPEG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JpegDecoder {
    /// `libjpeg-turbo`, in C. Files of several scans or unusual colours, and those that it objects to, go to `Turbo`, which
    /// tells damage from harmless oddities.
    #[cfg(feature = "turbojpeg")]
    #[default]
    LibjpegTurbo,
    /// `libjpeg-turbo-rs`
    #[cfg_attr(not(feature = "turbojpeg"), default)]
    Turbo,
    /// `zune-jpeg`
    Zune,
}

impl JpegDecoder {
    pub const ALL: &[JpegDecoder] = &[
        #[cfg(feature = "turbojpeg")]
        JpegDecoder::LibjpegTurbo,
        JpegDecoder::Turbo,
        JpegDecoder::Zune,
    ];
}

/// What a decoder may do.
#[derive(Clone, Copy, Debug)]
pub struct DecodeOptions {
    /// Images of more pixels are refused from their header.
    pub max_pixels: u64,
    pub jpeg: JpegDecoder,
}

/// An image, and what its decoder left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub image: Image,
    /// Whether it is the luma alone of a file in colour.
    pub luma: bool,
    /// Where it is smaller than the file's.
    pub reduction: Option<Reduction>,
}

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub format: Format,
    /// After orientation.
    pub layout: Layout,
    /// As `Image::depth` of the decoded image: float samples, too, count as sixteen.
    pub depth: Depth,
    /// What its decoder holds beside samples: the coefficients of a JPEG in several scans.
    pub decoder_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end before the header does; with more of the file it may be read.
    #[error("the file is truncated: it ends inside its header")]
    HeaderIncomplete,
    #[error("{0}")]
    Other(String),
}

/// An image as the file stores it, before orientation.
#[derive(Clone, Copy)]
struct Stored {
    layout: Layout,
    depth: Depth,
    orientation: Orientation,
    decoder_bytes: u64,
}

/// What was decoded of an image, before orientation.
struct Part {
    samples: Samples,
    icc: Option<Vec<u8>>,
    layout: Layout,
    /// How much smaller than the file's; 1 for not at all.
    reduced_by: u32,
}

/// Reads the header from the first bytes of a file, or all of it. Cheap: no pixel is decoded.
///
/// # Errors
/// `HeaderIncomplete` where more bytes of the file could help; else what the file is, or what is wrong with it.
pub fn header(bytes: &[u8]) -> Result<Header, CodecError> {
    guarded("the decoder", || {
        let (format, stored) = stored(bytes)?;
        let layout = orientation::upright_layout(stored.layout, stored.orientation);
        Ok(Header { format, layout, depth: stored.depth, decoder_bytes: stored.decoder_bytes })
    })
}

/// Width and height, before orientation, that a file claims whose header goes on beyond these bytes; px. Only some formats
/// tell it so early. `read` gives some bytes that lie elsewhere in the file.
pub fn claimed_size(bytes: &[u8], read: impl FnOnce(u64) -> Option<Vec<u8>>) -> Option<(u32, u32)> {
    match Format::sniff(bytes)? {
        Format::WebP => raster::webp_canvas(bytes),
        Format::Tiff => tiff_directory::claimed_size(bytes, &read(tiff_directory::place(bytes)?)?),
        _ => None,
    }
}

/// The image, upright (EXIF orientation applied; in PNG and JPEG the tag has to stand before the image data).
///
/// Palettes become RGB or RGBA, gray of fewer than 8 bits becomes 8-bit gray, 16-bit samples stay so, CMYK becomes RGB.
/// Float samples stay floats, with NaN as 0 and all others clamped to -1e6..=1e6 (white is 1). Only the first frame or
/// page is read. A profile that is not for the image's channels is dropped.
///
/// # Errors
/// Anything but complete, valid image data; more pixels than `options.max_pixels`, told from the header.
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Image, CodecError> {
    decode_for(bytes, options, |_| Demand::default()).map(|decoded| decoded.image)
}

/// As much of the image as is demanded of one of the file's layout, or more: only JPEG can leave something out, and
/// `JpegDecoder::Zune` does not decode at a smaller scale.
///
/// # Errors
/// As `decode`.
pub fn decode_for(
    bytes: &[u8],
    options: &DecodeOptions,
    demand: impl FnOnce(Layout) -> Demand,
) -> Result<Decoded, CodecError> {
    guarded("the decoder", || {
        let (format, stored) = stored(bytes).map_err(|error| match error {
            CodecError::HeaderIncomplete => CodecError::Other(error.to_string()),
            other => other,
        })?;
        check_size(stored.layout, options.max_pixels)?;
        let whole = orientation::upright_layout(stored.layout, stored.orientation);
        let all = |(samples, icc)| Part { samples, icc, layout: stored.layout, reduced_by: 1 };
        let part = match format {
            Format::Jpeg => {
                let demand = orientation::stored_demand(demand(whole), stored.orientation);
                jpeg::decode(bytes, options, demand)?
            }
            Format::Tiff => all(tiff::decode(bytes, stored.layout)?),
            other => all(raster::decode(bytes, other, stored.layout)?),
        };
        let samples = orientation::upright(part.samples, part.layout, stored.orientation);
        let layout = orientation::upright_layout(part.layout, stored.orientation);
        let image = Image { icc: part.icc, ..Image::new(layout, samples) };
        let luma = part.layout.colours != stored.layout.colours;
        let reduction = (part.reduced_by > 1)
            .then(|| orientation::upright_reduction(stored.layout, part.reduced_by, stored.orientation));
        Ok(Decoded { image, luma, reduction })
    })
}

fn stored(bytes: &[u8]) -> Result<(Format, Stored), CodecError> {
    let format = Format::sniff(bytes).ok_or_else(|| sniff::unreadable(bytes))?;
    let stored = match format {
        Format::Jpeg => jpeg::stored(bytes)?,
        Format::Tiff => tiff::stored(bytes)?,
        other => raster::stored(bytes, other)?,
    };
    Ok((format, stored))
}

fn check_size(layout: Layout, max_pixels: u64) -> Result<(), CodecError> {
    let Layout { width, height, .. } = layout;
    if layout.pixels() <= max_pixels {
        return Ok(());
    }
    let claim = format!("the header says {width}x{height} px, {} in all", layout.pixels());
    let text = format!("{claim}, but the limit is {max_pixels}; --max-pixels raises it");
    Err(CodecError::Other(text))
}

#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions {
    pub format: Format,
    /// 1 to 100, for JPEG.
    pub quality: u8,
}

/// The bytes of a file. Depth and alpha that the format can't hold must have been converted before (`fit_format`).
/// The profile is embedded if it is for the image's channels and the format can (BMP can't).
///
/// # Errors
/// A format that is only read, a size or samples that the format can't hold.
pub fn encode(image: &Image, options: &EncodeOptions) -> Result<Vec<u8>, CodecError> {
    guarded("the encoder", || match options.format {
        Format::Jpeg => jpeg::encode(image, options.quality),
        Format::Tiff => tiff::encode(image),
        other => raster::encode(image, other),
    })
}

/// The error that a library's words stand for, which are told in brackets.
fn faulty(name: &str, words: &str) -> CodecError {
    let lower = words.to_lowercase();
    if ["unexpected end", "unexpected eof", "truncated"].iter().any(|end| lower.contains(end)) {
        return CodecError::Other(format!("{name}: the file is truncated"));
    }
    let words = words.split(" while decoding").next().unwrap_or_default();
    let words = if lower.starts_with("crc error") { "a checksum does not match" } else { words };
    let words = words.trim_start_matches("corrupt data: ").trim_end_matches('.').replace(char::is_control, " ");
    // A structure as programmers see it.
    let words = match (words.find('{'), words.rfind('}')) {
        (Some(begin), Some(end)) if begin < end => format!("{}…{}", &words[..begin].trim_end(), &words[end + 1..]),
        _ => words,
    };
    CodecError::Other(if lower.contains("unsupported") || lower.contains("not supported") {
        format!("{name} of a kind that is not read ({words}); convert it to 8-bit RGB first")
    } else {
        format!("{name}: the file is corrupt ({words})")
    })
}

/// Runs a codec so that its panic fails one image only.
fn guarded<T>(who: &str, work: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(CodecError::Other(format!("{who} panicked: {text}")))
    })
}
