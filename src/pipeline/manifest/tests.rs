//! What is written is read, whatever lies between.

use std::path::Path;

use super::*;
use crate::pipeline::disk::Stamp;
use crate::pipeline::{Before, Done, Failure, Fate, Outcome, Report, Tally, Told};
use crate::timeline::{Stage, figures};

fn chosen(recipe: &str) -> Chosen {
    Chosen { recipe: recipe.into(), quality: 90, depth: None, exact: false, jpeg_decoder: "Turbo".into() }
}

fn outcome(input: &str, output: Option<&Path>, fate: Fate) -> Outcome {
    Outcome { output: output.map(Path::to_path_buf), ..Outcome::early(0, input.into(), fate) }
}

fn failed(cause: &str) -> Fate {
    Fate::Failed(Failure::new(Stage::Decode, cause).hint("mend it"))
}

fn report(unfinished: usize) -> Report {
    let wall = std::time::Duration::ZERO;
    Report {
        tally: Tally { skipped: 1, ..Tally::default() },
        unfinished,
        ended_by: None,
        wall,
        before: Before::default(),
        workers: 1,
        figures: figures(&[], wall, 1),
        spans: Vec::new(),
        device_spans: Vec::new(),
        interrupted: true,
        left_behind: false,
    }
}

#[test]
fn what_is_written_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    assert!(Manifest::read(root).unwrap().is_none());
    let mut writer = Writer::begin(root, chosen("invert"), 5, 1, true).unwrap();
    let stamp = Stamp { bytes: 7, modified: Some(1_700_000_000_123_456), digest: Some(u128::MAX - 5) };
    let done = Fate::Done(Done { output_stamp: stamp, ..Done::default() });
    writer.add(&Outcome { input_stamp: Some(stamp), ..outcome("in/a\n.png", Some(&root.join("x/a\n.png")), done) });
    writer.add(&outcome("in/b.png", Some(&root.join("b.png")), failed("broken")));
    writer.add(&Outcome { told: Told::Earlier, ..outcome("in/c.png", Some(&root.join("c.png")), Fate::Skipped) });
    let running = Manifest::read(root).unwrap().unwrap();
    assert_eq!((running.unfinished(), running.end.is_none()), (2, true));
    writer.end(&report(2)).unwrap();

    let manifest = Manifest::read(root).unwrap().unwrap();
    let a = manifest.of_output(Path::new("x/a\n.png")).unwrap();
    assert_eq!(
        (a.result, a.output.as_ref().unwrap().stamp(), a.input.stamp()),
        (ResultName::Done, Some(stamp), Some(stamp))
    );
    assert_eq!(a.settings, manifest.last_run.as_ref().unwrap().chosen.digest());
    let b = manifest.of_output(Path::new("b.png")).unwrap().failure.unwrap();
    assert_eq!(b.failure(), Failure::new(Stage::Decode, "broken").hint("mend it"));
    assert!(manifest.of_output(Path::new("c.png")).is_none() && manifest.broken == 0);
    assert_eq!((manifest.unfinished(), manifest.end.as_ref().unwrap().skipped), (2, 1));
}

#[test]
fn later_lines_hold_and_broken_ones_do_not_matter() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let mut writer = Writer::begin(root, chosen("invert"), 2, 0, false).unwrap();
    // First no image, then one that fails, then a whole one; and at last it is left alone.
    writer.add(&outcome("a.png", None, failed("no image")));
    writer.add(&outcome("a.png", Some(&root.join("a.png")), failed("broken")));
    writer.add(&outcome("a.png", Some(&root.join("a.png")), Fate::Done(Done::default())));
    writer.add(&outcome("a.png", Some(&root.join("a.png")), Fate::Skipped));
    drop(writer);
    let broken: [&[u8]; 6] = [b"x".repeat(2 << 20).leak(), b"", b"\xff", b"{\"line\":\"image\"}", b"[[[[", b"{}"];
    let written = crate::pipeline::disk::read_whole(&root.join(NAME)).unwrap();
    let lines = [written, broken.join(&b'\n'), b"\n".to_vec()].concat();
    let manifest = Manifest::of(LinesRead::held(lines)).unwrap();
    let results: Vec<ResultName> = manifest.images().map(|image| image.result).collect();
    assert_eq!((results, manifest.broken), (vec![ResultName::Done], 6));
}

#[test]
fn settings_have_one_digest_and_others_another() {
    assert_eq!(chosen("invert").digest(), chosen("invert").digest());
    assert_ne!(chosen("invert").digest(), chosen("sobel").digest());
    assert_ne!(chosen("invert").digest(), Chosen { quality: 91, ..chosen("invert") }.digest());
}

#[cfg(unix)]
#[test]
fn names_that_are_no_unicode_stay_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let [one, two] = [b"a\xff.png", b"a\xfe.png"].map(|name| Path::new(OsStr::from_bytes(name)).to_path_buf());
    let entry = FileEntry::of(&one, None);
    assert!(entry.is_at(&one) && !entry.is_at(&two) && !entry.is_at(Path::new(&entry.path)));
    assert_eq!(entry.path(), Some(one));
}
