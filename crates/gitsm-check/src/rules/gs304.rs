//! GS304: objects that refer to each other in a circle where that has no meaning.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level, Span};
use crate::engine::cycles;
use crate::engine::index::{Entry, Index, ReferenceUse};
use crate::engine::sink::about;
use std::collections::HashMap;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS304",
    name: "reference-cycle",
    level: Level::Error,
    summary: "Objects refer to each other in a circle",
    explanation: "A team that is its own ancestor has no top to escalate to; a calendar that inherits from \
itself has no hours; changes that wait for each other never start. Looked at are the parents of teams and \
configuration items, what calendars inherit, and what configuration items and changes depend on. Services have a \
rule of their own, GS403, because soft dependencies may form a circle.",
    bad: "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n  parent: shop\n---\napiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: shop\nspec:\n  displayName: Shop\n  parent: payments\n",
    good: "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n  parent: shop\n---\napiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: shop\nspec:\n  displayName: Shop\n",
};

/// Fields that must not lead back: kind, and how the field's path starts.
const ACYCLIC: [(&str, &str); 5] = [
    ("Team", "spec.parent"),
    ("BusinessCalendar", "spec.inherits"),
    ("ConfigurationItem", "spec.parent"),
    ("ConfigurationItem", "spec.dependsOn"),
    ("Change", "spec.dependsOn"),
];

/// Reports each circle once, at the reference that closes it.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    for (kind, field) in ACYCLIC {
        let nodes: Vec<&Entry> = index.of_kind(kind).collect();
        let positions: HashMap<(&str, &str), usize> = nodes
            .iter()
            .enumerate()
            .map(|(position, entry)| ((&*entry.namespace, &*entry.name), position))
            .collect();
        let edges: Vec<Vec<(usize, &ReferenceUse)>> = nodes
            .iter()
            .map(|entry| {
                let uses = entry
                    .references
                    .iter()
                    .filter(|reference| reference.field().starts_with(field));
                uses.filter_map(|reference| {
                    let target = index.resolve(std::iter::once(kind), entry, reference)?;
                    Some((*positions.get(&(&*target.namespace, &*target.name))?, reference))
                })
                .collect()
            })
            .collect();
        for cycle in cycles::find(&edges) {
            let cycle: Vec<(&Entry, &str, Span)> = cycle
                .iter()
                .map(|(node, reference)| (nodes[*node], reference.field(), reference.span))
                .collect();
            findings.extend(
                finding(&META, &cycle, "the references form a circle", "leads on")
                    .map(|finding| finding.with_hint("remove the reference that should not be there")),
            );
        }
    }
}

/// Steps of a cycle that a finding names; a reader follows no more.
const NAMED_STEPS: usize = 20;

/// A finding at the last step of a cycle, with the other steps as labels.
pub(super) fn finding(
    meta: &'static RuleMeta,
    cycle: &[(&Entry, &str, Span)],
    message: &str,
    label: &str,
) -> Option<Finding> {
    let ((entry, field, span), others) = cycle.split_last()?;
    let steps = cycle.iter().take(NAMED_STEPS);
    let mut names: Vec<&str> = steps.map(|(entry, _, _)| &*entry.name).collect();
    if cycle.len() > NAMED_STEPS {
        names.push("...");
    }
    names.extend(names.first().copied());
    let message = format!("{message}: {}", names.join(" -> "));
    let finding = Finding {
        field: (*field).to_owned(),
        ..about(meta, entry, *span, message)
    };
    Some(
        others
            .iter()
            .take(NAMED_STEPS)
            .fold(finding, |finding, (entry, _, span)| {
                finding.with_label(entry.file.clone(), *span, format!("{} {label} here", entry.name))
            }),
    )
}
