// Minimum or maximum over a cross or a disk. A disk of radius r holds dx^2 + dy^2 <= r^2 + r.

fn half_width(dy: i32, p: MorphologyWindow) -> i32 {
    if p.disk == 0u {
        return select(0, p.radius, dy == 0);
    }
    let n = p.radius * p.radius + p.radius - dy * dy;
    var root = i32(sqrt(f32(n)));
    if root * root > n {
        root -= 1;
    }
    if (root + 1) * (root + 1) <= n {
        root += 1;
    }
    return root;
}

fn morphology(x: i32, y: i32, c: u32, p: MorphologyWindow) -> f32 {
    var extreme = near(x, y, c);
    for (var dy = -p.radius; dy <= p.radius; dy++) {
        let half = half_width(dy, p);
        for (var dx = -half; dx <= half; dx++) {
            let v = near(x + dx, y + dy, c);
            extreme = select(min(extreme, v), max(extreme, v), p.greatest != 0u);
        }
    }
    return extreme;
}
