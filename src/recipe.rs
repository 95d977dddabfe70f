//! Text to operations and back.

use crate::image::{Depth, Layout};
use crate::op::{Graph, Refusal};

/// Operations in the order in which they apply.
#[derive(Debug)]
pub struct Recipe {}

/// Why a text is no recipe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct RecipeError {
    /// In characters, from 1.
    pub column: usize,
    /// What stands there, what was expected, the nearest name.
    pub message: String,
}

impl Recipe {
    pub fn parse(_text: &str) -> Result<Recipe, RecipeError> {
        todo!()
    }

    /// The recipe in one line, as it can be given to `--ops`.
    pub fn text(&self) -> String {
        todo!()
    }

    /// The kernels for an image of that layout and depth.
    pub fn graph(&self, _source: Layout, _depth: Depth) -> Result<Graph, Refusal> {
        todo!()
    }
}
