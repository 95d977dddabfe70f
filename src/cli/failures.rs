//! What failed, in few words however much it was.

use std::collections::BTreeMap;
use std::fmt::Write;

use imgproc::pipeline::Outcome;

use super::summary::on_one_line;

/// Failures that are listed by name, and causes that are told; of more only the number is.
pub const LISTED: usize = 10;
/// Causes that are told apart. Some name sizes, so that there may be as many as files.
const MOST_CAUSES: usize = 1000;
const OTHER_CAUSES: &str = "other causes";

/// The failures of a run, gathered as they come.
#[derive(Debug)]
pub struct Failures {
    /// The first ones in order of the images, by these.
    named: BTreeMap<u32, String>,
    /// How many are kept by name.
    most: usize,
    count: usize,
    causes: BTreeMap<String, usize>,
}

impl Failures {
    /// Keeps all by name, or so many as a summary lists.
    pub fn new(all: bool) -> Failures {
        let most = if all { usize::MAX } else { LISTED };
        Failures { named: BTreeMap::new(), most, count: 0, causes: BTreeMap::new() }
    }

    pub fn of(outcomes: impl Iterator<Item = Outcome>) -> Failures {
        let mut failures = Failures::new(false);
        outcomes.for_each(|outcome| failures.add(&outcome));
        failures
    }

    pub fn add(&mut self, outcome: &Outcome) {
        let Some(failure) = outcome.failure() else { return };
        self.count += 1;
        let cause = failure.to_string();
        let is_told = self.causes.len() < MOST_CAUSES || self.causes.contains_key(&cause);
        *self.causes.entry(if is_told { cause } else { OTHER_CAUSES.into() }).or_default() += 1;
        let is_early = self.named.last_key_value().is_none_or(|(last, _)| outcome.index < *last);
        if self.named.len() < self.most || is_early {
            let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let line = format!("failed: {}: {failure}{hint}\n", on_one_line(&outcome.input));
            self.named.insert(outcome.index, line);
        }
        if self.named.len() > self.most {
            self.named.pop_last();
        }
    }

    /// The first by name, then how many more there are, and of what causes; empty without any.
    pub fn text(&self) -> String {
        let mut text: String = self.named.values().take(LISTED).map(String::as_str).collect();
        if self.count > LISTED {
            // Writing to a string cannot fail.
            let more = self.count - LISTED;
            let _ = writeln!(text, "and {more} more failed; the manifest, --json and --quiet name them all");
            for (cause, images) in self.commonest() {
                let _ = writeln!(text, "{images:7} failed: {cause}");
            }
        }
        text
    }

    /// All that are kept by name; empty without any.
    pub fn names(&self) -> String {
        self.named.values().map(String::as_str).collect()
    }

    /// The commonest causes, with the number of images; the others as one.
    fn commonest(&self) -> Vec<(&str, usize)> {
        let told = self.causes.iter().filter(|(cause, _)| *cause != OTHER_CAUSES);
        let mut causes: Vec<(&str, usize)> = told.map(|(cause, images)| (cause.as_str(), *images)).collect();
        causes.sort_by_key(|(_, images)| std::cmp::Reverse(*images));
        causes.truncate(LISTED);
        let others = self.count - causes.iter().map(|(_, images)| images).sum::<usize>();
        if others > 0 {
            causes.push((OTHER_CAUSES, others));
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use imgproc::pipeline::{Failure, Fate};
    use imgproc::timeline::Stage;

    use super::*;

    fn failed(index: u32, stage: Stage, cause: &str) -> Outcome {
        Outcome::early(index, format!("in/{index}.jpg").into(), Fate::Failed(Failure::new(stage, cause)))
    }

    #[test]
    fn ten_failures_are_named_and_the_others_counted() {
        let gone = (0..13).map(|i| failed(i, Stage::Read, "gone"));
        let mut outcomes: Vec<Outcome> =
            gone.chain((13..25).map(|i| failed(i, Stage::Decode, &i.min(22).to_string()))).collect();
        // In any order.
        outcomes.rotate_left(17);
        let text = Failures::of(outcomes.iter().cloned()).text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("failed: in/0.jpg") && lines[9].starts_with("failed: in/9.jpg: read: gone"));
        assert!(lines[10].starts_with("and 15 more failed; "));
        assert_eq!(lines[11..13], ["     13 failed: read: gone", "      3 failed: decode: 22"]);
        assert_eq!((lines.len(), lines[21]), (22, "      1 failed: other causes"));
        let mut all = Failures::new(true);
        outcomes.iter().for_each(|outcome| all.add(outcome));
        assert_eq!(all.names().lines().count(), 25);
        assert_eq!(Failures::of([].into_iter()).text(), "");
    }

    #[test]
    fn few_words_are_kept_of_many_failures() {
        let many = Failures::of((0..5000).map(|i| failed(i, Stage::Decode, &format!("{i} px"))));
        assert!(many.causes.len() <= MOST_CAUSES + 1 && many.named.len() == LISTED);
        assert!(many.text().ends_with("   4990 failed: other causes\n"), "{}", many.text());
    }
}
