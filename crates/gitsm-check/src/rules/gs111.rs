//! GS111: a submodule lies under the synchronised path.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS111",
    name: "tree-submodule",
    level: Level::Error,
    summary: "A submodule lies under the synchronised path",
    explanation: "A submodule brings content of another repository, which the approval of this one does not \
                  cover. Submodules are never fetched. Seen are those of a commit \
                  (`--base`, `--head`); in a working tree a submodule is a folder like others.\n\n\
                  There is no example here: it is about an entry of the tree, not about the manifests in it.",
    bad: "",
    good: "",
};
