//! `equalize`: the histogram spread over all levels.

use std::sync::Arc;

use super::quantise::quantised;
use crate::image::colour::luma_code;
use crate::op::{
    Channels, Formula, Graph, Kernel, Kind, NodeId, Operation, Parameter, Point, PointRow, Reduce, Refusal, Shape,
    Spec, Statistic,
};
use crate::shader_struct;

const CHANNELS: &[&str] = &["luma", "each"];

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
    decides: false,
    example: "equalize",
    make: |arguments| Ok(Box::new(EqualizeOperation { each: arguments.name("channels") == "each" })),
};

#[derive(Debug)]
struct EqualizeOperation {
    each: bool,
}

impl Operation for EqualizeOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let depth = graph.depth;
        let codes = quantised(graph, input, depth);
        let statistic = if self.each && layout.colours == 3 { Statistic::Each } else { Statistic::Luma };
        let kernel = EqualizeTable { parameters: Equalize { codes: depth.codes() }, statistic };
        let table = graph.push(Kernel::Reduce(Arc::new(kernel)), &[codes], layout);
        let apply = EqualizeApply {
            by_luma: u32::from(statistic == Statistic::Luma && layout.colours == 3),
            lanes: if statistic == Statistic::Each { 3 } else { 1 },
            codes: depth.codes(),
            levels_per_code: 1.0 / depth.codes_per_level() as f32,
        };
        Ok(graph.point(apply, &[codes, table]))
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

shader_struct! {
    struct EqualizeApply { by_luma: u32, lanes: u32, codes: u32, levels_per_code: f32, }
}

impl Point for EqualizeApply {
    fn formula(&self) -> Formula {
        Formula::new("equalize_apply", include_str!("../../shaders/ops/equalize_apply.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        if self.by_luma == 0 {
            let lanes = row.table.chunks_exact(self.codes as usize);
            for ((target, source), lane) in output.iter_mut().zip(row.inputs).zip(lanes) {
                for (t, code) in target.iter_mut().zip(*source) {
                    *t = lane[*code as usize] * self.levels_per_code;
                }
            }
            return;
        }
        let [r, g, b] = row.inputs else { panic!("equalize by luma reads three channels") };
        for x in 0..r.len() {
            let luma = luma_code(r[x] as u32, g[x] as u32, b[x] as u32);
            let change = row.table[luma as usize] - luma as f32;
            for (target, source) in output.iter_mut().zip(row.inputs) {
                target[x] = (source[x] + change) * self.levels_per_code;
            }
        }
    }
}
