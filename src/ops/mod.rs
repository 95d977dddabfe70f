//! The registry: a line per operation.

use crate::op::Spec;

/// Every operation, in the order of the catalogue.
pub fn registry() -> &'static [&'static Spec] {
    &[]
}

pub fn find(name: &str) -> Option<&'static Spec> {
    let name = name.replace('-', "_");
    registry().iter().copied().find(|spec| spec.name == name)
}
