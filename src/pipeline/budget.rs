//! Bytes in flight: every image takes its share before its bytes are read and gives it back at its outcome.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const KIB: u64 = 1024;

/// Memory for images in flight. First come, first served, so a large image is not overtaken for ever.
///
/// Nobody waits for memory while holding some: an image takes all it needs at once, or gives back what it has first.
#[derive(Clone, Debug)]
pub struct Budget {
    semaphore: Arc<Semaphore>,
    /// KiB
    capacity: u32,
}

/// Memory that an image has taken; given back on drop.
#[derive(Debug)]
pub struct Permit(OwnedSemaphorePermit);

impl Budget {
    /// Whole KiB of `bytes`, at least one.
    pub fn new(bytes: u64) -> Budget {
        let capacity = u32::try_from(bytes / KIB).unwrap_or(u32::MAX).max(1);
        let capacity = capacity.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Budget { semaphore: Arc::new(Semaphore::new(capacity as usize)), capacity }
    }

    /// Waits for that much memory. What exceeds the budget takes all of it, and so goes alone.
    pub async fn acquire(&self, bytes: u64) -> Permit {
        let permits = self.kib(bytes);
        match self.semaphore.clone().acquire_many_owned(permits).await {
            Ok(permit) => Permit(permit),
            Err(_) => unreachable!("the semaphore is never closed"),
        }
    }

    /// Makes a permit stand for `bytes` if that takes no waiting.
    pub fn try_grow(&self, permit: &mut Permit, bytes: u64) -> bool {
        let more = (self.kib(bytes) as usize).saturating_sub(permit.0.num_permits()) as u32;
        match self.semaphore.clone().try_acquire_many_owned(more) {
            Ok(extra) => {
                permit.0.merge(extra);
                true
            }
            Err(_) => false,
        }
    }

    /// Lets so many bytes more be in flight, from here on.
    pub fn widen(&self, bytes: u64) {
        self.semaphore.add_permits(self.kib(bytes) as usize);
    }

    fn kib(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(KIB)).unwrap_or(u32::MAX).clamp(1, self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    async fn waits<T>(future: impl Future<Output = T>) -> bool {
        tokio::time::timeout(Duration::from_millis(20), future).await.is_err()
    }

    #[test]
    fn a_giant_goes_alone() {
        block_on(async {
            let budget = Budget::new(100 * KIB);
            let small = budget.acquire(10 * KIB).await;
            assert!(waits(budget.acquire(u64::MAX)).await);
            drop(small);
            let giant = budget.acquire(u64::MAX).await;
            assert!(waits(budget.acquire(1)).await);
            drop(giant);
            budget.acquire(100 * KIB).await;
        });
    }

    #[test]
    fn growing_never_waits() {
        block_on(async {
            let budget = Budget::new(100 * KIB);
            let mut a = budget.acquire(40 * KIB).await;
            let b = budget.acquire(40 * KIB).await;
            assert!(!budget.try_grow(&mut a, 80 * KIB));
            assert!(budget.try_grow(&mut a, 60 * KIB));
            assert!(waits(budget.acquire(1)).await);
            drop((a, b));
            budget.acquire(100 * KIB).await;
        });
    }

    #[test]
    fn what_is_widened_lets_more_through() {
        block_on(async {
            let budget = Budget::new(100 * KIB);
            let held = budget.acquire(90 * KIB).await;
            assert!(waits(budget.acquire(40 * KIB)).await);
            budget.widen(30 * KIB);
            drop((budget.acquire(40 * KIB).await, held));
        });
    }

    #[test]
    fn tiny_budgets_let_one_through() {
        block_on(async { drop(Budget::new(0).acquire(1 << 40).await) });
    }
}
