//! GS111: a submodule lies under the synchronised path.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS111",
    name: "tree-submodule",
    level: Level::Error,
    summary: "a submodule lies under the synchronised path",
    explanation: "A submodule brings content of another repository, which the approval of this one does not \
                  cover. Submodules are never fetched.",
    bad: "vendor/policies (a submodule)\n",
    good: "vendor/policies/approval.yaml (a regular file)\n",
};
