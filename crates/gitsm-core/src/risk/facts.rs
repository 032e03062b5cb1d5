//! What is known about a change when its risk is assessed. `None` always means "not known".

use super::history::RunCounts;
use super::score::TeamScore;
use crate::Text;
use crate::ident::{FieldName, RiskPolicyName, ServiceId};
use crate::selector::{ChangeSubject, ServiceSubject};
use crate::time::Duration;
use crate::vocabulary::{BackoutKind, Tier};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that the risk of one change is computed from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskFacts {
    /// Environment, type and model of the change. Its risk is ignored.
    #[serde(default)]
    pub change: ChangeSubject,
    /// The policy that the change's model names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_policy: Option<RiskPolicyName>,
    /// The affected services, for selectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceSubject>,
    /// The services that would be down if the change failed: the affected ones and all that need them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Vec<DownService>>,
    /// Whether data may be lost for good, where that was found out. Without it the answer to the question
    /// `dataDestructive` decides and, where the policy does not ask it, whether there is a way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_destructive: Option<bool>,
    /// Whether a redundancy group has no spare member left while the change goes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundancy_lost: Option<bool>,
    /// Changes of the same model over the last 365 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_runs: Option<RunCounts>,
    /// The implementing team's changes over the last 365 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_score: Option<TeamScore>,
    /// Lines added and removed by the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_lines: Option<u64>,
    /// Successful changes of the same model over the last 365 days, for the affected item that has the fewest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similar_changes: Option<u32>,
    /// Proof of tests. An empty list says that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Vec<TestFact>>,
    /// How it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backout: Option<BackoutFact>,
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_needed: Option<TimeNeeded>,
    /// How long its window stays open from the planned start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_left: Option<WindowLeft>,
    /// Incidents of the affected items over the last 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents: Option<IncidentCounts>,
    /// Share of the error budget that is used up, of the affected service that used most, in thousandths. More
    /// than 1000 is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_budget_used_permille: Option<u32>,
    /// Changes at the same time to what the affected items depend on, or to the items themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_changes: Option<u32>,
    /// Answers to the questions of policies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<FieldName, AnswerFact>,
}

/// A service that would be down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DownService {
    /// Which one.
    pub id: ServiceId,
    /// How critical it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Whether people outside the organisation use it directly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_facing: Option<bool>,
}

/// One proof of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestFact {
    /// What was tested.
    pub name: Text<120>,
    /// What is known about its result.
    pub result: TestResult,
}

/// What is known about the result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TestResult {
    /// A check run of the head commit passed.
    Passed,
    /// A check run of the head commit failed, or there is none of this name.
    Failed,
    /// A check run is named, its result is not known here.
    Unknown,
    /// The author says so, or links to it; gitsm has not seen it.
    Stated,
}

/// How a change is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackoutFact {
    /// The way back.
    pub kind: BackoutKind,
    /// Whether it was tried.
    pub tested: bool,
}

/// How long a change takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimeNeeded {
    /// Carrying it out.
    pub duration: Duration,
    /// Taking it back.
    pub backout: Duration,
}

impl TimeNeeded {
    /// Both together, in seconds.
    pub fn seconds(self) -> u64 {
        u64::from(self.duration.seconds()) + u64::from(self.backout.seconds())
    }
}

/// How long the window of a change stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WindowLeft {
    /// So many seconds; 0 where no window is open then.
    Seconds(u64),
    /// No window limits the change.
    Unlimited,
}

/// Incidents by priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentCounts {
    /// Of priority 1.
    pub p1: u32,
    /// Of priority 2.
    pub p2: u32,
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerFact {
    /// The answer.
    pub answer: Text<200>,
    /// Who gave it.
    pub from: AnswerOrigin,
}

/// Who answered a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AnswerOrigin {
    /// The author of the change.
    Author,
    /// The defaults of its model.
    Model,
}
