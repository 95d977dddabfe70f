//! Very many names, one behind another: of each is kept what it does not share with the one before.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Of so many one is kept whole, so that none has to be put together from more.
const STRETCH: usize = 16;
/// Longer names are kept as they are.
const MOST_BYTES: usize = 255;

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Bytes that each shares with the one before, and bytes that follow.
    shapes: Vec<[u8; 2]>,
    /// What follows, of one name after another.
    text: String,
    /// Where that of every sixteenth begins.
    starts: Vec<usize>,
    /// Those that are no Unicode, or too long; their places above are empty.
    others: BTreeMap<usize, OsString>,
    last: String,
}

impl Names {
    pub fn push(&mut self, name: &OsStr) {
        let number = self.len();
        let text = name.to_str().filter(|text| text.len() <= MOST_BYTES);
        if text.is_none() {
            self.others.insert(number, name.to_os_string());
        }
        let text = text.unwrap_or_default();
        if number.is_multiple_of(STRETCH) {
            self.starts.push(self.text.len());
            self.last.clear();
        }
        let pairs = self.last.chars().zip(text.chars());
        let shared: usize = pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        // No more than MOST_BYTES.
        self.shapes.push([shared as u8, (text.len() - shared) as u8]);
        self.text.push_str(&text[shared..]);
        self.last.truncate(shared);
        self.last.push_str(&text[shared..]);
    }

    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    pub fn get(&self, number: usize) -> OsString {
        if let Some(name) = self.others.get(&number) {
            return name.clone();
        }
        let stretch = number / STRETCH;
        let (mut name, mut at) = (String::new(), self.starts[stretch]);
        for [shared, more] in &self.shapes[stretch * STRETCH..=number] {
            name.truncate(usize::from(*shared));
            let end = at + usize::from(*more);
            name.push_str(&self.text[at..end]);
            at = end;
        }
        name.into()
    }

    /// Gives back what was taken for more names.
    pub fn shrink(&mut self) {
        self.shapes.shrink_to_fit();
        self.text.shrink_to_fit();
        self.starts.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        let mut names: Vec<OsString> = (0..100).map(|i| format!("image-{:03}.png", i * 7).into()).collect();
        names.extend(["", "é.png", "è.png", "e", "日本.jpg", "日曜.jpg", "日"].map(OsString::from));
        names.extend([255, 256, 255, 3].map(|bytes| OsString::from("x".repeat(bytes))));
        #[cfg(unix)]
        names.push(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(b"\xff\n.png".to_vec()));
        names.push("é.png".into());
        let mut kept = Names::default();
        names.iter().for_each(|name| kept.push(name));
        kept.shrink();
        let back: Vec<OsString> = (0..kept.len()).map(|number| kept.get(number)).collect();
        assert_eq!(back, names);
    }

    #[test]
    fn names_in_a_row_take_few_bytes() {
        let mut kept = Names::default();
        (0..10_000).for_each(|i| kept.push(format!("photo-{i:06}.jpeg").as_ref()));
        let bytes = 2 * kept.shapes.len() + kept.text.len() + 8 * kept.starts.len();
        assert!(bytes < 10 * kept.len(), "{bytes}");
    }
}
