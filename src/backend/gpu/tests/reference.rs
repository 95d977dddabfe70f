//! A graph evaluated in f64, pixel by pixel, with no thought for speed.

use super::kernels::{self, Linear};
use crate::image::{Border, Depth, Edges, Image, Layout};
use crate::op::{Alpha, Axis, Formula, Graph, Kernel, Place, Taps};

/// Planes of an image, or a table.
#[derive(Clone)]
pub struct Value {
    layout: Layout,
    planes: Vec<Vec<f64>>,
    table: Vec<f64>,
}

impl Value {
    fn at(&self, c: u32, x: u32, y: u32) -> f64 {
        self.planes[c as usize][(y * self.layout.width + x) as usize]
    }

    fn tap(&self, edges: Edges, c: u32, x: i64, y: i64) -> f64 {
        match (edges.border.index(x, self.layout.width), edges.border.index(y, self.layout.height)) {
            (Some(x), Some(y)) => self.at(c, x, y),
            _ => f64::from(edges.value[if self.layout.is_alpha(c) { 3 } else { c as usize }]),
        }
    }

    fn pixel(&self, i: usize) -> [f64; 4] {
        let colour = |c: usize| self.planes[if self.layout.colours == 3 { c } else { 0 }][i];
        let alpha = if self.layout.alpha { self.planes[self.layout.colours as usize][i] } else { 255.0 };
        [colour(0), colour(1), colour(2), alpha]
    }

    fn from_samples(layout: Layout, mut sample: impl FnMut(u32, u32, u32) -> f64) -> Value {
        let plane = |c| (0..layout.height).flat_map(|y| (0..layout.width).map(move |x| (c, x, y))).collect::<Vec<_>>();
        let planes =
            (0..layout.channels()).map(|c| plane(c).into_iter().map(|(c, x, y)| sample(c, x, y)).collect()).collect();
        Value { layout, planes, table: Vec::new() }
    }
}

/// The result's samples before quantisation, on the scale of its codes, interleaved.
pub fn evaluate(graph: &Graph, image: &Image, depth: Depth) -> Vec<f64> {
    let channels = image.layout.channels();
    let source = Value::from_samples(image.layout, |c, x, y| {
        image.samples.level(((y * image.layout.width + x) * channels + c) as usize)
    });
    let mut values: Vec<Value> = Vec::new();
    for node in graph.nodes() {
        let inputs: Vec<&Value> = node.inputs.iter().map(|i| &values[i.0]).collect();
        let value = match &node.kernel {
            Kernel::Source => source.clone(),
            Kernel::Point(p) => point(&p.formula(), p.alpha(), &inputs, node.layout),
            Kernel::Window(w) => window(w.reach(), w.edges(), w.alpha(), inputs[0]),
            Kernel::Axis(a) => axis(a, inputs[0], node.layout),
            Kernel::Permute(p) => Value::from_samples(node.layout, |c, x, y| {
                let (x, y) = p.source(x, y);
                inputs[0].tap(p.edges, c, x, y)
            }),
            Kernel::Reduce(r) => {
                let code = |v: f64| v as u32;
                let pixels =
                    (0..inputs[0].planes[0].len()).map(|i| inputs[0].pixel(i)).map(|p| [p[0], p[1], p[2]].map(code));
                let counts = kernels::counts(r.statistic(), inputs[0].layout, graph.depth.codes(), pixels);
                let table = r.table(&counts).into_iter().map(f64::from).collect();
                Value { layout: node.layout, planes: Vec::new(), table }
            }
            other => panic!("{other:?} has no reference: operations hold it to the CPU"),
        };
        values.push(value);
    }
    let output = &values[graph.output.0];
    let scale = f64::from(depth.codes_per_level());
    (0..output.planes[0].len())
        .flat_map(|i| output.planes.iter().map(move |p| p[i].clamp(0.0, 255.0) * scale))
        .collect()
}

fn point(formula: &Formula, alpha: Alpha, inputs: &[&Value], layout: Layout) -> Value {
    let table = inputs.iter().find(|i| !i.table.is_empty()).map(|i| &i.table);
    let images: Vec<&&Value> = inputs.iter().filter(|i| i.table.is_empty()).collect();
    Value::from_samples(layout, |c, x, y| {
        let i = (y * layout.width + x) as usize;
        let v = images[0].pixel(i);
        if layout.is_alpha(c) && alpha == Alpha::Keep {
            return v[3];
        }
        let w = images.get(1).map(|w| w.pixel(i));
        let k = if layout.is_alpha(c) { 3 } else { c as usize };
        match formula.stem {
            "linear" => {
                let p: Linear = bytemuck::pod_read_unaligned(&formula.bytes);
                v[k] * f64::from(p.factor) + f64::from(p.offset)
            }
            "gray" => (299.0 * v[0] + 587.0 * v[1] + 114.0 * v[2]) / 1000.0,
            "premultiply" if k == 3 => v[3],
            "premultiply" => v[k] * v[3] / 255.0,
            "spread" => [v[0], 255.0 - v[1], 0.5 * v[2]][k],
            "less" => v[k] - 0.5 * w.unwrap()[k],
            "lookup" => table.unwrap()[(v[0] + 0.5) as usize],
            "lanes" => table.unwrap()[256 * k + v[k] as usize],
            other => panic!("{other} has no reference"),
        }
    })
}

fn window(reach: u32, edges: Edges, alpha: Alpha, input: &Value) -> Value {
    let r = i64::from(reach);
    Value::from_samples(input.layout, |c, x, y| {
        if input.layout.is_alpha(c) && alpha == Alpha::Keep {
            return input.at(c, x, y);
        }
        let taps = (-r..=r).flat_map(|dy| (-r..=r).map(move |dx| (i64::from(x) + dx, i64::from(y) + dy)));
        taps.map(|(x, y)| input.tap(edges, c, x, y)).sum::<f64>() / f64::from((2 * reach + 1).pow(2))
    })
}

fn axis(axis: &Axis, input: &Value, output: Layout) -> Value {
    let reach = i64::from(axis.reach());
    Value::from_samples(output, |c, x, y| {
        if output.is_alpha(c) && axis.alpha == Alpha::Keep {
            return input.at(c, x, y);
        }
        let along = |t: i64| match axis.place {
            Place::Horizontal => input.tap(axis.edges, c, t, i64::from(y)),
            Place::Vertical => input.tap(axis.edges, c, i64::from(x), t),
        };
        let place = if axis.place == Place::Horizontal { x } else { y };
        let around = (-reach..=reach).map(|t| along(i64::from(place) + t));
        match &axis.taps {
            Taps::Sum { weights, scale } => {
                around.zip(weights).map(|(v, w)| v * f64::from(*w)).sum::<f64>() * f64::from(*scale)
            }
            Taps::Mean { .. } => around.sum::<f64>() / (2 * reach + 1) as f64,
            Taps::Min { .. } => around.fold(f64::INFINITY, f64::min),
            Taps::Max { .. } => around.fold(f64::NEG_INFINITY, f64::max),
            Taps::Resample(r) => {
                let (start, i) = (i64::from(r.starts[place as usize]), place as usize * r.taps);
                let weights = r.weights[i..i + r.taps].iter().zip(start..).filter(|(w, _)| **w != 0.0);
                weights.map(|(w, t)| f64::from(*w) * along(t)).sum()
            }
        }
    })
}

pub const BORDERS: [Border; 5] = [Border::Reflect101, Border::Reflect, Border::Clamp, Border::Wrap, Border::Constant];
