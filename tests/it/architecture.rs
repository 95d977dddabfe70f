//! The house rules: who may name what, and which module may use which.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path below `src`, and its lines that are no comments, with their numbers.
struct Source {
    path: String,
    lines: Vec<(usize, String)>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut directories: Vec<PathBuf> = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                sources.push(Source::new(&root, &path));
            }
        }
    }
    assert!(sources.len() > 30, "only {} sources were found", sources.len());
    sources
}

impl Source {
    fn new(root: &Path, path: &Path) -> Source {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        Source { path, lines: lines.map(|(i, line)| (i + 1, line.to_owned())).collect() }
    }

    /// The module that it belongs to: a directory or file directly below `src`.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// The lines before the tests at the end of the file.
    fn own_lines(&self) -> impl Iterator<Item = &(usize, String)> {
        let begins = |lines: &[(usize, String)]| {
            // `mod tests;` at the top of a file is no end of it.
            matches!(lines, [(_, first), .., (_, last)]
                if first.starts_with("#[cfg(test)]") && last.contains("mod ") && last.ends_with('{'))
        };
        let end = self.lines.windows(2).position(begins).unwrap_or(self.lines.len());
        self.lines[..end].iter()
    }
}

/// Whether `word` stands in the line, not as part of a longer name.
fn names(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_name);
        let after = line[at + word.len()..].chars().next().is_some_and(is_name);
        !before && !after
    })
}

/// Words that only some files may name; a path ending in `/` stands for all below it.
const RESERVED: &[(&[&str], &[&str])] = &[
    (&["tokio"], &["pipeline/"]),
    (&["wgpu", "pollster"], &["backend/gpu/"]),
    (&["rayon"], &["backend/cpu/", "pipeline/workers.rs", "pipeline/schedule.rs", "codec/"]),
    (&["std::fs", "fs::File", "walkdir", "glob::glob_with", "tempfile", "rustix"], &["pipeline/disk/"]),
    (&["tracing_subscriber"], &["cli/log.rs"]),
    (&["Instant::now", "SystemTime"], &["timeline/mod.rs"]),
    (&["print!", "println!", "eprint!", "eprintln!", "io::stdout", "io::stderr"], &["cli/terminal.rs"]),
    (&["clap", "indicatif", "terminal_size"], &["cli/"]),
    (&["unsafe"], &["cli/heap.rs", "image/large_pages.rs", "pipeline/crash.rs"]),
    (&["process::exit"], &[]),
];

#[test]
fn reserved_words_are_named_where_they_belong() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        for (words, places) in RESERVED {
            if places
                .iter()
                .any(|place| &source.path == place || place.ends_with('/') && source.path.starts_with(place))
            {
                continue;
            }
            for (number, line) in source.own_lines() {
                for word in words.iter().filter(|word| names(line, word)) {
                    faults.push(format!("src/{}:{number} names {word}", source.path));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Which modules each may use, as ARCHITECTURE.md draws it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("simd", &[]),
    ("image", &[]),
    ("timeline", &[]),
    ("report", &["timeline"]),
    ("op", &["image", "simd"]),
    ("ops", &["op", "image", "simd"]),
    ("recipe", &["ops", "op", "image"]),
    ("codec", &["image"]),
    ("backend", &["op", "image", "simd"]),
    ("pipeline", &["backend", "codec", "recipe", "ops", "op", "image", "timeline"]),
    ("calibration", &["pipeline", "backend", "codec", "recipe", "ops", "op", "image", "timeline"]),
    ("compare", &["report", "pipeline", "backend", "codec", "recipe", "ops", "op", "image", "timeline"]),
];

#[test]
fn modules_use_those_below_them() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        let module = source.module();
        if matches!(module, "lib" | "main" | "cli") {
            continue;
        }
        let (_, allowed) = MAY_USE.iter().find(|(name, _)| *name == module).unwrap_or_else(|| {
            panic!("src/{} is of no module that the rules know", source.path);
        });
        for (number, line) in source.own_lines() {
            for used in used_modules(line).filter(|used| used != module && !allowed.contains(&used.as_str())) {
                faults.push(format!("src/{}:{number} uses {used}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The modules that a line names behind `crate::`.
fn used_modules(line: &str) -> impl Iterator<Item = String> + '_ {
    line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with('$')).filter_map(|(at, found)| {
        let name: String = line[at + found.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        MAY_USE.iter().any(|(module, _)| *module == name).then_some(name)
    })
}

#[test]
fn the_backends_do_not_know_one_another() {
    for source in sources() {
        for (side, other) in [("backend/cpu/", "gpu"), ("backend/gpu/", "cpu")] {
            let path = format!("backend::{other}");
            let fault = source.own_lines().find(|(_, line)| source.path.starts_with(side) && line.contains(&path));
            assert!(fault.is_none(), "src/{} uses backend::{other}", source.path);
        }
    }
}

#[test]
fn names_that_say_nothing_are_not_given() {
    for source in sources() {
        for name in ["utils", "util", "helpers", "helper", "common", "misc", "manager"] {
            let stem = Path::new(&source.path).file_stem().unwrap().to_string_lossy().into_owned();
            assert!(stem != name && !source.path.contains(&format!("{name}/")), "src/{}", source.path);
        }
    }
}

#[test]
fn the_rules_can_be_broken() {
    assert!(names("    tokio::spawn(x)", "tokio") && !names("my_tokio", "tokio"));
    assert!(names("println!(\"\")", "println!") && !names("eprintln!(\"\")", "println!"));
    assert_eq!(used_modules("use crate::pipeline::run;").collect::<Vec<_>>(), ["pipeline"]);
    assert_eq!(used_modules("use $crate::pipeline::run; use crate::Other;").count(), 0);
    let text = ["#[cfg(test)]", "mod tests;", "use a;", "#[cfg(test)]", "mod tests {", "use b;"];
    let lines = text.iter().enumerate().map(|(i, line)| (i + 1, line.to_string())).collect();
    let source = Source { path: "a.rs".into(), lines };
    assert_eq!(source.own_lines().count(), 3);
}

/// Stems of the files directly in a directory of the project that have that extension.
fn stems(directory: &str, extension: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let paths = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|e| e == extension));
    wanted.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_shader_of_an_operation_is_used_by_the_file_of_its_stem() {
    let shaders = stems("shaders/ops", "wgsl");
    assert!(shaders.len() > 10, "only {} shaders were found", shaders.len());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
    for shader in shaders {
        // A second kernel of an operation adds to its stem: equalize_apply.
        let users: Vec<String> = stems("src/ops", "rs")
            .into_iter()
            .filter(|stem| shader.starts_with(stem.as_str()) || shader.ends_with(stem.as_str()))
            .filter(|stem| {
                let text = fs::read_to_string(root.join(format!("{stem}.rs"))).unwrap();
                text.contains(&format!("shaders/ops/{shader}.wgsl"))
            })
            .collect();
        assert_eq!(users.len(), 1, "shaders/ops/{shader}.wgsl is used by {users:?}");
    }
}

#[test]
fn every_operation_has_its_file_and_its_line() {
    let files = stems("src/ops", "rs");
    for spec in imgproc::ops::registry() {
        assert!(files.iter().any(|stem| stem == spec.name), "src/ops/{}.rs is missing", spec.name);
    }
}
