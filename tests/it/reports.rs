//! Reports, timelines and traces: the files, and what the command draws of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use imgproc::report::document::{Document, Load, Run};
use imgproc::report::{html, read_trace, trace};
use serde_json::Value;

use crate::documents::comparison;
use crate::support::Place;

/// Bytes that a page may take.
const MOST_BYTES: usize = 5 << 20;

/// What the scripts of a page read.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// Keeps a page for the tests in a browser.
fn keep(name: &str, page: &str) {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("reports");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), page).unwrap();
}

#[test]
fn a_page_of_ten_thousand_images_stays_small_and_keeps_its_figures() {
    let document = comparison(10_000);
    let page = html(&document);
    keep("ten-thousand.html", &page);
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    let data = data(&page);
    let (runs, drawings) = (document.loads.iter().flat_map(|load| &load.runs), data["drawings"].as_array().unwrap());
    let timelines: Vec<_> = runs.filter_map(|run| run.timeline.as_ref()).collect();
    assert_eq!((timelines.len(), drawings.len(), data["names"].as_array().unwrap().len()), (16, 16, 1));
    for (timeline, drawing) in timelines.iter().zip(drawings) {
        let numbers =
            |key: &str| drawing[key].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect::<Vec<_>>();
        assert!(numbers("image").len() <= 100_000 / 16);
        let all: u64 = timeline.spans.iter().map(|bar| bar.end - bar.start).sum();
        assert_eq!(numbers("length").iter().sum::<u64>(), all);
        let merged: u64 = numbers("merged").iter().sum();
        assert_eq!(merged as usize + numbers("image").len(), timeline.recorded);
    }
    let mut figures: Document = document.clone();
    figures.loads.iter_mut().flat_map(|load| &mut load.runs).for_each(|run| run.timeline = None);
    let mut shown = data["document"].clone();
    for run in shown["loads"].as_array_mut().unwrap().iter_mut().flat_map(|load| load["runs"].as_array_mut().unwrap()) {
        run["timeline"] = Value::Null;
    }
    let figures: Value = serde_json::from_str(&serde_json::to_string(&figures).unwrap()).unwrap();
    assert!(shown == figures, "the page holds other figures than the document");
}

#[test]
fn a_page_holds_all_spans_where_they_are_few() {
    let page = html(&comparison(120));
    keep("comparison.html", &page);
    let data = data(&page);
    assert_eq!(data["drawings"][0]["image"].as_array().unwrap().len(), 600);
    assert!(!page.contains("http://") && !page.contains("https://"));
}

#[test]
fn names_cannot_break_the_page() {
    let mut document = comparison(3);
    let name = "a</script><script>alert(1)</script><!--\"'\n\u{202e}gpj.&amp;{{style}}";
    let hostile = |text: &mut String| *text = name.into();
    for run in document.loads.iter_mut().flat_map(|load| &mut load.runs) {
        run.timeline.iter_mut().flat_map(|timeline| &mut timeline.images).for_each(hostile);
    }
    document.pictures.iter_mut().for_each(|picture| hostile(&mut picture.name));
    for text in [&mut document.title, &mut document.command, &mut document.loads[0].about] {
        hostile(text);
    }
    let page = html(&document);
    // The template's own: data, script, and one end of each.
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (2, 2));
    assert_eq!(page.matches("<!--").count(), 0);
    assert_eq!(data(&page)["names"][0][0], name);
    keep("hostile.html", &page);
}

#[test]
fn a_page_of_nothing_is_a_page() {
    let lonely = Run { unavailable: Some("no adapter".into()), ..Run::default() };
    let load = Load { runs: vec![lonely], ..Load::default() };
    for (name, document) in
        [("empty.html", Document::default()), ("lonely.html", Document { loads: vec![load], ..Document::default() })]
    {
        assert!(read_trace(&trace(&document)).is_err());
        keep(name, &html(&document));
    }
}

#[test]
fn a_run_is_written_as_page_and_as_trace_and_drawn() {
    let place = Place::new();
    place.draw_many(7, 40, 30);
    place.run_cpu(&["-i", "in", "--jobs", "2", "--timeline", "t.html", "--trace", "t.json"]).ends(0);
    let page = String::from_utf8(place.read("t.html")).unwrap();
    let data = data(&page);
    let run = &data["document"]["loads"][0]["runs"][0];
    assert_eq!((run["schedule"].as_str(), run["backend"].as_str()), (Some("overlapped"), Some("cpu")));
    assert_eq!(data["document"]["command"], "imgproc --backend cpu -i in --jobs 2 --timeline t.html --trace t.json");
    let spans = data["drawings"][0]["image"].as_array().unwrap().len();
    let processes = read_trace(&String::from_utf8(place.read("t.json")).unwrap()).unwrap();
    let timeline = &processes[0].timeline;
    assert_eq!((processes.len(), timeline.spans.len(), timeline.images.len()), (1, spans, 7));
    // Each image was decoded, computed and encoded once, by a worker.
    let mut works: BTreeMap<&str, usize> = BTreeMap::new();
    for bar in timeline.spans.iter().filter(|bar| timeline.lanes[bar.lane as usize].kind == "worker") {
        *works.entry(bar.stage).or_default() += 1;
    }
    assert_eq!(works, BTreeMap::from([("compute", 7), ("decode", 7), ("encode", 7)]));

    let text = place.run(&["timeline", "t.json", "--width", "80"]).ends(0).stdout;
    let lanes: Vec<&str> = text.lines().skip(1).map(|line| line.split("  ").next().unwrap()).take(3).collect();
    assert_eq!(lanes, ["files", "worker 0", "worker 1"], "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80) && !text.contains('\x1b'), "{text}");
    let coloured = place.run(&["timeline", "t.json", "--color", "always"]).ends(0).stdout;
    assert!(coloured.contains("\x1b[34m"), "{coloured}");
}

#[test]
fn drawings_that_cannot_be_written_are_refused_before_the_work() {
    let place = Place::new();
    place.draw_many(1, 8, 8);
    place.run_cpu(&["-i", "in", "--trace", "missing/t.json"]).ends(2).says(&["there is no directory missing"]);
    place.run_cpu(&["-i", "in", "--timeline", "in/000.png"]).ends(2).says(&["a name that ends in .html"]);
    assert!(place.names("imgproc-out").is_empty());
    place.put("broken.json", b"{");
    place.run(&["timeline", "broken.json"]).ends(2).says(&["can't draw broken.json: it is no JSON"]);
}

#[test]
fn a_page_that_cannot_be_written_after_the_work_leaves_its_results() {
    let place = Place::new();
    place.draw_many(2, 30, 20);
    place.put("page.html/in-the-way.txt", b"");
    place.run_cpu(&["-i", "in", "-o", "out", "-r", "invert", "--timeline", "page.html"]).ends(1).says(&["can't write"]);
    assert_eq!(place.names("out"), ["000.png", "001.png"]);
}

#[test]
fn a_page_names_the_file_of_its_recipe() {
    let place = Place::new();
    place.draw_many(1, 30, 20);
    place.put("negative.txt", b"invert");
    place.run_cpu(&["-i", "in", "-o", "out", "--recipe", "negative.txt", "--timeline", "page.html"]).ends(0);
    let page = String::from_utf8(place.read("page.html")).unwrap();
    assert!(page.contains("recipe of negative.txt, overlapped") && !page.contains("gaussian_blur"));
}
