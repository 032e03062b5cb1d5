//! GS114: a path could escape or mislead.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS114",
    name: "tree-unsafe-path",
    level: Level::Error,
    summary: "A path could escape or mislead",
    explanation: "An absolute path, `..`, a backslash or a control character in a name can make a tool write \
                  outside its folder, or show a reviewer another name than the real one. Git allows them; a tree \
                  of manifests does not need them.\n\n\
                  There is no example here: the rule is about names of files, not about what they hold.",
    bad: "",
    good: "",
};
