//! GS305: one account or key that stands for two people.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::index::{Entry, Facts, Index, Person};
use crate::engine::sink::about;
use std::collections::HashMap;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS305",
    name: "shared-identity",
    level: Level::Error,
    summary: "Two people share an account, an e-mail address or a signing key",
    explanation: "Teams are the only place where accounts become people, and every approval counts people. An \
account that stands for two of them could approve its own change under the other name, and nobody could say \
afterwards who it was. The same person in several teams has the same `id` in each.",
    bad: "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n  members:\n    - id: ana\n      forgeLogin: ana-dev\n    - id: ben\n      forgeLogin: ana-dev\n",
    good: "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments\n  members:\n    - id: ana\n      forgeLogin: ana-dev\n    - id: ben\n      forgeLogin: ben-dev\n",
};

/// Reports every account that is declared for a second person.
pub(crate) fn check(index: &Index, findings: &mut Vec<Finding>) {
    let mut owners: HashMap<(&str, &str), (&Entry, &Person)> = HashMap::new();
    for entry in index.entries() {
        let Facts::Members(people) = &entry.facts else {
            continue;
        };
        for person in people {
            for (what, account) in &person.accounts {
                let (first_entry, first) = *owners.entry((*what, account)).or_insert((entry, person));
                if first.id == person.id {
                    continue;
                }
                let message = format!("{} and {} have the same {what}", first.id, person.id);
                let finding = about(&META, entry, person.span, message);
                findings.push(
                    finding
                        .with_label(
                            first_entry.file.clone(),
                            first.span,
                            format!("{} is declared here", first.id),
                        )
                        .with_hint(
                            "give each person an account of their own, or use one id for the same person",
                        ),
                );
            }
        }
    }
}
