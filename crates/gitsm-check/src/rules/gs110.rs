//! GS110: a symbolic link lies under the synchronised path.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS110",
    name: "tree-symlink",
    level: Level::Error,
    summary: "A symbolic link lies under the synchronised path",
    explanation: "A link can point outside the repository, to a token or a host file, and its target is not what \
                  was reviewed. Links are never followed.\n\n\
                  There is no example here: it is about an entry of the tree, not about the manifests in it.",
    bad: "",
    good: "",
};
