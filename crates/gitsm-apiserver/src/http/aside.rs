//! Work that may take long is done so that the requests of others go on meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Does something that may take long. The other tasks of this thread are given to another one before.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let can_hand_over =
        Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if can_hand_over {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// A future each step of which may take long. Between its steps it holds no thread.
pub(crate) struct Aside<'f, T>(Pin<Box<dyn Future<Output = T> + Send + 'f>>);

impl<'f, T> Aside<'f, T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'f) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Aside<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        aside(|| self.0.as_mut().poll(cx))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// As many long steps as there are threads, each of which waits for a task that has to run meanwhile.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn others_go_on_meanwhile() {
        let long: Vec<_> = (0..2)
            .map(|_| {
                tokio::spawn(Aside::new(async {
                    let (sender, receiver) = mpsc::channel();
                    tokio::spawn(async move { sender.send(()) });
                    receiver.recv_timeout(Duration::from_secs(20))
                }))
            })
            .collect();
        for one in long {
            one.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn one_thread_does_it_all_the_same() {
        assert_eq!(Aside::new(async { aside(|| 1) }).await, 1);
    }
}
