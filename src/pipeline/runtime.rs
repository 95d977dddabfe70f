//! The threads of the async side.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::shutdown::{Halt, Shutdown};

/// Threads that may block on the disk, at least. A system call for each of so many files keeps any disk busy; a file that is
/// waited for otherwise takes none of them.
const DISK_THREADS: usize = 16;
/// They stay for as long as a run may let them idle.
const DISK_THREADS_STAY: Duration = Duration::from_secs(3600);

/// The async side: a few threads that wait for many things, and those that block on the disk for them. There are as many
/// however many files are in flight.
#[derive(Debug)]
pub struct Runtime {
    tokio: tokio::runtime::Runtime,
    disk_threads: usize,
}

impl Runtime {
    /// For runs of up to `jobs` workers, each of which may wait for a file of its own.
    ///
    /// # Errors
    /// Where the threads can't be started.
    pub fn new(jobs: usize) -> io::Result<Runtime> {
        let disk_threads = jobs.max(DISK_THREADS);
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(super::thread_name("loader"))
            .max_blocking_threads(disk_threads)
            .thread_keep_alive(DISK_THREADS_STAY)
            .enable_all()
            .build()?;
        let runtime = Runtime { tokio, disk_threads };
        runtime.start_disk_threads();
        Ok(runtime)
    }

    /// Threads come when none is idle: so none may be until all are there.
    fn start_disk_threads(&self) {
        let gate = Arc::new(Mutex::new(()));
        let _closed = gate.lock();
        for _ in 0..self.disk_threads {
            let gate = gate.clone();
            self.tokio.spawn_blocking(move || drop(gate.lock()));
        }
    }

    /// Lets the user's wish to stop raise `shutdown` from here on: each ^C one step further, of which `tell`
    /// hears; SIGTERM (on Windows the closing of the console) all the way.
    ///
    /// # Errors
    /// Where the signals can't be listened for.
    pub fn stop_on_signals(&self, shutdown: &Shutdown, tell: impl Fn(Halt) + Send + 'static) -> io::Result<()> {
        let shutdown = shutdown.clone();
        let _inside = self.tokio.enter();
        #[cfg(unix)]
        let mut signals = {
            use tokio::signal::unix::{SignalKind, signal};
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        #[cfg(windows)]
        let mut signals = (tokio::signal::windows::ctrl_c()?, tokio::signal::windows::ctrl_close()?);
        self.tokio.spawn(async move {
            loop {
                tokio::select! {
                    _ = signals.0.recv() => tell(shutdown.advance()),
                    // Whoever sends this kills soon after: there is no time for the images in flight.
                    _ = signals.1.recv() => shutdown.abort(),
                }
            }
        });
        Ok(())
    }

    /// `f` of every item, in their order, with all threads that may block.
    pub(super) fn map_blocking<T, R>(&self, items: &[T], f: impl Fn(&T) -> R + Send + Sync + 'static) -> Vec<R>
    where
        T: Clone + Send + Sync + 'static,
        R: Send + 'static,
    {
        let f = Arc::new(f);
        let part = items.len().div_ceil(self.disk_threads).max(1);
        self.tokio.block_on(async {
            let parts: Vec<_> = items
                .chunks(part)
                .map(|part| {
                    let (part, f) = (part.to_vec(), f.clone());
                    tokio::task::spawn_blocking(move || part.iter().map(|item| f(item)).collect::<Vec<R>>())
                })
                .collect();
            let mut results = Vec::with_capacity(items.len());
            for part in parts {
                match part.await {
                    Ok(part) => results.extend(part),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
            results
        })
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.tokio.block_on(future)
    }

    /// Ends without waiting for reads and writes that are still under way, as after an abort.
    pub fn leave(self) {
        self.tokio.shutdown_background();
    }
}
