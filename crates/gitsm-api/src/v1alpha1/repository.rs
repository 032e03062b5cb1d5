//! `Repository`: where the estate comes from, and who is trusted.

use super::shared::SecretReference;
use crate::choice::choices;
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{
    BranchName, Email, GitRevision, GitUrl, HttpUrl, MemberId, NamespaceName, RepositoryName, RepositoryPath,
    ServiceAccountName,
};
use gitsm_core::time::{Duration, Instant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

// Neither `EveryCommit` nor `Enforce` can be a default: they need keys and a baseline, which only people
// can supply.
choices! {
    /// What must be signed.
    #[derive(Default)]
    pub enum VerifyMode {
        /// Nothing.
        #[default]
        None,
        /// The last commit.
        Head,
        /// Every commit since the last applied one.
        EveryCommit,
    }
}

choices! {
    /// The form of a key.
    pub enum KeyType {
        /// A public key of SSH, one line as in `authorized_keys`.
        Ssh,
        /// A public key of OpenPGP, armoured.
        OpenPgp,
    }
}

choices! {
    /// Who merges.
    #[derive(Default)]
    pub enum MergeMode {
        /// People merge; gitsm says through its check whether they may.
        #[default]
        Manual,
        /// gitsm merges when everything holds and the window is open.
        Auto,
    }
}

choices! {
    /// What happens to a commit that no approval covers.
    #[derive(Default)]
    pub enum Enforcement {
        /// It is applied and reported.
        #[default]
        Audit,
        /// It is not applied.
        Enforce,
    }
}

/// A git repository that gitsm reads manifests from, gates pull requests of, and writes its journal to. It
/// is the root of trust: people create it in the cluster, never through git.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Repository",
    plural = "repositories",
    shortname = "grepo",
    category = "gitsm",
    status = "RepositoryStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Repository` custom resource: [`RepositorySpec`] and [`RepositoryStatus`].",
    printcolumn(
        name = "URL",
        type_ = "string",
        json_path = ".spec.url",
        description = "Where it is fetched from"
    ),
    printcolumn(
        name = "BRANCH",
        type_ = "string",
        json_path = ".spec.branch",
        description = "Branch that is applied"
    ),
    printcolumn(
        name = "READY",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status",
        description = "Whether the last commit is applied"
    ),
    printcolumn(
        name = "APPLIED",
        type_ = "string",
        json_path = ".status.summary",
        description = "Last applied commit, shortened"
    ),
    printcolumn(
        name = "STATUS",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        description = "Why",
        priority = 1
    ),
    printcolumn(
        name = "ENFORCEMENT",
        type_ = "string",
        json_path = ".spec.gate.enforcement",
        description = "Audit or Enforce",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.branch",
    selectable = ".spec.gate.enforcement"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.url == oldSelf.url || !has(self.baseline) || !has(oldSelf.baseline) || self.baseline != oldSelf.baseline", "another url needs another baseline").at(".baseline"),
    rule("self.gate.enforcement != 'Enforce' || has(self.baseline)", "enforcement Enforce needs a baseline: the commit from which on every one must be approved").at(".baseline"),
    rule("self.verify.mode == 'None' || has(self.verify.trustedKeys)", "verification needs trustedKeys").at(".verify.trustedKeys"),
]))]
pub struct RepositorySpec {
    /// Where it is fetched from. Example: `https://github.com/acme/estate.git`.
    pub url: GitUrl,
    /// Branch that is applied. Default: `main`.
    #[serde(default = "main_branch")]
    pub branch: BranchName,
    /// Folder that holds the manifests. Default: the whole repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RepositoryPath>,
    /// How often it is fetched when no webhook arrives, `10s` to `24h`. Default: `1m`.
    #[serde(default = "one_minute")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self >= duration('10s') && self <= duration('24h')", "interval is 10s to 24h")]))]
    pub interval: Duration,
    /// Whether fetching, gating and applying rest. Default: false.
    #[serde(default)]
    pub suspend: bool,
    /// Signatures that are demanded.
    #[serde(default)]
    pub verify: Verification,
    /// The commit from which on every commit must be approved, in full. Required with enforcement
    /// `Enforce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<GitRevision>,
    /// Certificate authorities for the server, key `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretReference>,
    /// Credentials for git: `username` and `password`, or `identity` and `known_hosts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    /// The forge that holds pull requests and reviews. Default: git itself, see `forge.git`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge: Option<Forge>,
    /// What is gated and how.
    #[serde(default)]
    pub gate: Gate,
    /// Where the journal is written. Default: branch `gitsm/journal` of this repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Journal>,
    /// What the repository may contain. Default: every git-managed kind in every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenancy: Option<Tenancy>,
    /// How large it may be.
    #[serde(default)]
    pub limits: Limits,
}

/// Signatures that are demanded, judged by the keys of the last applied commit, never by those of the
/// commits under judgement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// What must be signed. Default: None.
    #[serde(default)]
    pub mode: VerifyMode,
    /// Keys trusted for the first commit; later ones come from the teams. At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub trusted_keys: Vec<TrustedKey>,
}

/// One trusted key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustedKey {
    /// Name of the key, unique in this list. Example: `ana-laptop`.
    pub name: gitsm_core::ident::ResourceName,
    /// Form of the key.
    pub r#type: KeyType,
    /// The public key, at most 8000 characters.
    pub public_key: Text<8000>,
    /// E-mail address that the key may sign for. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Team member whose key it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
}

/// The forge that holds pull requests and reviews. Exactly one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.github) != has(self.git)", "write exactly one of github and git"),
]))]
pub struct Forge {
    /// GitHub or GitHub Enterprise Server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<GitHub>,
    /// No forge: reviews are signed statements in git refs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitForge>,
}

/// GitHub or GitHub Enterprise Server. Exactly one of `app` and `tokenSecretRef`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("has(self.app) != has(self.tokenSecretRef)", "write exactly one of app and tokenSecretRef"),
]))]
pub struct GitHub {
    /// Owner of the repository. Example: `acme`.
    pub owner: Text<100>,
    /// Name of the repository. Example: `estate`.
    pub repository: Text<100>,
    /// Address of the API. Default: `https://api.github.com`.
    #[serde(default, rename = "baseURL", skip_serializing_if = "Option::is_none")]
    pub base_url: Option<HttpUrl>,
    /// A GitHub App.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<GitHubApp>,
    /// A token, key `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretReference>,
    /// Secret with which webhooks are signed, key `secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret_ref: Option<SecretReference>,
}

/// A GitHub App.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitHubApp {
    /// Id of the app.
    #[schemars(range(min = 1))]
    pub app_id: i64,
    /// Id of the installation. Default: found by the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub installation_id: Option<i64>,
    /// Private key, key `privateKey`.
    pub private_key_secret_ref: SecretReference,
}

/// Reviews as signed statements in git refs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitForge {
    /// Prefix of the refs that hold proposals and reviews. Default: `refs/gitsm/`.
    #[serde(default = "ref_prefix")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self.startsWith('refs/') && self.endsWith('/')", "refPrefix starts with refs/ and ends with /")]))]
    pub ref_prefix: Text<100>,
}

/// What is gated and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// Branches whose pull requests are gated. Default: `branch`. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub base_branches: Vec<BranchName>,
    /// Who merges. Default: Manual.
    #[serde(default)]
    pub merge: MergeMode,
    /// What happens to a commit that no approval covers. Default: Audit; Enforce needs a `baseline`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Longest age of an approval. Default: `336h` (14 days).
    #[serde(default = "two_weeks")]
    pub approval_max_age: Duration,
    /// Whether one pull request may touch policies and services together. Default: false.
    #[serde(default)]
    pub allow_mixed_policy_changes: bool,
}

/// Where the journal is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Journal {
    /// The repository. Default: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// The branch; nothing else is on it. Default: `gitsm/journal`.
    #[serde(default = "journal_branch")]
    pub branch: BranchName,
    /// SSH key that signs the journal, key `identity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_secret_ref: Option<SecretReference>,
}

choices! {
    /// The kinds that come from git.
    pub enum ManagedKind {
        /// Teams.
        Team,
        /// Catalogues.
        ServiceCatalog,
        /// Calendars.
        BusinessCalendar,
        /// Change models.
        ChangeModel,
        /// Risk policies.
        RiskPolicy,
        /// Approval policies.
        ApprovalPolicy,
        /// Record policies.
        RecordPolicy,
        /// Priority matrices.
        PriorityMatrix,
        /// Services.
        ITService,
        /// Configuration items.
        ConfigurationItem,
        /// Assets.
        Asset,
        /// Change windows.
        ChangeWindow,
        /// Service level policies.
        SLAPolicy,
        /// Alert routes.
        AlertRoute,
        /// Runbooks.
        Runbook,
        /// Request templates.
        RequestTemplate,
        /// Reviews.
        Review,
        /// Changes.
        Change,
    }
}

/// What a repository may contain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tenancy {
    /// Service account that gitsm acts as when it applies this repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountReference>,
    /// Kinds it may contain. Default: every kind that comes from git.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "set"))]
    pub kinds: Vec<ManagedKind>,
    /// Namespaces it may write to. Default: any. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<NamespaceName>,
}

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountReference {
    /// Name of the ServiceAccount.
    pub name: ServiceAccountName,
    /// Namespace of the ServiceAccount.
    pub namespace: NamespaceName,
}

/// How large a repository may be. A larger one is refused before it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Entries of the tree, 1 to 1000000. Default: 200000.
    #[serde(default = "entries")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_entries: u32,
    /// Largest manifest, in bytes, 1 to 10485760. Default: 1048576.
    #[serde(default = "file_bytes")]
    #[schemars(range(min = 1, max = 10_485_760))]
    pub max_file_bytes: u32,
    /// Deepest folder, 1 to 200. Default: 50.
    #[serde(default = "depth")]
    #[schemars(range(min = 1, max = 200))]
    pub max_depth: u32,
    /// How long fetching may take, at most `1h`. Default: `5m`.
    #[serde(default = "fetch_timeout")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self <= duration('1h')", "fetchTimeout is at most 1h")]))]
    pub fetch_timeout: Duration,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            base_branches: Vec::new(),
            merge: MergeMode::default(),
            enforcement: Enforcement::default(),
            approval_max_age: two_weeks(),
            allow_mixed_policy_changes: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entries: entries(),
            max_file_bytes: file_bytes(),
            max_depth: depth(),
            fetch_timeout: fetch_timeout(),
        }
    }
}

/// What the source controller found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryStatus {
    /// The `metadata.generation` this status was computed from. Lower than `metadata.generation` means that
    /// the status is not up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// The git revision of the estate that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_revision: Option<GitRevision>,
    /// What holds and what does not, by type; see the documentation of conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::conditions_schema")]
    pub conditions: Vec<Condition>,
    /// The last commit seen on the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_revision: Option<GitRevision>,
    /// The last commit applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_revision: Option<GitRevision>,
    /// A commit that is approved and waits for its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_revision: Option<GitRevision>,
    /// A commit that no approval covers. An Acceptance is the only way past it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unauthorized_revision: Option<GitRevision>,
    /// When the branch was last fetched, UTC, to within ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fetch_at: Option<Instant>,
    /// When a commit was last applied, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_applied_at: Option<Instant>,
    /// When the pending commit may be applied, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_open: Option<Instant>,
    /// The last line of the journal that was pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_revision: Option<GitRevision>,
    /// How many objects were applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_count: Option<u32>,
    /// Open pull requests that are gated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_proposals: Option<u32>,
    /// How many findings keep the last commit of the branch from being applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding_count: Option<u32>,
    /// The first of them, at most 20, in order of their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub findings: Vec<SourceFinding>,
    /// The last commits that were decided about, newest first, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub history: Vec<SourceDecision>,
    /// Short text for the printed column. Example: `9f1c2ab0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text<80>>,
}

/// Something that keeps a commit from being applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceFinding {
    /// File and line, or the object. Example: `services/payments.yaml:12`.
    pub place: Text<600>,
    /// The rule that found it; absent where the API server refuses the object. Example: `GS301`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Text<20>>,
    /// What is wrong.
    pub message: Text<500>,
}

/// What was decided about one commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceDecision {
    /// The commit.
    pub revision: GitRevision,
    /// When it was decided so first, UTC.
    pub at: Instant,
    /// The reason, as in condition Ready. Example: `Applied`.
    pub reason: Text<60>,
    /// The same in a sentence.
    pub message: Text<500>,
}

/// The branch that most repositories apply.
fn main_branch() -> BranchName {
    crate::constants::branch("main")
}

fn journal_branch() -> BranchName {
    crate::constants::branch("gitsm/journal")
}

fn ref_prefix() -> Text<100> {
    Text::clip("refs/gitsm/")
}

fn one_minute() -> Duration {
    Duration::constant::<60>()
}

fn two_weeks() -> Duration {
    Duration::constant::<{ 14 * 24 * 3_600 }>()
}

fn fetch_timeout() -> Duration {
    Duration::constant::<300>()
}

fn entries() -> u32 {
    200_000
}

fn file_bytes() -> u32 {
    1_048_576
}

fn depth() -> u32 {
    50
}

custom_kind!(Repository);
