//! Timelines in the Chrome trace event format, which Perfetto (ui.perfetto.dev) and chrome://tracing open, and back.
//!
//! A timeline is a process there, a lane a thread. Spans of a thread are complete events and must lie one after another or
//! one in another; lanes where they don't, as where many files are read at once, are asynchronous events.
//! The format: "Trace Event Format", Google, docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::Document;
use super::document::{Bar, Lane, Timeline};

/// A timeline and what it is of: `overlapped, cpu`.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    pub name: String,
    pub timeline: Timeline,
}

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is no trace: it has no list of traceEvents")]
    NoEvents,
    #[error("it has no spans to draw")]
    Empty,
}

#[derive(Serialize)]
struct Event<'a> {
    ph: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'a str>,
    pid: usize,
    tid: usize,
    /// µs
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<u64>,
    /// µs
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

/// The timelines of all runs as one trace.
pub fn trace(document: &Document) -> String {
    let several = document.loads.len() > 1;
    let runs = document.loads.iter().flat_map(|load| load.runs.iter().map(move |run| (load, run)));
    let processes = runs.filter_map(|(load, run)| {
        let what = format!("{}, {}", run.schedule, run.backend);
        let name = if several { format!("{}: {what}", load.name) } else { what };
        Some((name, run.timeline.as_ref()?))
    });
    let events: Vec<String> =
        processes.enumerate().map(|(i, (name, timeline))| events(i + 1, &name, timeline)).collect();
    let other = json!({ "program": concat!("imgproc ", env!("CARGO_PKG_VERSION")), "command": document.command });
    format!("{{\"traceEvents\":[\n{}\n],\"displayTimeUnit\":\"ms\",\"otherData\":{other}}}\n", events.join(",\n"))
}

/// The events of a timeline, a line each, with commas between them.
fn events(pid: usize, process: &str, timeline: &Timeline) -> String {
    let mut lines = Vec::new();
    let about = |name: &'static str, tid: usize, args: Value| Event {
        ph: "M",
        name,
        cat: None,
        pid,
        tid,
        ts: None,
        dur: None,
        id: None,
        args,
    };
    let wall_us = (1e6 * timeline.wall_seconds).round() as u64;
    lines.push(line(&about("process_name", 0, json!({ "name": process, "wall_us": wall_us }))));
    lines.push(line(&about("process_sort_index", 0, json!({ "sort_index": pid }))));
    for (number, lane) in timeline.lanes.iter().enumerate() {
        let tid = number + 1;
        lines.push(line(&about("thread_name", tid, json!({ "name": lane.name }))));
        lines.push(line(&about("thread_sort_index", tid, json!({ "sort_index": tid }))));
        let bars: Vec<&Bar> = timeline.spans.iter().filter(|bar| usize::from(bar.lane) == number).collect();
        let nests = nests(&bars);
        for bar in bars {
            let image = timeline.images.get(bar.image as usize).map_or("", String::as_str);
            let event = |ph, ts, dur, id, args| {
                line(&Event { ph, name: bar.stage, cat: Some(lane.kind), pid, tid, ts: Some(ts), dur, id, args })
            };
            let args = json!({ "image": image });
            if nests {
                lines.push(event("X", bar.start, Some(bar.end - bar.start), None, args));
            } else {
                let id = format!("{pid}.{tid}.{}", bar.image);
                lines.push(event("b", bar.start, None, Some(id.clone()), args));
                lines.push(event("e", bar.end, None, Some(id), Value::Null));
            }
        }
    }
    lines.join(",\n")
}

fn line(event: &Event) -> String {
    match serde_json::to_string(event) {
        Ok(line) => line,
        Err(error) => unreachable!("an event has only names as keys: {error}"),
    }
}

/// Whether spans in order of their starts lie after one another or in one another.
fn nests(bars: &[&Bar]) -> bool {
    let mut open: Vec<u64> = Vec::new();
    bars.iter().all(|bar| {
        while open.last().is_some_and(|end| *end <= bar.start) {
            open.pop();
        }
        let inside = open.last().is_none_or(|end| bar.end <= *end);
        open.push(bar.end);
        inside
    })
}

/// The processes of a trace, this program's or another's, in order of their numbers.
///
/// # Errors
/// Where it is no trace, or one without complete or asynchronous events.
pub fn read_trace(text: &str) -> Result<Vec<Process>, TraceError> {
    let document: Value = serde_json::from_str(text)?;
    let events = document.get("traceEvents").unwrap_or(&document).as_array().ok_or(TraceError::NoEvents)?;
    let mut read: BTreeMap<u64, Reading> = BTreeMap::new();
    for event in events {
        read.entry(number(event, "pid")).or_default().take(event);
    }
    let first = read.values().flat_map(|reading| reading.spans.iter().map(|span| span.start)).min().unwrap_or(0);
    let read = read.into_iter().filter(|(_, reading)| !reading.spans.is_empty());
    let processes: Vec<Process> = read.map(|(pid, reading)| reading.process(pid, first)).collect();
    if processes.is_empty() { Err(TraceError::Empty) } else { Ok(processes) }
}

/// A process of a trace, as its events come.
#[derive(Default)]
struct Reading {
    name: Option<String>,
    wall_us: u64,
    threads: BTreeMap<u64, String>,
    images: Vec<String>,
    numbers: BTreeMap<String, u32>,
    spans: Vec<Read>,
    /// Asynchronous events that have not ended, by thread, id and name.
    open: BTreeMap<(u64, String, String), Vec<usize>>,
}

struct Read {
    image: u32,
    thread: u64,
    stage: &'static str,
    start: u64,
    end: u64,
}

impl Reading {
    fn take(&mut self, event: &Value) {
        let (name, thread) = (string(event, "name"), number(event, "tid"));
        let args = event.get("args").unwrap_or(&Value::Null);
        let start = number(event, "ts");
        let mut add = |end| {
            let image = self.image(string(args, "image"));
            self.threads.entry(thread).or_insert_with(|| format!("thread {thread}"));
            self.spans.push(Read { image, thread, stage: stage(name), start, end });
        };
        match string(event, "ph") {
            "M" if name == "process_name" => {
                self.name = Some(string(args, "name").to_owned());
                self.wall_us = number(args, "wall_us");
            }
            "M" if name == "thread_name" => _ = self.threads.insert(thread, string(args, "name").to_owned()),
            "X" => add(start.saturating_add(number(event, "dur"))),
            "b" => {
                add(start);
                let key = (thread, event["id"].to_string(), name.to_owned());
                self.open.entry(key).or_default().push(self.spans.len() - 1);
            }
            "e" => {
                let key = (thread, event["id"].to_string(), name.to_owned());
                if let Some(begun) = self.open.get_mut(&key).and_then(Vec::pop) {
                    self.spans[begun].end = start.max(self.spans[begun].start);
                }
            }
            _ => {}
        }
    }

    fn image(&mut self, name: &str) -> u32 {
        *self.numbers.entry(name.to_owned()).or_insert_with(|| {
            self.images.push(name.to_owned());
            self.images.len() as u32 - 1
        })
    }

    fn process(self, pid: u64, first: u64) -> Process {
        let threads: Vec<u64> = self.threads.keys().copied().collect();
        let lanes = self.threads.into_values().map(|name| Lane { kind: kind(&name), name }).collect();
        // This program's clocks begin with the run, others' with the machine.
        let begun = if self.wall_us > 0 { 0 } else { first };
        let bar = |span: Read| Bar {
            image: span.image,
            lane: threads.binary_search(&span.thread).unwrap_or(0) as u16,
            stage: span.stage,
            start: span.start - begun,
            end: span.end - begun,
            merged: 0,
        };
        let mut spans: Vec<Bar> = self.spans.into_iter().map(bar).collect();
        spans.sort_by_key(|bar| (bar.start, std::cmp::Reverse(bar.end)));
        let last = spans.iter().map(|bar| bar.end).max().unwrap_or(0);
        let wall_seconds = self.wall_us.max(last) as f64 / 1e6;
        let timeline = Timeline { wall_seconds, lanes, images: self.images, recorded: spans.len(), spans };
        Process { name: self.name.unwrap_or_else(|| format!("process {pid}")), timeline }
    }
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A number that is whole and not negative, or made so; 0 where there is none.
fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_f64).map_or(0, |v| v as u64)
}

const STAGES: [&str; 8] = ["read", "decode", "compute", "encode", "write", "upload", "kernels", "readback"];

fn stage(name: &str) -> &'static str {
    STAGES.iter().find(|stage| **stage == name).copied().unwrap_or("other")
}

fn kind(thread: &str) -> &'static str {
    ["files", "device"].into_iter().find(|kind| thread.starts_with(kind)).unwrap_or("worker")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Load, Run};

    fn bar(image: u32, lane: u16, stage: &'static str, start: u64, end: u64) -> Bar {
        Bar { image, lane, stage, start, end, merged: 0 }
    }

    fn document() -> Document {
        let lane = |name: &str, kind| Lane { name: name.into(), kind };
        let timeline = Timeline {
            wall_seconds: 0.1,
            lanes: vec![lane("files", "files"), lane("worker 0", "worker"), lane("device", "device")],
            images: vec!["a.png".into(), "\"</script>\n\u{202e}gnp.b".into()],
            spans: vec![
                bar(0, 0, "read", 0, 20_000),
                bar(1, 0, "read", 5_000, 30_000),
                bar(0, 1, "compute", 20_000, 90_000),
                bar(1, 1, "decode", 30_000, 40_000),
                bar(1, 2, "compute", 40_000, 60_000),
            ],
            recorded: 5,
        };
        let run =
            Run { schedule: "overlapped".into(), backend: "cpu".into(), timeline: Some(timeline), ..Run::default() };
        let other = Run { schedule: "sequential".into(), ..run.clone() };
        Document { loads: vec![Load { runs: vec![other, run], ..Load::default() }], ..Document::default() }
    }

    /// The rules of the format that a trace of ours could break.
    fn assert_valid(text: &str) {
        let trace: Value = serde_json::from_str(text).unwrap();
        let mut open: BTreeMap<(u64, u64), Vec<u64>> = BTreeMap::new();
        let mut begun: BTreeMap<String, u64> = BTreeMap::new();
        for event in trace["traceEvents"].as_array().unwrap() {
            let time = |key: &str| event[key].as_u64().unwrap_or_else(|| panic!("{key} of {event}"));
            let thread = (time("pid"), time("tid"));
            assert!(!event["name"].as_str().unwrap().is_empty());
            let id = format!("{} {} {}", event["cat"], event["id"], event["name"]);
            match event["ph"].as_str().unwrap() {
                "M" => assert!(event["args"].is_object()),
                "X" => {
                    let (start, end) = (time("ts"), time("ts") + time("dur"));
                    let open = open.entry(thread).or_default();
                    open.retain(|outer| *outer > start);
                    assert!(open.iter().all(|outer| end <= *outer), "it crosses another of its thread: {event}");
                    open.push(end);
                }
                "b" => {
                    assert!(event["id"].is_string() && begun.insert(id, time("ts")).is_none(), "begun twice: {event}")
                }
                "e" => assert!(begun.remove(&id).is_some_and(|start| start <= time("ts")), "never begun: {event}"),
                other => panic!("no phase of ours: {other}"),
            }
        }
        assert!(begun.is_empty(), "never ended: {begun:?}");
    }

    #[test]
    fn a_trace_keeps_the_rules_of_the_format() {
        let text = trace(&document());
        assert_valid(&text);
        let phases = |ph: &str| text.matches(&format!("\"ph\":\"{ph}\"")).count();
        assert_eq!((phases("X"), phases("b"), phases("e"), phases("M")), (6, 4, 4, 16));
    }

    #[test]
    #[should_panic(expected = "it crosses another")]
    fn the_rules_can_be_broken() {
        let event = |start: u64| json!({ "ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": start, "dur": 10 });
        assert_valid(&json!({ "traceEvents": [event(0), event(5)] }).to_string());
    }

    #[test]
    fn what_was_written_is_read_again() {
        let document = document();
        let read = read_trace(&trace(&document)).unwrap();
        let expected: Vec<&Timeline> = document.loads[0].runs.iter().filter_map(|run| run.timeline.as_ref()).collect();
        assert_eq!(read.iter().map(|process| &process.timeline).collect::<Vec<_>>(), expected);
        assert_eq!([read[0].name.as_str(), &read[1].name], ["sequential, cpu", "overlapped, cpu"]);
    }

    #[test]
    fn traces_of_others_are_read_as_far_as_they_go() {
        let events = json!([
            { "ph": "X", "name": "paint", "pid": 7, "tid": 9, "ts": 1_000_000.5, "dur": 2_000.0 },
            { "ph": "B", "name": "unknown", "pid": 7, "tid": 9, "ts": 0 },
            { "ph": "e", "name": "never begun", "id": 1, "pid": 8, "tid": 9, "ts": -1 },
        ]);
        let read = read_trace(&events.to_string()).unwrap();
        let timeline = &read[0].timeline;
        assert_eq!((read.len(), read[0].name.as_str(), timeline.wall_seconds), (1, "process 7", 0.002));
        assert_eq!(timeline.spans, [bar(0, 0, "other", 0, 2_000)]);
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        let refusal = |text: &str| read_trace(text).unwrap_err().to_string();
        assert!(refusal("<html>").starts_with("it is no JSON"));
        assert!(refusal("{}").contains("no list of traceEvents"));
        assert_eq!(refusal("[3]"), "it has no spans to draw");
    }
}
