// Absolute value of the Laplacian of the four neighbours, times the scale `coarse + fine`.

fn laplacian(x: i32, y: i32, c: u32, p: Curvature) -> f32 {
    let v = near(x, y, c);
    let across = (near(x - 1, y, c) - v) + (near(x + 1, y, c) - v);
    let down = (near(x, y - 1, c) - v) + (near(x, y + 1, c) - v);
    let curvature = across + down;
    // Not (coarse + fine) times one factor, which a compiler might make of it.
    return p.coarse * abs(curvature) + abs(p.fine * curvature);
}
