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
//! | `now` | the instant of the run, a timestamp |
//! | `variables.<name>` | the policy's own variables |
//!
//! A policy that names `service` is evaluated once for each service the object is about. An expression that
//! cannot be evaluated counts as a breach: a policy never fails open.

mod compile;
mod evaluate;
mod scope;

pub(crate) use compile::{compile, describe, record_environment};
pub(crate) use evaluate::without_values;

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
