//! Buffers of samples and files that are used again. Fresh memory costs a page fault each 4 KiB: as much as a tenth of a decode.
//!
//! One store for the process and each kind of sample, and one for files. It keeps nothing unless told to, then at most so many buffers and bytes; a buffer that was
//! asked for in vain makes an old one go, so that sizes which no longer come are not kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::large_pages;

/// Smaller buffers cost allocators nothing.
const LEAST_BYTES: usize = 256 << 10;

/// What buffers are of.
pub trait Reused: Copy + Default + Send + 'static {
    #[doc(hidden)]
    fn store() -> &'static Mutex<Store<Self>>;
}

macro_rules! reused {
    ($($sample:ty),*) => {$(
        impl Reused for $sample {
            fn store() -> &'static Mutex<Store<$sample>> {
                static STORE: Mutex<Store<$sample>> = Mutex::new(Store::new());
                &STORE
            }
        }
    )*};
}
reused!(u8, u16, f32);

/// A buffer of that length. Its values are those of its last use.
pub fn take<T: Reused>(len: usize) -> Vec<T> {
    take_kept(len).unwrap_or_else(|| {
        let mut fresh = vec![T::default(); len];
        large_pages::ask_for(&mut fresh);
        fresh
    })
}

/// As `take`, but none where there is no fitting buffer.
pub fn take_kept<T: Reused>(len: usize) -> Option<Vec<T>> {
    if len * size_of::<T>() < LEAST_BYTES {
        return None;
    }
    let mut buffer = locked::<T>().take(len)?;
    buffer.resize(len, T::default());
    Some(buffer)
}

/// Leaves a buffer to whoever takes one next.
pub fn give_back<T: Reused>(buffer: Vec<T>) {
    if buffer.capacity() * size_of::<T>() >= LEAST_BYTES {
        let _dropped_without_lock = locked::<T>().put(buffer);
    }
}

static FILES: Mutex<Store<u8>> = Mutex::new(Store::new());

/// Room for a file of that length, empty; none where there is no memory.
pub fn room_for_file(len: usize) -> Option<Vec<u8>> {
    let kept = if len < LEAST_BYTES { None } else { lock(&FILES).take(len) };
    let mut room = kept.unwrap_or_default();
    room.clear();
    room.try_reserve_exact(len).ok()?;
    Some(room)
}

/// Leaves a file's bytes to whoever reads one next.
pub fn give_back_file(bytes: Vec<u8>) {
    if bytes.capacity() >= LEAST_BYTES {
        let _dropped_without_lock = lock(&FILES).put(bytes);
    }
}

/// How many buffers of each kind, and how many bytes of the four in all, are kept from here on; 0 frees them.
pub fn keep(buffers: usize, bytes: u64) {
    let bytes = usize::try_from(bytes / 4).unwrap_or(usize::MAX);
    lock(&FILES).keep(buffers, bytes);
    locked::<u8>().keep(buffers, bytes);
    locked::<u16>().keep(buffers, bytes);
    locked::<f32>().keep(buffers, bytes);
}

fn locked<T: Reused>() -> MutexGuard<'static, Store<T>> {
    lock(T::store())
}

fn lock<T>(store: &Mutex<Store<T>>) -> MutexGuard<'_, Store<T>> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Buffers that nobody uses, the oldest first.
pub struct Store<T> {
    buffers: VecDeque<Vec<T>>,
    most_buffers: usize,
    most_bytes: usize,
}

impl<T> Store<T> {
    const fn new() -> Store<T> {
        Store { buffers: VecDeque::new(), most_buffers: 0, most_bytes: 0 }
    }

    /// The smallest that holds `len` and is not more than twice as large.
    fn take(&mut self, len: usize) -> Option<Vec<T>> {
        let fits = |(_, buffer): &(usize, &Vec<T>)| (len..=len.saturating_mul(2)).contains(&buffer.capacity());
        let best = self.buffers.iter().enumerate().filter(fits).min_by_key(|(_, buffer)| buffer.capacity());
        match best.map(|(i, _)| i) {
            Some(i) => self.buffers.remove(i),
            None => {
                self.buffers.pop_front();
                None
            }
        }
    }

    /// What is kept no longer for it.
    fn put(&mut self, buffer: Vec<T>) -> Vec<Vec<T>> {
        self.buffers.push_back(buffer);
        let mut gone = Vec::new();
        while self.buffers.len() > self.most_buffers || self.bytes() > self.most_bytes {
            gone.extend(self.buffers.pop_front());
        }
        gone
    }

    fn keep(&mut self, buffers: usize, bytes: usize) {
        (self.most_buffers, self.most_bytes) = (buffers, bytes);
        while self.buffers.len() > buffers || self.bytes() > bytes {
            self.buffers.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.buffers.iter().map(|buffer| buffer.capacity() * size_of::<T>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(buffers: usize, bytes: usize) -> Store<u8> {
        Store { most_buffers: buffers, most_bytes: bytes, ..Store::new() }
    }

    fn sizes(store: &Store<u8>) -> Vec<usize> {
        store.buffers.iter().map(Vec::capacity).collect()
    }

    #[test]
    fn the_closest_fit_is_taken() {
        let mut store = store(4, 10_000);
        for size in [400, 100, 150, 90] {
            store.put(vec![7; size]);
        }
        assert_eq!(store.take(95).unwrap().capacity(), 100);
        assert_eq!(store.take(95).unwrap().capacity(), 150);
        // What is left is too small or too large; the older of the two goes.
        assert_eq!(store.take(95), None);
        assert_eq!(sizes(&store), [90]);
    }

    #[test]
    fn neither_count_nor_bytes_are_exceeded() {
        let mut store = store(2, 1000);
        for size in [10, 20, 30] {
            store.put(vec![0; size]);
        }
        assert_eq!(sizes(&store), [20, 30]);
        store.put(vec![0; 980]);
        assert_eq!(sizes(&store), [980]);
        store.put(vec![0; 1001]);
        assert_eq!(sizes(&store), [0; 0]);
        store.put(vec![0; 500]);
        store.keep(0, 1000);
        assert_eq!(sizes(&store), [0; 0]);
    }
}
