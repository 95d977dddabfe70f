//! A report as one HTML file that needs nothing else.

use serde::Serialize;

use super::Document;
use super::document::Timeline;

const TEMPLATE: &str = include_str!("../../assets/report/template.html");
const STYLE: &str = include_str!("../../assets/report/report.css");
const SCRIPTS: [&str; 7] = [
    include_str!("../../assets/report/page.js"),
    include_str!("../../assets/report/bars.js"),
    include_str!("../../assets/report/spans.js"),
    include_str!("../../assets/report/lanes.js"),
    include_str!("../../assets/report/panel.js"),
    include_str!("../../assets/report/pictures.js"),
    include_str!("../../assets/report/report.js"),
];

/// Spans that all timelines of a page may have together; each takes about twenty bytes.
const MOST_SPANS: usize = 100_000;

/// What the page's scripts read.
#[derive(Serialize)]
struct Data<'a> {
    /// Its timelines have no images and no spans; those stand in `drawings`.
    document: &'a Document,
    /// Lists of images' names; the runs of a load share one.
    names: &'a [Vec<String>],
    /// One for each timeline of the document, in order.
    drawings: &'a [Drawing],
}

/// The spans of a timeline by columns, which take less room than a record each.
#[derive(Serialize)]
struct Drawing {
    /// Index into `names`.
    names: usize,
    stages: Vec<&'static str>,
    image: Vec<u32>,
    lane: Vec<u16>,
    /// Index into `stages`.
    stage: Vec<usize>,
    /// µs after the start of the span before.
    after: Vec<u64>,
    /// µs
    length: Vec<u64>,
    merged: Vec<u32>,
}

/// The page. Timelines of many spans are thinned, the figures beside them are not.
pub fn html(document: &Document) -> String {
    let mut document = document.clone();
    let mut timelines: Vec<&mut Timeline> =
        document.loads.iter_mut().flat_map(|load| &mut load.runs).filter_map(|run| run.timeline.as_mut()).collect();
    let most = MOST_SPANS / timelines.len().max(1);
    let mut names: Vec<Vec<String>> = Vec::new();
    let mut drawings = Vec::new();
    for timeline in &mut timelines {
        let thin = timeline.thinned(most);
        let shared = names.iter().position(|list| *list == thin.images).unwrap_or_else(|| {
            names.push(thin.images.clone());
            names.len() - 1
        });
        drawings.push(Drawing::of(&thin, shared));
        **timeline = Timeline { images: Vec::new(), spans: Vec::new(), ..thin };
    }
    let data = Data { document: &document, names: &names, drawings: &drawings };
    let json = match serde_json::to_string(&data) {
        Ok(json) => json,
        Err(error) => unreachable!("the data has only names as keys: {error}"),
    };
    filled(
        TEMPLATE,
        &[("title", &text(&document.title)), ("style", STYLE), ("script", &SCRIPTS.concat()), ("data", &inert(&json))],
    )
}

impl Drawing {
    fn of(timeline: &Timeline, names: usize) -> Drawing {
        let mut stages: Vec<&'static str> = Vec::new();
        let mut before = 0;
        let mut drawing = Drawing {
            names,
            stages: Vec::new(),
            image: Vec::new(),
            lane: Vec::new(),
            stage: Vec::new(),
            after: Vec::new(),
            length: Vec::new(),
            merged: Vec::new(),
        };
        for bar in &timeline.spans {
            let stage = stages.iter().position(|name| *name == bar.stage).unwrap_or_else(|| {
                stages.push(bar.stage);
                stages.len() - 1
            });
            drawing.image.push(bar.image);
            drawing.lane.push(bar.lane);
            drawing.stage.push(stage);
            drawing.after.push(bar.start.saturating_sub(before));
            drawing.length.push(bar.end.saturating_sub(bar.start));
            drawing.merged.push(bar.merged);
            before = bar.start;
        }
        Drawing { stages, ..drawing }
    }
}

/// The template with each `{{name}}` replaced, once, from front to back: what is put in is not looked at again.
fn filled(template: &str, parts: &[(&str, &str)]) -> String {
    let mut page = String::with_capacity(template.len() + parts.iter().map(|(_, text)| text.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        if let Some((_, text)) = parts.iter().find(|(part, _)| *part == name) {
            page.push_str(text);
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// JSON that can't end the script element in which it stands, whatever its strings hold.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Text of an element.
fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
