//! The CPU backend computes what the operations page says: every operation against a slow f64 oracle.

#[path = "support/harness.rs"]
mod harness;
#[macro_use]
mod support;

use std::collections::BTreeSet;

use fastrand::Rng;
use imgproc::ops::{find, registry};
use support::compare::{Difference, Limit, Side, compare};
use support::images::{Sample, hostile};
use support::runs::{self, Tally};
use support::{cases, oracle, tolerance};

/// Cpu against oracle; where the one refuses the image, the other must.
fn conforms(recipe: &str, sample: &Sample, limit: Limit) -> Result<Difference, String> {
    let both = (oracle::apply(recipe, &sample.image), runs::cpu(recipe, &sample.image));
    let context = |what: String| Err(format!("`{recipe}` on {}: {what}", sample.name));
    let (expected, actual) = match both {
        (Ok(expected), Ok(actual)) => (expected, actual),
        (Err(_), Err(_)) => return Ok(Difference::default()),
        (Err(refusal), Ok(_)) => return context(format!("the oracle alone refuses: {refusal}")),
        (Ok(_), Err(refusal)) => return context(format!("the cpu alone refuses: {refusal}")),
    };
    let sides = [Side { by: "oracle", image: &expected }, Side { by: "cpu", image: &actual }];
    compare(recipe, &sample.name, sides[0], sides[1], limit).map_err(|failure| failure.to_string())
}

fn operation_conforms(name: &str) {
    let spec = find(name).expect("an operation of the registry");
    let mut rng = Rng::with_seed(23);
    let mut tally = Tally::default();
    for sample in hostile() {
        for recipe in cases::of_operation(spec, &sample.image, &mut rng) {
            tally.add(&recipe, &sample, |limit| {
                conforms(&recipe, &sample, tolerance::at_depth(&recipe, &sample.image, limit))
            });
        }
    }
    tally.finish(name, hostile().len());
}

test_each_operation!(operation_conforms);

const CHAINS_PER_IMAGE: usize = 30;

#[test]
fn chains_conform() {
    let mut rng = Rng::with_seed(29);
    let mut tally = Tally::default();
    for sample in hostile() {
        for _ in 0..CHAINS_PER_IMAGE {
            let recipe = cases::chain(&sample.image, &mut rng);
            tally.add(&recipe, &sample, |limit| {
                conforms(&recipe, &sample, tolerance::at_depth(&recipe, &sample.image, limit))
            });
        }
    }
    tally.finish("chains", hostile().len() * CHAINS_PER_IMAGE);
}
