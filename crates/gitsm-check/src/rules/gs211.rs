//! GS211: a manifest carries status.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_schema::Path;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS211",
    name: "status-in-manifest",
    level: Level::Warning,
    summary: "A manifest carries status",
    explanation: "Status is what controllers observed; people never write it. It is ignored when the manifest is applied, \
and looks to the next reader like a fact.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
status:
  observedGeneration: 1
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

/// Reports a status that is not empty.
pub(crate) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let Some(status) = subject.value.get("status") else {
        return;
    };
    if status.is_null() || status.as_object().is_some_and(serde_json::Map::is_empty) {
        return;
    }
    let path = Path::root().field("status");
    findings.push(
        subject
            .place
            .finding_at(
                &META,
                &path,
                subject.place.key_span(&path),
                "status is written by controllers, not by people",
            )
            .with_hint("remove it"),
    );
}
