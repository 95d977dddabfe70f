//! How an image lies in a buffer of the device.

use crate::image::{Depth, Layout, Region, Samples};

/// Pixels of a quad: 4 neighbours of a row, the first at a multiple of 4.
pub const QUAD: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Interleaved as in the file, 8 bits a sample; rows padded to whole quads.
    Codes8,
    /// The same with 16 bits a sample.
    Codes16,
    /// The same with floats, 0 to 1.
    Float32,
    /// The same with floats on the working scale, as they are.
    Values,
    /// A plane of f32 for each channel, on the working scale; rows padded to whole quads.
    Planes,
    /// A plane of bytes for each channel, of levels that are whole; rows padded to whole quads.
    Planes8,
    /// A plane of 16 bits for each channel, 128ths of levels from -128 on; rows padded to whole quads.
    Planes16,
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
            Format::Codes8 | Format::Planes8 => 1,
            Format::Codes16 | Format::Planes16 => 2,
            Format::Float32 | Format::Values | Format::Planes => 4,
        }
    }
}

/// An image, or a part of one, in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Of the whole image.
    pub layout: Layout,
    pub format: Format,
    /// What is there; it begins at a whole quad and ends with one or with the image. Where an image repeats beyond its
    /// borders it may end beyond it.
    pub region: Region,
}

impl Stored {
    pub fn whole(layout: Layout, format: Format) -> Stored {
        Stored { layout, format, region: layout.region() }
    }

    /// A region widened to whole quads.
    pub fn part(layout: Layout, format: Format, region: Region) -> Stored {
        let columns = (region.x / QUAD * QUAD, region.right().next_multiple_of(QUAD).min(layout.width));
        Stored { layout, format, region: Region::from_spans(columns, (region.y, region.bottom())) }
    }

    /// A region that may end beyond the image.
    pub fn repeating(layout: Layout, format: Format, region: Region) -> Stored {
        let columns = (region.x / QUAD * QUAD, region.right().next_multiple_of(QUAD));
        Stored { layout, format, region: Region::from_spans(columns, (region.y, region.bottom())) }
    }

    /// Quads in a row.
    pub fn quads(self) -> u32 {
        self.region.width.div_ceil(QUAD)
    }

    /// Elements of a quad in one row: in planes one, a vector of floats or of words or a word, else words of 4 bytes.
    fn quad_elements(self) -> u32 {
        match self.format {
            Format::Planes | Format::Planes8 | Format::Planes16 => 1,
            interleaved => self.layout.channels() * interleaved.sample_bytes(),
        }
    }

    /// Elements in a row.
    pub fn row(self) -> u32 {
        self.quads() * self.quad_elements()
    }

    /// Bytes in a row of interleaved samples, padding included.
    pub fn row_bytes(self) -> usize {
        self.row() as usize * 4
    }

    /// Elements in a plane; 0 where samples are interleaved.
    pub fn plane(self) -> u32 {
        match self.format {
            // Too large for a buffer, it may be more than a word tells.
            Format::Planes | Format::Planes8 | Format::Planes16 => self.row().wrapping_mul(self.region.height),
            _ => 0,
        }
    }

    /// Elements by which the first pixel of the image would lie ahead of the buffer; as the shader counts, modulo 2^32.
    pub fn origin(self) -> u32 {
        self.region.y.wrapping_mul(self.row()).wrapping_add(self.region.x / QUAD * self.quad_elements())
    }

    pub fn bytes(self) -> u64 {
        let samples =
            u64::from(self.quads() * QUAD) * u64::from(self.region.height) * u64::from(self.layout.channels());
        samples * u64::from(self.format.sample_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_to_quads() {
        let layout = Layout::new(5, 3, 3);
        let at = |format| Stored::whole(layout, format);
        assert_eq!((at(Format::Codes8).row(), at(Format::Codes8).bytes()), (6, 72));
        assert_eq!((at(Format::Codes16).row(), at(Format::Codes16).bytes()), (12, 144));
        assert_eq!((at(Format::Float32).row(), at(Format::Float32).bytes()), (24, 288));
        assert_eq!((at(Format::Planes).row(), at(Format::Planes).plane(), at(Format::Planes).bytes()), (2, 6, 288));
        assert_eq!((at(Format::Planes8).row(), at(Format::Planes8).plane(), at(Format::Planes8).bytes()), (2, 6, 72));
        assert_eq!(
            (at(Format::Planes16).row(), at(Format::Planes16).plane(), at(Format::Planes16).bytes()),
            (2, 6, 144)
        );
    }

    #[test]
    fn parts_are_widened_to_quads_within_the_image() {
        let layout = Layout::new(23, 9, 3);
        let region = Region { x: 6, y: 2, width: 11, height: 4 };
        let part = Stored::part(layout, Format::Planes, region);
        assert_eq!(part.region, Region { x: 4, y: 2, width: 16, height: 4 });
        assert_eq!((part.quads(), part.plane(), part.origin()), (4, 16, 2 * 4 + 1));
        let end = Stored::part(layout, Format::Codes8, Region { x: 17, width: 6, ..region });
        assert_eq!(end.region, Region { x: 16, y: 2, width: 7, height: 4 });
        assert_eq!((end.row(), end.origin()), (6, 2 * 6 + 4 * 3));
    }
}
