//! The recipe parser: whatever the text, a recipe or a place in it that is wrong; and a recipe's own text is that recipe.
#![no_main]

use imgproc::image::{Depth, Layout};
use imgproc::recipe::Recipe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Recipe::parse(text) {
        Ok(recipe) => {
            let again = Recipe::parse(&recipe.text()).expect("a recipe's text is one");
            assert_eq!(again.text(), recipe.text());
            for channels in 1..=4 {
                // A refusal is an answer, too.
                let _ = recipe.graph(Layout::new(31, 17, channels), Depth::Eight);
            }
        }
        Err(error) => assert!(error.line >= 1 && error.column >= 1, "{error:?}"),
    }
});
