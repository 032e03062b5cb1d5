//! Watches: a stream of events until the client leaves, the time is over, or the kind is no longer served.

use super::body::ReplyBody;
use super::render::Events;
use super::reply::Reply;
use super::{Api, Held};
use crate::kind::{Kind, Origin};
use crate::negotiate::JSON;
use crate::registry::fill_random;
use crate::registry::watch::{Step, Watcher};
use crate::request::ListOptions;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// Pieces that wait for a slow client. It does not slow down anything but itself: its place in the events expires.
const WAITING: usize = 8;
/// Events are joined to pieces of about this size when many are at hand.
const PIECE: usize = 32 * 1_024;
/// How long a watch lasts at least where the client does not say.
const SHORTEST: u64 = 30 * 60;
/// How often a client that asked for it is told how far it is.
const BOOKMARKS: Duration = Duration::from_mins(1);

/// Starts to answer a watch.
pub(super) fn start(
    api: &Arc<Api>,
    watcher: Watcher,
    events: Events,
    options: &ListOptions,
    permit: Held,
) -> Reply {
    let (sender, receiver) = mpsc::channel(WAITING);
    let seconds = options
        .timeout_seconds
        .filter(|seconds| *seconds > 0)
        .unwrap_or_else(random_seconds);
    let now = Instant::now();
    let stream = Stream {
        api: Arc::clone(api),
        watcher,
        events,
        sender,
        piece: BytesMut::new(),
        bookmarks: options.allow_bookmarks,
        ends: now + Duration::from_secs(seconds.min(24 * 60 * 60)),
        next_bookmark: now + BOOKMARKS,
        told: 0,
    };
    tokio::spawn(async move {
        let _held_to_the_end = permit;
        stream.run().await;
    });
    Reply::new(200, JSON, ReplyBody::Stream(receiver))
}

/// Between 30 and 60 minutes, so that clients do not come back all at once.
fn random_seconds() -> u64 {
    let mut random = [0_u8; 2];
    fill_random(&mut random);
    SHORTEST + u64::from(u16::from_le_bytes(random)) % SHORTEST
}

struct Stream {
    api: Arc<Api>,
    watcher: Watcher,
    events: Events,
    sender: mpsc::Sender<Bytes>,
    /// What is not sent yet.
    piece: BytesMut,
    bookmarks: bool,
    ends: Instant,
    next_bookmark: Instant,
    /// The revision that the client was told last.
    told: u64,
}

/// Why waiting ended.
enum Woken {
    Step(Box<Step>),
    Bookmark,
    Table,
    End,
}

impl Stream {
    async fn run(mut self) {
        let mut epochs = self.api.registry.kinds().epochs();
        let mut stopping = self.api.stopping.clone();
        loop {
            let ready = now_or_never(self.watcher.next()).await;
            let woken = match ready {
                Some(step) => Woken::Step(Box::new(step)),
                None if !self.flush().await => return,
                None => self.wait(&mut epochs, &mut stopping).await,
            };
            let goes_on = match woken {
                Woken::Step(step) => self.take(*step),
                Woken::Bookmark => {
                    self.bookmark();
                    true
                }
                Woken::Table => self.is_served(),
                Woken::End => {
                    self.bookmark();
                    false
                }
            };
            if !goes_on {
                self.flush().await;
                return;
            }
            if self.piece.len() >= PIECE && !self.flush().await {
                return;
            }
        }
    }

    async fn wait(
        &mut self,
        epochs: &mut watch::Receiver<u64>,
        stopping: &mut watch::Receiver<bool>,
    ) -> Woken {
        tokio::select! {
            step = self.watcher.next() => Woken::Step(Box::new(step)),
            () = sleep_until(self.ends) => Woken::End,
            () = sleep_until(self.next_bookmark), if self.bookmarks => Woken::Bookmark,
            _ = epochs.changed() => Woken::Table,
            _ = stopping.wait_for(|stops| *stops) => Woken::End,
            () = self.sender.closed() => Woken::End,
        }
    }

    /// Whether the stream goes on after this.
    fn take(&mut self, step: Step) -> bool {
        match step {
            Step::Changed {
                change,
                object,
                event,
            } => {
                let frame = self.events.frame(change.as_str(), &object, event.as_deref());
                self.piece.extend_from_slice(&frame);
                Instant::now() < self.ends
            }
            Step::InitialEnd(revision) => {
                self.push_bookmark(revision, true);
                true
            }
            Step::Failed(error) => {
                self.push("ERROR", &error.to_status());
                false
            }
            Step::Stopped => false,
        }
    }

    fn bookmark(&mut self) {
        self.next_bookmark = Instant::now() + BOOKMARKS;
        if let Some(position) = self
            .watcher
            .position()
            .filter(|position| self.bookmarks && *position > self.told)
        {
            self.push_bookmark(position, false);
        }
    }

    fn push_bookmark(&mut self, revision: u64, is_initial_end: bool) {
        self.told = revision;
        let mut meta = json!({"resourceVersion": revision.to_string()});
        if self.watcher.kind().origin == Origin::BuiltIn {
            meta["creationTimestamp"] = Value::Null;
        }
        if is_initial_end {
            meta["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = self.events.bookmark(self.watcher.kind(), &meta);
        self.push("BOOKMARK", &object);
    }

    fn push(&mut self, ty: &str, object: &Value) {
        self.piece
            .extend_from_slice(format!("{{\"type\":\"{ty}\",\"object\":{object}}}\n").as_bytes());
    }

    /// Sends what is there; `false` where the client is gone.
    async fn flush(&mut self) -> bool {
        if self.piece.is_empty() {
            return !self.sender.is_closed();
        }
        let piece = self.piece.split().freeze();
        tokio::select! {
            // At the end of the watch what is there is sent all the same, if there is room for it.
            biased;
            sent = self.sender.send(piece) => sent.is_ok(),
            // A client that does not read is not waited for beyond the end of its watch.
            () = sleep_until(self.ends) => false,
        }
    }

    /// Whether the kind is served as it was when the watch began: clients of a changed definition start anew.
    fn is_served(&self) -> bool {
        let kind: &Arc<Kind> = self.watcher.kind();
        let table = self.api.registry.kinds().snapshot();
        let resource = &kind.resource;
        table
            .resource(&resource.group, &kind.version, &resource.resource)
            .is_some_and(|now| Arc::ptr_eq(now, kind))
    }
}

/// The result of a future, if it is ready.
async fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    })
    .await
}
