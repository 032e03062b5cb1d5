//! GS201: a value breaks the schema of its field.

use super::RuleMeta;
use crate::diagnostic::Level;
use gitsm_schema::FieldError;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS201",
    name: "invalid-value",
    level: Level::Error,
    summary: "A value breaks the schema of its field",
    explanation: "The value has the wrong type, is out of range, too long, not one of the allowed words, or does not fit \
the pattern of its field. The API server refuses such an object too. `kubectl explain` \
and the JSON Schemas under `crds/schemas/` say what a field takes.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  tier: 5
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: ITService
metadata:
  name: checkout
  namespace: shop
spec:
  displayName: Checkout
  owner: payments
  state: Experimental
  tier: 4
",
};

/// The allowed values, and the one that was probably meant.
pub(crate) fn enum_hint(error: &FieldError) -> Option<String> {
    let allowed = error.detail.strip_prefix("supported values: ")?;
    let given = error
        .value
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let closest = allowed
        .split(", ")
        .map(|value| value.trim_matches('"'))
        .map(|value| {
            (
                strsim::damerau_levenshtein(&value.to_lowercase(), &given.to_lowercase()),
                value,
            )
        })
        .min()
        .filter(|(distance, value)| *distance <= 1 + value.len() / 4);
    Some(match closest {
        Some((_, value)) => format!("did you mean `{value}`? Allowed are {allowed}"),
        None => format!("allowed are {allowed}"),
    })
}
