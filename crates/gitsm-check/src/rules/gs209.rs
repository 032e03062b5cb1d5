//! GS209: a value that has the right form, but no meaning.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_api::{DecodeStep, KindInfo};
use gitsm_schema::{Path, Segment};
use serde_json::Value;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS209",
    name: "invalid-domain-value",
    level: Level::Error,
    summary: "A value that has the right form, but no meaning",
    explanation: "The value fits the pattern of its field and still says nothing that gitsm can use: a duration of no \
length (`0h`) or of more than ten years. gitsm refuses it when it reads the \
object, so it is refused here.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: Runbook
metadata:
  name: switch-provider
  namespace: shop
spec:
  title: Switch to the other payment provider
  owner: payments
  testEvery: 0h
  steps:
    - id: switch
      type: Text
      text: Set the flag `provider` to `second` and watch the success rate for five minutes
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: Runbook
metadata:
  name: switch-provider
  namespace: shop
spec:
  title: Switch to the other payment provider
  owner: payments
  testEvery: 720h
  steps:
    - id: switch
      type: Text
      text: Set the flag `provider` to `second` and watch the success rate for five minutes
",
};

/// Reads the object as gitsm reads it, and reports what the types of the fields refuse.
///
/// Decoding stops at the first value; only when it fails are all of them looked for.
pub(crate) fn check(subject: &Subject<'_>, info: &KindInfo, findings: &mut Vec<Finding>) {
    let Err(first) = info.decode(subject.value) else {
        return;
    };
    let before = findings.len();
    for wrong in gitsm_api::values::wrong_values(info, subject.value) {
        let path = at_pointer(subject.value, &wrong.pointer);
        findings.push(finding(subject, &path, &wrong.error.to_string()));
    }
    if findings.len() == before {
        let path: Path = first
            .path
            .into_iter()
            .map(|step| match step {
                DecodeStep::Field(name) => Segment::Field(name),
                DecodeStep::Index(index) => Segment::Index(index),
            })
            .collect();
        findings.push(finding(subject, &path, &first.message));
    }
}

fn finding(subject: &Subject<'_>, path: &Path, message: &str) -> Finding {
    let is_zone = matches!(path.segments().last(), Some(Segment::Field(name)) if name == "timeZone");
    let meta = if is_zone { &super::gs406::META } else { &META };
    subject.place.finding(meta, path, format!("{path}: {message}"))
}

/// The path that a JSON pointer leads along.
fn at_pointer(object: &Value, pointer: &str) -> Path {
    let mut value = Some(object);
    let mut path = Path::root();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        match (value, step.parse::<usize>()) {
            (Some(Value::Array(items)), Ok(index)) => {
                path.push(Segment::Index(index));
                value = items.get(index);
            }
            _ => {
                value = value.and_then(|value| value.get(&step));
                path.push(Segment::Field(step));
            }
        }
    }
    path
}
