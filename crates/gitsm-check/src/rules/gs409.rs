//! GS409: an expression or field path in a manifest that can never be evaluated.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::KindSet;
use crate::engine::judge::Subject;
use crate::policy::{describe, record_environment};
use gitsm_schema::Path;
use gitsm_schema::cel::{DeclKind, DeclType, Environment, Type};
use serde_json::Value;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS409",
    name: "invalid-expression",
    level: Level::Error,
    summary: "A condition of a policy or model does not compile",
    explanation: "Approval rules, change models and service levels carry conditions in CEL. They are compiled \
against the schema of the record that they look at, with the name that the field documents: `change` in an \
ApprovalPolicy and a ChangeModel, `record` in an SLAPolicy. A misspelt field would otherwise make an approval \
rule that never applies, or a clock that never starts. The rules of a RecordPolicy are looked at by GS408.",
    bad: "apiVersion: gitsm.dev/v1alpha1\nkind: ApprovalPolicy\nmetadata:\n  name: production\nspec:\n  rules:\n    - name: owner\n      count: 1\n      roles: [ServiceOwner]\n      when: change.spec.enviroment == 'prod'\n",
    good: "apiVersion: gitsm.dev/v1alpha1\nkind: ApprovalPolicy\nmetadata:\n  name: production\nspec:\n  rules:\n    - name: owner\n      count: 1\n      roles: [ServiceOwner]\n      when: change.spec.environment == 'prod'\n",
};

/// Compiles the conditions of the object and reports what does not compile, at the condition.
pub(crate) fn check(subject: &Subject<'_>, kinds: &KindSet, findings: &mut Vec<Finding>) {
    let spec = subject.value.get("spec").unwrap_or(&Value::Null);
    let path = Path::root().field("spec");
    match subject.id.kind.as_str() {
        "ApprovalPolicy" => {
            let checker = Checker::new(subject, kinds, "change", "Change");
            for (index, rule) in list(spec, "rules") {
                checker.expression(
                    rule.get("when"),
                    &path.field("rules").index(index).field("when"),
                    findings,
                );
            }
        }
        "ChangeModel" => {
            let checker = Checker::new(subject, kinds, "change", "Change");
            for (index, transition) in list(spec, "transitions") {
                let path = path.field("transitions").index(index).field("requires");
                for (index, requirement) in list(transition, "requires") {
                    let path = path.index(index).field("value");
                    match requirement.get("type").and_then(Value::as_str) {
                        Some("Expression") => checker.expression(requirement.get("value"), &path, findings),
                        Some("Field") => checker.field(requirement.get("value"), &path, findings),
                        _ => {}
                    }
                }
            }
        }
        "SLAPolicy" => {
            let kind = spec
                .pointer("/appliesTo/kind")
                .and_then(Value::as_str)
                .unwrap_or("Incident");
            let checker = Checker::new(subject, kinds, "record", kind);
            let conditions = spec
                .get("conditions")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            for (name, condition) in conditions {
                checker.expression(Some(condition), &path.field("conditions").field(name), findings);
            }
        }
        _ => {}
    }
}

/// Judges conditions over one kind of record.
struct Checker<'a> {
    subject: &'a Subject<'a>,
    environment: Environment,
    record: DeclType,
    kind: &'a str,
}

impl<'a> Checker<'a> {
    fn new(subject: &'a Subject<'a>, kinds: &KindSet, variable: &str, kind: &'a str) -> Self {
        let (environment, record) = record_environment(kinds, variable, kind);
        Self {
            subject,
            environment,
            record,
            kind,
        }
    }

    fn expression(&self, source: Option<&Value>, path: &Path, findings: &mut Vec<Finding>) {
        let Some(source) = source.and_then(Value::as_str) else {
            return;
        };
        if let Err(error) = self.environment.compile(source, Some(&Type::Bool)) {
            let message = format!("{path} does not compile: {}", describe(&error, source));
            findings.push(self.subject.place.finding(&META, path, message));
        }
    }

    /// A field path such as `spec.backout`: compiled as a test for that field.
    fn field(&self, source: Option<&Value>, path: &Path, findings: &mut Vec<Finding>) {
        let Some(source) = source.and_then(Value::as_str) else {
            return;
        };
        if !declares(&self.record, source) {
            let message = format!("{path} names {source:?}, which is no field of a {}", self.kind);
            let finding = self.subject.place.finding(&META, path, message);
            findings.push(finding.with_hint(format!(
                "`kubectl explain {}` lists its fields",
                self.kind.to_lowercase()
            )));
        }
    }
}

/// Whether a dotted path leads to a declared field.
fn declares(record: &DeclType, path: &str) -> bool {
    let mut current = record;
    for name in path.trim_start_matches('.').split('.') {
        let next = match &current.kind {
            DeclKind::Object(object) => object.property(name).map(|field| &field.decl),
            DeclKind::Map(values) => Some(values.as_ref()),
            DeclKind::Json | DeclKind::IntOrString => return true,
            DeclKind::Scalar(_) | DeclKind::Date | DeclKind::List(_) | DeclKind::Optional(_) => None,
        };
        match next {
            Some(next) => current = next,
            None => return false,
        }
    }
    true
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_path_is_looked_up_in_the_schema() {
        let change = KindSet::new().declared("Change").unwrap();
        for known in [
            "spec.backout",
            ".spec.plan.start",
            "metadata.name",
            "spec.riskAnswers.anything",
        ] {
            assert!(declares(&change, known), "{known}");
        }
        for unknown in ["spec.backkout", "backout", "spec.plan.start.hour", ""] {
            assert!(!declares(&change, unknown), "{unknown}");
        }
    }
}
