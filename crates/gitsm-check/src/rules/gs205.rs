//! GS205: a validation rule of the kind does not hold.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS205",
    name: "failed-rule",
    level: Level::Error,
    summary: "A validation rule of the kind does not hold",
    explanation: "Kinds carry rules about several of their fields together, such as that a window ends after it starts. \
They are part of the custom resource definition (`x-kubernetes-validations`), so the API server evaluates \
the same rule and refuses the object with the same message.",
    bad: "",
    good: "",
};
