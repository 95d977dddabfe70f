//! The threads that work on images, and what becomes of them where an image takes too long.
//!
//! No thread can be made to stop in the middle of a decoder or a kernel. An image that takes longer than it may is given up:
//! it fails, and the thread that has it goes on until it is through, and counts as lost meanwhile, with the memory that the
//! image holds. Where all threads are lost, others are started in their place, once or twice: then the run ends.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rayon::ThreadPool;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::outcome::Failure;
use super::{journey, thread_name};
use crate::timeline::{Stage, Worker};

/// Stack of a worker, which may take up an image while it waits for parts of another.
const STACK_BYTES: usize = 16 << 20;

pub(super) struct Workers {
    count: usize,
    /// How long a stage of an image, or its work on one worker, may take.
    limit: Option<Duration>,
    /// Those that take new work.
    pool: Mutex<Arc<ThreadPool>>,
    /// Images that were given up and are still being worked on. Below 0 for a moment where one ends just then.
    given_up: Arc<AtomicIsize>,
    left_behind: AtomicBool,
}

/// So many worker threads.
pub(super) fn pool(count: usize) -> io::Result<Arc<ThreadPool>> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(STACK_BYTES);
    let builder = builder.thread_name(|i| thread_name(&format!("worker {i}")));
    builder.build().map(Arc::new).map_err(io::Error::other)
}

impl Workers {
    pub fn new(count: usize, limit: Option<Duration>) -> io::Result<Workers> {
        let pool = Mutex::new(pool(count)?);
        Ok(Workers { count, limit, pool, given_up: Arc::default(), left_behind: AtomicBool::new(false) })
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn pool(&self) -> Arc<ThreadPool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts others in the place of threads that all hang.
    fn replace(&self, stuck: &Arc<ThreadPool>) {
        let mut current = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, stuck)
            && let Ok(fresh) = pool(self.count)
        {
            *current = fresh;
        }
    }

    /// Whether threads may still be at something that was given up.
    pub fn left_behind(&self) -> bool {
        self.left_behind.load(Ordering::Relaxed)
    }

    /// What a stage gives that waits for others, or its failure once that takes too long.
    pub async fn in_time<T>(&self, stage: Stage, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match self.limit {
            None => work.await,
            Some(limit) => timeout(limit, work).await.unwrap_or_else(|_| Err(self.give_up(stage))),
        }
    }

    /// The failure of what took too long.
    pub fn give_up(&self, stage: Stage) -> Failure {
        self.left_behind.store(true, Ordering::Relaxed);
        let limit = self.limit.unwrap_or_default().as_secs_f64();
        Failure::new(stage, format!("it took longer than {limit} s")).hint("--timeout says how long it may")
    }

    /// Runs work on one of the threads. `stage` says at what it is when it takes too long.
    pub async fn run<T: Send + 'static>(
        &self,
        stage: impl Fn() -> Stage,
        work: impl FnOnce(Worker) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, mut answer) = oneshot::channel();
        let (guarding, given_up) = (stage(), self.given_up.clone());
        let work = move || {
            let worker = Worker::Cpu(rayon::current_thread_index().unwrap_or(0) as u16);
            // Nobody waits for it any more once the run was aborted, or it took too long.
            if sender.send(journey::guarded(guarding, || work(worker))).is_err() {
                given_up.fetch_sub(1, Ordering::Relaxed);
            }
        };
        let Some(limit) = self.limit else {
            self.pool().spawn_fifo(work);
            return answer.await.unwrap_or_else(|_| Err(ended(stage())));
        };
        self.begin(work, limit).await;
        match timeout(limit, &mut answer).await {
            Ok(result) => result.unwrap_or_else(|_| Err(ended(stage()))),
            Err(_) => {
                answer.close();
                answer.try_recv().unwrap_or_else(|_| Err(self.lose(stage())))
            }
        }
    }

    /// Returns once a thread has taken up the work. Threads that do not come to it for so long hang.
    async fn begin(&self, work: impl FnOnce() + Send + 'static, limit: Duration) {
        // Whoever is first takes it: a thread that hung may come to it after all.
        let work = Arc::new(Mutex::new(Some(work)));
        loop {
            let (pool, work) = (self.pool(), work.clone());
            let (begin, begun) = oneshot::channel();
            pool.spawn_fifo(move || {
                let Some(work) = work.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
                let _ = begin.send(());
                work();
            });
            match timeout(limit, begun).await {
                // Taken up here, or by a thread that hung.
                Ok(_) => return,
                Err(_) => self.replace(&pool),
            }
        }
    }

    /// The failure of an image whose thread is lost with it; the run's, too, where there are more of them than threads.
    fn lose(&self, stage: Stage) -> Failure {
        let lost = 1 + self.given_up.fetch_add(1, Ordering::Relaxed);
        let failure = self.give_up(stage);
        if lost <= self.count as isize {
            return failure;
        }
        let cause = format!("{}, and {} others are still not through", failure.cause, lost - 1);
        Failure { cause, ends_run: true, ..failure }
    }
}

fn ended(stage: Stage) -> Failure {
    Failure::new(stage, "the run has ended")
}
