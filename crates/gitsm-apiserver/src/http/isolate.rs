//! A panic in one request is that request's alone.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Ends with the message of the panic where the future panics.
pub(super) struct Isolated<'f, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'f>>,
}

impl<'f, T> Isolated<'f, T> {
    pub(super) fn new(future: impl Future<Output = T> + Send + 'f) -> Self {
        Self {
            future: Box::pin(future),
        }
    }
}

impl<T> Future for Isolated<'_, T> {
    type Output = Result<T, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Unwind safe: after a panic the future is never polled again, and shared state is behind locks.
        match catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(message(&*panic))),
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "that is what is tested")]
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        let fine = Isolated::new(async { 1 }).await;
        assert_eq!(fine, Ok(1));
        let broken = Isolated::new(async {
            tokio::task::yield_now().await;
            panic!("oh");
        });
        let result: Result<(), String> = broken.await;
        assert_eq!(result, Err("oh".to_owned()));
    }
}
