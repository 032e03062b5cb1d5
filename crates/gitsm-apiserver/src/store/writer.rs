//! The one thread that writes: it orders, checks, commits, publishes and answers.

use super::backend::{Backend, BackendError, Batch, LogIndex};
use super::encode::Prepared;
use super::event::{Event, EventKind};
use super::folder::FolderLock;
use super::memory::Memory;
use super::types::{Change, Clock, Durability, Expect, Key, Stored, Write, WriteError};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How many writes one transaction takes at most.
const BATCH: usize = 256;
/// How many bytes of objects one transaction takes at most (one write may exceed it).
const BATCH_BYTES: usize = 8 << 20;

/// What the writer is told.
pub(super) enum Command {
    Write(Box<Request>),
    Close(oneshot::Sender<Result<(), BackendError>>),
}

/// A write with its object already serialised, by the one who asks.
pub(super) struct Request {
    key: Key,
    expect: Expect,
    durability: Durability,
    delete: bool,
    object: Prepared,
    answer: oneshot::Sender<Result<Stored, WriteError>>,
}

impl Request {
    pub(super) fn prepare(
        write: Write,
        answer: oneshot::Sender<Result<Stored, WriteError>>,
    ) -> Result<Self, WriteError> {
        let (delete, object) = match write.change {
            Change::Put(object) => (false, object),
            Change::Delete(object) => (true, object),
        };
        let mut key = write.key;
        key.namespace = key.namespace.filter(|text| !text.is_empty());
        Ok(Self {
            key,
            expect: write.expect,
            durability: write.durability,
            delete,
            object: Prepared::new(object).map_err(|error| WriteError::Io(error.to_string().into()))?,
            answer,
        })
    }
}

pub(super) struct Writer {
    pub(super) memory: Arc<Memory>,
    pub(super) database: Arc<dyn Backend>,
    pub(super) clock: Clock,
    pub(super) log: LogIndex,
    /// Why nothing is written any more.
    pub(super) failed: Option<BackendError>,
    /// Freed when the thread ends, after the database was closed.
    #[expect(dead_code, reason = "it is held, not read")]
    pub(super) lock: FolderLock,
}

impl Writer {
    pub(super) fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut waiting = Vec::with_capacity(BATCH);
        let mut closing = Vec::new();
        while closing.is_empty() && commands.blocking_recv_many(&mut waiting, BATCH) > 0 {
            let mut requests = VecDeque::with_capacity(waiting.len());
            for command in waiting.drain(..) {
                match command {
                    Command::Write(request) => requests.push_back(*request),
                    Command::Close(answer) => closing.push(answer),
                }
            }
            while !requests.is_empty() {
                let mut bytes = 0;
                let fitting = requests.iter().take_while(|request| {
                    bytes += request.object.len();
                    bytes <= BATCH_BYTES
                });
                let count = fitting.count().max(1);
                self.write(requests.drain(..count));
            }
        }
        commands.close();
        let result = self.database.close();
        self.memory.stop();
        drop(self);
        // Last: whoever waits may open the folder at once.
        for answer in closing {
            let _ = answer.send(result.clone());
        }
    }

    /// Writes one batch: what is refused is answered at once, the rest after the commit.
    fn write(&mut self, requests: impl Iterator<Item = Request>) {
        let mut revision = self.memory.revision();
        let mut events = Vec::new();
        let mut answers = Vec::new();
        // What the batch has done so far, which memory does not show yet.
        let mut pending: HashMap<Key, Option<Stored>> = HashMap::new();
        for request in requests {
            if let Some(why) = &self.failed {
                let _ = request.answer.send(Err(WriteError::Io(Arc::clone(&why.0))));
                continue;
            }
            let current = match pending.get(&request.key) {
                Some(state) => state.clone(),
                None => self.memory.get(&request.key),
            };
            if let Err(error) = check(current.as_ref(), request.expect, request.delete) {
                let _ = request.answer.send(Err(error));
                continue;
            }
            revision += 1;
            let object = Stored {
                revision,
                json: request.object.finish(revision),
            };
            let kind = match (&current, request.delete) {
                (_, true) => EventKind::Deleted,
                (None, false) => EventKind::Added,
                (Some(_), false) => EventKind::Modified,
            };
            pending.insert(request.key.clone(), (!request.delete).then(|| object.clone()));
            answers.push((request.answer, object.clone()));
            let event = Event::new(revision, kind, request.key, object, current);
            events.push((Arc::new(event), request.durability));
        }
        if events.is_empty() {
            return;
        }
        match self.commit(&events, revision) {
            Ok(now) => {
                let events: Vec<Arc<Event>> = events.into_iter().map(|(event, _)| event).collect();
                self.memory.publish(&events, revision, now);
                for (answer, stored) in answers {
                    let _ = answer.send(Ok(stored));
                }
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot write and refuses all further writes");
                for (answer, _) in answers {
                    let _ = answer.send(Err(WriteError::Io(Arc::clone(&error.0))));
                }
                self.failed = Some(error);
            }
        }
    }

    /// Commits and returns the instant of the commit.
    fn commit(&mut self, events: &[(Arc<Event>, Durability)], revision: u64) -> Result<u64, BackendError> {
        let now = (self.clock)();
        for (event, durability) in events {
            if *durability == Durability::Full {
                self.log.push(event.revision, event.weight(), now);
            }
        }
        let forget = self.log.trim(events.len(), now);
        self.database.commit(&Batch {
            events,
            revision,
            written: now,
            forget,
        })?;
        Ok(now)
    }
}

/// Whether a write may happen to an object.
fn check(current: Option<&Stored>, expect: Expect, delete: bool) -> Result<(), WriteError> {
    match (expect, current) {
        (Expect::Absent, Some(_)) => Err(WriteError::Exists),
        (Expect::Revision(_), None) => Err(WriteError::Missing),
        (Expect::Revision(expected), Some(current)) if current.revision != expected => {
            Err(WriteError::Conflict {
                current: current.clone(),
            })
        }
        (Expect::Any | Expect::Absent, None) if delete => Err(WriteError::Missing),
        _ => Ok(()),
    }
}
