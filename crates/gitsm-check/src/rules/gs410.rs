//! GS410: a redundancy group that can never have enough members up.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_schema::Path;
use serde_json::Value;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS410",
    name: "unsatisfiable-redundancy",
    level: Level::Error,
    summary: "A redundancy group asks for more members than it has",
    explanation: "The members of a redundancy group stand in for each other; the service is down when fewer than \
`minUp` of them are up. A group that asks for more members than there are would have the service down for \
ever: every change in its blast radius would look like an outage.",
    bad: "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: shop\nspec:\n  displayName: Shop\n---\napiVersion: gitsm.dev/v1alpha1\nkind: ITService\nmetadata:\n  name: orders-db\n  namespace: shop\nspec:\n  displayName: Orders database\n  owner: shop\n  state: Proposed\n---\napiVersion: gitsm.dev/v1alpha1\nkind: ITService\nmetadata:\n  name: orders\n  namespace: shop\nspec:\n  displayName: Orders\n  owner: shop\n  state: Proposed\n  dependsOn:\n    - ref:\n        name: orders-db\n      redundancyGroup: databases\n  redundancyGroups:\n    - name: databases\n      minUp:\n        count: 2\n",
    good: "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: shop\nspec:\n  displayName: Shop\n---\napiVersion: gitsm.dev/v1alpha1\nkind: ITService\nmetadata:\n  name: orders-db\n  namespace: shop\nspec:\n  displayName: Orders database\n  owner: shop\n  state: Proposed\n---\napiVersion: gitsm.dev/v1alpha1\nkind: ITService\nmetadata:\n  name: orders\n  namespace: shop\nspec:\n  displayName: Orders\n  owner: shop\n  state: Proposed\n  dependsOn:\n    - ref:\n        name: orders-db\n      redundancyGroup: databases\n  redundancyGroups:\n    - name: databases\n      minUp:\n        count: 1\n",
};

/// Compares each group's count with the dependencies that belong to it. Percentages always fit.
pub(crate) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let spec = subject.value.get("spec").unwrap_or(&Value::Null);
    let list = |field: &str| spec.get(field).and_then(Value::as_array).into_iter().flatten();
    for (index, group) in list("redundancyGroups").enumerate() {
        let Some(name) = group.get("name").and_then(Value::as_str) else {
            continue;
        };
        let Some(wanted) = group.pointer("/minUp/count").and_then(Value::as_u64) else {
            continue;
        };
        let members = list("dependsOn")
            .filter(|dependency| dependency.get("redundancyGroup").and_then(Value::as_str) == Some(name))
            .count() as u64;
        if wanted > members {
            let path = Path::root()
                .field("spec")
                .field("redundancyGroups")
                .index(index)
                .field("minUp")
                .field("count");
            let message = format!("the group {name:?} needs {wanted} members up and has {members}");
            let finding = subject.place.finding(&META, &path, message);
            findings.push(finding.with_hint("add dependencies with this redundancyGroup, or lower minUp"));
        }
    }
}
