// Levels to whole codes, as at the end of a recipe.

fn quantise_point(v: vec4f, p: Quantise) -> vec4f {
    return floor(clamp(v, vec4f(0.0), vec4f(255.0)) * p.codes_per_level + 0.5);
}
