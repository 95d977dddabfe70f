//! Which file becomes which, and whether it may: settled before any work starts.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::Runtime;
use super::disk;
use super::outcome::{Failure, Fate, Job, Noted, Outcome};
use super::resume::Resume;
use super::source::{self, Signature, Source};
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

/// What will be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// In order of their inputs' paths.
    pub jobs: Vec<Job>,
    /// Inputs whose outcome is known already: unreadable, no image, or to be skipped.
    pub settled: Vec<Outcome>,
    /// Other files in the directories.
    pub passed_over: usize,
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
            PlanError::Exist { .. } => "--overwrite replaces them, --skip-existing leaves them",
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

/// Finds the inputs and settles their outputs. Nothing is written.
pub fn plan(runtime: &Runtime, request: &Request) -> Result<Plan, PlanError> {
    let found = source::discover(request)?;
    let signatures = runtime.map_blocking(&found.sources, |s: &Source| source::signature(&s.path));
    let mut inputs: Vec<(Source, Signature)> = Vec::new();
    let mut passed_over = 0;
    for (source, signature) in found.sources.into_iter().zip(signatures) {
        let signature = signature.unwrap_or_else(|| Signature::Unreadable(io::ErrorKind::TimedOut.into()));
        match signature {
            Signature::Unknown(_) if !source.named => passed_over += 1,
            signature => inputs.push((source, signature)),
        }
    }
    for (path, error) in found.unreadable {
        let source = Source { path, below: PathBuf::new(), named: true };
        inputs.push((source, Signature::Unreadable(error)));
    }
    inputs.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    if inputs.is_empty() {
        return Err(PlanError::Nothing { inputs: request.inputs.clone(), passed_over, recursive: request.recursive });
    }
    let mut plan = Plan { passed_over, ..Plan::default() };
    for (index, (source, signature)) in inputs.iter().enumerate() {
        let index = index as u32;
        match job(index, source, signature, request) {
            Ok(job) => plan.jobs.push(job),
            Err(failure) => plan.settled.push(Outcome::early(index, source.path.clone(), Fate::Failed(failure))),
        }
    }
    check_collisions(&plan.jobs, cfg!(any(windows, target_os = "macos")))?;
    check_inputs_stay(&plan.jobs, inputs.iter().map(|(source, _)| source.path.as_path()))?;
    Ok(plan)
}

impl Plan {
    /// Those that results will be written to, some of them more than once.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.jobs.iter().filter_map(|job| job.output.parent())
    }

    /// Whether all outputs stay apart in a directory that takes upper and lower case for one.
    pub fn check_case(&self) -> Result<(), PlanError> {
        check_collisions(&self.jobs, true)
    }

    /// Looks which outputs are there already. A run does so once the output directory is its own.
    pub fn treat_existing(mut self, existing: Existing) -> Result<Plan, PlanError> {
        if existing == Existing::Overwrite {
            return Ok(self);
        }
        let total = self.jobs.len();
        let (there, missing): (Vec<Job>, Vec<Job>) = self.jobs.into_iter().partition(|job| disk::exists(&job.output));
        match there.first() {
            Some(first) if existing != Existing::Skip => {
                return Err(PlanError::Exist { count: there.len(), total, first: first.output.clone() });
            }
            _ => {}
        }
        self.settled.extend(there.iter().map(|job| Outcome::of(job, Fate::Skipped)));
        self.jobs = missing;
        Ok(self)
    }
}

fn job(index: u32, source: &Source, signature: &Signature, request: &Request) -> Result<Job, Failure> {
    let format = match signature {
        Signature::Image(format) => request.format.unwrap_or(format.kept()),
        Signature::Unknown(bytes) => return Err(not_an_image(bytes)),
        Signature::Unreadable(error) => return Err(Failure::of_disk(Stage::Read, error)),
    };
    let stem = source.path.file_stem().unwrap_or_default();
    let mut name = stem.to_os_string();
    name.push(".");
    name.push(format.extension());
    if cfg!(windows) && is_reserved_on_windows(&name.to_string_lossy()) {
        let cause = format!("Windows takes no file of the name {}", name.display());
        return Err(Failure::new(Stage::Write, cause).hint("rename the input"));
    }
    let output = request.output.join(&source.below).join(name);
    Ok(Job { index, input: source.path.clone(), output, format, noted: Noted::default() })
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

/// `ignores_case`: whether upper and lower case are one in the names of outputs, as on most disks of Windows and macOS.
fn check_collisions(jobs: &[Job], ignores_case: bool) -> Result<(), PlanError> {
    let mut inputs: HashMap<PathBuf, &Path> = HashMap::new();
    for job in jobs {
        let name = match ignores_case {
            true => PathBuf::from(job.output.to_string_lossy().to_lowercase()),
            false => job.output.clone(),
        };
        if let Some(first) = inputs.insert(name, &job.input) {
            return Err(PlanError::Collision {
                first: first.to_path_buf(),
                second: job.input.clone(),
                output: job.output.clone(),
            });
        }
    }
    Ok(())
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

fn check_inputs_stay<'a>(jobs: &[Job], inputs: impl Iterator<Item = &'a Path>) -> Result<(), PlanError> {
    let there: Vec<(&Job, PathBuf)> =
        jobs.iter().filter_map(|job| disk::real_path(&job.output).map(|real| (job, real))).collect();
    if there.is_empty() {
        return Ok(());
    }
    let inputs: HashSet<PathBuf> = inputs.filter_map(disk::real_path).collect();
    match there.into_iter().find(|(_, real)| inputs.contains(real)) {
        Some((job, input)) => Err(PlanError::OverwritesInput { output: job.output.clone(), input }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(input: &str, output: &str) -> Job {
        Job { index: 0, input: input.into(), output: output.into(), format: Format::Png, noted: Noted::default() }
    }

    #[test]
    fn two_inputs_on_one_name_are_both_named() {
        let jobs = [job("a/x.jpg", "out/x.png"), job("y.jpg", "out/y.png"), job("x.bmp", "out/x.png")];
        let error = check_collisions(&jobs, false).unwrap_err();
        assert_eq!(error.to_string(), "a/x.jpg and x.bmp would both become out/x.png");
        assert!(error.help().unwrap().contains("--recursive"));
        assert!(check_collisions(&[job("a/x.jpg", "out/x.png"), job("b/x.jpg", "out/b/x.png")], false).is_ok());
        let beside = check_collisions(&[job("a/x.jpg", "out/x.png"), job("a/x.bmp", "out/x.png")], false).unwrap_err();
        assert!(beside.help().unwrap().contains("--format"));
    }

    #[test]
    fn names_that_differ_in_case_alone_collide_where_that_is_one() {
        let jobs = [job("a/É.jpg", "out/É.png"), job("a/é.jpg", "out/é.png")];
        assert!(check_collisions(&jobs, false).is_ok() && check_collisions(&jobs, true).is_err());
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
