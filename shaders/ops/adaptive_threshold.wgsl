// Levels split in two by the mean around them, rounded to whole levels; `sums` over `p.pixels` is the mean.

fn adaptive_threshold(v: vec4f, sums: vec4f, p: AdaptiveThreshold) -> vec4f {
    let near = round(sums / p.pixels);
    // Exact, and says whether the quotient was rounded to the wrong side.
    let rest = sums - near * p.pixels;
    let half = 0.5 * p.pixels;
    let is_odd = fract(0.5 * near) != vec4f(0.0);
    let wrong = (abs(rest) > vec4f(half)) | ((abs(rest) == vec4f(half)) & is_odd);
    let mean = near + select(vec4f(0.0), sign(rest), wrong);
    return select(vec4f(0.0), vec4f(255.0), v > mean - p.c);
}
