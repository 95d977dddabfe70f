//! The dispatches of statistics: counts of each code and the table made from them, and the greatest value.

use super::access::{element, loads, push_format_files};
use super::grid::groups;
use super::params::Params;
use super::plan::{Binding, BufferId, Dispatch};
use super::sketch::Place;
use super::storage::{QUAD, Stored};
use crate::image::{Border, Layout, Region};
use crate::op::{Reduce, Statistic, Tiles};

/// Invocations in a workgroup.
const WORKGROUP: u32 = 256;

/// Quads that an invocation sees, as in `shaders/shapes/histogram_image.wgsl` and `maximum.wgsl`.
const QUADS_EACH: u64 = 16;

/// Pixels of a tile that an invocation counts, as in `shaders/shapes/histogram_tiles.wgsl`.
const PIXELS_EACH: u64 = 16;

/// Bytes of the counts, and of the table.
pub fn bytes(statistic: Statistic, layout: Layout, codes: u32) -> u64 {
    4 * u64::from(codes) * u64::from(statistic.lanes(layout.colours))
}

/// Bytes of a table of one value; buffers are bound by whole vectors.
pub const MAXIMUM_BYTES: u64 = 16;

/// Counts the codes of the pixels of a region, which begins at a whole quad and lies in what is stored.
pub fn count_dispatch(
    statistic: Statistic,
    (buffer, input): Place,
    region: Region,
    counts: BufferId,
    codes: u32,
) -> Dispatch {
    let layout = input.layout;
    let (tiles, each) = match statistic {
        Statistic::Luma => (None, false),
        Statistic::Each => (None, true),
        Statistic::LumaTiles(tiles) => (Some(tiles), false),
        Statistic::EachTiles(tiles) => (Some(tiles), true),
    };
    let columns = region.width.div_ceil(QUAD);
    let quads = u64::from(columns) * u64::from(region.height);
    let share = match tiles {
        None => quads.div_ceil(QUADS_EACH),
        Some(t) => (u64::from(t.width) * u64::from(t.height)).div_ceil(PIXELS_EACH),
    };
    let [x, y] = groups(share, WORKGROUP);
    let grid = tiles.map_or([1, 1, 0, 0], |t| [t.across * t.down, t.across, t.width, t.height]);
    let seen = tiles.map_or(Region { x: 0, y: 0, width: 1, height: 1 }, |t| seen(t, region, layout));
    let mut params = Params::default();
    let rectangle = [region.x, region.y, region.right(), region.bottom()];
    let words = [&[quads as u32, columns, x], &grid[..], &rectangle, &[seen.x, seen.y, seen.width]].concat();
    params.push_words("reduce", "Reduce", &words);
    params.push_extent("input_0", input);
    let part = match tiles {
        None => include_str!("../../../shaders/shapes/histogram_image.wgsl"),
        Some(_) => include_str!("../../../shaders/shapes/histogram_tiles.wgsl"),
    };
    let entry = match codes {
        256 => include_str!("../../../shaders/shapes/histogram_local.wgsl"),
        _ => include_str!("../../../shaders/shapes/histogram_global.wgsl"),
    };
    let mut text = [include_str!("../../../shaders/shapes/histogram.wgsl"), part, entry].concat();
    text += include_str!("../../../shaders/shared/colour.wgsl");
    text += include_str!("../../../shaders/shared/border.wgsl");
    push_format_files(&mut text, &[input.format]);
    text += &format!("const CODES = {codes}u;\nconst COLOURS = {}u;\n", layout.colours);
    text += &format!("const LANES = {}u;\nconst LUMA = {};\n", if each { layout.colours } else { 1 }, !each);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<atomic<u32>>;\n";
    text += &input_text(input);
    Dispatch {
        label: "histogram".into(),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(counts), Binding::Read(buffer)],
        groups: [x, y, seen.pixels() as u32],
        clear: Some(counts),
        reads: quads * u64::from(QUAD * layout.channels()),
    }
}

/// The tiles that see some of a region: a rectangle of them.
fn seen(tiles: Tiles, region: Region, layout: Layout) -> Region {
    let along = |count: u32, size: u32, n: u32, (low, high): (u32, u32)| {
        let sees = |tile: &u32| {
            let begin = i64::from(*tile) * i64::from(size);
            let (first, end) = Border::Reflect101.span(begin, begin + i64::from(size), n);
            first < high && end > low
        };
        // Those that see some stand together, but for some beyond the image.
        let (first, last) = ((0..count).find(sees), (0..count).rev().find(sees));
        (first.unwrap_or(0), last.unwrap_or(0) + 1)
    };
    Region::from_spans(
        along(tiles.across, tiles.width, layout.width, (region.x, region.right())),
        along(tiles.down, tiles.height, layout.height, (region.y, region.bottom())),
    )
}

/// The greatest value of an image's first channel in a region, into a table.
pub fn maximum_dispatch((buffer, input): Place, region: Region, table: BufferId) -> Dispatch {
    let columns = region.width.div_ceil(QUAD);
    let quads = u64::from(columns) * u64::from(region.height);
    let [x, y] = groups(quads.div_ceil(QUADS_EACH), WORKGROUP);
    let mut params = Params::default();
    let words = [quads as u32, columns, x, region.x, region.y, region.right()];
    params.push_words("maximum", "Maximum", &words);
    params.push_extent("input_0", input);
    let mut text = include_str!("../../../shaders/shapes/maximum.wgsl").to_string();
    push_format_files(&mut text, &[input.format]);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<atomic<u32>>;\n";
    text += &input_text(input);
    Dispatch {
        label: "maximum".into(),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(table), Binding::Read(buffer)],
        groups: [x, y, 1],
        clear: Some(table),
        reads: quads * u64::from(QUAD),
    }
}

/// Binding 2, and the functions that read it.
pub fn input_text(input: Stored) -> String {
    let element = element(input.format);
    format!("@group(0) @binding(2) var<storage, read> input_0: array<{element}>;\n") + &loads("load", 0, input)
}

/// Makes the tables of an image of that layout from its counts.
pub fn table_dispatch(kernel: &dyn Reduce, layout: Layout, counts: Binding, table: BufferId, codes: u32) -> Dispatch {
    let formula = kernel.formula();
    let mut params = Params::default();
    params.push("p", formula.structure, &formula.bytes);
    let mut text = format!("{}\n{}", formula.text, formula.structure_text);
    text += include_str!("../../../shaders/shapes/table.wgsl");
    text += include_str!("../../../shaders/shared/colour.wgsl");
    text += &params.text();
    text += &format!("const CODES = {codes}u;\n");
    text += "@group(0) @binding(1) var<storage, read_write> output: array<f32>;\n";
    text += "@group(0) @binding(2) var<storage, read> input_0: array<u32>;\n";
    text += &format!("fn make_table(lane: u32) {{\n    {}(lane, params.p);\n}}\n", formula.stem);
    Dispatch {
        label: format!("table {}", formula.stem),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(table), counts],
        groups: [kernel.statistic().lanes(layout.colours), 1, 1],
        clear: None,
        reads: u64::from(codes),
    }
}
