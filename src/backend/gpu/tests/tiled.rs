//! Tiles give what the whole gives, to the bit.

use super::*;
use crate::recipe::Recipe;

/// A device whose buffers hold so many bytes of an image.
fn cutting(largest_image_bytes: u64) -> GpuBackend {
    let options = Options { largest_image_bytes: Some(largest_image_bytes), ..Options::default() };
    GpuBackend::open_as(choice(), None, options).unwrap()
}

fn recipe_task(recipe: &str, image: &Image) -> Task {
    let graph = Recipe::parse(recipe).unwrap().graph(image.layout, image.depth()).unwrap();
    task(graph, image.clone())
}

/// Recipes whose tiles read in every way: borders that wrap, blocks that resample, statistics, floods, gathers on both sides
/// of a horizon, kept images.
const RECIPES: [&str; 19] = [
    "brightness:20,gamma:1.4",
    "gaussian_blur:2:border=wrap,sobel",
    "box_blur:25:border=reflect,vignette",
    "erode:19",
    "median:2:border=wrap",
    "bilateral:3:border=wrap,sobel:border=wrap",
    "convolve:1/2/3;0/1/0;2/0/-1:border=wrap",
    "resize:31x170,resize:150x40:filter=bicubic",
    "resize:1x1",
    "rotate:33,invert",
    "perspective:10/20/90/-30/140/60/3/50",
    "pad:20/7/300/3:border=reflect",
    "flip,transpose,crop:80x60:x=2:y=3",
    "pixelate:9,unsharp_mask:3",
    "equalize,invert,normalize",
    "clahe:3:tiles=5,grayscale,otsu",
    "grayscale,gaussian_blur:30,canny:5:high=40",
    "harris,dilate:2",
    "motion_blur:21:angle=30",
];

/// Runs recipes with and without tiles; every tiled one takes several.
fn compare(recipes: &[&str], images: &[Image], largest_image_bytes: u64) {
    let (whole, tiled) = (open(), cutting(largest_image_bytes));
    for recipe in recipes {
        for image in images {
            let before = [&whole, &tiled].map(GpuBackend::dispatches);
            let [expected, got] = [&whole, &tiled].map(|gpu| gpu.compute(recipe_task(recipe, image)));
            let (expected, got) = (expected.unwrap(), got.unwrap_or_else(|e| panic!("{recipe}: {e}")));
            let differs = |i: &usize| expected.samples.level(*i) != got.samples.level(*i);
            let first = (0..expected.samples.len()).find(differs);
            assert!(first.is_none(), "{recipe} on {:?}: sample {first:?}", image.layout);
            let [plain, cut] = [whole.dispatches() - before[0], tiled.dispatches() - before[1]];
            assert!(cut > plain, "{recipe} on {:?}: {cut} dispatches instead of {plain}", image.layout);
        }
    }
}

fn images(kinds: &[(u32, u32, u32, Kind)]) -> Vec<Image> {
    let mut rng = fastrand::Rng::with_seed(21);
    kinds.iter().map(|(w, h, channels, kind)| noise(Layout::new(*w, *h, *channels), *kind, &mut rng)).collect()
}

#[test]
fn tiles_give_what_the_whole_gives() {
    let kinds = [(151, 83, 3, Kind::U8), (130, 97, 2, Kind::U16)];
    compare(&RECIPES, &images(&kinds), 16_000);
}

#[test]
fn strips_are_cut_where_they_end() {
    compare(&["median:7", "median:2,median:9:border=wrap"], &images(&[(151, 183, 3, Kind::U8)]), 120_000);
}
