//! Calls into a driver that may never return.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long finding adapters or opening a device may take.
pub const OPENING: Duration = Duration::from_secs(30);

/// What a call gives, made on a thread of its own, which is left behind where it takes longer than the limit.
///
/// # Errors
/// Where it does, or panics, or there is no thread for it; `what` is said of it.
pub fn within<T: Send + 'static>(
    limit: Duration,
    what: &str,
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("gpu driver".into())
        .spawn(move || drop(sender.send(call())))
        .map_err(|e| format!("no thread for {what}: {e}"))?;
    receiver.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => format!("{what} did not end in {} s", limit.as_secs_f64()),
        RecvTimeoutError::Disconnected => format!("{what} panicked"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_returns_is_left_and_what_returns_is_given() {
        assert_eq!(within(Duration::from_secs(60), "adding", || 1 + 1), Ok(2));
        let hung = within(Duration::from_millis(20), "opening it", || {
            loop {
                std::thread::park();
            }
        });
        assert_eq!(hung, Err::<(), _>("opening it did not end in 0.02 s".into()));
        assert_eq!(within(Duration::from_secs(60), "it", || panic!("on purpose")), Err::<(), _>("it panicked".into()));
    }
}
