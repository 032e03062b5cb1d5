//! GS210: a field or version that will go away.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS210",
    name: "deprecated-field",
    level: Level::Warning,
    summary: "A field or version that will go away",
    explanation: "The kind's definition says that the field or version is deprecated, and what to use instead.\n\n\
There is no example here: no field of gitsm's own kinds is deprecated yet. Kinds that are given with `--crd` may \
have such fields and versions.",
    bad: "",
    good: "",
};
