//! GS113: the tree exceeds a limit.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS113",
    name: "tree-limit",
    level: Level::Error,
    summary: "The tree exceeds a limit",
    explanation: "Very large or deep trees are refused before anything in them is read, so that a repository \
                  cannot exhaust its reader. The limits are 200,000 entries, 16 names deep, and 512 bytes a path.\n\n\
                  There is no example here: the rule is about the size of the tree, not about a manifest.",
    bad: "",
    good: "",
};
