//! Connections whose other end does nothing: one that sends no first byte, and one that does not read.
//!
//! Between requests of a connection the time for the next head is kept by HTTP itself.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A connection that fails where its other end does nothing for too long.
pub(super) struct Patient<S> {
    stream: S,
    /// Runs until the first byte has come.
    first: Option<Pin<Box<Sleep>>>,
    /// Runs while what is to be sent is not taken.
    stalled: Option<Pin<Box<Sleep>>>,
    reading: Duration,
}

impl<S> Patient<S> {
    /// Waits so long for the first byte, and so long for the other end to read.
    pub(super) fn new(stream: S, first: Duration, reading: Duration) -> Self {
        Self {
            stream,
            first: Some(Box::pin(sleep(first))),
            stalled: None,
            reading,
        }
    }

    /// What came of an attempt to send: an error where such attempts have come to nothing for too long.
    fn sent<T>(&mut self, cx: &mut Context<'_>, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if sent.is_ready() {
            self.stalled = None;
            return sent;
        }
        let reading = self.reading;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(reading)));
        stalled.as_mut().poll(cx).map(|()| Err(too_slow("does not read")))
    }
}

fn too_slow(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the client {what}"))
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(cx, into);
        if read.is_ready() {
            this.first = None;
            return read;
        }
        match &mut this.first {
            Some(first) => first.as_mut().poll(cx).map(|()| Err(too_slow("sends nothing"))),
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.sent(cx, sent)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.stream).poll_flush(cx);
        this.sent(cx, sent)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.sent(cx, sent)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.sent(cx, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_mins(10);

    #[tokio::test]
    async fn a_client_that_sends_nothing_is_not_waited_for() {
        let (_client, server) = duplex(8);
        let error = Patient::new(server, SHORT, LONG).read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_has_sent_something_may_pause() {
        let (mut client, server) = duplex(8);
        let mut server = Patient::new(server, SHORT, LONG);
        client.write_all(b"a").await.unwrap();
        server.read_u8().await.unwrap();
        let waited = tokio::time::timeout(SHORT * 20, server.read_u8()).await;
        assert!(waited.is_err(), "{waited:?}");
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_not_waited_for() {
        let (_client, server) = duplex(8);
        let mut server = Patient::new(server, LONG, SHORT);
        server.write_all(b"12345678").await.unwrap();
        let error = server.write_all(b"9").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
