//! GS503: a `gitsm: allow` comment that does nothing.

use super::RuleMeta;
use crate::allow::AllowComment;
use crate::diagnostic::{Finding, Level, RuleId, Span};
use std::sync::Arc;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS503",
    name: "ineffective-allow",
    level: Level::Warning,
    summary: "A `gitsm: allow` comment that does nothing",
    explanation: "A comment that accepts a finding must give a reason, and must match a finding on the lines it covers. One \
that matches nothing is a leftover that would hide the next finding of that rule. Errors of the groups \
GS1xx to GS3xx, GS406, GS408 and GS502, and rules of a policy that deny and do not set `allowSuppression`, \
cannot be accepted by a comment.",
    bad: "\
# gitsm: allow GS404 the services come next quarter
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
",
};

/// Reports a comment that silenced nothing, or could not.
pub(crate) fn check(
    file: &Arc<str>,
    comment: &AllowComment,
    silenced: u64,
    refused: bool,
    findings: &mut Vec<Finding>,
) {
    let code = comment.rule.split('/').next().unwrap_or(&comment.rule);
    let (message, hint) = if super::find(code).is_none() {
        (
            format!("{:?} is not a rule", comment.rule),
            "`gitsm explain` lists the rules",
        )
    } else if comment.reason.is_empty() {
        (
            format!("the comment gives no reason to allow {}", comment.rule),
            "write the reason behind the rule",
        )
    } else if refused {
        (
            format!("{} cannot be allowed by a comment", comment.rule),
            "mend the finding; it protects the estate",
        )
    } else if silenced == 0 {
        (
            format!("the comment allows {}, which finds nothing here", comment.rule),
            "remove the comment",
        )
    } else {
        return;
    };
    let finding = Finding::new(
        RuleId::builtin(META.id),
        META.level,
        Arc::clone(file),
        Some(Span::empty(comment.at)),
        message,
    );
    findings.push(finding.with_hint(hint));
}
