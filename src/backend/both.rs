//! Two backends that share the images of a run, each taking the next when it is free.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Backend, BackendError, Computed, DeviceTimes, Done, Task, wait};
use crate::image::Depth;
use crate::op::Graph;

/// A backend that computes where it is called, and a device beside it.
pub struct Both {
    here: Arc<dyn Backend>,
    device: Arc<dyn Backend>,
    shares: Arc<Shares>,
}

/// Who has computed how many images.
#[derive(Debug, Default)]
struct Shares {
    here: AtomicUsize,
    device: AtomicUsize,
    /// Submitted to the device and not done.
    queued: AtomicUsize,
    /// Being computed beside the device.
    at_work: AtomicUsize,
}

/// The longest queue, in those that the device asks for.
const LONGEST: usize = 4;

impl Both {
    pub fn new(here: Arc<dyn Backend>, device: Arc<dyn Backend>) -> Both {
        Both { here, device, shares: Arc::default() }
    }

    /// Gives a task to one of them; to the device only where fewer than `depth` images are there.
    fn share(&self, task: Task, depth: usize, done: Done) {
        if !self.shares.take_place(depth, task.remaining) {
            let _at_work = AtWork::new(&self.shares.at_work);
            self.here.submit(task, done);
            self.shares.here.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let place = Place(self.shares.clone());
        let counted = move |result: Result<Computed, BackendError>| {
            if result.is_ok() {
                place.0.device.fetch_add(1, Ordering::Relaxed);
            }
            drop(place);
            done(result);
        };
        self.device.submit(task, Box::new(counted));
    }
}

/// Whether the next image is the device's, which `remaining` others follow. Both sides have been at work since the start, so
/// what each has done tells how fast it is; at first they count as equals. Where the device would be later with this one
/// than the other side with all that remains, the run would end waiting for it.
fn is_for_device(depth: usize, queued: usize, done: [usize; 2], remaining: usize) -> bool {
    let [here, device] = done.map(|count| count as u128 + 1);
    queued < depth && (queued as u128 + 1) * here <= (remaining as u128 + 1) * device
}

/// Images that the device may have: `depth`, or as many as it does while each of `workers` computes one and hands it no other.
fn queue(depth: usize, [here, device]: [usize; 2], workers: usize) -> usize {
    (workers * device / here.max(1) + 1).clamp(depth, LONGEST * depth)
}

impl Shares {
    /// What each side has done.
    fn done(&self) -> [usize; 2] {
        [&self.here, &self.device].map(|count| count.load(Ordering::Relaxed))
    }

    /// Takes a place in the device's queue, where the next image belongs there.
    fn take_place(&self, depth: usize, remaining: usize) -> bool {
        let done = self.done();
        let queue = |queued| is_for_device(depth, queued, done, remaining).then(|| queued + 1);
        self.queued.fetch_update(Ordering::Relaxed, Ordering::Relaxed, queue).is_ok()
    }
}

impl Backend for Both {
    fn name(&self) -> String {
        format!("{} and {}", self.here.name(), self.device.name())
    }

    fn computes_here(&self) -> bool {
        false
    }

    fn depth(&self) -> usize {
        LONGEST * self.device.depth()
    }

    fn working_bytes(&self, graph: &Graph, source_sample_bytes: u64, result: Depth) -> u64 {
        let bytes = |side: &dyn Backend| side.working_bytes(graph, source_sample_bytes, result);
        bytes(self.here.as_ref()).max(bytes(self.device.as_ref()))
    }

    fn remarks(&self) -> Vec<String> {
        let of =
            |count: &AtomicUsize, side: &dyn Backend| format!("{} by {}", count.load(Ordering::Relaxed), side.name());
        let Shares { here, device, .. } = &*self.shares;
        let shares = format!("{}, {}", of(here, self.here.as_ref()), of(device, self.device.as_ref()));
        [format!("images computed: {shares}")].into_iter().chain(self.device.remarks()).collect()
    }

    fn device_times(&self) -> Option<DeviceTimes> {
        self.device.device_times()
    }

    fn submit(&self, task: Task, done: Done) {
        let workers = self.shares.at_work.load(Ordering::Relaxed) + 1;
        self.share(task, queue(self.device.depth(), self.shares.done(), workers), done);
    }

    /// Whoever waits here computes no other image meanwhile, so the device takes one at a time.
    fn wait_for(&self, task: Task) -> Result<Computed, BackendError> {
        wait(|done| self.share(task, 1, done))
    }
}

/// Counts one more until it is dropped.
struct AtWork<'a>(&'a AtomicUsize);

impl AtWork<'_> {
    fn new(count: &AtomicUsize) -> AtWork<'_> {
        count.fetch_add(1, Ordering::Relaxed);
        AtWork(count)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place in the device's queue; given back on drop, even where the device never answers.
struct Place(Arc<Shares>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_is_kept_at_work_while_much_remains() {
        for done in [[0, 0], [5, 5], [30, 10], [0, 40]] {
            assert!((0..4).all(|queued| is_for_device(4, queued, done, 100)), "{done:?}");
            assert!(!is_for_device(4, 4, done, 100), "its queue is full");
        }
    }

    #[test]
    fn the_queue_lasts_while_workers_compute() {
        assert_eq!(queue(4, [0, 0], 2), 4);
        // The device does five while either of two workers does one.
        assert_eq!(queue(4, [10, 50], 2), 11);
        assert_eq!((queue(4, [50, 10], 2), queue(4, [1, 90], 2)), (4, 16));
    }

    #[test]
    fn a_run_does_not_end_waiting_for_the_slower_side() {
        // The device takes as long for one as the others for three.
        let slow = |queued, remaining| is_for_device(4, queued, [29, 9], remaining);
        assert!(slow(0, 2) && !slow(0, 1) && !slow(1, 4) && slow(1, 5));
        // It is ten times as fast.
        assert!((0..4).all(|queued| is_for_device(4, queued, [1, 19], 0)));
        // Nothing is known yet: of four images each side takes half.
        assert!(is_for_device(4, 0, [0, 0], 3) && is_for_device(4, 1, [0, 0], 2) && !is_for_device(4, 2, [0, 0], 1));
    }
}
