//! GS101: the file is not YAML.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS101",
    name: "yaml-syntax",
    level: Level::Error,
    summary: "the file is not YAML",
    explanation: "What cannot be parsed cannot be judged, and the cluster refuses it. Reading goes on at the next \
                  `---`, so the other documents of the file are still judged. Lines are counted from the top of \
                  the file.",
    bad: "spec:\n  title: Upgrade: phase 1\n",
    good: "spec:\n  title: \"Upgrade: phase 1\"\n",
};
