//! Reading: single objects and lists.

use super::select::Selection;
use super::{Registry, convert, key_of, stored_resource};
use crate::error::{ApiError, Cause};
use crate::http::go_complaint;
use crate::kind::Kind;
use crate::object::Meta;
use crate::request::ListOptions;
use crate::store::{Expired, Page, PageRequest, Stored};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a request waits for a revision that is not there yet.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// A list as it is to be answered.
#[derive(Debug, Clone, Default)]
pub struct ListReply {
    /// The revision whose state it shows.
    pub revision: u64,
    /// The objects, in the version that was asked for.
    pub items: Vec<Stored>,
    /// The token with which the list goes on; empty at its end.
    pub continue_token: String,
    /// How many objects follow, where that is known.
    pub remaining: Option<usize>,
}

impl Registry {
    /// One object in the version of the kind.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn get(&self, kind: &Kind, namespace: Option<&str>, name: &str) -> Result<Stored, ApiError> {
        let stored = self.store.get(&key_of(kind, namespace, name));
        let stored = stored.ok_or_else(|| ApiError::not_found(kind.named(), name))?;
        Ok(served(kind, &stored))
    }

    /// As [`Registry::get`], but not from before a revision.
    ///
    /// # Errors
    /// 404 where there is none, 500 for a text that is no revision, 504 where the revision does not come.
    pub async fn get_since(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        name: &str,
        since: Option<&str>,
    ) -> Result<Stored, ApiError> {
        let revision = revision(since).map_err(|why| ApiError::new(500, "", why))?;
        self.await_revision(revision).await?;
        self.get(kind, namespace, name)
    }

    /// The objects of a kind that are chosen.
    ///
    /// # Errors
    /// 400 for a bad revision or token, 410 where the revision is no longer known, 504 where it is not yet.
    pub async fn list(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selection: &Selection,
        options: &ListOptions,
    ) -> Result<ListReply, ApiError> {
        let token = options.continue_token.as_deref().map(Token::parse).transpose()?;
        let revision = revision(options.resource_version.as_deref())
            .map_err(|why| ApiError::bad_request(format!("invalid resource version: {why}")))?;
        if token.is_some() && revision > 0 {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        self.await_revision(revision).await?;
        // As upstream, whose cache answers then: everything at once.
        let whole = ListOptions {
            limit: 0,
            ..options.clone()
        };
        let options = if options.resource_version.as_deref() == Some("0") && token.is_none() {
            &whole
        } else {
            options
        };
        if token.is_none()
            && options.resource_version_match.as_deref() != Some("Exact")
            && let Some(reply) = self.look_up(kind, namespace, selection)
        {
            return Ok(reply);
        }
        let page = self.page(kind, namespace, selection, options, token.as_ref(), revision)?;
        Ok(reply(kind, selection, options, page))
    }

    /// A list of at most one object by its name.
    fn look_up(&self, kind: &Kind, namespace: Option<&str>, selection: &Selection) -> Option<ListReply> {
        let name = selection.exact_name()?;
        let namespace = namespace.or_else(|| selection.exact_namespace());
        if kind.namespaced && namespace.is_none() {
            return None;
        }
        // Read first: a watch from here may show the object again, but misses nothing.
        let revision = self.store.revision();
        let found = self.store.get(&key_of(kind, namespace, name));
        let items = found.into_iter().filter(|stored| selection.matches(kind, stored));
        Some(ListReply {
            revision,
            items: items.map(|stored| served(kind, &stored)).collect(),
            ..ListReply::default()
        })
    }

    fn page(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selection: &Selection,
        options: &ListOptions,
        token: Option<&Token>,
        revision: u64,
    ) -> Result<Page, ApiError> {
        let is_exact = match options.resource_version_match.as_deref() {
            Some(wanted) => wanted == "Exact",
            // As upstream: a limited list at a revision shows just that revision.
            None => options.limit > 0 && revision > 0,
        };
        let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
        let request = PageRequest {
            // With selectors the limit counts what is chosen.
            limit: if selection.is_everything() { limit } else { 0 },
            after: token.map(Token::after),
            at_revision: token.map(|token| token.rv).or(is_exact.then_some(revision)),
        };
        let page = self.store.page(&stored_resource(kind), namespace, &request);
        page.map_err(|Expired { oldest }| match token {
            Some(_) => ApiError::expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new \
                 list without the continue parameter.",
            ),
            None => ApiError::expired(format!("The resourceVersion for the provided list is too old. ({revision} < {oldest})")),
        })
    }

    /// Waits for a revision that other clients have seen already; it is never far.
    ///
    /// # Errors
    /// 504 where it does not come.
    pub(super) async fn await_revision(&self, revision: u64) -> Result<(), ApiError> {
        if self.store.revision() >= revision {
            return Ok(());
        }
        let reached = tokio::time::timeout(PATIENCE, self.store.reached(revision)).await;
        reached.map_err(|_| too_large(revision, self.store.revision()))
    }
}

/// A stored object as the version of the request shows it.
pub(super) fn served(kind: &Kind, stored: &Stored) -> Stored {
    Stored {
        revision: stored.revision,
        json: convert::bytes(kind, stored),
    }
}

fn reply(kind: &Kind, selection: &Selection, options: &ListOptions, page: Page) -> ListReply {
    let is_everything = selection.is_everything();
    let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
    let mut items: Vec<Stored> = Vec::new();
    let mut next = page.next;
    let mut found = page.items.into_iter();
    while let Some(stored) = found.next() {
        if !is_everything && !selection.matches(kind, &stored) {
            continue;
        }
        items.push(served(kind, &stored));
        // Whether what follows is chosen is found out with the next page, as upstream does.
        if !is_everything && limit > 0 && items.len() == limit && found.len() > 0 {
            next = items.last().and_then(name_of);
            break;
        }
    }
    let remaining = (is_everything && next.is_some()).then_some(page.remaining);
    let continue_token =
        next.map(|(namespace, name)| Token::new(page.revision, namespace.as_deref(), &name).to_text());
    ListReply {
        revision: page.revision,
        items,
        continue_token: continue_token.unwrap_or_default(),
        remaining,
    }
}

fn name_of(stored: &Stored) -> Option<crate::store::Name> {
    let meta = Meta::of_bytes(&stored.json).ok()?;
    let namespace = (!meta.namespace.is_empty()).then(|| meta.namespace.as_ref().into());
    Some((namespace, meta.name.as_ref().into()))
}

/// 504: a revision that the server has not reached.
pub(super) fn too_large(wanted: u64, current: u64) -> ApiError {
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    ApiError::new(504, "Timeout", message)
        .with_causes(vec![Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        }])
        .retry_after(1)
}

/// Reads a revision; absent and `0` are 0.
pub(super) fn revision(text: Option<&str>) -> Result<u64, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(0);
    };
    text.parse().map_err(|_| {
        format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        )
    })
}

/// Where a list goes on. The same form as upstream's, but nobody should rely on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    v: String,
    rv: u64,
    /// `NAMESPACE/NAME` of the last object, and a byte that sorts behind it.
    start: String,
}

impl Token {
    const VERSION: &'static str = "meta.k8s.io/v1";

    fn new(revision: u64, namespace: Option<&str>, name: &str) -> Self {
        Self {
            v: Self::VERSION.to_owned(),
            rv: revision,
            start: format!("{}/{name}\0", namespace.unwrap_or_default()),
        }
    }

    fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn parse(text: &str) -> Result<Self, ApiError> {
        let invalid = |why: String| {
            ApiError::bad_request(format!(
                "invalid continue token: continue key is not valid: {why}"
            ))
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|error| invalid(error.to_string()))?;
        let token: Self = serde_json::from_slice(&bytes)
            .map_err(|error| invalid(go_complaint(&bytes).unwrap_or_else(|| error.to_string())))?;
        if token.v != Self::VERSION {
            return Err(invalid(format!(
                "server does not recognize this encoded version {:?}",
                token.v
            )));
        }
        if token.rv == 0 || !token.start.contains('/') {
            return Err(invalid(
                "incorrect encoded start resourceVersion (version meta.k8s.io/v1)".to_owned(),
            ));
        }
        Ok(token)
    }

    fn after(&self) -> crate::store::Name {
        let (namespace, name) = self.start.split_once('/').unwrap_or_default();
        let namespace = (!namespace.is_empty()).then(|| namespace.into());
        (namespace, name.trim_end_matches('\0').into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_round_trip() {
        let token = Token::new(7, Some("ns"), "a.b");
        let read = Token::parse(&token.to_text()).unwrap();
        assert_eq!(read.after(), (Some("ns".into()), "a.b".into()));
        assert_eq!(read.rv, 7);
        assert_eq!(Token::new(1, None, "x").after(), (None, "x".into()));
    }

    proptest! {
        #[test]
        fn no_token_panics(text in ".{0,40}", inner in ".{0,40}") {
            let _ = Token::parse(&text);
            let _ = Token::parse(&URL_SAFE_NO_PAD.encode(&inner)).map(|token| token.after());
        }
    }
}
