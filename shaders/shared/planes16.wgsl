// 16 bits a value, two in a word, the first in its low half: 128ths of levels from -128 on.

// The level of sample x of a row, given the word that holds it.
fn level_from_half(word: u32, x: u32) -> f32 {
    return f32((word >> (16u * (x & 1u))) & 65535u) * (1.0 / 128.0) - 128.0;
}

// The levels of a quad, and the words of levels, halves rounded up.
fn levels_of_halves(words: vec2u) -> vec4f {
    return vec4f((words.xxyy >> vec4u(0u, 16u, 0u, 16u)) & vec4u(65535u)) * (1.0 / 128.0) - 128.0;
}

fn halves_of_levels(v: vec4f) -> vec2u {
    let halves = vec4u(v * 128.0 + 16384.5);
    return halves.xz | (halves.yw << vec2u(16u));
}
