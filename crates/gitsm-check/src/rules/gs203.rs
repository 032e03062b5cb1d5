//! GS203: a required field is absent.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS203",
    name: "missing-field",
    level: Level::Error,
    summary: "A required field is absent",
    explanation: "The kind cannot do its work without the field. A field is also absent when it is written without a value.",
    bad: "",
    good: "",
};
