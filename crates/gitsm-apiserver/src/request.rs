//! What a request asks for: its attributes, as authorisation and audit see them, and its options.

use crate::error::ApiError;

/// What is done to a resource; the words of RBAC rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// One object is read.
    Get,
    /// Objects are listed.
    List,
    /// Changes are followed.
    Watch,
    /// An object is created.
    Create,
    /// An object is replaced.
    Update,
    /// An object is changed in part.
    Patch,
    /// An object is deleted.
    Delete,
    /// Objects are deleted.
    DeleteCollection,
}

impl Verb {
    /// The word of RBAC rules and discovery.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }
}

/// A request for a resource: `GET /apis/gitsm.dev/v1alpha1/namespaces/shop/changes/x/status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRequest {
    /// What is done.
    pub verb: Verb,
    /// API group; empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Plural resource.
    pub resource: String,
    /// `status`, `scale`, `token`, ...
    pub subresource: Option<String>,
    /// Namespace; `None` for cluster-scoped resources and for requests over all namespaces.
    pub namespace: Option<String>,
    /// Name of the object; `None` for collections.
    pub name: Option<String>,
}

/// Options of list, watch and deletecollection requests, as given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// `labelSelector`.
    pub label_selector: Option<String>,
    /// `fieldSelector`.
    pub field_selector: Option<String>,
    /// `limit`; 0 and absent mean none.
    pub limit: u64,
    /// `continue`.
    pub continue_token: Option<String>,
    /// `resourceVersion`.
    pub resource_version: Option<String>,
    /// `resourceVersionMatch`.
    pub resource_version_match: Option<String>,
    /// `watch`.
    pub watch: bool,
    /// `allowWatchBookmarks`.
    pub allow_bookmarks: bool,
    /// `sendInitialEvents`; `None` when not given.
    pub send_initial_events: Option<bool>,
    /// `timeoutSeconds`.
    pub timeout_seconds: Option<u64>,
}

/// What happens to unknown and duplicate fields of a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped.
    Ignore,
    /// They are dropped, and the answer carries a warning for each. The default.
    #[default]
    Warn,
    /// The request fails.
    Strict,
}

/// Options of create, update and patch requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// `dryRun=All`: everything but storing.
    pub dry_run: bool,
    /// `fieldManager`; where absent, what stands before the first `/` of the User-Agent.
    pub field_manager: String,
    /// Whether `fieldManager` was given.
    pub field_manager_given: bool,
    /// `fieldValidation`.
    pub field_validation: FieldValidation,
    /// `force`, of apply patches.
    pub force: Option<bool>,
}

/// What becomes of dependants of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They stay.
    Orphan,
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
}

/// Options of delete and deletecollection requests: from the query, or from a `DeleteOptions` body, which wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `propagationPolicy`, or what the deprecated `orphanDependents` says.
    pub propagation: Option<Propagation>,
    /// `preconditions.uid`.
    pub uid: Option<String>,
    /// `preconditions.resourceVersion`.
    pub resource_version: Option<String>,
    /// `gracePeriodSeconds`; nothing here waits, it is checked only.
    pub grace_period_seconds: Option<i64>,
}

/// How a patch body is to be read: by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902, `application/json-patch+json`.
    Json,
    /// RFC 7386, `application/merge-patch+json`.
    Merge,
    /// `application/strategic-merge-patch+json`, built-in kinds only.
    Strategic,
    /// `application/apply-patch+yaml`.
    Apply,
}

impl FieldValidation {
    /// Reads the query parameter.
    ///
    /// # Errors
    /// 422 for an unknown word, as upstream.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "" | "Warn" => Ok(Self::Warn),
            "Ignore" => Ok(Self::Ignore),
            "Strict" => Ok(Self::Strict),
            other => Err(ApiError::new(
                422,
                "Invalid",
                format!(
                    "fieldValidation: Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                ),
            )),
        }
    }
}
