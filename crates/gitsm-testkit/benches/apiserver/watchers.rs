//! Many watchers of one namespace, and when each of them saw what.

use crate::caller::{Caller, JSON, Place};
use crate::objects;
use anyhow::{Context as _, Result, ensure};
use bytes::{Bytes, BytesMut};
use http::Method;
use http_body_util::BodyExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Events that take longer are lost.
const PATIENCE: Duration = Duration::from_mins(2);

/// Everyone who watches.
pub(crate) struct Audience {
    first: usize,
    watchers: usize,
    /// When each change was sent.
    sent: Vec<OnceLock<Instant>>,
    /// How many have seen each change.
    seen: Vec<AtomicUsize>,
    news: Notify,
    tasks: Mutex<Vec<JoinHandle<Result<Vec<Duration>>>>>,
}

impl Audience {
    /// Watchers that each wait for `count` changes, numbered from `first` on. All of them have been answered when this
    /// returns.
    pub(crate) async fn start(
        place: &Place,
        path: &str,
        watchers: usize,
        first: usize,
        count: usize,
    ) -> Result<Arc<Self>> {
        let audience = Arc::new(Self {
            first,
            watchers,
            sent: (0..count).map(|_| OnceLock::new()).collect(),
            seen: (0..count).map(|_| AtomicUsize::new(0)).collect(),
            news: Notify::new(),
            tasks: Mutex::default(),
        });
        for _ in 0..watchers {
            let mut caller = Caller::connect(place).await?;
            let (status, mut body) = caller.send(Method::GET, path, JSON, Bytes::new()).await?;
            ensure!(status.is_success(), "{path}: {status}");
            let everyone = Arc::clone(&audience);
            let task = tokio::spawn(async move {
                // The connection lives as long as its watch.
                let _caller = caller;
                let mut times = Vec::with_capacity(count);
                let mut read = BytesMut::new();
                while times.len() < count {
                    let frame = tokio::time::timeout(PATIENCE, body.frame())
                        .await
                        .context("no event came")?
                        .context("a watch ended")?
                        .context("a watch broke off")?;
                    let Ok(data) = frame.into_data() else { continue };
                    let mut start = 0;
                    for end in memchr::memchr_iter(b'\n', &data) {
                        let line = &data[start..end];
                        start = end + 1;
                        if read.is_empty() {
                            everyone.see(line, &mut times);
                        } else {
                            read.extend_from_slice(line);
                            everyone.see(&read, &mut times);
                            read.clear();
                        }
                    }
                    read.extend_from_slice(&data[start..]);
                }
                Ok(times)
            });
            audience.tasks().push(task);
        }
        Ok(audience)
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<Result<Vec<Duration>>>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, line: &[u8], times: &mut Vec<Duration>) {
        let Some(place) = objects::turn(line).and_then(|turn| turn.checked_sub(self.first)) else {
            return;
        };
        if let Some(sent) = self.sent.get(place).and_then(OnceLock::get) {
            times.push(sent.elapsed());
            if self.seen[place].fetch_add(1, Ordering::Relaxed) + 1 == self.watchers {
                self.news.notify_waiters();
            }
        }
    }

    /// A change is sent now.
    pub(crate) fn sent(&self, turn: usize) {
        let _ = self.sent[turn - self.first].set(Instant::now());
    }

    /// Waits until everyone has seen a change.
    pub(crate) async fn wait_for(&self, turn: usize) -> Result<()> {
        let seen = &self.seen[turn - self.first];
        let waiting = async {
            loop {
                let news = self.news.notified();
                if seen.load(Ordering::Relaxed) >= self.watchers {
                    return;
                }
                news.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .context("an event did not come")
    }

    /// Waits until everyone has seen everything: how long each event took to each watcher, from the moment when its
    /// write was sent.
    pub(crate) async fn finish(&self) -> Result<Vec<Duration>> {
        let tasks = std::mem::take(&mut *self.tasks());
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.context("a watcher fell")??);
        }
        Ok(times)
    }
}
