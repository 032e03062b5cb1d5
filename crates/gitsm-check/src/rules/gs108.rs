//! GS108: a value or key cannot be expressed in JSON.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS108",
    name: "not-json",
    level: Level::Error,
    summary: "a value or key cannot be expressed in JSON",
    explanation: "The cluster turns YAML into JSON, which has no infinite numbers and whose keys are strings. \
                  `.inf`, `.nan`, a null key, or a list as a key make the cluster refuse the document.",
    bad: "spec:\n  budget: .inf\n",
    good: "spec:\n  budget: 1000000\n",
};
