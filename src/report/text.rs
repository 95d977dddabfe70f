//! Timelines as text, a line a lane.

use std::fmt::Write;

use super::document::{Lane, Timeline};
use super::trace::Process;

/// How text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether stages have colours; else they have letters.
    pub coloured: bool,
}

/// Columns that a drawing takes at least, however narrow the terminal is.
const LEAST_COLUMNS: usize = 10;

/// Stages, with the letter and the SGR colour of each. The first ones move bytes, the others work.
const STAGES: [(&str, char, &str); 9] = [
    ("read", '░', "2"),
    ("write", '▒', "2"),
    ("upload", '░', "2"),
    ("readback", '▒', "2"),
    ("decode", 'd', "34"),
    ("compute", 'C', "33"),
    ("kernels", 'K', "33"),
    ("encode", 'e', "36"),
    ("other", 'o', "35"),
];
const MOVING: usize = 4;

/// Parts of a block, from nothing to all of it.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Less of a column than this is not drawn.
const SEEN: f64 = 0.06;

/// The timelines under one another, and what the letters or colours mean. All have the same scale.
pub fn drawn(processes: &[Process], look: Look) -> String {
    let wall_us = processes.iter().map(|p| 1e6 * p.timeline.wall_seconds).fold(1.0, f64::max);
    let lanes = || processes.iter().flat_map(|p| &p.timeline.lanes);
    let names = lanes().map(|lane| printable(&lane.name).chars().count()).max().unwrap_or(0);
    let note_columns =
        processes.iter().flat_map(|p| notes(&p.timeline)).map(|note| note.chars().count()).max().unwrap_or(0);
    let columns = look.width.saturating_sub(names + note_columns + 4).max(LEAST_COLUMNS);
    let mut text = String::new();
    for Process { name, timeline } in processes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", printable(name), seconds(timeline.wall_seconds));
        let used = ((1e6 * timeline.wall_seconds / wall_us * columns as f64).ceil() as usize).clamp(1, columns);
        for (number, (lane, note)) in timeline.lanes.iter().zip(notes(timeline)).enumerate() {
            let cells = cells(timeline, number, wall_us / columns as f64, used);
            let row: String = if lane.kind == "files" { crowd(&cells) } else { work(&cells, look.coloured) };
            let _ = writeln!(text, "{:names$}  {row}{}  {note}", printable(&lane.name), " ".repeat(columns - used));
        }
        text.push('\n');
    }
    text.push_str(&legend(processes, look.coloured));
    text
}

/// What stands at the end of each lane's line.
fn notes(timeline: &Timeline) -> Vec<String> {
    let note = |(number, lane): (usize, &Lane)| {
        let of_lane: Vec<(u64, u64, bool)> = timeline
            .spans
            .iter()
            .filter(|bar| usize::from(bar.lane) == number)
            .map(|bar| (bar.start, bar.end, place(bar.stage) >= MOVING))
            .collect();
        if lane.kind == "files" {
            return format!("{} at once", at_once(&of_lane));
        }
        let busy = covered(of_lane.iter().filter(|(_, _, works)| *works).map(|(start, end, _)| (*start, *end)));
        format!("{:3.0} % busy", 100.0 * busy as f64 / (1e6 * timeline.wall_seconds).max(1.0))
    };
    timeline.lanes.iter().enumerate().map(note).collect()
}

/// The most spans under way at a time.
fn at_once(spans: &[(u64, u64, bool)]) -> i32 {
    let mut changes: Vec<(u64, i32)> = spans.iter().flat_map(|(start, end, _)| [(*start, 1), (*end, -1)]).collect();
    changes.sort();
    let (mut now, mut most) = (0, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    most
}

/// µs during which at least one of the spans was under way; they are in order of their starts.
fn covered(spans: impl Iterator<Item = (u64, u64)>) -> u64 {
    let (mut until, mut total) = (0, 0);
    for (start, end) in spans {
        total += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    total
}

/// Share of each column's time in each stage of a lane; a column lasts `column_us`.
fn cells(timeline: &Timeline, lane: usize, column_us: f64, columns: usize) -> Vec<[f64; STAGES.len()]> {
    let mut cells = vec![[0.0; STAGES.len()]; columns];
    for bar in timeline.spans.iter().filter(|bar| usize::from(bar.lane) == lane) {
        let (start, end) = (bar.start as f64 / column_us, bar.end as f64 / column_us);
        for (column, cell) in cells.iter_mut().enumerate().skip(start as usize).take_while(|(c, _)| (*c as f64) < end) {
            let column = column as f64;
            cell[place(bar.stage)] += end.min(column + 1.0) - start.max(column);
        }
    }
    cells
}

fn place(stage: &str) -> usize {
    STAGES.iter().position(|(name, ..)| *name == stage).unwrap_or(STAGES.len() - 1)
}

/// How many spans are under way, in parts of the most that are.
fn crowd(cells: &[[f64; STAGES.len()]]) -> String {
    let counts: Vec<f64> = cells.iter().map(|cell| cell.iter().sum()).collect();
    let most = counts.iter().fold(SEEN, |most, count| most.max(*count));
    counts.iter().map(|count| block(count / most)).collect()
}

/// What a worker or a device does: the stage of work that takes most of the column, or what it waits for.
fn work(cells: &[[f64; STAGES.len()]], coloured: bool) -> String {
    let mut row = String::new();
    for cell in cells {
        let (moving, work) = cell.split_at(MOVING);
        let (busy, waits) = (work.iter().sum::<f64>(), moving.iter().sum::<f64>());
        let most = |part: &[f64]| (0..part.len()).max_by(|a, b| part[*a].total_cmp(&part[*b])).unwrap_or(0);
        if busy >= SEEN && (coloured || busy >= waits) {
            let (_, letter, colour) = STAGES[MOVING + most(work)];
            if coloured {
                let _ = write!(row, "\x1b[{colour}m{}\x1b[0m", block(busy));
            } else {
                row.push(letter);
            }
        } else if waits >= SEEN {
            let (_, letter, colour) = STAGES[most(moving)];
            if coloured {
                let _ = write!(row, "\x1b[{colour}m{letter}\x1b[0m");
            } else {
                row.push(letter);
            }
        } else {
            row.push(' ');
        }
    }
    row
}

fn block(share: f64) -> char {
    let parts = (share.clamp(0.0, 1.0) * 8.0).round() as usize;
    BLOCKS[if share >= SEEN { parts.max(1) } else { parts }]
}

fn legend(processes: &[Process], coloured: bool) -> String {
    let used = |stage: &str| processes.iter().any(|p| p.timeline.spans.iter().any(|bar| bar.stage == stage));
    let parts = STAGES.iter().filter(|(stage, ..)| used(stage)).map(|(stage, letter, colour)| {
        let sign = if place(stage) >= MOVING && coloured { '█' } else { *letter };
        if coloured { format!("\x1b[{colour}m{sign}\x1b[0m {stage}") } else { format!("{sign} {stage}") }
    });
    parts.collect::<Vec<_>>().join("   ") + "\n"
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", 1e3 * seconds) } else { format!("{seconds:.2} s") }
}

/// Text without what would move the cursor or turn the writing round.
fn printable(text: &str) -> String {
    let unseen = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if unseen(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Bar;

    fn process() -> Process {
        let bar = |lane, stage, start: u64, end: u64| Bar {
            lane,
            stage,
            start: 1_000 * start,
            end: 1_000 * end,
            ..Bar::default()
        };
        let lane = |name: &str, kind| Lane { name: name.into(), kind };
        let spans = vec![
            bar(0, "read", 0, 10),
            bar(0, "read", 0, 5),
            bar(1, "read", 0, 5),
            bar(1, "decode", 5, 8),
            bar(1, "compute", 8, 10),
        ];
        let lanes = vec![lane("files", "files"), lane("worker 0", "worker")];
        let timeline = Timeline { wall_seconds: 0.01, lanes, images: vec!["a".into()], recorded: spans.len(), spans };
        Process { name: "sequential\u{1b}[2J, cpu".into(), timeline }
    }

    #[test]
    fn letters_where_there_are_no_colours() {
        // Ten columns, one a millisecond.
        let look = Look { width: 8 + 10 + 10 + 4, coloured: false };
        assert_eq!(
            drawn(&[process()], look),
            "sequential\u{fffd}[2J, cpu: 10 ms\n\
             files     █████▄▄▄▄▄  2 at once\n\
             worker 0  ░░░░░dddCC   50 % busy\n\
             \n\
             ░ read   d decode   C compute\n"
        );
    }

    #[test]
    fn the_same_scale_for_all() {
        let mut short = process();
        short.timeline.wall_seconds = 0.005;
        short.timeline.spans.truncate(3);
        let look = Look { width: 8 + 10 + 10 + 4, coloured: false };
        let text = drawn(&[process(), short], look);
        assert!(text.contains("worker 0  ░░░░░     "), "{text}");
    }

    #[test]
    fn colours_and_narrow_terminals() {
        let text = drawn(&[process()], Look { width: 0, coloured: true });
        assert!(text.contains("\x1b[34m█\x1b[0m") && text.contains("\x1b[34m█\x1b[0m decode"), "{text:?}");
    }
}
