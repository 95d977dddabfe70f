//! How an image lies in a buffer of the device.

use crate::image::{Depth, Layout, Samples};

/// Pixels of a quad: 4 neighbours of a row, the first at a multiple of 4.
pub const QUAD: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Interleaved as in the file, 8 bits a sample; rows padded to whole quads.
    Codes8,
    /// The same with 16 bits a sample.
    Codes16,
    /// The same with floats.
    Float32,
    /// A plane of f32 for each channel, on the working scale; rows padded to whole quads.
    Planes,
}

impl Format {
    pub fn of_samples(samples: &Samples) -> Format {
        match samples {
            Samples::U8(_) => Format::Codes8,
            Samples::U16(_) => Format::Codes16,
            Samples::F32(_) => Format::Float32,
        }
    }

    pub fn of_depth(depth: Depth) -> Format {
        match depth {
            Depth::Eight => Format::Codes8,
            Depth::Sixteen => Format::Codes16,
        }
    }

    pub fn sample_bytes(self) -> u32 {
        match self {
            Format::Codes8 => 1,
            Format::Codes16 => 2,
            Format::Float32 | Format::Planes => 4,
        }
    }
}

/// An image in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    pub layout: Layout,
    pub format: Format,
}

impl Stored {
    pub fn planes(layout: Layout) -> Stored {
        Stored { layout, format: Format::Planes }
    }

    /// Quads in a row.
    pub fn quads(self) -> u32 {
        self.layout.width.div_ceil(QUAD)
    }

    /// Elements in a row: vectors of 4 floats in planes, else words of 4 bytes.
    pub fn row(self) -> u32 {
        match self.format {
            Format::Planes => self.quads(),
            interleaved => self.quads() * self.layout.channels() * interleaved.sample_bytes(),
        }
    }

    /// Bytes in a row of interleaved samples, padding included.
    pub fn row_bytes(self) -> usize {
        self.row() as usize * 4
    }

    /// Elements in a plane; 0 where samples are interleaved.
    pub fn plane(self) -> u32 {
        match self.format {
            Format::Planes => self.row() * self.layout.height,
            _ => 0,
        }
    }

    pub fn bytes(self) -> u64 {
        let samples =
            u64::from(self.quads() * QUAD) * u64::from(self.layout.height) * u64::from(self.layout.channels());
        samples * u64::from(self.format.sample_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_to_quads() {
        let layout = Layout::new(5, 3, 3);
        let at = |format| Stored { layout, format };
        assert_eq!((at(Format::Codes8).row(), at(Format::Codes8).bytes()), (6, 72));
        assert_eq!((at(Format::Codes16).row(), at(Format::Codes16).bytes()), (12, 144));
        assert_eq!((at(Format::Float32).row(), at(Format::Float32).bytes()), (24, 288));
        assert_eq!((at(Format::Planes).row(), at(Format::Planes).plane(), at(Format::Planes).bytes()), (2, 6, 288));
    }
}
