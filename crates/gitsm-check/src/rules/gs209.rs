//! GS209: a value that has the right form, but no meaning.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_api::{DecodeStep, KindInfo};
use gitsm_schema::{Path, Segment};

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS209",
    name: "invalid-domain-value",
    level: Level::Error,
    summary: "A value that has the right form, but no meaning",
    explanation: "The value fits the pattern of its field and still says nothing that exists: a calendar date such as \
2026-02-30, a duration beyond what the type holds. gitsm refuses it when it reads the object, so it is \
refused here.",
    bad: "",
    good: "",
};

/// Reads the object as gitsm reads it, and reports what the types of the fields refuse.
pub(crate) fn check(subject: &Subject<'_>, info: &KindInfo, findings: &mut Vec<Finding>) {
    let Err(error) = info.decode(subject.value) else {
        return;
    };
    let path: Path = error
        .path
        .into_iter()
        .map(|step| match step {
            DecodeStep::Field(name) => Segment::Field(name),
            DecodeStep::Index(index) => Segment::Index(index),
        })
        .collect();
    let is_zone = matches!(path.segments().last(), Some(Segment::Field(name)) if name == "timeZone");
    let meta = if is_zone { &super::gs406::META } else { &META };
    findings.push(
        subject
            .place
            .finding(meta, &path, format!("{path}: {}", error.message)),
    );
}
