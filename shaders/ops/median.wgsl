// Middle value of a large window: the span of values in which it lies is narrowed until one is left.

// Rounds in which the pivot is interpolated; after them the span's keys are halved, which takes 32 at most. A bound of
// their own, since some drivers end long loops without a word.
const MEDIAN_GUESSES = 8u;
const MEDIAN_ROUNDS = 42u;

// Order-preserving whole number of a float.
fn median_key(v: f32) -> u32 {
    let bits = bitcast<u32>(v);
    return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn median_value(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u));
}

fn median(first: u32, guess: f32, p: Median) -> f32 {
    let side = u32(2 * p.radius + 1);
    let middle = side * side / 2u;
    // It lies between the least and the greatest median of a column, low..=high.
    var low = sorted(first, side / 2u);
    var high = low;
    for (var i = 1u; i < side; i++) {
        let v = sorted(first + i, side / 2u);
        low = min(low, v);
        high = max(high, v);
    }
    // Values of the window below low, and those that are at most high; by guess until they are counted.
    var fewer = middle / 2u;
    var most = middle + fewer;
    var pivot = guess;
    for (var round = 0u; round < MEDIAN_ROUNDS && low < high; round++) {
        if (round >= MEDIAN_GUESSES) {
            let key = median_key(low);
            pivot = median_value(key + (median_key(high) - key) / 2u);
        } else if (round > 0u) {
            pivot = low + (high - low) * (f32(middle - fewer) + 0.5) / f32(most - fewer);
        }
        if (!(pivot >= low && pivot < high)) {
            pivot = low;
        }
        var count = 0u;
        var below = low;
        var above = high;
        for (var i = 0u; i < side; i++) {
            let column = split(first + i, pivot, below, above);
            count += column.count;
            below = column.below;
            above = column.above;
        }
        if (count > middle) {
            high = below;
            most = count;
        } else {
            low = above;
            fewer = count;
        }
    }
    return low;
}
