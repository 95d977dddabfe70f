//! `imgproc ops`: the catalogue, and one operation in full, both from the registry.

use std::fmt::Write;

use imgproc::op::{Parameter, Spec};
use imgproc::ops::{find, registry};
use imgproc::recipe::nearest;

use super::terminal::Problem;

/// A line per operation.
pub fn table() -> String {
    let width = registry().iter().map(|spec| spec.name.len()).max().unwrap_or(0);
    let mut text: String = registry()
        .iter()
        .map(|spec| format!("{:width$}  {:9}  {}\n", spec.name, spec.shape.name(), spec.summary))
        .collect();
    text.push_str("\n`imgproc ops NAME` shows one in full.\n");
    text
}

/// The catalogue as a Markdown table, as it stands in the README.
pub fn markdown() -> String {
    let mut text = String::from("| operation | parameters (default) | what it does | within |\n|---|---|---|---|\n");
    for spec in registry() {
        let parameters: Vec<String> = spec.parameters.iter().map(brief_parameter).collect();
        let (name, summary, tolerance) = (spec.name, spec.summary, spec.tolerance);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {} | {summary} | {tolerance} |", parameters.join(", "));
    }
    text
}

/// Name and default of a parameter, starred where it may stand without its key.
fn brief_parameter(parameter: &Parameter) -> String {
    let star = if parameter.starred { "\\*" } else { "" };
    match parameter.default {
        None => format!("{star}`{}`", parameter.name),
        Some("") => format!("{star}`{}` (none)", parameter.name),
        Some(default) => format!("{star}`{}` ({default})", parameter.name),
    }
}

/// One operation in full.
pub fn page(name: &str) -> Result<String, Problem> {
    let spec = find(name).ok_or_else(|| {
        let near = nearest(name, registry().iter().map(|spec| spec.name));
        Problem::new(format!("no operation '{name}'{near}"))
    })?;
    Ok(described(spec))
}

fn described(spec: &Spec) -> String {
    let mut text = format!("{}: {}\n\n{}\n", spec.name, spec.summary, spec.definition.trim());
    if !spec.parameters.is_empty() {
        text.push_str("\nParameters (* may stand without its key)\n");
    }
    let width = spec.parameters.iter().map(|p| p.name.len()).max().unwrap_or(0);
    for parameter in spec.parameters {
        text.push_str(&described_parameter(parameter, width));
    }
    let tolerance = match spec.tolerance {
        0 => "every pixel equal".into(),
        n => format!("within {n} of 255 levels"),
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "\nShape      {}\nReference  {} ({tolerance})\n", spec.shape.name(), spec.reference);
    let _ = writeln!(text, "Example    imgproc -i photos -r {}", spec.example);
    text
}

fn described_parameter(parameter: &Parameter, width: usize) -> String {
    let star = if parameter.starred { '*' } else { ' ' };
    let unit = if parameter.unit.is_empty() { String::new() } else { format!(", {}", parameter.unit) };
    let default = match parameter.default {
        None => "required".into(),
        Some("") => "may be left out".into(),
        Some(default) => format!("default {default}"),
    };
    let (name, indent) = (parameter.name, " ".repeat(width + 5));
    format!(" {star} {name:width$}  {}\n{indent}{}{unit}; {default}\n", parameter.doc, parameter.kind.expected())
}
