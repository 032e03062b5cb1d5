//! GS210: a field or version that will go away.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS210",
    name: "deprecated-field",
    level: Level::Warning,
    summary: "A field or version that will go away",
    explanation: "The kind's definition says that the field or version is deprecated, and what to use instead.",
    bad: "",
    good: "",
};
