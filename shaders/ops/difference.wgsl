// How far two images lie apart; or the colour of one, by a weight of 0 for the other.

fn difference(v: vec4f, w: vec4f, p: Difference) -> vec4f {
    return abs(p.first * v + p.second * w);
}
