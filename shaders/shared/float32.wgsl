// Float samples, 0 to 1, one in a word.

fn level_from_float32(word: u32, k: u32) -> f32 {
    return 255.0 * bitcast<f32>(word);
}
