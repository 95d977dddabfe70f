// Levels split in two, by the formula of threshold_mode.wgsl.

fn threshold(v: vec4f, p: Threshold) -> vec4f {
    return threshold_mode(v, p.level, p.mode);
}
