// 16-bit samples, two in a word, the first in its low half.

// The level of sample k counted from the start of a word group, given the word that holds it. Whole where the code is
// a multiple of 257; a division of floats may be off by a bit on a GPU.
fn level_from_codes16(word: u32, k: u32) -> f32 {
    let v = (word >> (16u * (k & 1u))) & 65535u;
    return f32(v / 257u) + f32(v % 257u) * (1.0 / 257.0);
}

fn codes16_from_levels(v: vec2f) -> u32 {
    return u32(quantise(v.x, 257.0)) | (u32(quantise(v.y, 257.0)) << 16u);
}
