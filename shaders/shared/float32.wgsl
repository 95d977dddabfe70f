// Floats, one in a word: samples of files, 0 to 1, or values on the working scale.

fn level_from_float32(word: u32, k: u32) -> f32 {
    return 255.0 * bitcast<f32>(word);
}

fn value_from_float32(word: u32, k: u32) -> f32 {
    return bitcast<f32>(word);
}
