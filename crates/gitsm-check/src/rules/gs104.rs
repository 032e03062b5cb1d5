//! GS104: a key is given twice in one map.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS104",
    name: "duplicate-key",
    level: Level::Error,
    summary: "a key is given twice in one map",
    explanation: "Readers disagree about which of two values counts, so a reviewer may approve one and the \
                  cluster apply the other. Keys are compared as the cluster stores them: `1` and `\"1\"` are one \
                  key.",
    bad: "spec:\n  tier: gold\n  tier: bronze\n",
    good: "spec:\n  tier: gold\n",
};
