//! The comparison as text.

use imgproc::report::document::{Document, Load, Pixels, Run, RunFigures};

/// Longest line of a sentence.
const WIDTH: usize = 110;
/// Beside a rate that differs from the row above by no more than its own repetitions.
const NOISE: &str = "~";

/// What came of the comparison: the verdict, then of each load the table and its lessons, then pixels.
pub fn text(document: &Document) -> String {
    let mut text = String::new();
    for sentence in &document.verdict {
        text.push_str(&wrapped(sentence, ""));
    }
    for load in &document.loads {
        text.push('\n');
        text.push_str(&wrapped(&format!("{}: {}", load.name, load.about), ""));
        text.push('\n');
        text.push_str(&table(load));
        for lesson in &load.lessons {
            text.push_str(&wrapped(lesson, "- "));
        }
    }
    if let Some(load) = document.loads.first() {
        text.push_str(&pixels(load));
    }
    text
}

const HEAD: [&str; 10] = [
    "schedule",
    "backend",
    "images/s",
    "spread",
    "speed-up",
    "waiting",
    "working",
    "cores busy",
    "peak memory",
    "bound by",
];

fn table(load: &Load) -> String {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(load.runs.iter().filter_map(|run| Some(row(run, run.figures.as_ref()?))));
    let noise = rows.iter().any(|row| row[2].starts_with(NOISE));
    let note = if noise { format!("{NOISE} as fast as the row above within the noise\n") } else { String::new() };
    format!("{}{}{note}\n", aligned(&rows, &[2, 3, 4, 5, 6, 7, 8]), missing(&load.runs))
}

/// A row for those that can't run for the same reason: which schedules, which backend, why.
fn missing(runs: &[Run]) -> String {
    let why = |run: &Run| (run.backend.clone(), run.unavailable.clone());
    let of_one_reason = runs.chunk_by(|a, b| why(a) == why(b)).filter(|runs| runs[0].figures.is_none());
    let row = |runs: &[Run]| {
        let schedules: Vec<&str> = runs.iter().map(|run| run.schedule.as_str()).collect();
        let reason = runs[0].unavailable.as_deref().unwrap_or("it was not run");
        wrapped(&format!("{}, {}: {reason}", schedules.join(" "), runs[0].backend), "")
    };
    of_one_reason.map(row).collect()
}

fn row(run: &Run, figures: &RunFigures) -> Vec<String> {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let spread = if figures.seconds.len() > 1 { percent(figures.spread()) } else { String::new() };
    let mark = if figures.within_noise { NOISE } else { "" };
    vec![
        run.schedule.clone(),
        run.backend.clone(),
        format!("{mark}{:.1}", figures.images_per_second),
        spread,
        figures.speedup.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        percent(figures.waiting),
        percent(figures.working),
        format!("{:.2}", figures.cores_busy),
        figures.peak_memory_bytes.map(|bytes| format!("{} MiB", bytes >> 20)).unwrap_or_default(),
        bound(&figures.verdict).to_owned(),
    ]
}

/// What bound it, without the figures.
fn bound(verdict: &str) -> &str {
    verdict.strip_prefix("bound by ").unwrap_or(verdict).split(':').next().unwrap_or_default()
}

/// How far the results are apart; nothing where there is but one combination.
fn pixels(load: &Load) -> String {
    let compared: Vec<(&Run, &Pixels)> = load.runs.iter().filter_map(|run| Some((run, run.pixels.as_ref()?))).collect();
    let Some((_, first)) = compared.first() else { return String::new() };
    let head = ["schedule", "backend", "largest", "allowed", "differing", "PSNR", "SSIM"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(compared.iter().map(|(run, pixels)| {
        vec![
            run.schedule.clone(),
            run.backend.clone(),
            format!("{}", (1000.0 * pixels.largest).round() / 1000.0),
            format!("{}", pixels.tolerance),
            format!("{:.4} %", 100.0 * pixels.differing),
            pixels.psnr.map_or_else(|| "the same".into(), |psnr| format!("{psnr:.1} dB")),
            format!("{:.6}", pixels.ssim),
        ]
    }));
    format!("\npixels, against {}; differences in levels\n\n{}", first.against, aligned(&rows, &[2, 3, 4, 5, 6]))
}

/// Columns side by side, some of them to the right.
fn aligned(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if right.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The sentence in lines, all but the first as far in as what stands before it.
fn wrapped(sentence: &str, before: &str) -> String {
    let mut text = String::from(before);
    let mut at = before.len();
    for (number, word) in sentence.split(' ').enumerate() {
        let length = word.chars().count();
        if number > 0 && at + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(before.len()));
            at = before.len();
        } else if number > 0 {
            text.push(' ');
            at += 1;
        }
        text.push_str(word);
        at += length;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(schedule: &str, figures: RunFigures) -> Run {
        Run { schedule: schedule.into(), backend: "cpu".into(), figures: Some(figures), ..Run::default() }
    }

    #[test]
    fn the_table_has_a_row_for_each_run_and_says_why_others_are_missing() {
        let sequential = RunFigures {
            seconds: vec![2.0, 2.2, 1.9],
            images_per_second: 10.0,
            speedup: Some(1.0),
            waiting: 0.93,
            working: 0.07,
            cores_busy: 0.07,
            peak_memory_bytes: Some(25 << 20),
            verdict: "bound by waiting: workers spent 93 % of the time".into(),
            ..RunFigures::default()
        };
        let overlapped = RunFigures {
            images_per_second: 123.0,
            speedup: Some(12.3),
            within_noise: true,
            verdict: "bound by work: busy".into(),
            ..sequential.clone()
        };
        let unavailable = |schedule: &str| Run {
            schedule: schedule.into(),
            backend: "gpu".into(),
            unavailable: Some("there is no GPU".into()),
            ..Run::default()
        };
        let [first, second] = ["sequential", "overlapped"].map(unavailable);
        let load = Load {
            name: "waiting-bound".into(),
            about: "20 images".into(),
            runs: vec![run("sequential", sequential), run("overlapped", overlapped), first, second],
            lessons: vec!["a lesson".into()],
            ..Load::default()
        };
        let text = text(&Document { loads: vec![load], verdict: vec!["it is so".into()], ..Document::default() });
        assert_eq!(
            text,
            "it is so\n\n\
             waiting-bound: 20 images\n\n\
             schedule    backend  images/s  spread  speed-up  waiting  working  cores busy  peak memory  bound by\n\
             sequential  cpu          10.0    15 %      1.00     93 %      7 %        0.07       25 MiB  waiting\n\
             overlapped  cpu        ~123.0    15 %     12.30     93 %      7 %        0.07       25 MiB  work\n\
             sequential overlapped, gpu: there is no GPU\n\
             ~ as fast as the row above within the noise\n\n\
             - a lesson\n"
        );
    }

    #[test]
    fn long_sentences_are_wrapped_under_their_beginning() {
        let text = wrapped(&["word"; 30].join(" "), "- ");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0].len(), &lines[1][..6]), (2, 106, "  word"));
    }
}
