//! Stopping a run: a token that is passed in, so that tests pass their own.

use std::sync::Arc;

use tokio::sync::watch;

/// How far a run has been asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Halt {
    /// Go on.
    No,
    /// Take no new images; let those in flight finish.
    Finish,
    /// Leave everything.
    Abort,
}

/// A wish to stop, shared by all who hold a copy. It only ever grows.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Halt>>);

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown(Arc::new(watch::Sender::new(Halt::No)))
    }
}

impl Shutdown {
    pub fn halt(&self) -> Halt {
        *self.0.borrow()
    }

    pub fn finish(&self) {
        self.raise(Halt::Finish);
    }

    pub fn abort(&self) {
        self.raise(Halt::Abort);
    }

    /// One step further: the first asks to finish, the second to abort.
    pub fn advance(&self) -> Halt {
        match self.halt() {
            Halt::No => self.finish(),
            Halt::Finish | Halt::Abort => self.abort(),
        }
        self.halt()
    }

    fn raise(&self, to: Halt) {
        self.0.send_if_modified(|halt| {
            let raised = *halt < to;
            *halt = (*halt).max(to);
            raised
        });
    }

    /// Returns once no new images are to be taken.
    pub async fn finishing(&self) {
        self.reached(Halt::Finish).await;
    }

    /// Returns once everything is to be left.
    pub async fn aborting(&self) {
        self.reached(Halt::Abort).await;
    }

    async fn reached(&self, level: Halt) {
        // `self` keeps the sender alive, so the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|halt| *halt >= level).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_grows() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.halt(), Halt::No);
        assert_eq!(shutdown.advance(), Halt::Finish);
        assert_eq!(shutdown.clone().advance(), Halt::Abort);
        shutdown.finish();
        assert_eq!(shutdown.halt(), Halt::Abort);
    }
}
