//! The shared WGSL against its twin in Rust, on the device.

use super::reference::BORDERS;
use super::*;
use crate::image::colour;
use crate::op::{Alpha, Formula, Kernel, NodeId};
use crate::shader_struct;

shader_struct! {
    struct Probe { border: u32, length: i32, }
}

#[test]
fn border_index_is_that_of_the_image_module() {
    const TEXT: &str = "fn probe(v: vec4f, p: Probe) -> vec4f {
    return vec4f(f32(border_index(p.border, i32(v.r) - 100, p.length) + 1));
}
";
    // Rim files bring the border's text along, so the probe rides behind a window.
    let gpu = open();
    let layout = Layout::new(200, 1, 1);
    let source: Vec<u8> = (0..200).collect();
    for border in BORDERS {
        for n in [1u32, 2, 3, 7, 90] {
            let parameters = Probe { border: border.code(), length: n as i32 };
            let formula = Formula::new(
                "probe",
                [TEXT, include_str!("../../../../shaders/shared/border.wgsl")].concat(),
                &parameters,
            );
            let mut graph = Graph::new(layout, Depth::Eight);
            let kernel = Kernel::Point(Arc::new(kernels::TestPoint { formula, alpha: Alpha::Keep }));
            graph.output = graph.push(kernel, &[NodeId(0)], layout);
            let got = gpu.compute(task(graph, Image::new(layout, Samples::U8(source.clone())))).unwrap();
            let expected = source.iter().map(|i| border.index(i64::from(*i) - 100, n).map_or(0, |i| i as u8 + 1));
            assert_eq!(got.samples, Samples::U8(expected.collect()), "{border:?} {n}");
        }
    }
}

shader_struct! {
    struct Which { which: u32, }
}

#[test]
fn colour_is_that_of_the_image_module() {
    const TEXT: &str = "fn probe_colour(v: vec4f, p: Which) -> vec4f {
    switch p.which {
        case 0u: { return vec4f(luma(v.r, v.g, v.b)); }
        case 1u: { return vec4f(f32(luma_code(u32(v.r), u32(v.g), u32(v.b)))); }
        case 2u: { return vec4f(255.0 * linear_from_srgb(v.r)); }
        case 3u: { return vec4f(srgb_from_linear(v.r / 255.0)); }
        default: { return vec4f(quantise(1.5 * v.r - 40.0, 257.0) / 257.0); }
    }
}
";
    let twin = |which: u32, [r, g, b]: [u8; 3]| {
        let [x, y, z] = [r, g, b].map(f32::from);
        match which {
            0 => colour::luma(x, y, z),
            1 => colour::luma_code(r.into(), g.into(), b.into()) as f32,
            2 => 255.0 * colour::linear_from_srgb(x),
            3 => colour::srgb_from_linear(x / 255.0),
            _ => colour::quantise(1.5 * x - 40.0, 257.0) / 257.0,
        }
    };
    let gpu = open();
    let layout = Layout::new(61, 50, 3);
    let image = noise(layout, Kind::U8, &mut fastrand::Rng::with_seed(3));
    let Samples::U8(source) = &image.samples else { unreachable!() };
    for which in 0..5 {
        let gray = Layout { colours: 1, ..layout };
        let mut graph = Graph::new(layout, Depth::Sixteen);
        let formula = Formula::new("probe_colour", TEXT, &Which { which });
        let kernel = Kernel::Point(Arc::new(kernels::TestPoint { formula, alpha: Alpha::Keep }));
        graph.output = graph.push(kernel, &[NodeId(0)], gray);
        let task =
            Task { graph: Arc::new(graph), image: image.clone(), depth: Depth::Sixteen, divides: true, remaining: 0 };
        let Samples::U16(got) = gpu.compute(task).unwrap().samples else { panic!("16 bits were asked for") };
        for (pixel, got) in source.chunks_exact(3).zip(got) {
            let expected = 257.0 * twin(which, [pixel[0], pixel[1], pixel[2]]);
            let slack = match which {
                // Real hardware may be less exact: a level.
                _ if !gpu.adapter().is_software() => 257.0,
                0 | 1 => 0.51,
                _ => 2.0,
            };
            assert!((f32::from(got) - expected).abs() <= slack, "{which} {pixel:?}: {got}, not {expected}");
        }
    }
}
