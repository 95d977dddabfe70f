//! The oracle's own reader of recipes; what it can't read is a mistake of the test.

pub struct Step {
    pub name: String,
    /// Keys and values as written; the first value without a key stands under the empty key.
    given: Vec<(String, String)>,
}

/// The operations of a recipe in one line.
pub fn steps(recipe: &str) -> Vec<Step> {
    recipe.split(',').map(Step::read).collect()
}

impl Step {
    fn read(text: &str) -> Step {
        let mut fields = text.split(':');
        let name = fields.next().unwrap_or_default().trim().replace('-', "_");
        let given = fields.map(|field| field.split_once('=').unwrap_or(("", field)));
        Step { name, given: given.map(|(k, v)| (k.trim().into(), v.trim().into())).collect() }
    }

    /// The text of a parameter. `key` begins with `*` where it may be written without.
    pub fn text(&self, key: &str) -> Option<&str> {
        let bare = key.trim_start_matches('*');
        let named = |k: &str| k == bare || (k.is_empty() && key.starts_with('*'));
        self.given.iter().find(|(k, _)| named(k)).map(|(_, v)| v.as_str())
    }

    pub fn number(&self, key: &str, default: f64) -> f64 {
        self.text(key).map_or(default, |t| t.parse().unwrap_or_else(|_| panic!("{key} = {t}")))
    }

    pub fn whole(&self, key: &str, default: i64) -> i64 {
        self.text(key).map_or(default, |t| t.parse().unwrap_or_else(|_| panic!("{key} = {t}")))
    }

    pub fn word(&self, key: &str, default: &str) -> String {
        self.text(key).unwrap_or(default).replace('-', "_")
    }

    /// R, G, B, A in straight levels; `0/0/0/0` unless given.
    pub fn colour(&self, key: &str) -> [f64; 4] {
        let text = self.text(key).unwrap_or("0/0/0/0");
        let parts: Vec<f64> = match text.strip_prefix('#') {
            Some(hex) => (0..hex.len() / 2)
                .map(|i| f64::from(u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("two hex digits")))
                .collect(),
            None => text.split('/').map(|t| t.trim().parse().expect("a level")).collect(),
        };
        match parts[..] {
            [l] => [l, l, l, 255.0],
            [r, g, b] => [r, g, b, 255.0],
            [r, g, b, a] => [r, g, b, a],
            _ => panic!("{text} is no colour"),
        }
    }
}
