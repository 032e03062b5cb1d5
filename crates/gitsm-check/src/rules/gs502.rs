//! GS502: a policy could not be evaluated over an object.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS502",
    name: "policy-not-evaluated",
    level: Level::Error,
    summary: "A rule of a RecordPolicy cannot be evaluated over an object",
    explanation: "The expression failed for this object: most often it reads an optional field without `has()`. \
A policy never fails open, so the object counts as in breach until the expression is mended.",
    bad: "apiVersion: gitsm.dev/v1alpha1\nkind: RecordPolicy\nmetadata:\n  name: parents\nspec:\n  match:\n    kinds: [Team]\n  rules:\n    - id: not-own-parent\n      expression: object.spec.parent != object.metadata.name\n      message: a team is not its own parent\n---\napiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n",
    good: "apiVersion: gitsm.dev/v1alpha1\nkind: RecordPolicy\nmetadata:\n  name: parents\nspec:\n  match:\n    kinds: [Team]\n  rules:\n    - id: not-own-parent\n      expression: \"!has(object.spec.parent) || object.spec.parent != object.metadata.name\"\n      message: a team is not its own parent\n---\napiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n",
};
