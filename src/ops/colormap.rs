//! `colormap`: luma to colour by a table.

use super::luma_codes::{red_green_blue, rounded_luma};
use crate::op::{
    Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec, Tipping,
};
use crate::shader_struct;
use crate::simd::blockwise;

const NAMES: &[&str] = &["gray", "viridis", "magma", "inferno", "turbo", "jet"];

pub static SPEC: Spec = Spec {
    name: "colormap",
    summary: "shows levels as colours",
    definition: "bt601 luma in whole 8-bit levels, each to its colour of a table of 256, floor(255 t + 0.5). Alpha stays.",
    shape: Shape::Point,
    channels: Channels::ToColour,
    parameters: &[Parameter::new("name", Kind::OneOf(NAMES), "viridis", "the table").starred()],
    reference: "matplotlib tables",
    tolerance: 0,
    example: "colormap:magma",
    make: |arguments| Ok(Box::new(ColormapOperation { name: arguments.name("name") })),
};

#[derive(Debug)]
struct ColormapOperation {
    name: &'static str,
}

impl ColormapOperation {
    /// R, G, B of each level, 768 values.
    fn table(&self) -> Vec<f32> {
        let text = match self.name {
            "viridis" => include_str!("../../assets/colormaps/viridis.txt"),
            "magma" => include_str!("../../assets/colormaps/magma.txt"),
            "inferno" => include_str!("../../assets/colormaps/inferno.txt"),
            "turbo" => include_str!("../../assets/colormaps/turbo.txt"),
            "jet" => include_str!("../../assets/colormaps/jet.txt"),
            _ => return (0..256).flat_map(|level| [level as f32; 3]).collect(),
        };
        let colours = text.split_whitespace().map(|hex| u32::from_str_radix(hex, 16).expect("rrggbb"));
        colours.flat_map(|c| [c >> 16, c >> 8 & 255, c & 255]).map(|v| v as f32).collect()
    }
}

impl Operation for ColormapOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let table = graph.table(self.table(), input);
        Ok(graph.point_to(3, Colormap { codes_per_level: 1.0 }, &[input, table]))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

shader_struct! {
    struct Colormap { codes_per_level: f32, }
}

impl Point for Colormap {
    fn formula(&self) -> Formula {
        Formula::new("colormap", include_str!("../../shaders/ops/colormap.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let [r, g, b] = red_green_blue(&row);
        let mut levels = vec![0.0; r.len()];
        blockwise(
            [&mut levels],
            [r, g, b],
            #[inline(always)]
            |[r, g, b]| [rounded_luma(r, g, b)],
        );
        let [r, g, b] = output else { panic!("a colour of three channels") };
        for (x, level) in levels.into_iter().enumerate() {
            let colour = &row.table[3 * level as usize..][..3];
            (r[x], g[x], b[x]) = (colour[0], colour[1], colour[2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_256_colours_and_begin_and_end_as_published() {
        let ends = |name| {
            let table = ColormapOperation { name }.table();
            assert_eq!(table.len(), 768, "{name}");
            [table[..3].to_vec(), table[765..].to_vec()]
        };
        assert_eq!(ends("gray"), [[0.0; 3], [255.0; 3]]);
        assert_eq!(ends("viridis"), [[68.0, 1.0, 84.0], [253.0, 231.0, 37.0]]);
        assert_eq!(ends("jet"), [[0.0, 0.0, 128.0], [128.0, 0.0, 0.0]]);
        NAMES.iter().for_each(|name| drop(ends(name)));
    }
}
