//! `resize`: separable resampling, the kernel widened when shrinking.

use super::crop::{GRAVITIES, moved, placed};
use super::linear::in_linear_light;
use super::premultiply::premultiplied;
use crate::image::Edges;
use crate::image::weights::{Filter, Resampling};
use crate::op::{
    Alpha, Arguments, Axis, Channels, Graph, Kind, NodeId, Operation, Parameter, Place, Refusal, ResizeSize, Shape,
    Spec, Taps,
};

const FITS: &[&str] = &["inside", "cover", "contain", "fill", "outside"];

/// Greatest side that an operation may give, px.
pub const MAX_SIDE: u64 = 65_535;

/// How many times its result a reduced source must be, in each direction, for the result to look the same: on photos its
/// structural similarity to that of the whole image is then 0.996 on average, and above 0.99 for nearly all.
const LEFT_TO_SHRINK: f64 = 1.9;

pub static SPEC: Spec = Spec {
    name: "resize",
    summary: "scales the image",
    definition: "Separable convolution whose kernel widens when shrinking, weights normalised, taps outside the image left \
                 out; bicubic has a = -0.5; nearest takes ((2x + 1) w_in) div (2 w_out). On premultiplied colour. \
                 inside fits into the box, outside covers it, cover covers and crops it, contain fits and fills up with \
                 background, fill ignores proportions. A free side is max(1, floor(v + 0.5)).",
    shape: Shape::Axis,
    channels: Channels::Any,
    parameters: &[
        Parameter::required("size", Kind::ResizeSize, "a box, one side or a percentage").starred(),
        Parameter::new("fit", Kind::OneOf(FITS), "inside", "how proportions meet the box"),
        Parameter::new("filter", Kind::OneOf(Filter::NAMES), "lanczos3", "the resampling kernel"),
        Parameter::new("enlarge", Kind::Flag, "true", "false caps the scale at 1"),
        Parameter::new("background", Kind::Color, "0/0/0/0", "fills up the box under contain"),
        Parameter::new("gravity", Kind::OneOf(GRAVITIES), "center", "where the image stands in the box"),
        Parameter::new("linear", Kind::Flag, "false", "works on decoded sRGB"),
    ],
    reference: "Pillow Image.resize on mode F planes, reducing_gap=None",
    tolerance: 1,
    example: "resize:50%",
    make: |arguments| Ok(Box::new(Resize { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct Resize {
    arguments: Arguments,
}

/// A scale as an exact fraction.
#[derive(Clone, Copy)]
struct Scale {
    numerator: u64,
    denominator: u64,
}

impl Scale {
    fn new(numerator: u32, denominator: u32) -> Scale {
        Scale { numerator: numerator.into(), denominator: denominator.into() }
    }

    fn is_less(self, other: Scale) -> bool {
        u128::from(self.numerator) * u128::from(other.denominator)
            < u128::from(other.numerator) * u128::from(self.denominator)
    }

    fn least(self, other: Scale) -> Scale {
        if other.is_less(self) { other } else { self }
    }

    fn greatest(self, other: Scale) -> Scale {
        if self.is_less(other) { other } else { self }
    }

    /// `max(1, floor(side × scale + 0.5))`, in whole numbers.
    fn side(self, side: u32) -> u64 {
        let doubled = 2 * u128::from(side) * u128::from(self.numerator) + u128::from(self.denominator);
        ((doubled / (2 * u128::from(self.denominator))) as u64).max(1)
    }
}

/// Sizes on the way: of the scaled image, and of what is cut out of it or laid under it.
struct Plan {
    scaled: (u32, u32),
    canvas: (u32, u32),
}

impl Resize {
    fn plan(&self, width: u32, height: u32) -> Result<Plan, Refusal> {
        let fit = self.arguments.name("fit");
        let size = self.arguments.resize_size("size");
        let (mut x, mut y) = match size {
            ResizeSize::Percent { numerator, denominator } => {
                let scale = Scale { numerator, denominator };
                (scale, scale)
            }
            ResizeSize::Width(w) => (Scale::new(w, width), Scale::new(w, width)),
            ResizeSize::Height(h) => (Scale::new(h, height), Scale::new(h, height)),
            ResizeSize::Box { width: w, height: h } => {
                let (x, y) = (Scale::new(w, width), Scale::new(h, height));
                match fit {
                    "fill" => (x, y),
                    "cover" | "outside" => (x.greatest(y), x.greatest(y)),
                    _ => (x.least(y), x.least(y)),
                }
            }
        };
        if !self.arguments.flag("enlarge") {
            (x, y) = (x.least(Scale::new(1, 1)), y.least(Scale::new(1, 1)));
        }
        let (scaled_width, scaled_height) = (x.side(width), y.side(height));
        if scaled_width.max(scaled_height) > MAX_SIDE {
            return Err(Refusal(format!(
                "resize would give {scaled_width}x{scaled_height}; a side may have at most {MAX_SIDE} px"
            )));
        }
        let scaled = (scaled_width as u32, scaled_height as u32);
        let canvas = match (size, fit) {
            (ResizeSize::Box { width, height }, "contain") => (width, height),
            (ResizeSize::Box { width, height }, "cover") => (scaled.0.min(width), scaled.1.min(height)),
            _ => scaled,
        };
        Ok(Plan { scaled, canvas })
    }

    fn filter(&self) -> Filter {
        Filter::from_name(self.arguments.name("filter")).expect("the registry lists the filters' own names")
    }

    fn resample(&self, graph: &mut Graph, input: NodeId, (width, height): (u32, u32)) -> NodeId {
        let filter = self.filter();
        let from = graph.layout(input);
        // Where the image begins in its pixels, and how many it has.
        let (x, y) = match graph.reduction(input) {
            None => ((0.0, from.width.into()), (0.0, from.height.into())),
            Some(r) => {
                let by = f64::from(r.by);
                ((r.left, f64::from(r.width) / by), (r.top, f64::from(r.height) / by))
            }
        };
        premultiplied(graph, input, |graph, mut node| {
            // Columns first: their sums run over contiguous rows, and leave fewer rows to the slower ones along a row.
            let axes = [(Place::Vertical, from.height, y, height), (Place::Horizontal, from.width, x, width)];
            for (place, n_in, (start, length), n_out) in axes {
                if n_in != n_out {
                    let taps = Taps::Resample(Resampling::of_part(n_in, start, length, n_out, filter));
                    let edges = Edges::constant(0.0);
                    node = graph.axis(Axis { place, taps, edges, alpha: Alpha::Work }, node);
                }
            }
            node
        })
    }
}

impl Operation for Resize {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let from = graph.layout(input);
        let whole = graph.reduction(input).map_or((from.width, from.height), |r| (r.width, r.height));
        let Plan { scaled, canvas } = self.plan(whole.0, whole.1)?;
        let mut node = input;
        if scaled != whole {
            node = if self.arguments.flag("linear") {
                in_linear_light(graph, node, |graph, node| self.resample(graph, node, scaled))
            } else {
                self.resample(graph, node, scaled)
            };
        }
        if canvas == scaled {
            return Ok(node);
        }
        let (free_x, free_y) = (i64::from(canvas.0) - i64::from(scaled.0), i64::from(canvas.1) - i64::from(scaled.1));
        let gravity = self.arguments.name("gravity");
        let (left, top) = if free_x > 0 || free_y > 0 {
            placed(free_x, free_y, gravity)
        } else {
            let (left, top) = placed(-free_x, -free_y, gravity);
            (-left, -top)
        };
        let mut permutation = moved(-left as i32, -top as i32);
        permutation.edges.value = self.arguments.color("background").channels(from.colours);
        Ok(graph.permute(permutation, node, canvas.0, canvas.1))
    }

    fn least_size(&self, width: u32, height: u32) -> Option<(u32, u32)> {
        // These two look at single pixels and their edges, and light is not linear in what a decoder averages.
        if matches!(self.filter(), Filter::Nearest | Filter::Box) || self.arguments.flag("linear") {
            return None;
        }
        let (w, h) = self.plan(width, height).ok()?.scaled;
        let least = |side: u32| (LEFT_TO_SHRINK * f64::from(side)).ceil() as u32;
        Some((least(w), least(h)))
    }

    fn steepness(&self) -> f64 {
        if self.arguments.flag("linear") { f64::INFINITY } else { 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use crate::image::{Depth, Layout};
    use crate::recipe::Recipe;

    fn size(recipe: &str, width: u32, height: u32) -> (u32, u32) {
        let layout =
            Recipe::parse(recipe).unwrap().graph(Layout::new(width, height, 3), Depth::Eight).unwrap().output_layout();
        (layout.width, layout.height)
    }

    #[test]
    fn fits_give_the_sizes_of_the_page() {
        assert_eq!(size("resize:50%", 5, 1), (3, 1));
        assert_eq!(size("resize:100x", 300, 200), (100, 67));
        assert_eq!(size("resize:x100", 300, 200), (150, 100));
        assert_eq!(size("resize:100x100", 300, 200), (100, 67));
        assert_eq!(size("resize:100x100:fit=outside", 300, 200), (150, 100));
        assert_eq!(size("resize:100x100:fit=cover", 300, 200), (100, 100));
        assert_eq!(size("resize:100x100:fit=contain", 300, 200), (100, 100));
        assert_eq!(size("resize:100x100:fit=fill", 300, 200), (100, 100));
        assert_eq!(size("resize:400x400:enlarge=false", 300, 200), (300, 200));
        assert_eq!(size("resize:1%", 30, 20), (1, 1));
    }
}
