//! The threads of the async side.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::shutdown::{Halt, Shutdown};

/// Threads that may block on the disk, at least. A system call for each of so many files keeps any disk busy; a file that is
/// waited for otherwise takes none of them.
const DISK_THREADS: usize = 16;
/// They stay for as long as a run may let them idle.
const DISK_THREADS_STAY: Duration = Duration::from_secs(3600);
/// Threads that may be kept by what took too long, before others wait for them after all.
const MOST_LOST_THREADS: usize = 500;

/// The async side: a few threads that wait for many things, and those that block on the disk for them. There are as many
/// however many files are in flight.
#[derive(Debug)]
pub struct Runtime {
    /// Some until the end.
    tokio: Option<tokio::runtime::Runtime>,
    handle: Handle,
    disk_threads: usize,
    limit: Option<Duration>,
}

/// SIGXFSZ
#[cfg(any(target_os = "linux", target_os = "macos"))]
const FILE_TOO_LARGE: i32 = 25;

/// Whether the closing of the terminal is to be outlived, as under `nohup`.
#[cfg(target_os = "linux")]
fn ignores_hangup() -> bool {
    let status = super::disk::read_text(std::path::Path::new("/proc/self/status")).unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit stands for signal 1.
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// Where that can't be learned, it is left as it is.
#[cfg(all(unix, not(target_os = "linux")))]
fn ignores_hangup() -> bool {
    true
}

impl Runtime {
    /// For runs of up to `jobs` workers, each of which may wait for a file of its own. With a limit it waits no longer than
    /// that for each of the things that it looks at before a run.
    ///
    /// # Errors
    /// Where the threads can't be started.
    pub fn new(jobs: usize, limit: Option<Duration>) -> io::Result<Runtime> {
        let disk_threads = jobs.max(DISK_THREADS);
        // What exceeds a limit keeps its thread, and another takes its place.
        let lost_threads = if limit.is_some() { MOST_LOST_THREADS } else { 0 };
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(super::thread_name("loader"))
            .max_blocking_threads(disk_threads + lost_threads)
            .thread_keep_alive(DISK_THREADS_STAY)
            .enable_all()
            .build()?;
        let runtime = Runtime { handle: tokio.handle().clone(), tokio: Some(tokio), disk_threads, limit };
        runtime.start_disk_threads();
        Ok(runtime)
    }

    /// Threads come when none is idle: so none may be until all are there.
    fn start_disk_threads(&self) {
        let gate = Arc::new(Mutex::new(()));
        let _closed = gate.lock();
        for _ in 0..self.disk_threads {
            let gate = gate.clone();
            self.handle.spawn_blocking(move || drop(gate.lock()));
        }
    }

    /// Lets the user's wish to stop raise `shutdown` from here on: each ^C one step further, of which `tell`
    /// hears; SIGTERM, and the closing of the terminal, all the way. A file that grows beyond `ulimit -f` is an error of its
    /// image, and no signal, from here on.
    ///
    /// # Errors
    /// Where the signals can't be listened for.
    pub fn stop_on_signals(&self, shutdown: &Shutdown, tell: impl Fn(Halt) + Send + 'static) -> io::Result<()> {
        let shutdown = shutdown.clone();
        let _inside = self.handle.enter();
        #[cfg(unix)]
        let mut signals = {
            use tokio::signal::unix::{SignalKind, signal};
            // A handler, once there is one, stays.
            #[cfg(any(target_os = "linux", target_os = "macos"))]
            drop(signal(SignalKind::from_raw(FILE_TOO_LARGE))?);
            let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, hangup)
        };
        #[cfg(windows)]
        let mut signals = {
            use tokio::signal::windows;
            (windows::ctrl_c()?, windows::ctrl_close()?, None::<windows::CtrlShutdown>)
        };
        self.handle.spawn(async move {
            loop {
                tokio::select! {
                    _ = signals.0.recv() => tell(shutdown.advance()),
                    // Whoever sends this kills soon after: there is no time for the images in flight.
                    _ = signals.1.recv() => shutdown.abort(),
                    () = async {
                        match &mut signals.2 {
                            Some(signal) => drop(signal.recv().await),
                            None => std::future::pending().await,
                        }
                    } => shutdown.abort(),
                }
            }
        });
        Ok(())
    }

    /// `f` of every item, none where it took too long, in their order, with all threads that may block.
    pub(super) fn map_blocking<T, R>(&self, items: &[T], f: impl Fn(&T) -> R + Send + Sync + 'static) -> Vec<Option<R>>
    where
        T: Clone + Send + Sync + 'static,
        R: Send + 'static,
    {
        let f = Arc::new(f);
        // Where one may take too long, each is a task of its own.
        let part = if self.limit.is_some() { 1 } else { items.len().div_ceil(self.disk_threads).max(1) };
        let gate = Arc::new(Semaphore::new(self.disk_threads));
        self.handle.block_on(async {
            let parts: Vec<_> = items
                .chunks(part)
                .map(|part| {
                    let (f, gate, limit, items) = (f.clone(), gate.clone(), self.limit, part.to_vec());
                    let work = move || items.iter().map(|item| f(item)).collect::<Vec<R>>();
                    (part.len(), tokio::spawn(within(gate, limit, work)))
                })
                .collect();
            let mut results = Vec::with_capacity(items.len());
            for (len, part) in parts {
                match part.await {
                    Ok(Some(part)) => results.extend(part.into_iter().map(Some)),
                    Ok(None) => results.extend(std::iter::repeat_with(|| None).take(len)),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
            results
        })
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.handle.block_on(future)
    }

    /// Ends without waiting for reads and writes that are still under way, as after an abort.
    pub fn leave(mut self) {
        self.limit = Some(Duration::ZERO);
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // Where there is a limit, something may still be under way that exceeded it.
        if let Some(tokio) = self.tokio.take().filter(|_| self.limit.is_some()) {
            tokio.shutdown_background();
        }
    }
}

/// What blocking work gives once the gate lets it pass, or none where it takes too long.
async fn within<T: Send + 'static>(
    gate: Arc<Semaphore>,
    limit: Option<Duration>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let _passed = gate.acquire_owned().await;
    let work = tokio::task::spawn_blocking(work);
    let done = match limit {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work).await.ok()?,
    };
    Some(done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
}
