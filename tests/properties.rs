//! What holds for every image, whatever the formulas in detail.

mod support;

use std::sync::Arc;

use fastrand::Rng;
use imgproc::backend::cpu::CpuBackend;
use imgproc::backend::{Backend, Task};
use imgproc::image::{Image, Samples};
use imgproc::op::{Kind, NodeId};
use imgproc::ops::registry;
use imgproc::recipe::Recipe;
use support::cases;
use support::compare::{Limit, Side, compare};
use support::images::{Content, Sample, hostile, sample};
use support::runs::{compute, cpu, graph};

/// The image through the recipe on the CPU; the recipe is known to apply.
fn through(recipe: &str, image: &Image) -> Image {
    cpu(recipe, image).unwrap_or_else(|error| panic!("`{recipe}`: {error}"))
}

/// The image as a run without effect gives it: floats become 16-bit codes.
fn stored(image: &Image) -> Image {
    let Samples::F32(v) = &image.samples else { return image.clone() };
    let codes = v.iter().map(|v| ((v * 255.0).clamp(0.0, 255.0) * 257.0 + 0.5).floor() as u16).collect();
    Image::new(image.layout, Samples::U16(codes))
}

fn assert_same(recipe: &str, sample: &Sample, expected: &Image, levels: f64) {
    let actual = through(recipe, &sample.image);
    let sides = [Side { by: "expected", image: expected }, Side { by: "cpu", image: &actual }];
    if let Err(failure) = compare(recipe, &sample.name, sides[0], sides[1], Limit::levels(levels)) {
        panic!("{failure}");
    }
}

/// Integer samples: what moves or mirrors them must give back the very codes.
fn whole_images() -> impl Iterator<Item = Sample> {
    hostile().into_iter().filter(|s| !matches!(s.image.samples, Samples::F32(_)))
}

#[test]
fn what_undoes_itself_gives_the_image_back() {
    for sample in whole_images() {
        for recipe in [
            "invert,invert",
            "flip:horizontal,flip:horizontal",
            "flip:vertical,flip:vertical",
            "rotate:90,rotate:90,rotate:90,rotate:90",
            "rotate:90,rotate:-90",
            "rotate:180,rotate:180",
            "rotate:180,flip:horizontal,flip:vertical",
            "transpose,transpose",
            "transpose,flip:vertical,rotate:-90",
        ] {
            assert_same(recipe, &sample, &sample.image, 0.0);
        }
    }
}

#[test]
fn what_changes_nothing_gives_the_image_back_and_is_folded() {
    for sample in hostile() {
        let (w, h) = (sample.image.layout.width, sample.image.layout.height);
        for recipe in [
            "brightness:0",
            "contrast:1",
            "exposure:0",
            "saturation:1",
            "hue:-720",
            "rotate:0",
            "rotate:360",
            "median:0",
            "erode:0",
            "dilate:0:iterations=3",
            "open:0",
            "close:0:shape=disk",
            "pad:0/0/0/0",
            "unsharp_mask:0",
            "brightness:0,contrast:1,rotate:-360",
        ] {
            assert_same(recipe, &sample, &stored(&sample.image), 1.0 / 257.0);
            assert_eq!(graph(recipe, &sample.image).unwrap().output, NodeId(0), "`{recipe}` is not folded");
        }
        let padded = format!("pad:3/1/0/7:border=wrap,crop:{w}x{h}:x=3:y=1");
        for recipe in [
            padded,
            format!("crop:{w}x{h}"),
            format!("crop:{w}x{h}:x=0:y=0"),
            format!("resize:{w}x{h}"),
            "resize:100%".into(),
        ] {
            assert_same(&recipe, &sample, &stored(&sample.image), 1.0 / 257.0);
        }
    }
}

#[test]
fn a_turn_of_the_hue_by_a_third_moves_each_channel_to_the_next() {
    for sample in hostile().iter().filter(|s| s.image.layout.colours == 3) {
        let turned = through("hue:120", &sample.image);
        let channels = sample.image.layout.channels() as usize;
        for pixel in (0..sample.image.samples.len()).step_by(channels) {
            for c in 0..3 {
                let (before, after) =
                    (sample.image.samples.level(pixel + c), turned.samples.level(pixel + (c + 1) % 3));
                assert!((before - after).abs() < 0.005, "{}: {before} became {after}", sample.name);
            }
        }
    }
}

#[test]
fn powers_of_huge_values_stay_finite() {
    let huge = ["contrast:100"; 8].join(",");
    for sample in whole_images().filter(|s| !s.image.layout.alpha) {
        let middle = through("contrast:0", &sample.image);
        for power in ["gamma:0.01", "exposure:20", "levels:gamma=0.01", "gamma:0.01,gamma:0.01"] {
            assert_same(&format!("{huge},{power},contrast:0"), &sample, &middle, 0.0);
        }
    }
}

#[test]
fn what_averages_keeps_a_constant() {
    for (channels, bits) in [(1, 8), (2, 8), (3, 8), (4, 8), (1, 16), (4, 16)] {
        let sample = sample(23, 9, channels, bits, Content::Constant);
        for recipe in [
            "gaussian_blur:3.3",
            "box_blur:20",
            "motion_blur:7.3:angle=30",
            "median:4",
            "bilateral:5",
            "non_local_means:patch=2:search=3",
            "erode:3",
            "dilate:3:shape=disk",
            "open:2:shape=cross",
            "close:3",
            "pixelate:5",
            "unsharp_mask:3",
            "rotate:90,rotate:-90",
        ] {
            assert_same(recipe, &sample, &sample.image, 0.0);
        }
        for filter in ["nearest", "box", "bilinear", "bicubic", "lanczos3"] {
            assert_same(
                &format!("resize:37x9:fit=fill:filter={filter},resize:23x9:fit=fill"),
                &sample,
                &sample.image,
                0.0,
            );
        }
    }
}

#[test]
fn edges_of_a_constant_are_black() {
    for channels in [1, 3] {
        let image = sample(23, 9, channels, 8, Content::Constant).image;
        for recipe in [
            "sobel",
            "scharr:output=x",
            "prewitt:output=y:border=wrap",
            "laplacian",
            "morph_gradient",
            "top_hat:2",
            "black_hat:2",
            "difference_of_gaussians",
        ] {
            assert_eq!(through(recipe, &image).samples, Samples::U8(vec![0; image.samples.len()]), "{recipe}");
        }
    }
}

#[test]
fn an_image_does_not_differ_from_itself() {
    let image = sample(23, 9, 3, 8, Content::Noise).image;
    let same = ["morph_gradient:0", "top_hat:0:shape=disk", "black_hat:0", "difference_of_gaussians:k=1"];
    for recipe in same {
        assert_eq!(through(recipe, &image).samples, Samples::U8(vec![0; image.samples.len()]), "{recipe}");
    }
}

#[test]
fn erosion_lies_below_and_dilation_above_the_image() {
    for sample in whole_images() {
        for shape in ["square", "cross", "disk"] {
            let low = through(&format!("erode:2:shape={shape}"), &sample.image);
            let high = through(&format!("dilate:2:shape={shape}"), &sample.image);
            for i in 0..sample.image.samples.len() {
                let v = sample.image.samples.level(i);
                let (low, high) = (low.samples.level(i), high.samples.level(i));
                assert!(low <= v && v <= high, "{shape} on {}: {low} {v} {high}", sample.name);
            }
        }
    }
}

#[test]
fn erosion_is_the_dilation_of_the_inverse() {
    for sample in whole_images() {
        for shape in ["square", "cross", "disk"] {
            let expected = through(&format!("invert,dilate:2:shape={shape},invert"), &sample.image);
            assert_same(&format!("erode:2:shape={shape}"), &sample, &expected, 0.0);
        }
    }
}

#[test]
fn square_erosions_add_up() {
    for sample in whole_images() {
        for (recipe, other) in [("erode:3", "erode:1,erode:2"), ("dilate:4", "dilate:2:iterations=2")] {
            assert_same(recipe, &sample, &through(other, &sample.image), 0.0);
        }
    }
}

#[test]
fn doing_it_twice_is_doing_it_once() {
    for sample in whole_images() {
        for once in ["threshold:90", "threshold:200:mode=trunc", "threshold:50:mode=tozero", "grayscale"] {
            let expected = through(once, &sample.image);
            assert_same(&format!("{once},{once}"), &sample, &expected, 0.0);
        }
    }
}

#[test]
fn threshold_gives_black_and_white_only() {
    for sample in hostile().iter().filter(|s| !s.image.layout.alpha) {
        for mode in ["binary", "binary_inv"] {
            let result = through(&format!("threshold:100:mode={mode}"), &sample.image);
            assert!((0..result.samples.len()).all(|i| [0.0, 255.0].contains(&result.samples.level(i))));
        }
    }
}

#[test]
fn mirroring_commutes_with_what_has_no_direction() {
    for sample in hostile() {
        for recipe in [
            "median:1",
            "dilate:2:shape=cross",
            "box_blur:2",
            "gaussian_blur:1.5",
            "sobel",
            "laplacian",
            "open:1",
            "equalize",
        ] {
            let expected = through(&format!("{recipe},flip:vertical"), &sample.image);
            assert_same(
                &format!("flip:vertical,{recipe}"),
                &sample,
                &expected,
                if recipe == "median:1" { 0.0 } else { 1.0 },
            );
        }
    }
}

#[test]
fn colour_under_alpha_zero_does_not_show() {
    let Sample { image, .. } = sample(40, 30, 4, 8, Content::HoledAlpha);
    let Samples::U8(v) = &image.samples else { panic!("8-bit") };
    let blackened = v.chunks(4).flat_map(|p| if p[3] == 0 { [0; 4] } else { [p[0], p[1], p[2], p[3]] }).collect();
    let black = Sample { name: "black holes".into(), image: Image::new(image.layout, Samples::U8(blackened)) };
    for recipe in [
        "gaussian_blur:2",
        "box_blur:3",
        "motion_blur",
        "bilateral:3",
        "resize:50%",
        "resize:130%:filter=bicubic",
        "pixelate:4",
        "difference_of_gaussians",
    ] {
        assert_same(recipe, &black, &through(recipe, &image), 0.0);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let mut rng = Rng::with_seed(3);
    let image = sample(301, 203, 4, 8, Content::AlphaNoise).image;
    let mut recipes: Vec<String> = registry().iter().map(|spec| spec.example.to_owned()).collect();
    recipes.extend((0..12).map(|_| cases::chain(&image, &mut rng)));
    for recipe in recipes {
        let graph = Arc::new(graph(&recipe, &image).expect("it applies"));
        let results = [1, 2, 3, 8].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let task =
                Task { graph: graph.clone(), image: image.clone(), depth: image.depth(), divides: true, remaining: 0 };
            pool.install(|| CpuBackend.compute(task).expect("it computes"))
        });
        assert!(results.iter().all(|r| *r == results[0]), "`{recipe}` depends on the number of threads");
    }
}

/// Levels of some kernels are made in fewer bits than what others go on with, unless all is to be exact: between the two lie
/// hundredths of a level.
#[test]
fn a_part_of_a_result_is_cut_from_the_whole() {
    for (channels, exact) in [1, 3, 4].into_iter().flat_map(|channels| [(channels, false), (channels, true)]) {
        let image = sample(161, 147, channels, 8, Content::AlphaNoise).image;
        let through = |recipe: &str, image: &Image| {
            let mut graph = graph(recipe, image).expect("it applies");
            if exact {
                graph.make_exact();
            }
            compute(&CpuBackend, &graph, image).expect("it computes")
        };
        for (filters, most_apart) in [
            ("erode:3,box_blur:3", 0),
            ("median,dilate:9", 0),
            ("invert,gaussian_blur:2", 0),
            ("bilateral", 1),
            ("motion_blur:9:angle=30", 1),
            ("emboss", 1),
            ("laplacian:scale=3", 0),
            ("sobel:output=y", 0),
        ] {
            let crop = "crop:70x17:x=31:y=44";
            let parts = [through(&format!("{filters},{crop}"), &image), through(crop, &through(filters, &image))];
            assert_eq!(parts[0].layout, parts[1].layout, "{channels} channels, {filters}");
            let [Samples::U8(a), Samples::U8(b)] = parts.each_ref().map(|part| &part.samples) else { panic!("bytes") };
            let apart: Vec<u8> = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).filter(|d| *d > 0).collect();
            let most_apart = if exact { 0 } else { most_apart };
            let is_cut = apart.iter().all(|d| *d <= most_apart) && 20 * apart.len() < a.len();
            assert!(is_cut, "{channels} channels, {filters}: {apart:?} apart");
        }
    }
}

/// Two inversions give the same levels, but not as bytes.
#[test]
fn levels_kept_as_bytes_give_what_they_give_as_floats() {
    for (height, channels) in (50..=84).step_by(2).zip([1, 3, 2, 4].into_iter().cycle()) {
        let image = sample(19, height, channels, 8, Content::Noise).image;
        for recipe in [
            "pad:0/0/0/8,median",
            "pad:90/3/2/40:value=7,sobel",
            "pad:0/0/0/20,flip,median:2",
            "pad:0/0/80/0,erode:1:shape=cross,gaussian_blur",
            "median:border=constant:value=#00ff00",
            "rotate:90,dilate:2,pad:1/2/3/70:value=12,median:3",
            "median:1:border=wrap,erode:20",
        ] {
            let floats = through(&format!("invert,invert,{recipe}"), &image);
            assert_eq!(through(recipe, &image), floats, "`{recipe}` on {height} rows of {channels} channels");
        }
    }
}

#[test]
fn a_recipe_reads_back_from_its_text() {
    let mut rng = Rng::with_seed(5);
    for sample in hostile() {
        for _ in 0..20 {
            let recipe = Recipe::parse(&cases::chain(&sample.image, &mut rng)).expect("a chain can be read");
            let again = Recipe::parse(&recipe.text()).expect("a recipe's text can be read");
            assert_eq!(recipe.text(), again.text());
            let graphs = [recipe, again].map(|r| format!("{:?}", r.graph(sample.image.layout, sample.image.depth())));
            assert_eq!(graphs[0], graphs[1]);
        }
    }
}

#[test]
fn a_recipe_over_lines_with_spaces_hyphens_and_comments_is_the_same() {
    let plain = Recipe::parse("grayscale,gaussian_blur:2,resize:size=50%:background=#ff8000").unwrap();
    let airy =
        Recipe::parse("grayscale # first\n\n gaussian-blur : 2 ,\nresize: size = 50% : background = #ff8000 # last\n")
            .unwrap();
    let layout = sample(9, 9, 4, 8, Content::Noise).image.layout;
    let graphs = [plain, airy].map(|r| format!("{:?}", r.graph(layout, imgproc::image::Depth::Eight).unwrap()));
    assert_eq!(graphs[0], graphs[1]);
}

#[test]
fn values_beyond_a_range_are_refused_with_their_column() {
    for spec in registry() {
        for parameter in spec.parameters {
            let beyond = match parameter.kind {
                Kind::Number { low, high } => [low - 1.0, high + 1.0].map(|v| v.to_string()).to_vec(),
                Kind::Whole { low, high } => [low - 1, high + 1].map(|v| v.to_string()).to_vec(),
                Kind::Odd { low, high } => [low - 2, high + 2, low + 1].map(|v| v.to_string()).to_vec(),
                Kind::OneOf(_) | Kind::Flag => vec!["perhaps".into()],
                Kind::Color => vec!["256".into(), "1/2".into(), "#12345".into()],
                Kind::Size => vec!["0x4".into(), "4x".into()],
                Kind::ResizeSize => vec!["0x4".into(), "x".into(), "0%".into()],
                Kind::Quad => vec!["0/0/1/0/1/1/0".into(), "0/0/1/0/1/1/0/inf".into()],
                Kind::Matrix => vec!["1/2;3".into(), "1/a".into(), ";".into()],
                Kind::Sides => ["1/2/3", "1/2/3/4/5", "0/0/0/65536", "-1/0/0/0", "1//2/3"].map(String::from).to_vec(),
            };
            for value in beyond {
                let text = format!("invert,{}:{}={value}", spec.name, parameter.name);
                let error = Recipe::parse(&text).expect_err(&text);
                assert_eq!(error.column, "invert,".len() + spec.name.len() + 2, "`{text}`: {error}");
            }
        }
    }
}
