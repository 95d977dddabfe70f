//! Which file becomes which, and whether it may: settled before any work starts.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use super::disk;
use super::list::{End, Entries, Entry, Listing, Places, Settled, output_name};
use super::outcome::{Failure, Job, Outcome, Told};
use super::restart::Before;
use super::resume::Resume;
use super::runtime::Looking;
use super::source::{self, Found, RealPaths, Signature};
use crate::codec::{self, CodecError, Format};
use crate::timeline::Stage;

/// What becomes of outputs that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// They are an error before work starts.
    #[default]
    Refuse,
    Overwrite,
    /// They stay, and their inputs are not done.
    Skip,
    /// Those stay that an earlier run is known to have made, as it would be now; where it left no word, they are refused.
    Resume(Resume),
}

/// What is to be done, as the user put it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Directories, files, glob patterns.
    pub inputs: Vec<PathBuf>,
    /// Whether directories are taken with all below them.
    pub recursive: bool,
    pub output: PathBuf,
    /// None keeps that of each input, or PNG where it can't be written.
    pub format: Option<Format>,
    pub existing: Existing,
}

/// What will be done. Of each image it holds some bytes; jobs and outcomes are made where they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(super) places: Places,
    /// In order of their inputs' paths.
    pub(super) jobs: Entries,
    /// Inputs whose outcome is known already: unreadable, no image, or to be skipped.
    pub(super) settled: Vec<Settled>,
    /// Other files in the directories.
    pub passed_over: usize,
    /// What the run did before it came to this process.
    pub(super) before: Before,
}

/// Why nothing can be done as asked.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("there is no {}", .0.display())]
    Missing(PathBuf),
    #[error("nothing matches {}", .0.display())]
    NoMatch(PathBuf),
    #[error("{} is no pattern: {}", .0.display(), .1)]
    BrokenPattern(PathBuf, String),
    #[error("can't take {}: {}", .0.display(), .1)]
    Unreadable(PathBuf, String),
    #[error("no answer from {} for {} s", .0.display(), .1.as_secs_f64())]
    NoAnswer(PathBuf, Duration),
    #[error("no images in {}{}", listed(.inputs), others(*.passed_over))]
    Nothing { inputs: Vec<PathBuf>, passed_over: usize, recursive: bool },
    #[error("{} and {} would both become {}", .first.display(), .second.display(), .output.display())]
    Collision { first: PathBuf, second: PathBuf, output: PathBuf },
    #[error("{} would overwrite the input {}", .output.display(), .input.display())]
    OverwritesInput { output: PathBuf, input: PathBuf },
    #[error("{count} of {total} outputs exist already, the first is {}", .first.display())]
    Exist { count: usize, total: usize, first: PathBuf },
}

impl PlanError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            PlanError::Nothing { recursive: false, .. } => "files in directories below are taken with --recursive",
            PlanError::Collision { first, second, .. } if first.parent() == second.parent() => {
                "rename one of them, leave out --format, or do them in two runs with two --output directories"
            }
            PlanError::Collision { .. } => {
                "give their common parent directory with --recursive to keep the tree, or do them in two runs"
            }
            PlanError::OverwritesInput { .. } => "choose another directory with --output",
            PlanError::Exist { .. } => {
                "--resume does what an earlier run left, --overwrite replaces them, --skip-existing leaves them"
            }
            PlanError::NoAnswer(..) => "what is mounted there may hang; --timeout says how long it is waited for",
            PlanError::NoMatch(_) => "a pattern takes * ? [a-z] and ** for directories",
            _ => return None,
        })
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().take(3).map(|p| p.display().to_string()).collect();
    let more = if paths.len() > 3 { format!(" and {} more", paths.len() - 3) } else { String::new() };
    names.join(", ") + &more
}

fn others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => ": 1 file there is no image".into(),
        n => format!(": {n} files there are no images"),
    }
}

/// What one file is to the plan.
enum Looked {
    Image(Format),
    /// It is no image, and was not named as one.
    Other,
    Failed(Box<Failure>),
}

/// Finds the inputs and settles their outputs. Nothing is written.
pub fn plan(runtime: &Runtime, request: &Request) -> Result<Plan, PlanError> {
    let asked = request.clone();
    let found = runtime.look(move |looking| source::discover(&asked, looking))??;
    let Found { listing, unreadable, real } = found;
    let listing = Arc::new(listing);
    let kept = request.format;
    let places = Places { listing: listing.clone(), root: request.output.clone(), numbered: false };
    let mut plan = Plan { places, ..Plan::default() };
    let mut index = 0;
    let files = listing.len();
    let look = move |file| looked(&listing, file, &unreadable, kept);
    runtime.each_blocking(files, look, |file, looked| {
        let file = file as u32;
        let late = || Looked::Failed(Box::new(Failure::of_disk(Stage::Read, &io::ErrorKind::TimedOut.into())));
        match looked.unwrap_or_else(late) {
            Looked::Other => {
                plan.passed_over += 1;
                return;
            }
            Looked::Image(format) => plan.jobs.push(Entry { index, file, format }),
            Looked::Failed(failure) => {
                plan.settled.push(Settled { index, file, format: None, end: End::Failed(failure), told: Told::Now });
            }
        }
        index += 1;
    });
    if plan.images() == 0 {
        let (inputs, recursive) = (request.inputs.clone(), request.recursive);
        return Err(PlanError::Nothing { inputs, passed_over: plan.passed_over, recursive });
    }
    plan.check_collisions(cfg!(any(windows, target_os = "macos")))?;
    runtime.look(move |looking| plan.check_inputs_stay(&real, looking).map(|()| plan))?
}

impl Plan {
    /// Images that are to be done.
    pub fn count(&self) -> usize {
        self.jobs.len()
    }

    /// All images, settled ones included.
    pub fn images(&self) -> usize {
        self.jobs.len() + self.settled.len()
    }

    /// One of the images that are to be done.
    pub fn job(&self, number: usize) -> Option<Job> {
        self.jobs.get(number).map(|entry| self.places.job(entry))
    }

    /// Those that are to be done, in order of their inputs' paths.
    pub fn jobs(&self) -> impl Iterator<Item = Job> {
        self.jobs.iter().map(|entry| self.places.job(entry))
    }

    /// Outcomes that are known already.
    pub fn settled(&self) -> impl Iterator<Item = Outcome> {
        self.settled.iter().map(|settled| self.places.outcome(settled))
    }

    /// Directories that results will be written to.
    pub fn directories(&self) -> HashSet<PathBuf> {
        let outputs = self.jobs.iter().map(|entry| self.places.output(entry.index, entry.file, entry.format));
        outputs.filter_map(|output| output.parent().map(Path::to_path_buf)).collect()
    }

    /// The images of some plans one after another, and again from the first until there are as many as that. Outputs lie in
    /// `root` and are named by their images' numbers.
    pub fn numbered(plans: &[Plan], images: usize, root: &Path) -> Plan {
        let mut listing = Listing::default();
        let mut plan = Plan::default();
        let firsts: Vec<u32> = plans.iter().map(|plan| listing.append(&plan.places.listing)).collect();
        for (index, (planned, first)) in plans.iter().zip(firsts).cycle().take(images).enumerate() {
            let index = index as u32;
            planned.jobs.iter().for_each(|entry| plan.jobs.push(Entry { index, file: first + entry.file, ..entry }));
            let settled = planned.settled.iter();
            plan.settled.extend(settled.map(|s| Settled { index, file: first + s.file, ..s.clone() }));
        }
        Plan { places: Places { listing: Arc::new(listing), root: root.to_path_buf(), numbered: true }, ..plan }
    }

    /// Whether all outputs stay apart in a directory that takes upper and lower case for one.
    pub fn check_case(&self) -> Result<(), PlanError> {
        self.check_collisions(true)
    }

    /// Looks which outputs are there already. A run does so once the output directory is its own.
    pub fn treat_existing(mut self, existing: Existing) -> Result<Plan, PlanError> {
        if existing == Existing::Overwrite {
            return Ok(self);
        }
        let total = self.count();
        let before = self.settled.len();
        self.settle(|job| disk::exists(&job.output).then_some(End::Left));
        match self.settled.get(before) {
            Some(first) if existing != Existing::Skip => Err(PlanError::Exist {
                count: self.settled.len() - before,
                total,
                first: self.places.outcome(first).output.unwrap_or_default(),
            }),
            _ => Ok(self),
        }
    }

    /// Settles the jobs for which `end` gives something.
    fn settle(&mut self, mut end: impl FnMut(Job) -> Option<End>) {
        for entry in std::mem::take(&mut self.jobs).iter() {
            self.take(entry, end(self.places.job(entry)), Told::Now);
        }
    }

    /// Adds a job, or the outcome that it has already, and who told of it.
    pub(super) fn take(&mut self, entry: Entry, end: Option<End>, told: Told) {
        let Entry { index, file, format } = entry;
        match end {
            None => self.jobs.push(entry),
            Some(end) => self.settled.push(Settled { index, file, format: Some(format), end, told }),
        }
    }

    /// `ignores_case`: whether upper and lower case are one in the names of outputs, as on most disks of Windows and macOS.
    fn check_collisions(&self, ignores_case: bool) -> Result<(), PlanError> {
        let name = |output: &Path| match ignores_case {
            true => PathBuf::from(output.to_string_lossy().to_lowercase()),
            false => output.to_path_buf(),
        };
        let (digests, mut seen) = (RandomState::new(), HashSet::new());
        for job in self.jobs() {
            let output = name(&job.output);
            if seen.insert(digests.hash_one(output.as_os_str())) {
                continue;
            }
            // Digests may be the same where names are not.
            if let Some(first) =
                self.jobs().take_while(|first| first.index < job.index).find(|f| name(&f.output) == output)
            {
                return Err(PlanError::Collision { first: first.input, second: job.input, output: job.output });
            }
        }
        Ok(())
    }

    fn check_inputs_stay(&self, inputs: &RealPaths, looking: &Looking) -> Result<(), PlanError> {
        looking.at(&self.places.root);
        for Job { output, .. } in self.jobs() {
            looking.goes_on();
            if let Some(input) = disk::real_path(&output).filter(|real| inputs.contains(real)) {
                return Err(PlanError::OverwritesInput { output, input });
            }
        }
        Ok(())
    }
}

fn looked(listing: &Listing, file: usize, unreadable: &HashMap<PathBuf, io::Error>, kept: Option<Format>) -> Looked {
    let path = listing.path(file);
    let failed = |failure| Looked::Failed(Box::new(failure));
    if let Some(error) = unreadable.get(&path) {
        return failed(Failure::of_disk(Stage::Read, error));
    }
    let format = match source::signature(&path) {
        Signature::Image(format) => kept.unwrap_or(format.kept()),
        Signature::Unknown(_) if !listing.is_named(file) => return Looked::Other,
        Signature::Unknown(bytes) => return failed(not_an_image(&bytes)),
        Signature::Unreadable(error) => return failed(Failure::of_disk(Stage::Read, &error)),
    };
    let name = output_name(path.file_name().unwrap_or_default(), format);
    if cfg!(windows) && is_reserved_on_windows(&name.to_string_lossy()) {
        let cause = format!("Windows takes no file of the name {}", name.display());
        return failed(Failure::new(Stage::Write, cause).hint("rename the input"));
    }
    Looked::Image(format)
}

/// The failure of a file whose first bytes tell no format.
fn not_an_image(bytes: &[u8]) -> Failure {
    let cause = match codec::header(bytes) {
        _ if bytes.is_empty() => "the file is empty".into(),
        Err(CodecError::Other(cause)) => cause,
        _ => "not an image of a format that can be read".into(),
    };
    Failure::new(Stage::Decode, cause)
}

/// Whether Windows has given a name away: to a device, or by dropping what it ends with.
fn is_reserved_on_windows(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |prefix| stem.strip_prefix(prefix).is_some_and(|n| n.chars().count() == 1 && n != "0");
    let has_forbidden = name.contains(|c: char| c.is_control() || "<>:\"/\\|?*".contains(c));
    DEVICES.contains(&stem.as_str())
        || numbered("com")
        || numbered("lpt")
        || has_forbidden
        || name.ends_with(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::super::list::Gathered;
    use super::*;

    /// A plan of files, with their directories below the output directory.
    fn planned(files: &[(&str, &str)]) -> Plan {
        let mut gathered = Gathered::default();
        files.iter().for_each(|(path, below)| gathered.add(Path::new(path), Path::new(below), true));
        let places = Places { listing: Arc::new(gathered.settled(|_| true)), root: "out".into(), numbered: false };
        let jobs = (0..files.len() as u32).map(|file| Entry { index: file, file, format: Format::Png }).collect();
        Plan { places, jobs, ..Plan::default() }
    }

    #[test]
    fn two_inputs_on_one_name_are_both_named() {
        let error = planned(&[("a/x.jpg", ""), ("y.jpg", ""), ("x.bmp", "")]).check_collisions(false).unwrap_err();
        assert_eq!(error.to_string(), "a/x.jpg and x.bmp would both become out/x.png");
        assert!(error.help().unwrap().contains("--recursive"));
        assert!(planned(&[("a/x.jpg", ""), ("b/x.jpg", "b")]).check_collisions(false).is_ok());
        let beside = planned(&[("a/x.jpg", ""), ("a/x.bmp", "")]).check_collisions(false).unwrap_err();
        assert!(beside.help().unwrap().contains("--format"));
    }

    #[test]
    fn names_that_differ_in_case_alone_collide_where_that_is_one() {
        let plan = planned(&[("a/É.jpg", ""), ("a/é.jpg", "")]);
        assert!(plan.check_collisions(false).is_ok() && plan.check_case().is_err());
    }

    #[test]
    fn images_come_again_under_numbers() {
        let unreadable = Settled { index: 0, file: 0, format: None, end: End::Left, told: Told::Now };
        let bad = Plan { jobs: Entries::default(), settled: vec![unreadable], ..planned(&[("b.jpg", "")]) };
        let plan = Plan::numbered(&[planned(&[("a.jpg", "")]), bad, planned(&[("c.jpg", "")])], 5, Path::new("o"));
        let jobs: Vec<String> = plan.jobs().map(|j| format!("{} {}", j.input.display(), j.output.display())).collect();
        assert_eq!(jobs, ["a.jpg o/00000.png", "c.jpg o/00002.png", "a.jpg o/00003.png"]);
        let settled: Vec<(u32, PathBuf)> = plan.settled().map(|outcome| (outcome.index, outcome.input)).collect();
        assert_eq!(settled, [(1, "b.jpg".into()), (4, "b.jpg".into())]);
    }

    #[test]
    fn windows_keeps_some_names() {
        for name in ["con.png", "NUL.tar.png", "Com1.jpg", "lpt9.png", "aux", "a?.png", "a\nb.png", "a:b.png", "a. "] {
            assert!(is_reserved_on_windows(name), "{name}");
        }
        for name in ["icon.png", "com.png", "com10.png", "com0.png", "nul_.png", "a con.png", "-x.png", ".a.png"] {
            assert!(!is_reserved_on_windows(name), "{name}");
        }
    }

    #[test]
    fn what_was_looked_for_is_said() {
        let inputs: Vec<PathBuf> = ["a", "b", "c", "d"].map(PathBuf::from).to_vec();
        let error = PlanError::Nothing { inputs, passed_over: 2, recursive: false };
        assert_eq!(error.to_string(), "no images in a, b, c and 1 more: 2 files there are no images");
        assert!(error.help().unwrap().contains("--recursive"));
    }
}
