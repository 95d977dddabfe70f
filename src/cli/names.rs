//! What options may be, as it is written on the command line.

use clap::ValueEnum;
use imgproc::codec::{Format, JpegDecoder};
use imgproc::image::Depth;
use imgproc::pipeline::Schedule;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    Keep,
    Png,
    #[value(alias = "jpg")]
    Jpeg,
    /// lossless
    Webp,
    #[value(alias = "tif")]
    Tiff,
    Bmp,
}

impl FormatName {
    pub fn format(self) -> Option<Format> {
        match self {
            FormatName::Keep => None,
            FormatName::Png => Some(Format::Png),
            FormatName::Jpeg => Some(Format::Jpeg),
            FormatName::Webp => Some(Format::WebP),
            FormatName::Tiff => Some(Format::Tiff),
            FormatName::Bmp => Some(Format::Bmp),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DepthName {
    #[value(name = "8")]
    Eight,
    #[value(name = "16")]
    Sixteen,
}

impl From<DepthName> for Depth {
    fn from(name: DepthName) -> Depth {
        match name {
            DepthName::Eight => Depth::Eight,
            DepthName::Sixteen => Depth::Sixteen,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChannelsName {
    Gray,
    /// with alpha
    Graya,
    Rgb,
    Rgba,
}

#[cfg(feature = "gpu")]
impl ChannelsName {
    pub fn count(self) -> u32 {
        self as u32 + 1
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// The CPU or a real GPU, whichever is estimated to be done sooner
    Auto,
    Cpu,
    /// Real hardware; an error without one
    Gpu,
    /// A software rasterizer, such as lavapipe or WARP
    Software,
    /// The CPU and a GPU, each taking the next image when it is free
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleName {
    /// One worker reads a file, waits, works, writes; then the next
    Sequential,
    /// Each of several workers does just that
    Parallel,
    /// Many files are read at once, one worker works
    Concurrent,
    /// Many files are read at once, all workers or the GPU work
    Overlapped,
}

impl From<ScheduleName> for Schedule {
    fn from(name: ScheduleName) -> Schedule {
        match name {
            ScheduleName::Sequential => Schedule::Sequential,
            ScheduleName::Parallel => Schedule::Parallel,
            ScheduleName::Concurrent => Schedule::Concurrent,
            ScheduleName::Overlapped => Schedule::Overlapped,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum JpegDecoderName {
    /// the fastest, in C; what it objects to or can't read goes to turbo
    #[cfg(feature = "turbojpeg")]
    #[default]
    LibjpegTurbo,
    #[cfg_attr(feature = "turbojpeg", doc = "the same in Rust")]
    #[cfg_attr(not(feature = "turbojpeg"), doc = "the fast one")]
    #[cfg_attr(not(feature = "turbojpeg"), default)]
    Turbo,
    /// a second opinion, which always decodes at full size
    Zune,
}

impl From<JpegDecoderName> for JpegDecoder {
    fn from(name: JpegDecoderName) -> JpegDecoder {
        match name {
            #[cfg(feature = "turbojpeg")]
            JpegDecoderName::LibjpegTurbo => JpegDecoder::LibjpegTurbo,
            JpegDecoderName::Turbo => JpegDecoder::Turbo,
            JpegDecoderName::Zune => JpegDecoder::Zune,
        }
    }
}
