//! Bodies on the wire: requests are read within limits, replies are sent as they come.

use super::limits::Permit;
use crate::error::ApiError;
use crate::store::Stored;
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

/// From this size on a body is a large one.
pub(super) const LARGE: usize = 256 * 1_024;

/// Reads a request's body; `admit` is asked once where it is a large one, and what it gives is held while it comes.
///
/// # Errors
/// 413 when it is longer than [`MAX_BODY`], 408 when it takes longer than `patience`, 400 when it breaks off, and what
/// `admit` says.
pub async fn read<B, T>(
    mut body: B,
    patience: Duration,
    admit: impl Fn() -> Result<T, ApiError>,
) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    match tokio::time::timeout(patience, collect(&mut body, admit)).await {
        Ok(Ok(None)) => {
            // A client that is cut off while it writes may never read why.
            let _ = tokio::time::timeout(patience, throw_away(body)).await;
            Err(ApiError::too_large(MAX_BODY))
        }
        Ok(read) => read.map(Option::unwrap_or_default),
        Err(_) => Err(ApiError::new(
            408,
            "Timeout",
            "the body of the request took too long to arrive",
        )),
    }
}

/// The whole body; nothing where it is too large.
async fn collect<B, T>(
    body: &mut B,
    admit: impl Fn() -> Result<T, ApiError>,
) -> Result<Option<Bytes>, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut admitted = None;
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(None);
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ApiError::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > MAX_BODY {
            return Ok(None);
        }
        if first.len() + all.len() + data.len() > LARGE && admitted.is_none() {
            admitted = Some(admit()?);
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
    Ok(Some(if all.is_empty() { first } else { all.freeze() }))
}

/// Reads on, up to as much again as a body may have.
async fn throw_away<B>(mut body: B)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut thrown_away = 0;
    while thrown_away <= MAX_BODY {
        let frame = body.frame().await.and_then(Result::ok);
        let Some(frame) = frame else { break };
        thrown_away += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// The body of a reply.
#[derive(Debug)]
pub enum ReplyBody {
    /// All there is, in pieces.
    Pieces(VecDeque<Bytes>),
    /// A stream that ends when its sender is dropped.
    Stream(mpsc::Receiver<Bytes>),
    /// A list, put together as it is sent: a client that does not read holds no copy of the objects.
    List(Objects),
    /// A body that counts as a request under way until it is sent.
    Held(Box<ReplyBody>, Permit),
}

/// Objects between the beginning and the end of a list.
#[derive(Debug)]
pub struct Objects {
    open: BytesMut,
    rest: std::vec::IntoIter<Stored>,
    end: &'static [u8],
    left: u64,
    is_first: bool,
}

impl Objects {
    /// The size at which a piece is closed: a list of many small objects is not sent in as many frames.
    const PIECE: usize = 64 * 1_024;

    /// A list of objects with commas between them.
    pub(super) fn new(head: &str, objects: Vec<Stored>, end: &'static [u8]) -> Self {
        let commas = objects.len().saturating_sub(1);
        let bytes: usize = objects.iter().map(|object| object.json.len()).sum();
        Self {
            open: BytesMut::from(head),
            rest: objects.into_iter(),
            end,
            left: (head.len() + bytes + commas + end.len()) as u64,
            is_first: true,
        }
    }

    fn next(&mut self) -> Option<Bytes> {
        while self.open.len() < Self::PIECE {
            let Some(object) = self.rest.next() else {
                self.open.extend_from_slice(std::mem::take(&mut self.end));
                break;
            };
            if !std::mem::take(&mut self.is_first) {
                self.open.extend_from_slice(b",");
            }
            self.open.extend_from_slice(&object.json);
        }
        let piece = std::mem::take(&mut self.open).freeze();
        self.left = self.left.saturating_sub(piece.len() as u64);
        (!piece.is_empty()).then_some(piece)
    }
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
            Self::List(objects) => Poll::Ready(objects.next().map(|piece| Ok(Frame::data(piece)))),
            Self::Held(body, _) => Pin::new(&mut **body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Pieces(pieces) => pieces.is_empty(),
            Self::Stream(_) => false,
            Self::List(objects) => objects.left == 0,
            Self::Held(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Pieces(pieces) => SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum()),
            Self::Stream(_) => SizeHint::default(),
            Self::List(objects) => SizeHint::with_exact(objects.left),
            Self::Held(body, _) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use http_body_util::Full;

    const PATIENCE: Duration = Duration::from_mins(1);

    #[allow(clippy::unnecessary_wraps, reason = "others are refused")]
    fn anyone() -> Result<(), ApiError> {
        Ok(())
    }

    #[tokio::test]
    async fn a_large_body_needs_leave() {
        let nobody = || Err::<(), _>(ApiError::too_many_requests());
        let small = Full::new(Bytes::from(vec![b'x'; LARGE]));
        assert_eq!(read(small, PATIENCE, nobody).await.unwrap().len(), LARGE);
        let large = Full::new(Bytes::from(vec![b'x'; LARGE + 1]));
        assert_eq!(read(large, PATIENCE, nobody).await.unwrap_err().code, 429);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let (_sender, receiver) = mpsc::channel(1);
        let slow = read(ReplyBody::Stream(receiver), Duration::from_millis(1), anyone).await;
        assert_eq!(slow.unwrap_err().code, 408);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let fits = Full::new(Bytes::from(vec![b'x'; MAX_BODY]));
        assert_eq!(read(fits, PATIENCE, anyone).await.unwrap().len(), MAX_BODY);
        let over = Full::new(Bytes::from(vec![b'x'; MAX_BODY + 1]));
        assert_eq!(read(over, PATIENCE, anyone).await.unwrap_err().code, 413);
        let pieces: Vec<Bytes> = (0..4).map(|_| Bytes::from(vec![b'x'; 1_024 * 1_024])).collect();
        assert_eq!(
            read(ReplyBody::from(pieces), PATIENCE, anyone)
                .await
                .unwrap_err()
                .code,
            413
        );
    }

    #[tokio::test]
    async fn pieces_are_put_together() {
        let (sender, receiver) = mpsc::channel(4);
        for piece in ["a", "b", "c"] {
            sender.send(Bytes::from(piece)).await.unwrap();
        }
        drop(sender);
        assert_eq!(
            read(ReplyBody::Stream(receiver), PATIENCE, anyone).await.unwrap(),
            "abc"
        );
    }

    #[tokio::test]
    async fn objects_are_joined_as_they_are_sent() {
        let object = |number: usize| Stored {
            revision: 1,
            json: format!("{{\"n\":{number}}}").into(),
        };
        for count in [0, 1, 2, 20_000] {
            let list = Objects::new("[", (0..count).map(object).collect(), b"]\n");
            let mut body = ReplyBody::List(list);
            let promised = body.size_hint().exact().unwrap();
            let mut all = Vec::new();
            let mut pieces = 0;
            while let Some(frame) = body.frame().await {
                all.extend_from_slice(&frame.unwrap().into_data().unwrap());
                pieces += 1;
            }
            assert!(body.is_end_stream());
            assert_eq!(all.len() as u64, promised);
            let list: Vec<serde_json::Value> = serde_json::from_slice(&all).unwrap();
            assert_eq!(list.len(), count);
            assert!(pieces <= 1 + all.len() / Objects::PIECE, "{pieces}");
        }
    }
}
