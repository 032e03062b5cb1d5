//! GS102: the file is not clean UTF-8 text.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS102",
    name: "text-encoding",
    level: Level::Error,
    summary: "the file is not clean UTF-8 text",
    explanation: "Manifests are UTF-8, with or without a byte order mark. NUL and other control characters are \
                  refused, by the cluster's reader too. Indentation is made of spaces: a tab has no agreed width, \
                  so readers disagree about what is inside what.",
    bad: "spec:\n\ttitle: x\n",
    good: "spec:\n  title: x\n",
};
