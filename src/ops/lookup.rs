//! Codes through the table that was made from their histogram.

use super::luma_codes::{add_by_luma, shift_by_luma};
use crate::op::{ByteRow, Formula, Graph, NodeId, Point, PointRow};
use crate::shader_struct;
use crate::simd::tables::look_up;

/// What an operation's `channels` may say.
pub const CHANNELS: &[&str] = &["luma", "each"];

/// What a sample takes from a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The entry of its code: one table for all channels.
    Shared,
    /// The entry of its code in its own channel's table.
    Each,
    /// The change that the table makes of luma: `v + (table[Y] - Y)`, Y in whole codes.
    Luma,
}

impl Lookup {
    /// Of a parameter `channels` and an image of that many colour channels.
    pub fn of(channels: &str, colours: u32) -> Lookup {
        match (channels, colours) {
            (_, 1) => Lookup::Shared,
            ("each", _) => Lookup::Each,
            _ => Lookup::Luma,
        }
    }

    /// An image of whole codes through a table, in levels; an entry counts `unit` levels.
    pub fn apply(self, graph: &mut Graph, image: NodeId, table: NodeId, unit: f32) -> NodeId {
        let kernel = LookupPoint {
            by_luma: u32::from(self == Lookup::Luma),
            colours: graph.layout(image).colours,
            stride: if self == Lookup::Each { graph.depth.codes() } else { 0 },
            unit,
        };
        graph.point(kernel, &[image, table])
    }
}

shader_struct! {
    struct LookupPoint {
        by_luma: u32,
        colours: u32,
        /// Entries between the tables of two channels.
        stride: u32,
        /// levels
        unit: f32,
    }
}

impl Point for LookupPoint {
    fn formula(&self) -> Formula {
        Formula::new("lookup", include_str!("../../shaders/ops/lookup.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        self.by_luma == 0
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        if self.by_luma == 0 {
            for (c, (target, source)) in output.iter_mut().zip(row.inputs).enumerate() {
                let table = &row.table[c * self.stride as usize..];
                for (t, code) in target.iter_mut().zip(*source) {
                    *t = table[*code as usize] * self.unit;
                }
            }
            return;
        }
        add_by_luma(&row, output, self.unit, |luma, target| {
            target.iter_mut().zip(luma).for_each(|(t, y)| *t = row.table[*y as usize]);
        });
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        let Some(table) = bytes(row.table).filter(|_| self.by_luma == 1 && self.unit == 1.0) else { return false };
        shift_by_luma(row.pixels, target, |_, luma, results| look_up(&table, luma, results));
        true
    }
}

/// A table of 256 whole levels.
fn bytes(table: &[f32]) -> Option<[u8; 256]> {
    let bytes: [u8; 256] = table.iter().map(|v| *v as u8).collect::<Vec<u8>>().try_into().ok()?;
    bytes.iter().zip(table).all(|(byte, v)| f32::from(*byte) == *v).then_some(bytes)
}
