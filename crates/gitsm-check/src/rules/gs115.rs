//! GS115: two names differ only in case or Unicode form.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS115",
    name: "tree-name-collision",
    level: Level::Error,
    summary: "Two names differ only in case or Unicode form",
    explanation: "On macOS and Windows such names are one file, so one of the two silently replaces the other: \
                  what was reviewed is not what a checkout holds.\n\n\
                  There is no example here: the rule is about names of files, such as `services/Payments.yaml` \
                  beside `services/payments.yaml`.",
    bad: "",
    good: "",
};
