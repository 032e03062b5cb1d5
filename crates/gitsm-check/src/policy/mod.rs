//! `RecordPolicy`: rules of an organisation's own, in CEL over any gitsm object.
//!
//! In scope of an expression are
//!
//! | name | what it is |
//! |---|---|
//! | `object` | the object, with defaults filled in; typed by its schema when the policy is about one kind |
//! | `oldObject` | its version at the base; `null` when there is none |
//! | `service` | the `ITService` that the object is or is about; `null` when there is none |
//! | `diff` | `{operation: "Create"\|"Update", paths: [...]}`: the fields that differ from `oldObject` |
//! | `change` | the change that the object is (`Change`), lifts a window for (`WindowOverride`) or reviews (`Review`): `namespace`, `name`, `object` (the `Change`), `type` and `model` (of its model: a word, and the `ChangeModel`), `services` (each with `namespace`, `name`, `tier`, `object`, the `ITService`) and `tier` (the most critical one) |
//! | `window` | how the plan of that change relates to the windows: `fit`, `reasons`, `windows`, `at`, `until`, `next`, `open` |
//! | `now` | the instant of the run, a timestamp |
//! | `variables.<name>` | the policy's own variables |
//!
//! `change` and `window` are never null. What is not known of a change is absent: `has(change.type)` is false where there
//! is no change or its model cannot be found; only `services` is always there, and may be empty. A service that does not
//! exist is in it without `object`. `window` is about the planned start, less preparation (`window.at`); without a start
//! about a start now. It takes the plan against the windows of all services of the change:
//!
//! - `fit`: `Fits`, `InFreeze`, `OutsideWindow`, `ExceedsWindow`, or `Unknown`, which is also the answer where there is no
//!   change or no plan, where a service cannot be found, and where it depends on a risk that is not computed yet;
//! - `reasons`: sentences, empty exactly if it fits; `windows`: what selects the change, as `namespace/name`;
//! - `until`, `next`: when the state at `window.at` ends, and the next opening after it; absent: not within five years;
//! - `open`: whether the change might start `now`, whatever its plan.
//!
//! A policy that names `service` is evaluated once for each service the object is about. An expression that
//! cannot be evaluated counts as a breach: a policy never fails open.

mod change;
mod compile;
mod evaluate;
mod needs;
mod scope;
#[cfg(test)]
mod tests;

pub(crate) use compile::{compile, describe, record_environment};
pub(crate) use evaluate::without_values;
pub(crate) use needs::Needs;

use crate::diagnostic::{Finding, RuleId};
use crate::engine::prelude::Prelude;
use crate::engine::{KindSet, RunError, parallel};
use compile::CompiledPolicy;
use std::collections::HashSet;

/// The policies of a run, compiled.
#[derive(Debug, Default)]
pub(crate) struct PolicySet {
    policies: Vec<CompiledPolicy>,
    /// Rules whose findings neither a comment nor a setting may lower.
    locked: HashSet<RuleId>,
}

impl PolicySet {
    /// Compiles the policies of the first pass.
    ///
    /// A policy that is itself judged and does not compile is reported where it stands (GS408) and left out here.
    ///
    /// # Errors
    ///
    /// A policy from outside that does not compile: nobody would see that it was left out.
    pub(crate) fn compile(kinds: &KindSet, prelude: &Prelude, jobs: usize) -> Result<Self, RunError> {
        let mut set = Self::default();
        let outcomes = parallel::map(prelude.policies.len(), jobs, |index| {
            compile(kinds, &prelude.policies[index].object)
        });
        for (document, outcome) in prelude.policies.iter().zip(outcomes.map_err(RunError::Thread)?) {
            let compiled = match outcome {
                Ok(compiled) => compiled,
                Err(_) if document.judged => continue,
                Err(faults) => {
                    let reason = faults
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("; ");
                    return Err(RunError::Policy {
                        file: document.file.clone(),
                        reason,
                    });
                }
            };
            set.locked.extend(compiled.locked_rules());
            set.policies.push(compiled);
        }
        Ok(set)
    }

    /// Whether a finding stays as it is, whatever settings and comments say: a rule that denies is broken, or
    /// cannot be evaluated, which must not be a way around it.
    pub(crate) fn locks(&self, finding: &Finding) -> bool {
        let rule = &finding.rule;
        let breach = match rule.as_str().strip_prefix(crate::rules::gs502::META.id) {
            Some(rest) => &RuleId::owned(format!("{}{rest}", crate::rules::gs501::META.id)),
            None => rule,
        };
        self.locked.contains(breach)
    }
}
