//! Pixels in memory: sizes, depths, channels, borders, regions, filter weights. Depends on nothing.

mod border;
pub mod buffers;
pub mod colour;
pub mod decimation;
mod demand;
mod large_pages;
mod region;
pub mod weights;

pub use border::{Border, Edges};
pub use demand::{Demand, Reduction};
pub use region::Region;

/// Bits of a sample in a file, and so the number of levels that histogram operations work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    Eight,
    Sixteen,
}

impl Depth {
    /// Codes per level of the working scale: a 16-bit code `v` is `v / 257` levels.
    pub fn codes_per_level(self) -> u32 {
        match self {
            Depth::Eight => 1,
            Depth::Sixteen => 257,
        }
    }

    /// The inverse of `codes_per_level`.
    pub fn levels_per_code(self) -> f32 {
        1.0 / self.codes_per_level() as f32
    }

    /// How many codes there are: 256 or 65,536.
    pub fn codes(self) -> u32 {
        match self {
            Depth::Eight => 1 << 8,
            Depth::Sixteen => 1 << 16,
        }
    }

    pub fn bits(self) -> u32 {
        match self {
            Depth::Eight => 8,
            Depth::Sixteen => 16,
        }
    }
}

/// Size and channels of an image. Channels stand in the order gray or R, G, B, then alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// px, at least 1
    pub width: u32,
    /// px, at least 1
    pub height: u32,
    /// Colour channels: 1 (gray) or 3 (R, G, B).
    pub colours: u32,
    pub alpha: bool,
}

impl Layout {
    pub fn new(width: u32, height: u32, channels: u32) -> Layout {
        assert!((1..=4).contains(&channels), "an image has 1 to 4 channels");
        Layout { width, height, colours: if channels >= 3 { 3 } else { 1 }, alpha: channels.is_multiple_of(2) }
    }

    pub fn channels(self) -> u32 {
        self.colours + u32::from(self.alpha)
    }

    pub fn is_alpha(self, channel: u32) -> bool {
        self.alpha && channel == self.colours
    }

    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Samples of all channels.
    pub fn samples(self) -> u64 {
        self.pixels() * u64::from(self.channels())
    }

    pub fn sized(self, width: u32, height: u32) -> Layout {
        Layout { width, height, ..self }
    }

    pub fn region(self) -> Region {
        Region { x: 0, y: 0, width: self.width, height: self.height }
    }
}

/// Interleaved samples, row after row, no padding.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 0..=255, the working scale itself
    U8(Vec<u8>),
    /// 0..=65535; a sample `v` is `v / 257` on the working scale
    U16(Vec<u16>),
    /// nominally 0..=1, finite; a sample `v` is `255 v` on the working scale
    F32(Vec<f32>),
}

impl Samples {
    /// The depth that histogram operations and the output take from these samples.
    pub fn depth(&self) -> Depth {
        match self {
            Samples::U8(_) => Depth::Eight,
            Samples::U16(_) | Samples::F32(_) => Depth::Sixteen,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Samples::U8(v) => v.len(),
            Samples::U16(v) => v.len(),
            Samples::F32(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of one sample.
    pub fn width(&self) -> usize {
        match self {
            Samples::U8(_) => 1,
            Samples::U16(_) => 2,
            Samples::F32(_) => 4,
        }
    }

    /// Sample `i` on the working scale, 0 to 255.
    pub fn level(&self, i: usize) -> f64 {
        match self {
            Samples::U8(v) => f64::from(v[i]),
            Samples::U16(v) => f64::from(v[i]) / 257.0,
            Samples::F32(v) => f64::from(v[i]) * 255.0,
        }
    }
}

/// A decoded image. Alpha is straight.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub layout: Layout,
    /// `layout.samples()` of them
    pub samples: Samples,
    /// ICC profile of the file, for the channels that the image has.
    pub icc: Option<Vec<u8>>,
}

impl Image {
    /// # Panics
    /// Where the number of samples is not that of the layout.
    pub fn new(layout: Layout, samples: Samples) -> Image {
        assert_eq!(samples.len() as u64, layout.samples(), "samples of a {layout:?}");
        Image { layout, samples, icc: None }
    }

    pub fn depth(&self) -> Depth {
        self.samples.depth()
    }

    /// Leaves its samples' memory to images to come.
    pub fn give_back(self) {
        match self.samples {
            Samples::U8(v) => buffers::give_back(v),
            Samples::U16(v) => buffers::give_back(v),
            Samples::F32(v) => buffers::give_back(v),
        }
    }

    pub fn bytes(&self) -> u64 {
        self.samples.len() as u64 * self.samples.width() as u64
    }
}
