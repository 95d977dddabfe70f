//! Rows done block by block, so that a block's results stay in registers while the taps go by.

/// Pixels of a block.
pub const BLOCK: usize = 64;

/// Fills `target` with what `wide` gives from an index on; the last block may overlap the one before it. `narrow` is for
/// rows shorter than a block.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "adapters are not inlined into functions of wider instruction sets")]
pub fn by_blocks<V: Copy>(target: &mut [V], wide: impl Fn(usize) -> [V; BLOCK], narrow: impl Fn(usize) -> [V; 1]) {
    let n = target.len();
    if n < BLOCK {
        for x in 0..n {
            [target[x]] = narrow(x);
        }
        return;
    }
    for x in (0..n - BLOCK).step_by(BLOCK) {
        target[x..x + BLOCK].copy_from_slice(&wide(x));
    }
    target[n - BLOCK..].copy_from_slice(&wide(n - BLOCK));
}

#[inline(always)]
pub fn part<const N: usize, T>(row: &[T], x: usize) -> &[T; N] {
    row[x..x + N].try_into().expect("a block of the row")
}

/// Loops over a block are written with indices: adapters of arrays are not inlined.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "adapters are not inlined into functions of wider instruction sets")]
pub fn scaled<const N: usize>(mut sums: [f32; N], scale: f32) -> [f32; N] {
    for i in 0..N {
        sums[i] *= scale;
    }
    sums
}
