// 8-bit samples, four in a word, the first in its low byte.

// The level of sample k counted from the start of a word group, given the word that holds it.
fn level_from_codes8(word: u32, k: u32) -> f32 {
    return f32((word >> (8u * (k & 3u))) & 255u);
}

// The levels of a word of one channel, and the word of levels that are whole.
fn levels_of_word(word: u32) -> vec4f {
    return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
}

fn word_of_levels(v: vec4f) -> u32 {
    return u32(v.x) | (u32(v.y) << 8u) | (u32(v.z) << 16u) | (u32(v.w) << 24u);
}

fn codes8_from_levels(v: vec4f) -> u32 {
    return u32(quantise(v.x, 1.0)) | (u32(quantise(v.y, 1.0)) << 8u) | (u32(quantise(v.z, 1.0)) << 16u)
        | (u32(quantise(v.w, 1.0)) << 24u);
}
