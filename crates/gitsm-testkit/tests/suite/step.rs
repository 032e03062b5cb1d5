//! One request of a script, and what it looks like in one.

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is done to both servers.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) action: Action,
    /// Values to keep from the answer for later steps: name to JSON pointer.
    pub(crate) save: BTreeMap<String, String>,
    /// The request is repeated until it is answered with this status.
    pub(crate) until: Option<u16>,
    /// Which known difference the answers show.
    pub(crate) known: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Request(Request),
    /// Opens a watch and lets it run.
    Open {
        watch: String,
        request: Request,
    },
    /// Reads a watch to its end, or to the event of an object with this name.
    Read {
        watch: String,
        last: Option<String>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn with_body(method: Method, path: impl Into<String>, media_type: &str, body: &Value) -> Self {
        Self {
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body: body.to_string(),
            ..Self::new(method, path)
        }
    }
}

impl From<Request> for Step {
    fn from(request: Request) -> Self {
        Action::Request(request).into()
    }
}

impl From<Action> for Step {
    fn from(action: Action) -> Self {
        Self {
            action,
            save: BTreeMap::new(),
            until: None,
            known: None,
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.action {
            Action::Request(request) => request.fmt(f),
            Action::Open { watch, request } => write!(f, "open {watch}: {request}"),
            Action::Read {
                watch,
                last: Some(last),
            } => write!(f, "read {watch} until {last}"),
            Action::Read { watch, last: None } => write!(f, "read {watch} to its end"),
        }
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        for (name, value) in &self.headers {
            write!(f, " -H '{name}: {value}'")?;
        }
        if !self.body.is_empty() {
            let mut shown: String = self.body.chars().take(6_000).collect();
            if shown.len() < self.body.len() {
                let _ = write!(shown, "... ({} bytes)", self.body.len());
            }
            write!(f, " -d '{shown}'")?;
        }
        Ok(())
    }
}

/// A step as scripts write it: one of the upper-case keys, and what goes with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    #[serde(rename = "GET")]
    get: Option<String>,
    #[serde(rename = "POST")]
    post: Option<String>,
    #[serde(rename = "PUT")]
    put: Option<String>,
    #[serde(rename = "PATCH")]
    patch: Option<String>,
    #[serde(rename = "DELETE")]
    delete: Option<String>,
    #[serde(rename = "OPTIONS")]
    options: Option<String>,
    /// Opens a watch and reads it: to its end, or to the event of the object that `last` names.
    #[serde(rename = "WATCH")]
    watch: Option<String>,
    /// Opens a watch; `name` is what `READ` calls it.
    #[serde(rename = "OPEN")]
    open: Option<String>,
    #[serde(rename = "READ")]
    read: Option<String>,
    name: Option<String>,
    last: Option<String>,
    /// JSON, or text that is sent as it is.
    body: Option<Value>,
    merge: Option<Value>,
    json: Option<Value>,
    strategic: Option<Value>,
    apply: Option<Value>,
    /// The body is this text so many times.
    repeated: Option<(String, usize)>,
    #[serde(rename = "type")]
    media_type: Option<String>,
    accept: Option<String>,
    #[serde(rename = "as")]
    user: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    save: BTreeMap<String, String>,
    until: Option<u16>,
    known: Option<String>,
}

impl Written {
    /// The steps that it stands for.
    pub(crate) fn steps(self) -> Vec<Step> {
        if let Some(watch) = self.read {
            let last = self.last;
            return vec![Action::Read { watch, last }.into()];
        }
        let (method, path, is_watch, is_open) = if let Some(path) = self.get {
            (Method::GET, path, false, false)
        } else if let Some(path) = self.post {
            (Method::POST, path, false, false)
        } else if let Some(path) = self.put {
            (Method::PUT, path, false, false)
        } else if let Some(path) = self.patch {
            (Method::PATCH, path, false, false)
        } else if let Some(path) = self.delete {
            (Method::DELETE, path, false, false)
        } else if let Some(path) = self.options {
            (Method::OPTIONS, path, false, false)
        } else if let Some(path) = self.watch {
            (Method::GET, path, true, false)
        } else {
            (
                Method::GET,
                self.open.expect("a step without a request"),
                false,
                true,
            )
        };
        let bodies = [
            (self.body, JSON),
            (self.merge, MERGE),
            (self.json, JSON_PATCH),
            (self.strategic, STRATEGIC),
            (self.apply, APPLY),
        ];
        let (body, own_type) = bodies
            .into_iter()
            .find_map(|(body, own_type)| Some((body?, Some(own_type))))
            .unwrap_or((Value::Null, None));
        let body = match (self.repeated, body) {
            (Some((text, times)), _) => text.repeat(times),
            (None, Value::Null) => String::new(),
            (None, Value::String(text)) => text,
            (None, body) => body.to_string(),
        };
        let mut headers: Vec<(String, String)> = self.headers.into_iter().collect();
        if let Some(media_type) = self.media_type.as_deref().or(own_type) {
            headers.push(("content-type".to_owned(), media_type.to_owned()));
        }
        headers.extend(self.accept.map(|accept| ("accept".to_owned(), accept)));
        headers.extend(self.user.map(|user| ("impersonate-user".to_owned(), user)));
        let request = Request {
            method,
            path,
            headers,
            body,
        };
        let complete = |action: Action| Step {
            action,
            save: self.save.clone(),
            until: self.until,
            known: self.known.clone(),
        };
        if is_watch {
            let watch = "watch".to_owned();
            let opened = Action::Open {
                watch: watch.clone(),
                request,
            };
            let last = self.last.clone();
            return vec![opened.into(), complete(Action::Read { watch, last })];
        }
        if is_open {
            let watch = self.name.clone().unwrap_or_default();
            return vec![complete(Action::Open { watch, request })];
        }
        vec![complete(Action::Request(request))]
    }
}
