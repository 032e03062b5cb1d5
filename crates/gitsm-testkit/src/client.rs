//! Requests as they are: what a test sends is what goes over the wire, and what comes back is kept whole.

use crate::Credentials;
use crate::connections::{Connections, whole};
use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, WARNING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use std::time::Duration;

/// Time for one answer, or for the next event of a stream. A test that waits longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client of one server as one user. Belongs to the runtime of the test that made it.
#[derive(Clone)]
pub struct Client {
    connections: Connections,
    token: Option<HeaderValue>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Client {
    /// A client of the server at `url` (`http://…` or `https://…`), whose certificate `ca` (PEM) has signed.
    ///
    /// # Errors
    /// When the address, the certificate or the credentials cannot be read.
    pub fn new(url: &str, ca: &str, credentials: &Credentials) -> Result<Self> {
        let token = match credentials {
            Credentials::Token(token) => Some(
                HeaderValue::from_str(&format!("Bearer {token}")).context("a token fits into a header")?,
            ),
            _ => None,
        };
        Ok(Self {
            connections: Connections::new(url, ca, credentials)?,
            token,
        })
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// When there is no answer; an answer that refuses is a [`Reply`].
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply> {
        let what = format!("{method} {path}");
        let answer = async {
            let response = self.send(method, path, headers, body.into()).await?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.context("the answer broke off")?.to_bytes();
            Ok::<_, anyhow::Error>(Reply {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .with_context(|| format!("{what}: no answer in {} s", PATIENCE.as_secs()))?
            .context(what)
    }

    /// Reads an object, a list, or whatever is at a path.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.request(Method::GET, path, &[], Bytes::new()).await
    }

    /// Creates an object.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, object: &Value) -> Result<Reply> {
        self.request(Method::POST, path, &[JSON], object.to_string())
            .await
    }

    /// Replaces an object.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn put(&self, path: &str, object: &Value) -> Result<Reply> {
        self.request(Method::PUT, path, &[JSON], object.to_string()).await
    }

    /// Patches an object; `kind` is the media type of the patch.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn patch(&self, path: &str, kind: &str, patch: &Value) -> Result<Reply> {
        let headers = [(CONTENT_TYPE.as_str(), kind)];
        self.request(Method::PATCH, path, &headers, patch.to_string())
            .await
    }

    /// Deletes an object or a collection.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn delete(&self, path: &str) -> Result<Reply> {
        self.request(Method::DELETE, path, &[], Bytes::new()).await
    }

    /// Opens a stream of lines, such as a watch.
    ///
    /// # Errors
    /// When there is no answer; an answer that refuses is a stream with its status.
    pub async fn stream(&self, path: &str, headers: &[(&str, &str)]) -> Result<Stream> {
        let response = tokio::time::timeout(PATIENCE, self.send(Method::GET, path, headers, Bytes::new()))
            .await
            .with_context(|| format!("GET {path}: no answer in {} s", PATIENCE.as_secs()))??;
        let (parts, body) = response.into_parts();
        Ok(Stream {
            status: parts.status,
            headers: parts.headers,
            body,
            read: BytesMut::new(),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<http::Response<Incoming>> {
        let mut request = Request::new(whole(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().with_context(|| format!("{path:?} is no path"))?;
        let own = request.headers_mut();
        own.insert(
            HOST,
            HeaderValue::from_str(self.connections.authority()).context("not a host")?,
        );
        if let Some(token) = &self.token {
            own.insert(AUTHORIZATION, token.clone());
        }
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).with_context(|| format!("{name:?} is no header"))?;
            let value =
                HeaderValue::from_str(value).with_context(|| format!("{value:?} fits in no header"))?;
            own.append(name, value);
        }
        self.connections.send(request).await
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none; the error shows it.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {self}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The texts of the warnings, as kubectl would print them.
    pub fn warnings(&self) -> Vec<String> {
        self.headers
            .get_all(WARNING)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    /// This answer if it is a success.
    ///
    /// # Errors
    /// With status and body otherwise.
    pub fn success(self) -> Result<Self> {
        anyhow::ensure!(self.status.is_success(), "{self}");
        Ok(self)
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.status, self.text())
    }
}

/// An answer that goes on until one side ends it.
pub struct Stream {
    /// The HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    body: Incoming,
    read: BytesMut,
}

impl Stream {
    /// The next line as JSON; nothing when the stream has ended.
    ///
    /// # Errors
    /// When the stream breaks off, a line is no JSON, or nothing comes.
    pub async fn next(&mut self) -> Result<Option<Value>> {
        self.next_within(PATIENCE).await
    }

    /// As [`Stream::next`], with less or more patience.
    ///
    /// # Errors
    /// As [`Stream::next`].
    pub async fn next_within(&mut self, patience: Duration) -> Result<Option<Value>> {
        let line = tokio::time::timeout(patience, self.line())
            .await
            .with_context(|| format!("nothing came in {patience:?}"))??;
        line.map(|line| {
            serde_json::from_slice(&line)
                .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(&line)))
        })
        .transpose()
    }

    async fn line(&mut self) -> Result<Option<Bytes>> {
        let mut searched = 0;
        loop {
            let end = self.read[searched..].iter().position(|&byte| byte == b'\n');
            if let Some(end) = end {
                let line = self.read.split_to(searched + end + 1).freeze();
                return Ok(Some(line.slice(..line.len() - 1)));
            }
            searched = self.read.len();
            match self.body.frame().await {
                None if self.read.is_empty() => return Ok(None),
                None => return Ok(Some(self.read.split().freeze())),
                Some(frame) => {
                    if let Ok(data) = frame.context("the stream broke off")?.into_data() {
                        self.read.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ApiServer as _;
    use crate::fake::Fake;

    #[tokio::test]
    async fn answers_are_kept_whole() {
        let server = Fake::start(&[("/found", &["{\"a\":", "1}"])]);
        let client = server.client().unwrap();
        let found = client.get("/found").await.unwrap().success().unwrap();
        assert_eq!(found.json().unwrap()["a"], 1);
        assert_eq!(found.warnings(), ["299 - \"fake\""]);
        let missing = client.get("/missing").await.unwrap();
        assert_eq!(missing.status, 404);
        assert!(missing.success().unwrap_err().to_string().starts_with("404"));
    }

    #[tokio::test]
    async fn lines_of_a_stream_come_one_by_one_however_they_are_cut() {
        let server = Fake::start(&[("/watch", &["{\"n\":1}\n{\"n\"", ":2}", "\n{\"n\":3}"])]);
        let client = server.client().unwrap();
        let mut stream = client.stream("/watch", &[]).await.unwrap();
        for expected in 1..=3 {
            assert_eq!(stream.next().await.unwrap().unwrap()["n"], expected);
        }
        assert_eq!(stream.next().await.unwrap(), None);
    }
}
