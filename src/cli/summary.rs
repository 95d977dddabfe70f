//! The summary at the end of a run, in words.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use imgproc::backend::DeviceTimes;
use imgproc::pipeline::{Report, Slowness, Tally};
use imgproc::timeline::{Basis, Figures, StageFigures};

use super::totals::{Totals, rate, verdict_on};

/// What the summary says beside the outcomes.
pub struct Setting<'a> {
    pub backend: &'a str,
    pub schedule: &'a str,
    /// Files in the directories that are no images.
    pub passed_over: usize,
    /// The slow store that was simulated.
    pub simulated: Slowness,
    /// What the device's clock says.
    pub device: Option<DeviceTimes>,
    /// What the backend has to say.
    pub remarks: &'a [String],
    /// Whether `--resume` can go on with what was not done.
    pub resumes: bool,
}

/// The whole summary, the verdict last.
pub fn summary(report: &Report, totals: &Totals, setting: &Setting) -> String {
    let mut text = counts(report, totals);
    // Writing to a string cannot fail.
    let workers = if report.workers == 1 { "1 worker".into() } else { format!("{} workers", report.workers) };
    let _ = writeln!(text, "{}, {}, {workers}\n", setting.backend, setting.schedule);
    if report.figures.images > 0 {
        text.push_str(&stages(&report.figures));
    }
    if let Some(DeviceTimes { upload, kernels, readback }) = setting.device {
        let [upload, kernels, readback] = [upload, kernels, readback].map(|time| time.as_secs_f64());
        let _ = writeln!(text, "device: kernels {kernels:.2} s, upload {upload:.2} s, readback {readback:.2} s");
    }
    if let Some(simulation) = simulation(setting.simulated) {
        let _ = writeln!(text, "simulation: {simulation}");
    }
    if !totals.left_out.is_empty() {
        let parts = totals.left_out.iter().map(|(part, images)| format!("{part} ({})", plural(*images, "image")));
        let _ = writeln!(text, "note: decoded {}; --exact decodes all", parts.collect::<Vec<_>>().join(", "));
    }
    for (conversion, images) in &totals.conversions {
        let _ = writeln!(text, "note: {conversion} ({})", plural(*images, "image"));
    }
    if setting.passed_over > 0 {
        let _ = writeln!(text, "note: {} skipped", plural(setting.passed_over, "other file"));
    }
    if report.before.crashes > 0 {
        let crashes =
            if report.before.crashes == 1 { "a crash".into() } else { format!("{} crashes", report.before.crashes) };
        let _ = writeln!(text, "note: went on in a fresh process after {crashes}; the table is of what came after");
    }
    for remark in setting.remarks {
        let _ = writeln!(text, "note: {remark}");
    }
    if report.unfinished > 0 && setting.resumes {
        let _ = writeln!(text, "note: the same command with --resume does what is missing");
    }
    text.push_str(&totals.failures.text());
    let _ = writeln!(text, "{}", verdict_on(report).text);
    text
}

fn counts(report: &Report, totals: &Totals) -> String {
    let Tally { done, failed, skipped } = report.tally;
    let mut text = format!("{} done", plural(done, "image"));
    for (count, what) in [(failed, "failed"), (skipped, "skipped"), (report.unfinished, "not done")] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    if report.interrupted {
        text.push_str(", interrupted");
    }
    let _ = write!(text, " in {:.2} s", report.took().as_secs_f64());
    if done > 0 {
        let megabytes = |bytes: u64| rate(report, bytes as f64 / 1e6);
        let _ = write!(
            text,
            ": {:.1} MP/s, {:.1} images/s, {:.1} MB/s read, {:.1} MB/s written",
            totals.megapixel_rate(report),
            rate(report, done as f64),
            megabytes(totals.bytes_read),
            megabytes(totals.bytes_written)
        );
    }
    text.push('\n');
    text
}

/// A table: what each stage took, and how long images waited before it.
fn stages(figures: &Figures) -> String {
    let mut text = format!("{:9}{:>10}  {:26}{:>18}\n", "stage", "worked", "share", "waited, per image");
    for stage in figures.stages.iter().filter(|s| s.images > 0) {
        let _ = writeln!(
            text,
            "{:9}{:>8.2} s  {:26}{:>15.1} ms",
            stage.stage.name(),
            stage.worked.as_secs_f64(),
            share(stage),
            1e3 * stage.waited.as_secs_f64() / stage.images as f64
        );
    }
    let _ = writeln!(
        text,
        "workers busy {:.0} %, {:.1} of them at a time; reading and writing overlapped work {:.0} %\n",
        100.0 * figures.busy,
        figures.cores_busy,
        100.0 * figures.overlap
    );
    text
}

fn share(stage: &StageFigures) -> String {
    let of = match stage.basis {
        Basis::Workers => "of the workers' time",
        Basis::Wall => "of the time",
    };
    format!("{:3.0} % {of}", 100.0 * stage.share)
}

/// A path on one line, whatever its name holds.
pub fn on_one_line(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(char::is_control) { format!("{text:?}") } else { text }
}

/// A slow store in words; none where none was simulated.
pub fn simulation(slowness: Slowness) -> Option<String> {
    let delay = (!slowness.delay.is_zero()).then(|| format!("each file came {} late", span(slowness.delay)));
    let rate = slowness.bandwidth.map(|rate| format!("files came at most at {} MB/s", rate as f64 / 1e6));
    let parts: Vec<String> = delay.into_iter().chain(rate).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `50 ms`, `1.5 s`.
pub fn span(time: Duration) -> String {
    let secs = time.as_secs_f64();
    if secs < 1.0 { format!("{} ms", (secs * 1e6).round() / 1e3) } else { format!("{} s", (secs * 1e3).round() / 1e3) }
}

/// `1 image`, `2 images`.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use imgproc::pipeline::{Before, Done, Failure, Fate, LeftOut, Outcome};
    use imgproc::timeline::{Span, Stage, Worker, figures};

    use super::*;

    fn outcome(index: u32, fate: Fate) -> Outcome {
        Outcome::early(index, format!("in/{index}.jpg").into(), fate)
    }

    fn report(outcomes: &[Outcome]) -> Report {
        let (start, end) = (Duration::ZERO, Duration::from_millis(1900));
        let spans = vec![Span { image: 0, stage: Stage::Decode, worker: Worker::Cpu(0), start, end }];
        let wall = Duration::from_secs(2);
        let mut tally = Tally::default();
        outcomes.iter().for_each(|outcome| tally.add(&outcome.fate));
        Report {
            tally,
            unfinished: 3,
            ended_by: None,
            wall,
            before: Before { took: Duration::ZERO, done: 0, crashes: 2 },
            workers: 1,
            figures: figures(&spans, wall, 1),
            spans,
            device_spans: Vec::new(),
            interrupted: false,
            left_behind: false,
        }
    }

    #[test]
    fn it_says_all_that_happened_and_ends_with_the_verdict() {
        let conversions = vec!["alpha was dropped".to_owned()];
        let left_out = LeftOut { colour: true, reduced_by: Some(4) };
        let done = Done { pixels: 4_000_000, bytes_read: 2_000_000, left_out, conversions, ..Done::default() };
        let failure = Failure::new(Stage::Decode, "broken").hint("mend it");
        let outcomes = [outcome(0, Fate::Done(done)), outcome(1, Fate::Failed(failure)), outcome(2, Fate::Skipped)];
        let mut totals = Totals::new(false, false);
        outcomes.iter().for_each(|outcome| totals.add(outcome));
        let seconds = |n: u64| Duration::from_millis(10 * n);
        let device = DeviceTimes { upload: seconds(25), kernels: seconds(110), readback: seconds(4) };
        let remarks = &["the GPU was lost once".to_owned()];
        let setting = Setting {
            backend: "gpu",
            schedule: "overlapped",
            passed_over: 1,
            simulated: Slowness { delay: Duration::from_millis(50), bandwidth: Some(20_000_000) },
            device: Some(device),
            remarks,
            resumes: true,
        };
        let text = summary(&report(&outcomes), &totals, &setting);
        assert!(text.starts_with("1 image done, 1 failed, 1 skipped, 3 not done in 2.00 s: 2.0 MP/s, 0.5 images/s"));
        assert!(
            text.contains("note: decoded at 1/4 of the size (1 image), to luma alone (1 image); --exact decodes all\n"),
            "{text}"
        );
        assert!(text.contains("device: kernels 1.10 s, upload 0.25 s, readback 0.04 s\n"), "{text}");
        assert!(text.contains("simulation: each file came 50 ms late, files came at most at 20 MB/s\n"), "{text}");
        assert!(text.contains("note: alpha was dropped (1 image)\nnote: 1 other file skipped\n"), "{text}");
        assert!(text.contains("note: the GPU was lost once\n"), "{text}");
        assert!(text.contains("note: the same command with --resume does what is missing\n"), "{text}");
        assert!(text.contains("note: went on in a fresh process after 2 crashes; "), "{text}");
        assert!(text.contains("failed: in/1.jpg: decode: broken (mend it)\n"), "{text}");
        assert!(text.lines().last().unwrap().starts_with("bound by work: the worker was busy 95 %"), "{text}");
        assert_eq!(on_one_line(Path::new("a\nb\u{1b}[2J")), "\"a\\nb\\u{1b}[2J\"");
    }
}
