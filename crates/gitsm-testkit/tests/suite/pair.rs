//! The same steps taken on two servers.

use crate::compare::differences;
use crate::normal::Normal;
use crate::step::{Action, Request, Step};
use anyhow::{Context as _, Result, bail};
use gitsm_testkit::{ApiServer, Client, Reply, Stream};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Time for what a server does by itself: serving a new definition, collecting garbage.
const PATIENCE: Duration = Duration::from_secs(90);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Time for the next event of a watch.
const EVENT: Duration = Duration::from_secs(15);

/// How much of the answers must be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Everything.
    Whole,
    /// Code, reason and object, without managed fields and the words of messages: the real server is an old one.
    BuiltIn,
}

/// One difference that was found.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) step: usize,
    pub(crate) request: String,
    pub(crate) what: String,
}

/// What one server said so far.
struct Side {
    client: Client,
    normal: Normal,
    saved: BTreeMap<String, String>,
    watches: HashMap<String, Stream>,
    revision: u64,
}

/// What came of the steps.
pub(crate) struct Outcome {
    pub(crate) differences: Vec<Difference>,
    /// Known differences that showed, and those that should have but did not.
    pub(crate) confirmed: Vec<String>,
    pub(crate) requests: usize,
}

/// Two servers that are asked the same.
pub(crate) struct Pair {
    real: Side,
    ours: Side,
    strictness: Strictness,
}

impl Pair {
    /// `variables` are the same for both.
    pub(crate) fn new(
        real: &dyn ApiServer,
        ours: &dyn ApiServer,
        variables: &BTreeMap<String, String>,
        strictness: Strictness,
    ) -> Result<Self> {
        Ok(Self {
            real: Side::new(real, variables)?,
            ours: Side::new(ours, variables)?,
            strictness,
        })
    }

    /// Takes a step on both; the real server's status, and where the answers differ.
    pub(crate) async fn take(&mut self, step: &Step) -> Result<(u64, Option<String>)> {
        let strictness = self.strictness;
        let (expected, got) =
            tokio::join!(self.real.take(step, strictness), self.ours.take(step, strictness));
        let expected = expected.with_context(|| format!("the real server: {step}"))?;
        let got = got.unwrap_or_else(|error| json!({"failed": format!("{error:#}")}));
        let what = differences(&expected, &got);
        let code = expected["code"].as_u64().unwrap_or(0);
        Ok((code, (!what.is_empty()).then_some(what)))
    }

    /// Takes a step on both, whatever they answer.
    pub(crate) async fn ignore(&mut self, step: &Step) {
        let strictness = self.strictness;
        let _ = tokio::join!(self.real.take(step, strictness), self.ours.take(step, strictness));
    }

    /// A step as it was sent to the real server.
    pub(crate) fn shown(&self, step: &Step) -> String {
        self.real.fill(&step.to_string())
    }
}

/// Takes steps on both servers, and returns where their answers differ.
pub(crate) async fn run(
    real: &dyn ApiServer,
    ours: &dyn ApiServer,
    variables: &BTreeMap<String, String>,
    steps: &[Step],
    strictness: Strictness,
) -> Result<Outcome> {
    let mut pair = Pair::new(real, ours, variables, strictness)?;
    let mut outcome = Outcome {
        differences: Vec::new(),
        confirmed: Vec::new(),
        requests: 0,
    };
    for (index, step) in steps.iter().enumerate() {
        let (_, what) = pair.take(step).await?;
        outcome.requests += usize::from(!matches!(step.action, Action::Read { .. }));
        let what = match (&step.known, what) {
            (None, None) => continue,
            (None, Some(what)) => what,
            (Some(known), Some(_)) => {
                outcome.confirmed.push(known.clone());
                continue;
            }
            (Some(known), None) => {
                format!("    the known difference {known:?} does not show any more: remove it\n")
            }
        };
        outcome.differences.push(Difference {
            step: index,
            request: pair.shown(step),
            what,
        });
    }
    Ok(outcome)
}

impl Side {
    fn new(server: &dyn ApiServer, variables: &BTreeMap<String, String>) -> Result<Self> {
        Ok(Self {
            client: server.client()?,
            normal: Normal::default(),
            saved: variables.clone(),
            watches: HashMap::new(),
            revision: 0,
        })
    }

    async fn take(&mut self, step: &Step, strictness: Strictness) -> Result<Value> {
        let mut answer = match &step.action {
            Action::Request(request) => {
                let reply = self.send_until(request, step.until).await?;
                let body = body_of(&reply);
                self.keep(step, &body);
                let sent: Value = serde_json::from_str(&request.body).unwrap_or_default();
                let generated = sent["metadata"]["generateName"].as_str().unwrap_or("");
                self.normal.learn(generated, &body);
                self.answer(&reply, &body)
            }
            Action::Open { watch, request } => {
                let path = self.fill(&request.path);
                let headers = self.headers(request);
                let headers: Vec<(&str, &str)> = headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let started = Instant::now();
                let stream = loop {
                    let stream = self.client.stream(&path, &headers).await?;
                    if stream.status != StatusCode::TOO_MANY_REQUESTS || started.elapsed() > PATIENCE {
                        break stream;
                    }
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                };
                let code = stream.status.as_u16();
                self.watches.insert(watch.clone(), stream);
                json!({"code": code})
            }
            Action::Read { watch, last } => {
                let last = last.as_ref().map(|last| self.fill(last));
                let events = self.read(watch, last.as_deref()).await?;
                let events: Vec<Value> = events.iter().map(|event| self.normal.of(event)).collect();
                json!({"events": events})
            }
        };
        if strictness == Strictness::BuiltIn {
            loosen(&mut answer);
        }
        Ok(answer)
    }

    fn answer(&mut self, reply: &Reply, body: &Value) -> Value {
        let media_type = reply
            .headers
            .get(http::header::CONTENT_TYPE)
            .map_or("", |value| value.to_str().unwrap_or("?"));
        json!({
            "code": reply.status.as_u16(),
            "type": media_type,
            "warnings": in_one_order(reply.warnings()).iter().map(|text| self.normal.of(&json!(text))).collect::<Vec<_>>(),
            "body": self.normal.of(body),
        })
    }

    async fn send_until(&self, request: &Request, until: Option<u16>) -> Result<Reply> {
        let path = self.fill(&request.path);
        let headers = self.headers(request);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = self.fill(&request.body);
        let started = Instant::now();
        loop {
            let reply = self
                .client
                .request(request.method.clone(), &path, &headers, body.clone())
                .await?;
            // A busy server asks to come again.
            let is_too_early = reply.status == StatusCode::TOO_MANY_REQUESTS
                && reply.headers.contains_key(http::header::RETRY_AFTER)
                && started.elapsed() < PATIENCE;
            match until {
                _ if is_too_early => tokio::time::sleep(BETWEEN_LOOKS).await,
                Some(until) if reply.status.as_u16() != until => {
                    if started.elapsed() > PATIENCE {
                        bail!("never answered with {until}: {reply}");
                    }
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                }
                _ => return Ok(reply),
            }
        }
    }

    fn headers(&self, request: &Request) -> Vec<(String, String)> {
        let fill = |(name, value): &(String, String)| (name.clone(), self.fill(value));
        request.headers.iter().map(fill).collect()
    }

    fn keep(&mut self, step: &Step, body: &Value) {
        for (name, pointer) in &step.save {
            let value = match body.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => continue,
            };
            self.saved.insert(name.clone(), value);
        }
        // The newest revision that was seen, for watches from there.
        let revisions = std::iter::once(body)
            .chain(body["items"].as_array().into_iter().flatten())
            .filter_map(|object| object["metadata"]["resourceVersion"].as_str()?.parse().ok());
        self.revision = revisions.fold(self.revision, u64::max);
        self.saved.insert("newest".to_owned(), self.revision.to_string());
    }

    /// A text with what was saved in the places of `${name}`.
    fn fill(&self, text: &str) -> String {
        if !text.contains("${") {
            return text.to_owned();
        }
        let mut filled = text.to_owned();
        for (name, value) in &self.saved {
            filled = filled.replace(&format!("${{{name}}}"), value);
        }
        filled
    }

    async fn read(&mut self, watch: &str, last: Option<&str>) -> Result<Vec<Value>> {
        let stream = self.watches.get_mut(watch).context("no such watch")?;
        let mut events = Vec::new();
        while let Some(event) = stream
            .next_within(EVENT)
            .await
            .with_context(|| format!("after {}", json!(events)))?
        {
            let object = &event["object"];
            let name = object["metadata"]["name"].as_str();
            let row = object["rows"][0]["object"]["metadata"]["name"].as_str();
            let is_last = last.is_some() && (last == name || last == row || last == event["type"].as_str());
            events.push(event);
            if is_last {
                break;
            }
        }
        Ok(events)
    }
}

fn body_of(reply: &Reply) -> Value {
    let is_yaml = reply
        .headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().ends_with(b"yaml"));
    if is_yaml && let Ok(value) = serde_yaml::from_slice(&reply.body) {
        return value;
    }
    serde_json::from_slice(&reply.body).unwrap_or_else(|_| Value::String(reply.text()))
}

/// Leaves what an old server and a new one must have in common.
fn loosen(answer: &mut Value) {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("warnings");
        fields.remove("type");
    }
    if answer["body"]["kind"] == "Status" {
        let body = &answer["body"];
        answer["body"] = json!({"status": body["status"], "reason": body["reason"], "code": body["code"]});
    }
    without_managed_fields(answer);
}

fn without_managed_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("managedFields");
            fields.values_mut().for_each(without_managed_fields);
        }
        Value::Array(items) => items.iter_mut().for_each(without_managed_fields),
        _ => {}
    }
}

/// Warnings about formats come from a map of Go, in an order of its own each time.
fn in_one_order(mut warnings: Vec<String>) -> Vec<String> {
    let is_about_format = |text: &String| text.contains("unrecognized format");
    let mut about_formats: Vec<String> = warnings
        .iter()
        .filter(|text| is_about_format(text))
        .cloned()
        .collect();
    about_formats.sort();
    let mut sorted = about_formats.into_iter();
    for warning in warnings.iter_mut().filter(|text| is_about_format(text)) {
        *warning = sorted.next().unwrap_or_default();
    }
    warnings
}
