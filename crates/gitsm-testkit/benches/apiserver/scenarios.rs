//! What is done to a server.

use crate::Amounts;
use crate::caller::{APPLY, Caller, JSON, Place};
use crate::figures::{Figures, Run};
use crate::side::Side;
use crate::{objects, processes, watchers};
use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::Method;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many clients there are when there are many.
const WORKERS: usize = 16;
/// How long a server may rest before its memory is read.
const REST: Duration = Duration::from_secs(5);
/// Objects of a namespace where very many are made.
const PER_NAMESPACE: usize = 10_000;
const NAMESPACE: &str = "bench";

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Create,
    Get,
    Update,
    Apply,
    List,
}

/// What workers share.
struct Shared {
    place: Place,
    namespace: String,
    /// The revision of each object, as its last writer was told.
    revisions: Vec<AtomicU64>,
    /// Counts changes, so that each makes a difference.
    turn: AtomicUsize,
}

impl Shared {
    fn new(place: &Place, namespace: &str, objects: usize) -> Arc<Self> {
        Arc::new(Self {
            place: place.clone(),
            namespace: namespace.to_owned(),
            revisions: (0..objects).map(|_| AtomicU64::new(0)).collect(),
            turn: AtomicUsize::new(1),
        })
    }

    fn collection(&self) -> String {
        format!(
            "/apis/gitsm.dev/v1alpha1/namespaces/{}/itservices",
            self.namespace
        )
    }

    fn path(&self, number: usize) -> String {
        format!("{}/{}", self.collection(), objects::name(number))
    }

    /// One request about one object.
    async fn request(&self, caller: &mut Caller, what: Request, number: usize) -> Result<()> {
        let namespace = self.namespace.as_str();
        let body = match what {
            Request::Get => {
                caller.get(&self.path(number)).await?;
                return Ok(());
            }
            Request::List => {
                caller.drain(&self.collection()).await?;
                return Ok(());
            }
            Request::Create => {
                let object = objects::service(namespace, number, 0, None);
                caller
                    .call(Method::POST, &self.collection(), JSON, object)
                    .await?
            }
            Request::Update => {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                let revision = self.revisions[number].load(Ordering::Relaxed);
                let object = objects::service(namespace, number, turn, Some(revision));
                caller.call(Method::PUT, &self.path(number), JSON, object).await?
            }
            Request::Apply => {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                let object = objects::service(namespace, number, turn, None);
                let path = format!("{}?fieldManager=bench&force=true", self.path(number));
                caller.call(Method::PATCH, &path, APPLY, object).await?
            }
        };
        self.note(number, &body)
    }

    fn note(&self, number: usize, answer: &Bytes) -> Result<()> {
        let revision = objects::revision(answer).context("an answer without a revision")?;
        self.revisions[number].store(revision, Ordering::Relaxed);
        Ok(())
    }
}

/// Everything, in the order in which one thing needs the other.
pub(crate) async fn run(
    side: &Side,
    amounts: Amounts,
    wants: &dyn Fn(&str) -> bool,
    figures: &mut Figures,
) -> Result<()> {
    if wants("memory") {
        memory(side, "idle", figures).await?;
    }
    add_namespace(side, NAMESPACE).await?;
    let shared = Shared::new(&side.customs, NAMESPACE, amounts.objects);
    let (writes, reads) = amounts.alone;
    let created = work(side, &shared, Request::Create, 1, 0..writes).await?;
    let rest = work(side, &shared, Request::Create, WORKERS, writes..amounts.objects).await?;
    if wants("create") {
        figures.run("create", 1, created);
        figures.run("create", WORKERS, rest);
    }
    if wants("memory") {
        memory(side, &format!("{} objects", amounts.objects), figures).await?;
    }
    let (all_writes, all_reads) = amounts.together;
    for (name, what, alone, together) in [
        ("get", Request::Get, reads, all_reads),
        ("update", Request::Update, writes, all_writes),
        ("apply", Request::Apply, writes, all_writes),
        ("list", Request::List, amounts.lists.0, amounts.lists.1),
    ] {
        if !wants(name) {
            continue;
        }
        let name = match what {
            Request::List => format!("list of {}", amounts.objects),
            _ => name.to_owned(),
        };
        for (workers, count) in [(1, alone), (WORKERS, together)] {
            let run = work(side, &shared, what, workers, 0..count).await?;
            figures.run(&name, workers, run);
        }
    }
    if wants("watch") {
        watch(side, &shared, amounts, figures).await?;
    }
    if let Some(many) = amounts.many.filter(|_| wants("memory")) {
        for space in 1..many / PER_NAMESPACE {
            let namespace = format!("{NAMESPACE}-{space}");
            add_namespace(side, &namespace).await?;
            let more = Shared::new(&side.customs, &namespace, PER_NAMESPACE);
            work(side, &more, Request::Create, WORKERS, 0..PER_NAMESPACE).await?;
            eprintln!("{} objects", (space + 1) * PER_NAMESPACE);
        }
        memory(side, &format!("{many} objects"), figures).await?;
    }
    Ok(())
}

async fn add_namespace(side: &Side, name: &str) -> Result<()> {
    let mut caller = Caller::connect(&side.core).await?;
    let body = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{name}"}}}}"#);
    caller
        .call(Method::POST, "/api/v1/namespaces", JSON, body)
        .await?;
    Ok(())
}

/// Does requests by some workers, each with its own connection and its own objects.
async fn work(
    side: &Side,
    shared: &Arc<Shared>,
    what: Request,
    workers: usize,
    range: Range<usize>,
) -> Result<Run> {
    let (start, end) = (range.start, range.end);
    let mut callers = Vec::with_capacity(workers);
    for _ in 0..workers {
        callers.push(Caller::connect(&shared.place).await?);
    }
    let cpu = processes::cpu(&side.processes)?;
    let began = Instant::now();
    let mut tasks = Vec::with_capacity(workers);
    for (worker, mut caller) in callers.into_iter().enumerate() {
        let shared = Arc::clone(shared);
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity((end - start) / workers + 1);
            for number in (start + worker..end).step_by(workers) {
                let number = if what == Request::Create {
                    number
                } else {
                    number % shared.revisions.len()
                };
                let sent = Instant::now();
                shared.request(&mut caller, what, number).await?;
                times.push(sent.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        }));
    }
    let mut times = Vec::with_capacity(end - start);
    for task in tasks {
        times.extend(task.await.context("a worker fell")??);
    }
    let wall = began.elapsed();
    let cpu = processes::cpu(&side.processes)? - cpu;
    Ok(Run { times, wall, cpu })
}

async fn memory(side: &Side, when: &str, figures: &mut Figures) -> Result<()> {
    tokio::time::sleep(REST).await;
    let mut total = 0.0;
    let mut each = Vec::new();
    for (name, pid) in &side.processes {
        let resident = processes::resident(*pid)?;
        total += resident;
        each.push((name.clone(), resident));
    }
    let what = format!("memory, {when}");
    figures.single(&what, "MiB", total);
    if each.len() > 1 {
        for (name, resident) in each {
            figures.detail(&format!("{what}: {name}"), resident);
        }
    }
    Ok(())
}

/// Changes objects while many watch.
async fn watch(side: &Side, shared: &Arc<Shared>, amounts: Amounts, figures: &mut Figures) -> Result<()> {
    let watched = format!("watch, {} watchers", amounts.watchers);
    for (workers, count) in [(1, amounts.events.0), (WORKERS, amounts.events.1)] {
        let first = shared.turn.load(Ordering::Relaxed);
        let path = format!("{}?watch=true&resourceVersion=", shared.collection());
        let mut caller = Caller::connect(&shared.place).await?;
        let list = caller.get(&format!("{}?limit=1", shared.collection())).await?;
        let revision = objects::revision(&list).context("a list without a revision")?;
        let path = format!("{path}{revision}");
        let audience =
            watchers::Audience::start(&shared.place, &path, amounts.watchers, first, count).await?;
        let mut callers = Vec::with_capacity(workers);
        for _ in 0..workers {
            callers.push(Caller::connect(&shared.place).await?);
        }
        let cpu = processes::cpu(&side.processes)?;
        let began = Instant::now();
        let mut tasks = Vec::with_capacity(workers);
        for (worker, mut caller) in callers.into_iter().enumerate() {
            let (shared, audience) = (Arc::clone(shared), Arc::clone(&audience));
            tasks.push(tokio::spawn(async move {
                for number in (worker..count).step_by(workers) {
                    let number = number % shared.revisions.len();
                    let turn = shared.turn.fetch_add(1, Ordering::Relaxed);
                    let revision = shared.revisions[number].load(Ordering::Relaxed);
                    let object = objects::service(&shared.namespace, number, turn, Some(revision));
                    audience.sent(turn);
                    let answer = caller
                        .call(Method::PUT, &shared.path(number), JSON, object)
                        .await?;
                    shared.note(number, &answer)?;
                    if workers == 1 {
                        // One event after the other: everyone has it before the next is made.
                        audience.wait_for(turn).await?;
                    }
                }
                Ok::<_, anyhow::Error>(())
            }));
        }
        for task in tasks {
            task.await.context("a worker fell")??;
        }
        let times = audience.finish().await?;
        let wall = began.elapsed();
        let cpu = processes::cpu(&side.processes)? - cpu;
        figures.run(&watched, workers, Run { times, wall, cpu });
    }
    Ok(())
}
