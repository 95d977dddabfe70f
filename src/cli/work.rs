//! Options for how images are worked on, of the main job and of comparisons alike.

use clap::Args;
use imgproc::codec::DecodeOptions;

use super::names::JpegDecoderName;
use super::sizes;

#[derive(Debug, Args)]
#[command(next_help_heading = "Work")]
pub struct WorkArguments {
    /// Adapter to take, or for auto to compare with the CPU: its number in `imgproc devices`, or part of its name
    #[arg(long, value_name = "ADAPTER")]
    pub adapter: Option<String>,

    /// Compute workers; by default one for each core
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,

    /// Files being read at once; by default 16, or two for each worker
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub in_flight: Option<u16>,

    /// Memory for images in flight, as in 512M or 2G; by default a quarter of what there is
    #[arg(long, value_name = "BYTES", value_parser = sizes::bytes)]
    pub memory: Option<u64>,

    /// Refuse images of more pixels, as in 400M
    #[arg(long, value_name = "PIXELS", value_parser = sizes::pixels, default_value = "268M")]
    pub max_pixels: u64,

    /// Decode images as a whole and sum in full precision, even where less is enough for the recipe
    ///
    /// Otherwise a JPEG is decoded to luma alone where the recipe begins with `grayscale`, and at 1/2, 1/4 or 1/8 of its size
    /// where a `resize` that shrinks it further comes first or after that; and the CPU sums blurs and `resize` of 8-bit images in
    /// 16-bit fixed point, within a tenth of a level, where the recipe makes no more of it.
    #[arg(long)]
    pub exact: bool,

    /// Library that decodes JPEG
    #[arg(long, value_enum, default_value_t)]
    pub jpeg_decoder: JpegDecoderName,
}

impl WorkArguments {
    /// Compute workers.
    pub fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(cores, usize::from)
    }

    /// Files being read at once.
    pub fn in_flight(&self) -> usize {
        self.in_flight.map_or((2 * self.workers()).max(16), usize::from)
    }

    pub fn decode(&self) -> DecodeOptions {
        DecodeOptions { max_pixels: self.max_pixels, jpeg: self.jpeg_decoder.into() }
    }
}
