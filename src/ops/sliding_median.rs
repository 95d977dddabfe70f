//! Medians of large windows, at a cost per pixel that hardly grows with the radius.
//!
//! Values are put into 256 buckets in order: whole levels are their own; other values are sorted a chunk at a time and
//! each 64 ranks are a bucket. A window slides along a row with a pointer to its median's bucket and the number of its
//! values in lower ones (Huang, Yang and Tang 1979). Columns keep histograms, which move down one row at a time, in two
//! tiers (Perreault and Hébert 2007). Within a bucket of ranks, sets of bits tell the value (Suomela 2014).

use std::ops::Range;

use super::level_set_median::parts;

const BUCKETS: usize = 256;

/// Ranks in a bucket: bits of a word.
const RANKS: usize = 64;

/// Buckets that the upper tier counts together.
const TIER: usize = 16;

/// Bytes in a word.
const GROUP: usize = 8;

/// Columns of a chunk.
const COLUMNS: usize = 256;

/// Medians of the windows as wide and high as `side` in `rows`; those of a row of windows one after another.
pub fn medians(rows: &[&[f32]], side: usize, output: &mut [f32]) {
    let (width, height) = (rows[0].len() + 1 - side, rows.len() + 1 - side);
    if rows.iter().all(|row| are_levels(row)) {
        medians_of_levels(rows, side, output);
        return;
    }
    let mut windows = Windows::<true>::new(side);
    for y in parts(height, 2 * RANKS + 1 - side) {
        let rows = &rows[y.start..y.end + side - 1];
        for x in parts(width, COLUMNS.min(BUCKETS * RANKS / rows.len() + 1 - side)) {
            windows.load_ranks(rows, x.start..x.end + side - 1);
            windows.slide(x, width, &mut output[y.start * width..y.end * width]);
        }
    }
}

/// The same of whole levels.
pub fn medians_of_levels<T: Level>(rows: &[&[T]], side: usize, output: &mut [T]) {
    let width = rows[0].len() + 1 - side;
    let mut windows = Windows::<false>::new(side);
    for x in parts(width, COLUMNS) {
        windows.load_levels(rows, x.start..x.end + side - 1);
        windows.slide(x, width, output);
    }
}

/// A value that may stand for a whole level, 0..=255.
pub trait Level: Copy + Into<f32> {
    fn of(value: f32) -> Self;
}

impl Level for u8 {
    fn of(value: f32) -> u8 {
        value as u8
    }
}

impl Level for f32 {
    fn of(value: f32) -> f32 {
        value
    }
}

/// Whether all values are whole numbers from 0 to 255.
pub fn are_levels(row: &[f32]) -> bool {
    // Above it the floats are whole numbers.
    const WHOLE: f32 = (1 << 23) as f32;
    let is_level = |v: f32| (0.0..=255.0).contains(&v) & ((v + WHOLE) - WHOLE == v);
    row.chunks(256).all(|part| part.iter().fold(true, |all, v| all & is_level(*v)))
}

/// A chunk of an image and the windows of one row of it. `BY_RANK`: codes are ranks, else levels.
struct Windows<const BY_RANK: bool> {
    side: usize,
    columns: usize,
    /// Bytes of a column in `buckets`.
    height: usize,
    /// Bytes of a bucket in `counts` and `tiers`.
    stride: usize,
    /// Codes of the chunk's values, row after row.
    codes: Vec<u16>,
    /// The values by rank.
    sorted: Vec<f32>,
    spare: (Vec<u64>, Vec<u64>),
    /// Buckets of the values in each column's window, padded to whole words by the last bucket.
    buckets: Vec<u8>,
    /// How many values of each column's window lie in each bucket; bucket after bucket, padded by a word.
    counts: Vec<u8>,
    /// The same of `TIER` buckets together.
    tiers: Vec<u8>,
    /// The ranks in each column's window; bucket after bucket.
    sets: Vec<u64>,
    /// The bytes of the last word of a window that lie in it.
    last: u64,
}

/// Where the median of a window was found.
#[derive(Clone, Copy)]
struct Pointer {
    bucket: usize,
    /// Values of the window in lower buckets.
    below: u32,
}

impl<const BY_RANK: bool> Windows<BY_RANK> {
    fn new(side: usize) -> Windows<BY_RANK> {
        let height = side.next_multiple_of(GROUP);
        Windows {
            side,
            columns: 0,
            height,
            stride: 0,
            codes: Vec::new(),
            sorted: Vec::new(),
            spare: (Vec::new(), Vec::new()),
            buckets: Vec::new(),
            counts: Vec::new(),
            tiers: Vec::new(),
            sets: Vec::new(),
            last: u64::MAX >> (8 * (height - side)),
        }
    }

    fn load_levels<T: Level>(&mut self, rows: &[&[T]], xs: Range<usize>) {
        self.columns = xs.len();
        self.codes.clear();
        rows.iter().for_each(|row| self.codes.extend(row[xs.clone()].iter().map(|v| Into::<f32>::into(*v) as u16)));
    }

    fn load_ranks(&mut self, rows: &[&[f32]], xs: Range<usize>) {
        self.columns = xs.len();
        let (keys, spare) = &mut self.spare;
        keys.clear();
        let values = rows.iter().flat_map(|row| &row[xs.clone()]);
        keys.extend(values.zip(0..).map(|(v, place)| u64::from(key_of(*v)) << 32 | place));
        sort_by_key(keys, spare);
        self.sorted.clear();
        self.sorted.extend(keys.iter().map(|key| value_of((key >> 32) as u32)));
        self.codes.resize(keys.len(), 0);
        keys.iter().zip(0..).for_each(|(key, rank)| self.codes[*key as u32 as usize] = rank);
    }

    /// Medians of all windows of the chunk, into columns `xs` of rows of `width`.
    fn slide<T: Level>(&mut self, xs: Range<usize>, width: usize, output: &mut [T]) {
        self.clear();
        (0..self.side).for_each(|y| self.enter(y));
        let mut pointer = self.pointer_of_first(BUCKETS / 2);
        for (y, target) in output.chunks_exact_mut(width).enumerate() {
            if y > 0 {
                self.leave(y - 1);
                self.enter(y - 1 + self.side);
                pointer = self.pointer_of_first(pointer.bucket);
            }
            self.row(pointer, &mut target[xs.clone()]);
        }
    }

    fn clear(&mut self) {
        let (columns, height) = (self.columns, self.height);
        self.stride = columns + GROUP;
        let stride = self.stride;
        let refill = |bytes: &mut Vec<u8>, value: u8, length: usize| {
            bytes.clear();
            bytes.resize(length, value);
        };
        refill(&mut self.buckets, u8::MAX, columns * height);
        refill(&mut self.counts, 0, BUCKETS * stride);
        refill(&mut self.tiers, 0, BUCKETS / TIER * stride);
        self.sets.clear();
        self.sets.resize(if BY_RANK { BUCKETS * columns } else { 0 }, 0);
    }

    fn bucket_of(code: u16) -> usize {
        usize::from(if BY_RANK { code / RANKS as u16 } else { code })
    }

    /// Row `y` of the chunk is one more row of the windows.
    fn enter(&mut self, y: usize) {
        let (stride, height, columns) = (self.stride, self.height, self.columns);
        let place = y % self.side;
        for (x, code) in self.codes[y * columns..][..columns].iter().enumerate() {
            let bucket = Self::bucket_of(*code);
            self.buckets[x * height + place] = bucket as u8;
            self.counts[bucket * stride + x] += 1;
            self.tiers[bucket / TIER * stride + x] += 1;
            if BY_RANK {
                self.sets[bucket * columns + x] |= 1 << (usize::from(*code) % RANKS);
            }
        }
    }

    /// Row `y` leaves the windows; the one that enters takes its place in `buckets`.
    fn leave(&mut self, y: usize) {
        let (stride, columns) = (self.stride, self.columns);
        for (x, code) in self.codes[y * columns..][..columns].iter().enumerate() {
            let bucket = Self::bucket_of(*code);
            self.counts[bucket * stride + x] -= 1;
            self.tiers[bucket / TIER * stride + x] -= 1;
            if BY_RANK {
                self.sets[bucket * columns + x] &= !(1 << (usize::from(*code) % RANKS));
            }
        }
    }

    /// A pointer for the first window of the row.
    fn pointer_of_first(&self, bucket: usize) -> Pointer {
        Pointer { bucket, below: (0..self.side).map(|x| self.below(x, bucket)).sum() }
    }

    fn row<T: Level>(&self, mut pointer: Pointer, output: &mut [T]) {
        let middle = (self.side * self.side / 2) as u32;
        for (x, target) in output.iter_mut().enumerate() {
            if x > 0 {
                pointer.below += self.below(x - 1 + self.side, pointer.bucket);
                pointer.below -= self.below(x - 1, pointer.bucket);
            }
            self.settle(&mut pointer, x, middle);
            *target = T::of(match BY_RANK {
                true => self.sorted[pointer.bucket * RANKS + self.rank(pointer.bucket, x, middle - pointer.below)],
                false => pointer.bucket as f32,
            });
        }
    }

    /// Moves to the bucket that holds the value with `middle` values below it, in the window that begins at column `x`.
    fn settle(&self, pointer: &mut Pointer, x: usize, middle: u32) {
        let Pointer { mut bucket, mut below } = *pointer;
        if below > middle {
            while below > middle {
                if bucket.is_multiple_of(TIER) {
                    let tier = self.count(&self.tiers, bucket / TIER - 1, x);
                    if below - tier > middle {
                        (bucket, below) = (bucket - TIER, below - tier);
                        continue;
                    }
                }
                bucket -= 1;
                below -= self.count(&self.counts, bucket, x);
            }
        } else {
            loop {
                if bucket.is_multiple_of(TIER) {
                    let tier = self.count(&self.tiers, bucket / TIER, x);
                    if below + tier <= middle {
                        (bucket, below) = (bucket + TIER, below + tier);
                        continue;
                    }
                }
                let here = self.count(&self.counts, bucket, x);
                if below + here > middle {
                    break;
                }
                (bucket, below) = (bucket + 1, below + here);
            }
        }
        *pointer = Pointer { bucket, below };
    }

    /// Values in column `x` that lie in lower buckets.
    fn below(&self, x: usize, bucket: usize) -> u32 {
        let bound = EACH * bucket as u64;
        let words = words(&self.buckets[x * self.height..][..self.height]);
        let below = words.fold(0, |sum, word| sum + (less(word, bound) >> 7));
        (below.wrapping_mul(EACH) >> 56) as u32
    }

    /// Sum over the columns of the window that begins at column `x`.
    fn count(&self, counts: &[u8], bucket: usize, x: usize) -> u32 {
        const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
        let pairs = |word: u64| (word & EVEN) + (word >> 8 & EVEN);
        let mut words = words(&counts[bucket * self.stride + x..][..self.height]);
        let last = words.next_back().map_or(0, |word| pairs(word & self.last));
        let sums = words.fold(last, |sum, word| sum + pairs(word));
        (sums.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u32
    }

    /// Which of a bucket's ranks has `before` of the window's before it.
    fn rank(&self, bucket: usize, x: usize, before: u32) -> usize {
        let mut set = self.sets[bucket * self.columns + x..][..self.side].iter().fold(0, |all, set| all | set);
        for _ in 0..before {
            set &= set - 1;
        }
        set.trailing_zeros() as usize
    }
}

/// A one in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Bytes, 8 in a word, the first in its lowest byte.
fn words(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u64> {
    bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The top bit of each byte of `a` that is less than that of `b`.
fn less(a: u64, b: u64) -> u64 {
    const TOP: u64 = 0x80 * EACH;
    let lower = !((a | TOP) - (b & !TOP));
    ((!a & b) | (!(a ^ b) & lower)) & TOP
}

/// Order-preserving whole number of a float.
fn key_of(v: f32) -> u32 {
    let bits = v.to_bits();
    bits ^ (((bits as i32 >> 31) as u32) | 1 << 31)
}

fn value_of(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 0 { !key } else { key ^ 1 << 31 })
}

/// Sorts by the upper half, by counting its digits from the lowest.
fn sort_by_key(keys: &mut Vec<u64>, spare: &mut Vec<u64>) {
    const DIGIT: u32 = 11;
    spare.resize(keys.len(), 0);
    for shift in [32, 32 + DIGIT, 32 + 2 * DIGIT] {
        let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = [0u32; 1 << DIGIT];
        keys.iter().for_each(|key| places[digit(*key)] += 1);
        let mut next = 0;
        for place in &mut places {
            (*place, next) = (next, next + *place);
        }
        for key in keys.iter() {
            let place = &mut places[digit(*key)];
            spare[*place as usize] = *key;
            *place += 1;
        }
        std::mem::swap(keys, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    #[test]
    fn medians_are_those_of_sorted_windows_whatever_the_values() {
        let values: [fn(&mut Rng) -> f32; 6] = [
            |random| f32::from(random.u8(..)),
            |random| f32::from(random.u8(90..99)),
            |random| [0.0, 255.0][random.usize(..2)],
            |random| [-1.5, 0.0, -0.0][random.usize(..3)],
            |random| 300.0 * random.f32() - 20.0,
            |random| (random.f32() - 0.5) * f32::from(random.i8(-60..60)).exp2(),
        ];
        let mut random = Rng::with_seed(5);
        for value in values {
            for (side, width, height) in [(3, 300, 140), (7, 300, 140), (41, 300, 100), (41, 1, 9), (41, 9, 1)] {
                let row = |random: &mut Rng| (1..width + side).map(|_| value(random)).collect::<Vec<f32>>();
                let rows: Vec<Vec<f32>> = (1..height + side).map(|_| row(&mut random)).collect();
                let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
                let mut output = vec![0.0; width * height];
                medians(&rows, side, &mut output);
                for i in (0..output.len()).step_by(side) {
                    let (x, y) = (i % width, i / width);
                    let window = rows[y..y + side].iter().flat_map(|row| &row[x..x + side]);
                    let mut window: Vec<f32> = window.copied().collect();
                    let expected = *window.select_nth_unstable_by(side * side / 2, f32::total_cmp).1;
                    assert_eq!(output[i], expected, "{side} px at {x}, {y} of {width}x{height}");
                }
            }
        }
    }
}
