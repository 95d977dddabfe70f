// The table of a tile: its counts up to a limit, what is over it spread, summed. 256 invocations, each over its share of
// the codes.

fn clahe_table(lane: u32, p: Clahe) {
    let share = p.codes / 256u;
    let first = invocation * share;
    let begin = lane * p.codes + first;
    var kept = 0u;
    var excess = 0u;
    for (var i = 0u; i < share; i++) {
        let n = histogram(begin + i);
        kept += min(n, p.limit);
        excess += n - min(n, p.limit);
    }
    excess = sums_of_shares(excess).y;
    // Every code gets as many; what is left goes to every step-th code.
    let batch = excess / p.codes;
    let rest = excess % p.codes;
    let step = max(p.codes / max(rest, 1u), 1u);
    kept = sums_of_shares(kept).x;
    for (var i = 0u; i < share; i++) {
        let code = first + i;
        kept += min(histogram(begin + i), p.limit);
        let sum = kept + batch * (code + 1u) + min(code / step + 1u, rest);
        set_table(begin + i, round(f32(sum) * p.scale));
    }
}
