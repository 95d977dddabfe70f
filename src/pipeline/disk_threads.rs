//! The threads that block on the disk for all that wait for it.
//!
//! There is a fixed number of them. No thread can be made to give up a disk that does not answer: one whose work nobody waits
//! for any more is lost until it comes back, and another takes its place. Once too many are lost, work waits for those that
//! there are.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

/// Threads that may be lost and replaced at a time.
const MOST_LOST: usize = 64;

/// Says when it is through whether anybody still waited for it.
type Work = Box<dyn FnOnce() -> bool + Send>;

#[derive(Clone, Debug)]
pub(super) struct DiskThreads(Arc<Shared>);

struct Shared {
    count: usize,
    state: Mutex<State>,
    changed: Condvar,
    gate: Semaphore,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    /// Threads that take up work.
    serving: usize,
    lost: usize,
    is_closed: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("count", &self.count).finish_non_exhaustive()
    }
}

impl DiskThreads {
    /// # Errors
    /// Where so many threads can't be started.
    pub fn new(count: usize) -> io::Result<DiskThreads> {
        let (state, changed, gate) = (Mutex::default(), Condvar::new(), Semaphore::new(count));
        let threads = DiskThreads(Arc::new(Shared { count, state, changed, gate }));
        for _ in 0..count {
            threads.0.start(&mut threads.0.state())?;
        }
        Ok(threads)
    }

    pub fn count(&self) -> usize {
        self.0.count
    }

    /// Waits until one of the threads is free, or soon will be. Work that has no turn waits longer.
    pub async fn turn(&self) -> SemaphorePermit<'_> {
        match self.0.gate.acquire().await {
            Ok(permit) => permit,
            Err(_) => unreachable!("the gate is never closed"),
        }
    }

    /// What the work gives, its panic included; none where the threads were closed before. Dropped before that, it is given up.
    pub async fn run<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        let (sender, answer) = oneshot::channel();
        let at = Arc::new(AtomicU8::new(WAITS));
        let _asker = Asker { at: at.clone(), threads: self.0.clone() };
        let work: Work = Box::new(move || {
            if at.compare_exchange(WAITS, RUNS, Ordering::AcqRel, Ordering::Acquire).is_err() {
                return true;
            }
            let result = catch_unwind(AssertUnwindSafe(work));
            let is_wanted = at.swap(ENDED, Ordering::AcqRel) == RUNS;
            let _ = sender.send(result);
            is_wanted
        });
        self.0.push(work);
        answer.await.ok().map(|result| result.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// Ends the threads, which do what they are at, and no more. `waits`: until all have ended that anybody waits for.
    pub fn close(&self, waits: bool) {
        let mut state = self.0.state();
        state.is_closed = true;
        state.queue.clear();
        self.0.changed.notify_all();
        while waits && state.serving > 0 {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

const WAITS: u8 = 0;
const RUNS: u8 = 1;
const ENDED: u8 = 2;
const GIVEN_UP: u8 = 3;

/// Whoever waits for some work.
struct Asker {
    at: Arc<AtomicU8>,
    threads: Arc<Shared>,
}

impl Drop for Asker {
    fn drop(&mut self) {
        if self.at.swap(GIVEN_UP, Ordering::AcqRel) == RUNS {
            self.threads.lose_one();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: &Arc<Shared>, state: &mut State) -> io::Result<()> {
        let here = self.clone();
        std::thread::Builder::new().name(super::thread_name("disk")).spawn(move || here.serve())?;
        state.serving += 1;
        Ok(())
    }

    fn push(&self, work: Work) {
        let mut state = self.state();
        // Where nobody will do it, the one who asked learns that by its being dropped.
        if !state.is_closed {
            state.queue.push_back(work);
            self.changed.notify_one();
        }
    }

    fn lose_one(self: &Arc<Shared>) {
        let mut state = self.state();
        state.serving -= 1;
        state.lost += 1;
        if state.lost <= MOST_LOST && !state.is_closed {
            // Without a new one the others do its work.
            let _ = self.start(&mut state);
        }
        self.changed.notify_all();
    }

    fn serve(&self) {
        let mut state = self.state();
        loop {
            if let Some(work) = state.queue.pop_front() {
                drop(state);
                let is_wanted = work();
                state = self.state();
                if !is_wanted {
                    state.lost -= 1;
                    if state.serving >= self.count {
                        return;
                    }
                    state.serving += 1;
                }
            } else if state.is_closed {
                state.serving -= 1;
                self.changed.notify_all();
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread::{ThreadId, current, sleep};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap().block_on(future)
    }

    /// Threads that ran a thousand short pieces of work, eight at a time, each with a limit.
    async fn who_serves(threads: &DiskThreads) -> HashSet<ThreadId> {
        let askers = (0..8).map(|_| {
            let threads = threads.clone();
            tokio::spawn(async move {
                let mut seen = HashSet::new();
                for _ in 0..125 {
                    let _turn = threads.turn().await;
                    let id = timeout(Duration::from_secs(20), threads.run(|| current().id())).await;
                    seen.insert(id.unwrap().unwrap());
                }
                seen
            })
        });
        let askers: Vec<_> = askers.collect();
        let mut seen = HashSet::new();
        for asker in askers {
            seen.extend(asker.await.unwrap());
        }
        seen
    }

    fn held(threads: &DiskThreads) -> (usize, usize) {
        let state = threads.0.state();
        (state.serving, state.lost)
    }

    #[test]
    fn there_are_no_more_threads_than_were_asked_for_and_are_lost() {
        let threads = DiskThreads::new(4).unwrap();
        block_on(async {
            assert!(who_serves(&threads).await.len() <= 4);
            let (let_go, stuck) = std::sync::mpsc::channel::<()>();
            let stuck = Arc::new(Mutex::new(stuck));
            for hung in 1..=MOST_LOST + 6 {
                let (stuck, hanging) = (stuck.clone(), threads.clone());
                let (begin, begun) = oneshot::channel();
                let hangs = tokio::spawn(async move {
                    let work = move || {
                        let _ = begin.send(());
                        let _ = stuck.lock().unwrap().recv();
                    };
                    hanging.run(work).await
                });
                // Beyond the most nobody takes their places, and what has not begun loses nobody.
                let lost = hung.min(MOST_LOST + 4);
                if hung == lost {
                    begun.await.unwrap();
                }
                hangs.abort();
                let _ = hangs.await;
                assert_eq!(held(&threads), (4 - lost.saturating_sub(MOST_LOST), lost));
                if hung % 16 == 0 {
                    assert!(who_serves(&threads).await.len() <= 4);
                }
            }
            drop(let_go);
            while held(&threads) != (4, 0) {
                sleep(Duration::from_millis(1));
            }
            assert!(who_serves(&threads).await.len() <= 4);
        });
        threads.close(true);
        assert_eq!(held(&threads), (0, 0));
        assert!(block_on(threads.clone().run(|| 1)).is_none(), "nobody is left to do it");
    }

    #[test]
    fn a_panic_is_the_asker_s_and_no_thread_is_lost() {
        let threads = DiskThreads::new(1).unwrap();
        block_on(async {
            let asking = threads.clone();
            let asked = tokio::spawn(async move { asking.run(|| panic!("of the disk")).await });
            assert!(asked.await.unwrap_err().is_panic());
            assert_eq!(threads.run(|| 7).await, Some(7));
        });
    }
}
