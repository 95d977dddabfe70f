//! The threads of the async side.

use std::io;
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use super::PlanError;
use super::disk_threads::DiskThreads;
use super::shutdown::{Halt, Shutdown};

/// Threads that may block on the disk, at least. A system call for each of so many files keeps any disk busy; a file that is
/// waited for otherwise takes none of them.
const DISK_THREADS: usize = 16;
/// Files that are looked at before a run together; results of so many are held.
const AT_A_TIME: usize = 4096;

/// The async side: a few threads that wait for many things, and those that block on the disk for them. There are as many
/// however many files are in flight.
#[derive(Debug)]
pub struct Runtime {
    /// Some until the end.
    tokio: Option<tokio::runtime::Runtime>,
    handle: Handle,
    disk: DiskThreads,
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
        let disk = DiskThreads::new(jobs.max(DISK_THREADS))?;
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(super::thread_name("loader"))
            .enable_all()
            .build()?;
        Ok(Runtime { handle: tokio.handle().clone(), tokio: Some(tokio), disk, limit })
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

    /// Tells `take`, in their order, `f` of all numbers up to `count`, none where it took too long. All threads work that may
    /// block, and few results wait.
    pub(super) fn each_blocking<R: Send + 'static>(
        &self,
        count: usize,
        f: impl Fn(usize) -> R + Send + Sync + 'static,
        mut take: impl FnMut(usize, Option<R>),
    ) {
        let (f, limit) = (Arc::new(f), self.limit);
        for first in (0..count).step_by(AT_A_TIME) {
            let end = count.min(first + AT_A_TIME);
            let part = (end - first).div_ceil(self.disk.count());
            self.handle.block_on(async {
                let part_from = |at| part_of(self.disk.clone(), at..end.min(at + part), limit, f.clone());
                let parts: Vec<_> = (first..end).step_by(part).map(|at| tokio::spawn(part_from(at))).collect();
                let mut number = first;
                for part in parts {
                    for result in part.await.unwrap_or_else(|error| resume_unwind(error.into_panic())) {
                        take(number, result);
                        number += 1;
                    }
                }
            });
        }
    }

    /// What `f` gives that touches a path.
    ///
    /// # Errors
    /// Where it takes longer than may be.
    pub fn touch<R: Send + 'static>(
        &self,
        path: &Path,
        f: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, PlanError> {
        let path = path.to_path_buf();
        self.look(move |looking| {
            looking.at(&path);
            f()
        })
    }

    /// What `f` gives.
    ///
    /// # Errors
    /// Which path it looked at when it had not gone on for longer than may be.
    pub(super) fn look<R: Send + 'static>(
        &self,
        f: impl FnOnce(&Looking) -> R + Send + 'static,
    ) -> Result<R, PlanError> {
        let looking = Looking::default();
        let Some(limit) = self.limit else { return Ok(f(&looking)) };
        let there = looking.clone();
        self.handle.block_on(async {
            let mut work = pin!(self.disk.run(move || f(&there)));
            let mut steps = 0;
            loop {
                match tokio::time::timeout(limit, &mut work).await {
                    Ok(Some(done)) => return Ok(done),
                    Ok(None) => unreachable!("the threads are there as long as this is"),
                    Err(_) => {
                        let (now, path) = looking.now();
                        if now == steps {
                            return Err(PlanError::NoAnswer(path, limit));
                        }
                        steps = now;
                    }
                }
            }
        })
    }

    /// The threads that may block.
    pub(super) fn disk(&self) -> DiskThreads {
        self.disk.clone()
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
        self.disk.close(self.limit.is_none());
        if let Some(tokio) = self.tokio.take().filter(|_| self.limit.is_some()) {
            tokio.shutdown_background();
        }
    }
}

/// `f` of some numbers, one after another; none where it takes too long.
async fn part_of<R: Send + 'static>(
    disk: DiskThreads,
    numbers: Range<usize>,
    limit: Option<Duration>,
    f: Arc<impl Fn(usize) -> R + Send + Sync + 'static>,
) -> Vec<Option<R>> {
    let Some(limit) = limit else {
        return disk.run(move || numbers.map(|number| Some(f(number))).collect()).await.unwrap_or_default();
    };
    let mut results = Vec::with_capacity(numbers.len());
    for number in numbers {
        let f = f.clone();
        results.push(tokio::time::timeout(limit, disk.run(move || f(number))).await.ok().flatten());
    }
    results
}

/// How far a search has come, for whoever waits for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Looking(Arc<Mutex<(u64, PathBuf)>>);

impl Looking {
    /// Says what is looked at next.
    pub fn at(&self, path: &Path) {
        let mut at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *at = (at.0 + 1, path.to_path_buf());
    }

    /// Says that there was an answer.
    pub fn goes_on(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
    }

    fn now(&self) -> (u64, PathBuf) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    #[test]
    fn a_search_may_take_long_but_not_stand_still() {
        let runtime = Runtime::new(1, Some(Duration::from_millis(200))).unwrap();
        let goes_on = |looking: &Looking| {
            (0..20).for_each(|_| {
                sleep(Duration::from_millis(30));
                looking.goes_on();
            });
            7
        };
        assert_eq!(runtime.look(goes_on).unwrap(), 7);
        let stands = |looking: &Looking| {
            looking.at(Path::new("a/b"));
            sleep(Duration::from_secs(5));
        };
        assert_eq!(runtime.look(stands).unwrap_err().to_string(), "no answer from a/b for 0.2 s");
    }

    #[test]
    fn what_takes_too_long_is_left_out_and_the_others_are_not() {
        let runtime = Runtime::new(1, Some(Duration::from_millis(300))).unwrap();
        let slow = |number: usize| {
            if number == 3 {
                sleep(Duration::from_secs(5));
            }
            number
        };
        let expected: Vec<Option<usize>> = (0..40).map(|number| (number != 3).then_some(number)).collect();
        let mut results = Vec::new();
        runtime.each_blocking(40, slow, |number, result| {
            assert_eq!(number, results.len());
            results.push(result);
        });
        assert_eq!(results, expected);
    }
}
