//! Memory of rows and planes that is used again.

use std::cell::RefCell;
use std::thread::LocalKey;

use super::tile::Fine;

/// Values whose rows and planes are kept for another use when they are gone: fresh ones cost page faults.
pub trait Pooled: Copy + Default + Send + Sync + 'static {
    fn spare() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>>;

    /// That many values: a plane that is no longer used, with whatever stands in it, or a new one.
    fn taken(length: usize) -> Vec<Self> {
        // One of just that length needs no filling; the newest is likeliest in cache.
        let mut plane = Self::spare().with_borrow_mut(|spare| {
            let fit = |plane: &Vec<Self>| (plane.len() == length, plane.capacity() >= length);
            let best = spare.iter().enumerate().max_by_key(|(_, plane)| fit(plane)).map(|(i, _)| i);
            best.map(|i| spare.remove(i)).unwrap_or_default()
        });
        plane.resize(length, Self::default());
        plane
    }

    /// Keeps a plane for `taken`.
    fn keep(plane: Vec<Self>) {
        Self::spare().with_borrow_mut(|spare| {
            let values: usize = spare.iter().map(Vec::capacity).sum();
            if spare.len() < SPARE_PLANES && (values + plane.capacity()) * size_of::<Self>() <= SPARE_BYTES {
                spare.push(plane);
            }
        });
    }
}

/// Spare planes of a kind that a thread keeps, and bytes of all of them: more than strips need is given back.
const SPARE_PLANES: usize = 24;
const SPARE_BYTES: usize = 12 << 20;

macro_rules! pooled {
    ($($kind:ty),*) => {$(
        impl Pooled for $kind {
            fn spare() -> &'static LocalKey<RefCell<Vec<Vec<$kind>>>> {
                thread_local! {
                    static SPARE: RefCell<Vec<Vec<$kind>>> = const { RefCell::new(Vec::new()) };
                }
                &SPARE
            }
        }
    )*};
}

pooled!(u8, u16, i16, f32, Fine);
