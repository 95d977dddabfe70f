// The table of a tile: its counts up to a limit, what is over it spread, summed. 256 invocations, each over its share of
// the codes.

fn clahe_table(lane: u32, p: Clahe) {
    let share = p.codes / 256u;
    let first = invocation * share;
    let begin = lane * p.codes + first;
    var own = 0u;
    for (var i = 0u; i < share; i++) {
        let n = histogram(begin + i);
        own += n - min(n, p.limit);
    }
    let excess = sums_of_shares(own).y;
    // Every code gets as many; what is left goes to every step-th code.
    let batch = excess / p.codes;
    let rest = excess % p.codes;
    let step = max(p.codes / max(rest, 1u), 1u);
    var sum = 0u;
    for (var i = 0u; i < share; i++) {
        sum += min(histogram(begin + i), p.limit) + batch + clahe_extra(first + i, step, rest);
    }
    sum = sums_of_shares(sum).x;
    for (var i = 0u; i < share; i++) {
        sum += min(histogram(begin + i), p.limit) + batch + clahe_extra(first + i, step, rest);
        set_table(begin + i, round(f32(sum) * p.scale));
    }
}

fn clahe_extra(code: u32, step: u32, rest: u32) -> u32 {
    return u32(code % step == 0u && code / step < rest);
}
