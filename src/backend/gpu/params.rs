//! The parameters of a pass: a struct in WGSL and its bytes, written together.

use super::storage::Stored;

/// Fields of `params`; every scalar takes 4 bytes, structs of them have no padding, and each field begins at a multiple of 16
/// bytes, as uniform buffers want it. They are uniform because a driver then knows that all invocations read the same: Mesa's
/// rasterizer goes over them one by one else.
#[derive(Debug, Default)]
pub struct Params {
    fields: String,
    bytes: Vec<u8>,
}

impl Params {
    /// A field of a type that the shader declares, with its bytes.
    pub fn push(&mut self, name: &str, kind: &str, bytes: &[u8]) {
        self.fields += &format!("    @align(16) {name}: {kind},\n");
        self.bytes.resize(self.bytes.len().next_multiple_of(16), 0);
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
        format!("struct Params {{\n{}}}\n\n@group(0) @binding(0) var<uniform> params: Params;\n", self.fields)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
