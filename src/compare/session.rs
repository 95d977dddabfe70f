//! A comparison from its first run to its last.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use super::agreement::Agreement;
use super::figures::{best, combined, is_noise, limit, median_index, relate};
use super::lessons::lessons;
use super::sample::{self, Pace, Width};
use super::sentence::times;
use super::{Combination, LoadKind, Measured, Order, Perform, Progress, Reply, Request, Source, Trouble};
use crate::pipeline::disk::Scratch;
use crate::pipeline::{Schedule, Slowness};
use crate::report::document::{Load, Picture, Run, RunFigures, Timeline};

/// Images by which a backend's pace is judged.
const PROBE_IMAGES: usize = 4;

/// What came of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pub loads: Vec<Load>,
    pub pictures: Vec<Picture>,
    /// What it comes down to, in sentences.
    pub verdict: Vec<String>,
    /// What the user should know of how it went.
    pub remarks: Vec<String>,
    /// What each backend that ran calls itself.
    pub backends: Vec<(String, String)>,
    /// Whether all results are as near to one another as the specification asks.
    pub agrees: bool,
}

/// Runs everything that the request asks for.
///
/// # Errors
/// Where nothing can be compared, or the user stops it.
pub fn compare(request: &Request, perform: Perform, tell: &mut dyn FnMut(Progress)) -> Result<Comparison, Trouble> {
    let mut session = Session::new(request, perform, tell);
    session.probe()?;
    let sizes: Vec<(LoadKind, usize)> = request.loads.iter().map(|kind| (*kind, session.images(*kind))).collect();
    let most = sizes.iter().map(|(_, images)| *images).max().unwrap_or(0);
    let (agreement, files) = session.agreement(sample::files(&request.files, most))?;
    let mut loads = Vec::new();
    for (kind, images) in sizes {
        loads.push(session.load(kind, images, &files, &agreement)?);
    }
    let mut verdict: Vec<String> = loads.iter().filter_map(fastest).collect();
    verdict.push(agreement.verdict());
    if let Some(unstable) = session.unstable() {
        verdict.push(unstable);
    }
    let agrees = agreement.is_allowed() && !session.changes_on_cpu();
    let Session { remarks, named, .. } = session;
    Ok(Comparison { loads, pictures: agreement.pictures(), verdict, remarks, backends: named, agrees })
}

struct Session<'a> {
    request: &'a Request,
    perform: Perform<'a>,
    tell: &'a mut dyn FnMut(Progress),
    done: usize,
    paces: Vec<Pace>,
    /// Why combinations can't run, by their backends or, where images fail, alone.
    missing: HashMap<String, String>,
    slowness: Slowness,
    remarks: Vec<String>,
    /// Backends and what they call themselves.
    named: Vec<(String, String)>,
    /// Backends whose results differ from run to run.
    changing: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(request: &'a Request, perform: Perform<'a>, tell: &'a mut dyn FnMut(Progress)) -> Session<'a> {
        Session {
            request,
            perform,
            tell,
            done: 0,
            paces: Vec::new(),
            missing: HashMap::new(),
            slowness: Slowness::default(),
            remarks: Vec::new(),
            named: Vec::new(),
            changing: Vec::new(),
        }
    }

    fn backends(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for combination in &self.request.combinations {
            if !names.contains(&combination.backend) {
                names.push(combination.backend.clone());
            }
        }
        names
    }

    /// The combinations that can run, as far as is known.
    fn available(&self) -> Vec<Combination> {
        let all = self.request.combinations.iter();
        all.filter(|c| self.why_missing(c).is_none()).cloned().collect()
    }

    fn why_missing(&self, combination: &Combination) -> Option<&String> {
        self.missing.get(&combination.backend).or_else(|| self.missing.get(&combination.name()))
    }

    /// Does a run, and says so before. None where the backend is not there.
    fn run(&mut self, order: &Order, what: &str) -> Result<Option<Measured>, Trouble> {
        let timed = self.request.loads.len() * self.request.runs;
        let total = self.backends().len() + self.available().len() * (1 + timed);
        (self.tell)(Progress { done: self.done, total, what: format!("{what}: {}", order.combination.name()) });
        self.done += 1;
        match (self.perform)(order).map_err(Trouble::Run)? {
            Reply::Measured(measured) => Ok(Some(*measured)),
            Reply::Stopped => Err(Trouble::Stopped),
            Reply::Unavailable(reason) => {
                self.missing.insert(order.combination.backend.clone(), reason);
                Ok(None)
            }
        }
    }

    /// Learns which backends are there and how fast each is.
    fn probe(&mut self) -> Result<(), Trouble> {
        let files = sample::files(&self.request.files, PROBE_IMAGES);
        for backend in self.backends() {
            let scratch = Scratch::new()?;
            let combination = Combination { schedule: Schedule::Sequential, backend: backend.clone() };
            let order = Order {
                combination,
                images: files.len(),
                files: files.clone(),
                source: Source::Memory,
                lossless: false,
                output: scratch.path().to_path_buf(),
            };
            let Some(measured) = self.run(&order, "first look")? else { continue };
            if measured.images == 0 {
                let cause = measured.failures.first().map_or_else(|| "there are none".into(), |f| f.1.clone());
                self.missing.insert(backend, format!("no image succeeds: {cause}"));
                continue;
            }
            let secs_per_image = measured.wall.as_secs_f64() / measured.images as f64;
            self.named.push((backend.clone(), measured.backend));
            let bytes_per_image = measured.bytes_read as f64 / measured.images as f64;
            self.paces.push(Pace { backend, secs_per_image, bytes_per_image });
        }
        if self.paces.is_empty() {
            let reasons: Vec<String> =
                self.backends().iter().filter_map(|b| Some(format!("{b}: {}", self.missing.get(b)?))).collect();
            return Err(Trouble::NoBackend(reasons.join("; ")));
        }
        let delay = self.request.delay.unwrap_or_else(|| sample::delay(&self.paces));
        self.slowness = Slowness { delay, bandwidth: self.request.bandwidth };
        Ok(())
    }

    fn width(&self) -> Width {
        Width { jobs: self.request.jobs, in_flight: self.request.in_flight }
    }

    /// Images of a load.
    fn images(&self, kind: LoadKind) -> usize {
        if let Some(images) = self.request.images {
            return images.max(1);
        }
        let pace = |c: &Combination| self.paces.iter().find(|pace| pace.backend == c.backend);
        let available = self.available();
        let combinations: Vec<(Schedule, &Pace)> =
            available.iter().filter_map(|c| Some((c.schedule, pace(c)?))).collect();
        let slowness = match kind {
            LoadKind::Waiting => self.slowness,
            LoadKind::Work => Slowness::default(),
        };
        sample::images(self.request.runs, &combinations, slowness, self.width())
    }

    /// Runs every combination once for its pixels, which also warms up what stays warm between processes. Returns the files
    /// that can be done.
    fn agreement(&mut self, mut files: Vec<PathBuf>) -> Result<(Agreement, Vec<PathBuf>), Trouble> {
        let mut agreement = Agreement::new(self.request.tolerance, self.request.decode);
        for combination in self.available() {
            if self.why_missing(&combination).is_some() {
                continue;
            }
            let scratch = Scratch::new()?;
            let order = Order {
                images: files.len(),
                files: files.clone(),
                source: Source::Memory,
                lossless: true,
                output: scratch.path().to_path_buf(),
                combination: combination.clone(),
            };
            let Some(measured) = self.run(&order, "pixels")? else { continue };
            if agreement.is_empty() {
                self.leave_out(&mut files, &measured)?;
            } else if let Some((_, cause)) = measured.failures.first() {
                let count = measured.failures.len();
                let reason = format!("{count} of {} images fail: {cause}", order.images);
                self.missing.insert(combination.name(), reason);
                continue;
            }
            agreement.add(&combination, &measured, &order, scratch)?;
        }
        Ok((agreement, files))
    }

    /// Leaves out the files that failed.
    fn leave_out(&mut self, files: &mut Vec<PathBuf>, measured: &Measured) -> Result<(), Trouble> {
        let Some((_, cause)) = measured.failures.first() else { return Ok(()) };
        let failed = |index: usize| measured.failures.iter().any(|(number, _)| *number as usize == index);
        let mut index = 0;
        files.retain(|_| {
            index += 1;
            !failed(index - 1)
        });
        if files.is_empty() {
            return Err(Trouble::AllFail(cause.clone()));
        }
        let count = measured.failures.len();
        self.remarks.push(format!("{count} left out because they fail, the first: {cause}"));
        Ok(())
    }

    /// All timed runs of a load, in turn.
    fn load(
        &mut self,
        kind: LoadKind,
        images: usize,
        files: &[PathBuf],
        agreement: &Agreement,
    ) -> Result<Load, Trouble> {
        let files = sample::files(files, images);
        let mut measured: HashMap<String, Vec<Measured>> = HashMap::new();
        for round in 0..self.request.runs {
            let mut turn = self.available();
            let first = round % turn.len().max(1);
            turn.rotate_left(first);
            for combination in turn {
                let scratch = Scratch::new()?;
                let order = Order {
                    images,
                    files: files.clone(),
                    source: match kind {
                        LoadKind::Waiting => Source::Disk(self.slowness),
                        LoadKind::Work => Source::Memory,
                    },
                    lossless: false,
                    output: scratch.path().to_path_buf(),
                    combination,
                };
                let what = format!("{}, run {} of {}", kind.name(), round + 1, self.request.runs);
                if let Some(run) = self.run(&order, &what)? {
                    measured.entry(order.combination.name()).or_default().push(run);
                }
            }
        }
        self.watch_bytes(&measured);
        let combinations = &self.request.combinations;
        let runs = combinations.iter().map(|c| self.row(c, measured.get(&c.name()), images, agreement));
        let mut runs: Vec<Run> = runs.collect();
        relate(&mut runs);
        let bytes_read = measured.values().flatten().map(|run| run.bytes_read).max().unwrap_or(0);
        let bandwidth = self.slowness.bandwidth.filter(|_| kind == LoadKind::Waiting);
        let bytes_secs = bandwidth.map_or(0.0, |rate| bytes_read as f64 / rate as f64);
        let limit = limit(&runs, self.request.jobs, self.request.in_flight, bytes_secs);
        let lessons = lessons(kind, &runs, limit.as_ref(), self.width());
        let held = measured.values().flatten().map(|run| run.held_bytes).max().unwrap_or(0);
        let about = about(kind, images, files.len(), self.slowness, held);
        Ok(Load { name: kind.name().into(), about, images, runs, lessons, limit })
    }

    fn row(&self, combination: &Combination, runs: Option<&Vec<Measured>>, images: usize, all: &Agreement) -> Run {
        let row = Run {
            schedule: combination.schedule.name().into(),
            backend: combination.backend.clone(),
            ..Run::default()
        };
        if let Some(reason) = self.why_missing(combination) {
            return Run { unavailable: Some(reason.clone()), ..row };
        }
        let runs = runs.map(Vec::as_slice).unwrap_or_default();
        let figures: Vec<RunFigures> = runs.iter().map(figures_of).collect();
        let seconds: Vec<f64> = runs.iter().map(|run| run.wall.as_secs_f64()).collect();
        let middle = runs.get(median_index(&seconds));
        Run {
            figures: Some(combined(&figures, images)),
            pixels: all.pixels(combination),
            timeline: middle.map(|run| Timeline::of(&run.spans(), run.wall, run.workers, run.names.clone())),
            ..row
        }
    }

    /// Whether a backend's runs wrote the same, whoever decided.
    fn watch_bytes(&mut self, measured: &HashMap<String, Vec<Measured>>) {
        for backend in self.backends() {
            let of_backend = self.request.combinations.iter().filter(|c| c.backend == backend);
            let mut digests = of_backend.filter_map(|c| measured.get(&c.name())).flatten().map(|run| run.digest);
            let first = digests.next();
            if digests.any(|digest| Some(digest) != first) && !self.changing.contains(&backend) {
                self.changing.push(backend);
            }
        }
    }

    fn unstable(&self) -> Option<String> {
        (!self.changing.is_empty())
            .then(|| format!("the bytes of the results change from run to run on {}", self.changing.join(" and ")))
    }

    fn changes_on_cpu(&self) -> bool {
        self.changing.iter().any(|backend| backend == "cpu")
    }
}

fn figures_of(run: &Measured) -> RunFigures {
    RunFigures {
        peak_memory_bytes: run.peak_memory_bytes,
        threads: run.threads,
        ..RunFigures::of(&run.spans(), run.wall, run.workers, run.images)
    }
}

/// What makes the load what it is.
fn about(kind: LoadKind, images: usize, files: usize, slowness: Slowness, held_bytes: u64) -> String {
    let taken = if images > files { format!("{images} images of {files} files") } else { format!("{images} images") };
    match kind {
        LoadKind::Work => format!("{taken} of which the files, {:.1} MB, are in memory", held_bytes as f64 / 1e6),
        LoadKind::Waiting => {
            let delay = (!slowness.delay.is_zero())
                .then(|| format!("each of {images} reads delayed by {}", milliseconds(slowness.delay)));
            let line = slowness.bandwidth.map(|rate| format!("all through a line of {} MB/s", rate as f64 / 1e6));
            let made_so = delay.into_iter().chain(line).collect::<Vec<_>>().join(", ");
            if made_so.is_empty() { format!("{taken}, read as they come") } else { format!("{taken}; {made_so}") }
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{} ms", (1e6 * time.as_secs_f64()).round() / 1e3)
}

/// What won a load, and by how much.
fn fastest(load: &Load) -> Option<String> {
    let (run, figures) = best(&load.runs)?;
    let rate = format!("{:.1} images/s", figures.images_per_second);
    let over = figures.speedup.filter(|_| run.schedule != Schedule::Sequential.name());
    let over = over.map(|ratio| format!(", {} as fast as sequential", times(ratio))).unwrap_or_default();
    let rival =
        |other: &&Run| *other != run && other.figures.as_ref().is_some_and(|f| is_noise(&f.seconds, &figures.seconds));
    let rivals: Vec<String> =
        load.runs.iter().filter(rival).map(|run| format!("{} on {}", run.schedule, run.backend)).collect();
    let alike =
        if rivals.is_empty() { String::new() } else { format!("; as fast within the noise: {}", rivals.join(", ")) };
    Some(format!("{}: {} on {} is the fastest, {rate}{over}{alike}", load.name, run.schedule, run.backend))
}
