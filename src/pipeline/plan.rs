//! Which file becomes which, and whether it may: settled before any work starts.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::disk;
use super::outcome::{Failure, Fate, Job, Noted, Outcome};
use super::resume::Resume;
use super::source::{self, Signature, Source};
use super::{Runtime, describe};
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
        match job(index as u32, source, signature, request) {
            Ok(job) => plan.jobs.push(job),
            Err(outcome) => plan.settled.push(outcome),
        }
    }
    check_collisions(&plan.jobs)?;
    check_inputs_stay(&plan.jobs, inputs.iter().map(|(source, _)| source.path.as_path()))?;
    Ok(plan)
}

impl Plan {
    /// Those that results will be written to, some of them more than once.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.jobs.iter().filter_map(|job| job.output.parent())
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

fn job(index: u32, source: &Source, signature: &Signature, request: &Request) -> Result<Job, Outcome> {
    let failed = |failure| Outcome::early(index, source.path.clone(), Fate::Failed(failure));
    let format = match signature {
        Signature::Image(format) => request.format.unwrap_or(format.kept()),
        Signature::Unknown(bytes) => return Err(failed(not_an_image(bytes))),
        Signature::Unreadable(error) => return Err(failed(Failure::new(Stage::Read, describe(error)))),
    };
    let stem = source.path.file_stem().unwrap_or_default();
    let mut name = stem.to_os_string();
    name.push(".");
    name.push(format.extension());
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

fn check_collisions(jobs: &[Job]) -> Result<(), PlanError> {
    let mut inputs: HashMap<PathBuf, &Path> = HashMap::new();
    for job in jobs {
        if let Some(first) = inputs.insert(name_on_disk(&job.output), &job.input) {
            return Err(PlanError::Collision {
                first: first.to_path_buf(),
                second: job.input.clone(),
                output: job.output.clone(),
            });
        }
    }
    Ok(())
}

/// A path as the file system tells it from others: where upper and lower case are usually one, in lower case.
fn name_on_disk(path: &Path) -> PathBuf {
    if cfg!(any(windows, target_os = "macos")) {
        PathBuf::from(path.to_string_lossy().to_lowercase())
    } else {
        path.to_path_buf()
    }
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
        let error =
            check_collisions(&[job("a/x.jpg", "out/x.png"), job("y.jpg", "out/y.png"), job("x.bmp", "out/x.png")])
                .unwrap_err();
        assert_eq!(error.to_string(), "a/x.jpg and x.bmp would both become out/x.png");
        assert!(check_collisions(&[job("a/x.jpg", "out/x.png"), job("b/x.jpg", "out/b/x.png")]).is_ok());
    }

    #[test]
    fn what_was_looked_for_is_said() {
        let inputs: Vec<PathBuf> = ["a", "b", "c", "d"].map(PathBuf::from).to_vec();
        let error = PlanError::Nothing { inputs, passed_over: 2, recursive: false };
        assert_eq!(error.to_string(), "no images in a, b, c and 1 more: 2 files there are no images");
        assert!(error.help().unwrap().contains("--recursive"));
    }
}
