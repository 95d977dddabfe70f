//! `equalize`: the histogram spread over all levels.

use super::lookup::{CHANNELS, Lookup};
use super::quantise::quantised;
use crate::op::{
    Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Reduce, Refusal, Shape, Spec, Statistic, Tipping,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "equalize",
    summary: "spreads the histogram over all levels",
    definition: "Gray: each code to its rank, as OpenCV's table (the scale and its product in f32, halves to even; a \
                 constant image stays). Colour, luma: v + (table[Y] - Y) with Y in whole codes; each: every channel by \
                 its own table. On 256 levels, or 65,536 of a 16-bit image, after quantising. Alpha stays.",
    shape: Shape::Reduce,
    channels: Channels::Any,
    parameters: &[Parameter::new("channels", Kind::OneOf(CHANNELS), "luma", "whose histogram is spread")],
    reference: "cv2.equalizeHist",
    tolerance: 0,
    example: "equalize",
    make: |arguments| Ok(Box::new(EqualizeOperation { channels: arguments.name("channels") })),
};

#[derive(Debug)]
struct EqualizeOperation {
    channels: &'static str,
}

impl Operation for EqualizeOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let depth = graph.depth;
        let lookup = Lookup::of(self.channels, graph.layout(input).colours);
        let statistic = if lookup == Lookup::Each { Statistic::Each } else { Statistic::Luma };
        let image = quantised(graph, input, depth);
        let table = graph.reduce(EqualizeTable { parameters: Equalize { codes: depth.codes() }, statistic }, image);
        Ok(lookup.apply(graph, image, table, depth.levels_per_code()))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

shader_struct! {
    struct Equalize { codes: u32, }
}

#[derive(Debug)]
struct EqualizeTable {
    parameters: Equalize,
    statistic: Statistic,
}

impl Reduce for EqualizeTable {
    fn formula(&self) -> Formula {
        Formula::new("equalize", include_str!("../../shaders/ops/equalize.wgsl"), &self.parameters)
    }

    fn statistic(&self) -> Statistic {
        self.statistic
    }

    fn table(&self, counts: &[u32]) -> Vec<f32> {
        let pixels: u32 = counts.iter().sum();
        let first = counts.iter().copied().find(|n| *n > 0).unwrap_or(0);
        if first == pixels {
            return (0..counts.len()).map(|code| code as f32).collect();
        }
        let scale = (counts.len() - 1) as f32 / (pixels - first) as f32;
        let mut sum = 0u32;
        counts
            .iter()
            .map(|n| {
                sum += n;
                (sum.saturating_sub(first) as f32 * scale).round_ties_even()
            })
            .collect()
    }
}
