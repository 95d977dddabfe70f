//! The parameters of a pass: a struct in WGSL and its bytes, written together.

use super::storage::Stored;

/// Fields of `params`; every scalar takes 4 bytes, and structs of them have no padding.
#[derive(Debug, Default)]
pub struct Params {
    fields: String,
    bytes: Vec<u8>,
}

impl Params {
    /// A field of a type that the shader declares, with its bytes.
    pub fn push(&mut self, name: &str, kind: &str, bytes: &[u8]) {
        self.fields += &format!("    {name}: {kind},\n");
        self.bytes.extend_from_slice(bytes);
    }

    pub fn push_words(&mut self, name: &str, kind: &str, words: &[u32]) {
        self.push(name, kind, bytemuck::cast_slice(words));
    }

    pub fn push_extent(&mut self, name: &str, image: Stored) {
        let (width, height) = (image.layout.width, image.layout.height);
        self.push_words(name, "Extent", &[width, height, image.row(), image.plane(), image.origin()]);
    }

    /// The struct and its binding, number 0.
    pub fn text(&self) -> String {
        format!("struct Params {{\n{}}}\n\n@group(0) @binding(0) var<storage, read> params: Params;\n", self.fields)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
