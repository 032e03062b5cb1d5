//! GS415: an approval policy that nobody can satisfy.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use crate::engine::rulebook::Rulebook;
use gitsm_api::domain::approval_policy::approval_policy;
use gitsm_api::v1alpha1::ApprovalPolicySpec;
use gitsm_core::approval::{ApprovalRule, Unmeetable, unmeetable};
use gitsm_core::time::Instant;
use gitsm_schema::Path;
use serde::Deserialize as _;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS415",
    name: "unsatisfiable-approval",
    level: Level::Error,
    summary: "An approval policy asks for more people than there are",
    explanation: "A rule that asks for three approvers of a team of two, or two rules that both need the only person who \
can fill them, blocks every change for ever; people then look for a way around the policy. One person fills one rule \
unless the policy says `distinct: false`. Rules that ask the owners of the affected services depend on the change and \
are not judged here. A policy that can be met, but not for changes of certain people, is noted.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members:
    - id: ana
      displayName: Ana
      forgeLogin: ana
      roles: [Approver]
    - id: ben
      displayName: Ben
      forgeLogin: ben
      roles: [Approver]
    - id: eva
      displayName: Eva
      forgeLogin: eva
      roles: [Approver]
---
apiVersion: gitsm.dev/v1alpha1
kind: ApprovalPolicy
metadata:
  name: production
spec:
  rules:
    - name: payments
      count: 4
      teams: [payments]
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
  members:
    - id: ana
      displayName: Ana
      forgeLogin: ana
      roles: [Approver]
    - id: ben
      displayName: Ben
      forgeLogin: ben
      roles: [Approver]
    - id: eva
      displayName: Eva
      forgeLogin: eva
      roles: [Approver]
---
apiVersion: gitsm.dev/v1alpha1
kind: ApprovalPolicy
metadata:
  name: production
spec:
  rules:
    - name: payments
      count: 1
      teams: [payments]
",
};

/// Reports the rules that cannot be met.
pub(crate) fn check(subject: &Subject<'_>, rulebook: &Rulebook, at: Instant, findings: &mut Vec<Finding>) {
    let Some(spec) = subject
        .value
        .get("spec")
        .and_then(|spec| ApprovalPolicySpec::deserialize(spec).ok())
    else {
        return;
    };
    let policy = approval_policy(&spec);
    let everybody = rulebook.directory();
    // A team or member that does not exist is reported as such.
    let dangling = |rule: &ApprovalRule| {
        rule.teams.iter().any(|team| !everybody.teams.contains_key(team))
            || rule
                .members
                .iter()
                .any(|member| !everybody.people.contains_key(member))
    };
    for found in unmeetable(&policy, everybody, rulebook.roles(), at) {
        let mut rules = policy
            .rules
            .iter()
            .filter(|rule| found.rules.contains(&rule.name));
        if rules.any(dangling) {
            continue;
        }
        let path = path(&spec, &found);
        let mut finding = subject.place.finding(&META, &path, found.why.clone());
        if !found.is_always() {
            finding.level = Level::Note;
        }
        findings.push(finding);
    }
}

/// The first of the rules.
fn path(spec: &ApprovalPolicySpec, found: &Unmeetable) -> Path {
    let rules = Path::root().field("spec").field("rules");
    match spec
        .rules
        .iter()
        .position(|rule| found.rules.contains(&rule.name))
    {
        Some(index) => rules.index(index),
        None => rules,
    }
}
