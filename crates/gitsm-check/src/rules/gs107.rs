//! GS107: a value has an explicit tag.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS107",
    name: "yaml-tag",
    level: Level::Error,
    summary: "a value has an explicit tag",
    explanation: "Tags such as `!!str` or `!Ref` change what a value is, and readers support different ones. \
                  Manifests never need them: quotes make a string.",
    bad: "spec:\n  port: !!str 80\n",
    good: "spec:\n  port: \"80\"\n",
};
