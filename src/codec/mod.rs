//! Bytes to `Image` and back; synchronous; the format is told by content.

use crate::image::{Depth, Image, Layout};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// The format that the first bytes of a file tell (64 are enough).
    pub fn sniff(_head: &[u8]) -> Option<Format> {
        todo!()
    }

    /// `jpeg`, `png`, …
    pub fn name(self) -> &'static str {
        todo!()
    }

    /// Extension of files that this program writes, without the dot: `jpg`, `png`, `webp`, `tif`, `bmp`, …
    pub fn extension(self) -> &'static str {
        todo!()
    }

    /// The format that an output of this input format gets under `--format keep`: itself, or PNG for those read only.
    pub fn kept(self) -> Format {
        todo!()
    }

    pub fn holds_depth(self, _depth: Depth) -> bool {
        todo!()
    }

    pub fn holds_alpha(self) -> bool {
        todo!()
    }
}

/// Which library decodes JPEG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JpegDecoder {
    #[default]
    Turbo,
    Zune,
}

/// What a decoder may do.
#[derive(Clone, Copy, Debug)]
pub struct DecodeOptions {
    /// Images of more pixels are refused from their header.
    pub max_pixels: u64,
    pub jpeg: JpegDecoder,
}

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub format: Format,
    /// After orientation.
    pub layout: Layout,
    pub depth: Depth,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end before the header does; with more of the file it may be read.
    #[error("the file ends inside its header")]
    HeaderIncomplete,
    #[error("{0}")]
    Other(String),
}

/// Reads the header from the first bytes of a file, or all of it.
pub fn header(_bytes: &[u8]) -> Result<Header, CodecError> {
    todo!()
}

/// The image, upright (EXIF orientation applied).
pub fn decode(_bytes: &[u8], _options: &DecodeOptions) -> Result<Image, CodecError> {
    todo!()
}

#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions {
    pub format: Format,
    /// 1 to 100, for JPEG.
    pub quality: u8,
}

/// The bytes of a file. Depth and alpha that the format can't hold must have been converted before (`fit_format`).
pub fn encode(_image: &Image, _options: &EncodeOptions) -> Result<Vec<u8>, CodecError> {
    todo!()
}
