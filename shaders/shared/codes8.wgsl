// 8-bit samples, four in a word, the first in its low byte.

// The level of sample k counted from the start of a word group, given the word that holds it.
fn level_from_codes8(word: u32, k: u32) -> f32 {
    return f32((word >> (8u * (k & 3u))) & 255u);
}

fn codes8_from_levels(v: vec4f) -> u32 {
    return u32(quantise(v.x, 1.0)) | (u32(quantise(v.y, 1.0)) << 8u) | (u32(quantise(v.z, 1.0)) << 16u)
        | (u32(quantise(v.w, 1.0)) << 24u);
}
