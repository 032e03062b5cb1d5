//! Bodies on the wire: requests are read within limits, replies are sent as they come.

use crate::error::ApiError;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// Most bytes of a request's body, as upstream.
pub const MAX_BODY: usize = 3 * 1_024 * 1_024;
/// The longest that a client may take to send a body.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// Reads a request's body.
///
/// # Errors
/// 413 when it is longer than [`MAX_BODY`], 408 when it takes too long, 400 when it breaks off.
pub async fn read<B>(body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(ApiError::too_large(MAX_BODY));
    }
    match tokio::time::timeout(READ_TIMEOUT, collect(body)).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(
            408,
            "Timeout",
            "the body of the request took too long to arrive",
        )),
    }
}

async fn collect<B>(mut body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ApiError::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > MAX_BODY {
            return Err(ApiError::too_large(MAX_BODY));
        }
        // Most bodies are one frame, which need not be copied.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The body of a reply.
#[derive(Debug)]
pub enum ReplyBody {
    /// All there is, in pieces.
    Pieces(VecDeque<Bytes>),
    /// A stream that ends when its sender is dropped.
    Stream(mpsc::Receiver<Bytes>),
}

impl From<Bytes> for ReplyBody {
    fn from(bytes: Bytes) -> Self {
        let pieces = if bytes.is_empty() {
            VecDeque::new()
        } else {
            VecDeque::from([bytes])
        };
        Self::Pieces(pieces)
    }
}

impl From<Vec<Bytes>> for ReplyBody {
    fn from(pieces: Vec<Bytes>) -> Self {
        Self::Pieces(pieces.into())
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Pieces(pieces) => Poll::Ready(pieces.pop_front().map(|piece| Ok(Frame::data(piece)))),
            Self::Stream(pieces) => pieces
                .poll_recv(cx)
                .map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Pieces(pieces) if pieces.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Pieces(pieces) => SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum()),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// Joins small pieces to larger ones, so that a list of many small objects is not sent in as many frames.
#[derive(Debug, Default)]
pub struct Joiner {
    done: Vec<Bytes>,
    open: BytesMut,
}

impl Joiner {
    /// The size at which a piece is closed.
    const PIECE: usize = 64 * 1_024;

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.open.is_empty() {
            self.open.reserve(Self::PIECE);
        }
        self.open.extend_from_slice(bytes);
        if self.open.len() >= Self::PIECE {
            self.done.push(self.open.split().freeze());
        }
    }

    /// What was added.
    pub fn finish(mut self) -> Vec<Bytes> {
        if !self.open.is_empty() {
            self.done.push(self.open.freeze());
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use http_body_util::Full;

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let fits = Full::new(Bytes::from(vec![b'x'; MAX_BODY]));
        assert_eq!(read(fits).await.unwrap().len(), MAX_BODY);
        let over = Full::new(Bytes::from(vec![b'x'; MAX_BODY + 1]));
        assert_eq!(read(over).await.unwrap_err().code, 413);
        let pieces: Vec<Bytes> = (0..4).map(|_| Bytes::from(vec![b'x'; 1_024 * 1_024])).collect();
        assert_eq!(read(ReplyBody::from(pieces)).await.unwrap_err().code, 413);
    }

    #[tokio::test]
    async fn pieces_are_put_together() {
        let (sender, receiver) = mpsc::channel(4);
        for piece in ["a", "b", "c"] {
            sender.send(Bytes::from(piece)).await.unwrap();
        }
        drop(sender);
        assert_eq!(read(ReplyBody::Stream(receiver)).await.unwrap(), "abc");
    }

    #[test]
    fn pieces_are_joined() {
        let mut joiner = Joiner::default();
        for _ in 0..100_000 {
            joiner.push(b"0123456789");
        }
        let pieces = joiner.finish();
        assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), 1_000_000);
        assert!(pieces.len() < 17, "{}", pieces.len());
    }
}
