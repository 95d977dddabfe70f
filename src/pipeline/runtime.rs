//! The threads of the async side.

use std::io;
use std::sync::Arc;

use super::shutdown::{Halt, Shutdown};

/// The async side: a few threads that wait for many things, and those that block on the disk for them.
#[derive(Debug)]
pub struct Runtime {
    tokio: tokio::runtime::Runtime,
    in_flight: usize,
}

impl Runtime {
    /// For `in_flight` (at least 1) files being read, and as many being written.
    ///
    /// # Errors
    /// Where the threads can't be started.
    pub fn new(in_flight: usize) -> io::Result<Runtime> {
        let in_flight = in_flight.max(1);
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(super::thread_name("loader"))
            .max_blocking_threads(2 * in_flight + 2)
            .enable_all()
            .build()?;
        Ok(Runtime { tokio, in_flight })
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

    /// `f` of every item, in their order, with `in_flight` threads that may block.
    pub(super) fn map_blocking<T, R>(&self, items: &[T], f: impl Fn(&T) -> R + Send + Sync + 'static) -> Vec<R>
    where
        T: Clone + Send + Sync + 'static,
        R: Send + 'static,
    {
        let f = Arc::new(f);
        let part = items.len().div_ceil(self.in_flight).max(1);
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
