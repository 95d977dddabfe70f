// Middle value of a large window: the span in which it lies is halved until one value is left.

// Order-preserving whole number of a float.
fn key_of(v: f32) -> u32 {
    let bits = bitcast<u32>(v);
    return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn value_of(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u));
}

fn median(x: i32, y: i32, c: u32, p: Median) -> f32 {
    let r = p.radius;
    let middle = u32((2 * r + 1) * (2 * r + 1)) / 2u;
    // The median's key lies in low..=high, both keys of values in the window.
    var low = 0xffffffffu;
    var high = 0u;
    for (var dy = -r; dy <= r; dy++) {
        for (var dx = -r; dx <= r; dx++) {
            let key = key_of(tap(x + dx, y + dy, c));
            low = min(low, key);
            high = max(high, key);
        }
    }
    // At most 32 halvings; a bound of its own, since some drivers end long loops without a word.
    for (var halving = 0; halving < 32 && low < high; halving++) {
        let pivot = low + (high - low) / 2u;
        var below = 0u;
        var least_above = high;
        var greatest_below = low;
        for (var dy = -r; dy <= r; dy++) {
            for (var dx = -r; dx <= r; dx++) {
                let key = key_of(tap(x + dx, y + dy, c));
                if key <= pivot {
                    below += 1u;
                    greatest_below = max(greatest_below, key);
                } else {
                    least_above = min(least_above, key);
                }
            }
        }
        if below > middle {
            high = greatest_below;
        } else {
            low = least_above;
        }
    }
    return value_of(low);
}
