//! GS113: the tree exceeds a limit.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS113",
    name: "tree-limit",
    level: Level::Error,
    summary: "the tree exceeds a limit",
    explanation: "Very large or deep trees are refused before anything in them is read, so that a repository \
                  cannot exhaust its reader. The limits can be set; the defaults are 200,000 entries, 16 folders \
                  deep, 512 bytes a path.",
    bad: "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q.yaml\n",
    good: "services/payments.yaml\n",
};
