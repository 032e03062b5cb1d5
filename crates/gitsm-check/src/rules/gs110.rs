//! GS110: a symbolic link lies under the synchronised path.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS110",
    name: "tree-symlink",
    level: Level::Error,
    summary: "a symbolic link lies under the synchronised path",
    explanation: "A link can point outside the repository, to a token or a host file, and its target is not what \
                  was reviewed. Files are read from git's object database and links are never followed.",
    bad: "shared.yaml -> ../../etc/passwd\n",
    good: "shared.yaml (a regular file)\n",
};
