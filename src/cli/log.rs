//! What happens, line by line on stderr, for those who ask: `--verbose`, or `RUST_LOG`.

use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal::{self, Problem};

/// Says which parts may say how much, as `imgproc=debug`.
const VARIABLE: &str = "RUST_LOG";

/// Begins to tell what happens. Returns whether anything will be told.
///
/// # Errors
/// Where RUST_LOG can't be understood.
pub fn begin(verbose: u8) -> Result<bool, Problem> {
    let Some(targets) = targets(std::env::var(VARIABLE).ok().as_deref(), verbose)? else { return Ok(false) };
    // Where stderr is gone, nobody is left to tell.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(terminal::stderr).with_ansi(false).log_internal_errors(false);
    tracing_subscriber::registry().with(targets).with(lines).init();
    Ok(true)
}

/// What is told; none where nothing is.
fn targets(variable: Option<&str>, verbose: u8) -> Result<Option<Targets>, Problem> {
    if let Some(text) = variable.filter(|text| !text.is_empty()) {
        return Targets::from_str(text).map(Some).map_err(|error| {
            Problem::new(format!("{VARIABLE}={text}: {error}")).help("imgproc=debug tells of every image")
        });
    }
    let level = match verbose {
        0 => return Ok(None),
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    Ok(Some(Targets::new().with_target("imgproc", level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn the_variable_goes_before_the_option() {
        assert!(targets(None, 0).unwrap().is_none() && targets(Some(""), 0).unwrap().is_none());
        let told =
            |variable, verbose, level| targets(variable, verbose).unwrap().unwrap().would_enable("imgproc::x", &level);
        assert!(told(None, 1, Level::DEBUG) && !told(None, 1, Level::TRACE) && told(None, 2, Level::TRACE));
        assert!(told(Some("imgproc=warn"), 2, Level::WARN) && !told(Some("imgproc=warn"), 2, Level::INFO));
        assert!(targets(Some("imgproc=loud"), 0).is_err());
    }
}
