//! Begins an operation: `cargo run --example new_operation -- NAME point|window`.
//!
//! It writes the operation's two files, which work and wait to be changed, and their lines in the registry and in the
//! tests. The oracle is left to you, and so the conformance test fails until there is one. CONTRIBUTING.md goes on
//! from here.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a tool of its own, not the program")]

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

struct Template {
    shape: &'static str,
    rust: &'static str,
    wgsl: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template { shape: "point", rust: include_str!("point.rs.template"), wgsl: include_str!("point.wgsl.template") },
    Template { shape: "window", rust: include_str!("window.rs.template"), wgsl: include_str!("window.wgsl.template") },
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, shape] = &arguments[..] else { bail!("usage: new_operation NAME point|window") };
    let template = TEMPLATES.iter().find(|t| t.shape == *shape);
    let template = template.with_context(|| format!("no template for {shape}: point or window"))?;
    check_name(name)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![
        (format!("src/ops/{name}.rs"), filled(template.rust, name)),
        (format!("shaders/ops/{name}.wgsl"), filled(template.wgsl, name)),
    ];
    for (path, add) in LISTS {
        let text = fs::read_to_string(root.join(path)).context(*path)?;
        let longer = add(&text, name).with_context(|| format!("{path}: found no place for the new line"))?;
        files.push((path.to_string(), longer));
    }
    for (path, text) in files {
        fs::write(root.join(&path), text).context(path.clone())?;
        println!("{path}");
    }
    Ok(())
}

/// Adds an operation's name to the text of a list; none where the list is not found.
type Add = fn(text: &str, name: &str) -> Option<String>;

const LISTS: &[(&str, Add)] = &[
    ("src/ops/mod.rs", |text, name| {
        // Modules stand in the order of their names, the registry in that of the catalogue.
        let line = format!("mod {name};\n");
        let next = text.lines().find(|l| l.starts_with("mod ") && **l > *line).unwrap_or("\nuse ");
        insert(&insert(text, next, &line)?, "\n];\n", &format!("\n    &{name}::SPEC,"))
    }),
    ("tests/support/mod.rs", |text, name| {
        insert(text, "\n        }\n    };\n    ($check:ident: ", &format!("\n            {name}"))
    }),
    ("tests/support/tolerance.rs", |text, name| insert(text, "\n];\n", &format!("\n    (1, &[\"{name}\"]),"))),
];

/// The text with another one put before the first `mark`.
fn insert(text: &str, mark: &str, added: &str) -> Option<String> {
    let at = text.find(mark)?;
    Some(format!("{}{added}{}", &text[..at], &text[at..]))
}

fn check_name(name: &str) -> Result<()> {
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    ensure!(letters && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}: expected snake_case");
    ensure!(imgproc::ops::find(name).is_none(), "there is an operation {name}");
    Ok(())
}

fn filled(template: &str, name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    let camel: String = words.map(|word| word[..1].to_uppercase() + &word[1..]).collect();
    template.replace("$name", name).replace("$Name", &camel)
}
