//! The conditions of service levels as programs: what the command line and a controller evaluate clocks with.

use crate::engine::KindSet;
use crate::policy::{describe, record_environment, without_values};
use gitsm_core::sla::{
    BusinessTime, ConditionName, ConditionTexts, Conditions, SlaPolicy, Trap, default_conditions,
    representatives, traps_of_conditions, traps_of_targets,
};
use gitsm_core::time::Instant;
use gitsm_core::vocabulary::TimedKind;
use gitsm_schema::cel::{Activation, Binding, Program, Timestamp, Type, Value as CelValue, on_large_stack};
use serde_json::Value;

/// The compiled conditions of one service level.
#[derive(Debug)]
pub struct RecordConditions {
    programs: Vec<(ConditionName, Program)>,
}

/// A condition that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("conditions.{} does not compile: {reason}", condition.field())]
pub struct ConditionError {
    /// The condition.
    pub condition: ConditionName,
    /// Why.
    pub reason: String,
}

impl RecordConditions {
    /// Compiles conditions over records of a kind.
    ///
    /// # Errors
    ///
    /// The first condition that does not compile; rule GS409 reports all of them.
    pub fn compile(kinds: &KindSet, kind: TimedKind, texts: &ConditionTexts) -> Result<Self, ConditionError> {
        let (environment, _) = record_environment(kinds, "record", kind.as_str());
        let compile = || {
            texts
                .iter()
                .map(
                    |(condition, text)| match environment.compile(text, Some(&Type::Bool)) {
                        Ok(program) => Ok((condition, program)),
                        Err(error) => Err(ConditionError {
                            condition,
                            reason: describe(&error, text),
                        }),
                    },
                )
                .collect::<Result<Vec<_>, _>>()
        };
        let programs = on_large_stack(compile).unwrap_or_else(|error| {
            Err(ConditionError {
                condition: ConditionName::Start,
                reason: describe(&error, ""),
            })
        })?;
        Ok(Self { programs })
    }
}

impl Conditions for RecordConditions {
    fn holds(&self, condition: ConditionName, snapshot: &Value, at: Instant) -> Result<bool, String> {
        let Some((_, program)) = self.programs.iter().find(|(name, _)| *name == condition) else {
            return Ok(false);
        };
        // Every instant that is one is within the years that CEL knows.
        let now = Timestamp::from_nanoseconds(at.timestamp().as_nanosecond()).unwrap_or(Timestamp::MAX);
        let activation = Activation::new()
            .with("record", Binding::Json(snapshot))
            .with("now", Binding::Value(CelValue::Timestamp(now)));
        match program.evaluate(&activation) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("its value is of type {}, not bool", other.type_name())),
            Err(error) => Err(without_values(&error.to_string())),
        }
    }
}

/// The traps in a service level: those of its conditions, tried on records of every phase, and those of its targets
/// in a calendar; see `docs/service-levels.md` for what this can see.
///
/// # Errors
///
/// The first condition that does not compile.
pub fn traps(
    kinds: &KindSet,
    policy: &SlaPolicy,
    time: &dyn BusinessTime,
    at: Instant,
) -> Result<Vec<Trap>, ConditionError> {
    let mut traps = condition_traps(kinds, policy, at)?;
    traps.extend(traps_of_targets(policy, time, at));
    Ok(traps)
}

/// The traps of the conditions alone. Those of a metric hold none, and most service levels have no others.
pub(crate) fn condition_traps(
    kinds: &KindSet,
    policy: &SlaPolicy,
    at: Instant,
) -> Result<Vec<Trap>, ConditionError> {
    if default_conditions(policy.metric, policy.kind).as_ref() == Some(&policy.conditions) {
        return Ok(Vec::new());
    }
    tried(kinds, policy, at)
}

/// The traps of conditions that were tried on records.
fn tried(kinds: &KindSet, policy: &SlaPolicy, at: Instant) -> Result<Vec<Trap>, ConditionError> {
    let conditions = RecordConditions::compile(kinds, policy.kind, &policy.conditions)?;
    let records = representatives(policy.kind);
    Ok(traps_of_conditions(policy, &conditions, &records, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConditionName::{Cancel, Pause, Start, Stop};
    use gitsm_core::Text;
    use gitsm_core::sla::{AroundTheClock, SlaMetric};
    use serde_json::json;

    fn instant() -> Instant {
        "2027-02-01T10:00:00Z".parse().unwrap()
    }

    /// The kinds and metrics that have conditions of their own.
    fn defaults() -> impl Iterator<Item = (TimedKind, SlaMetric, ConditionTexts)> {
        TimedKind::ALL.iter().flat_map(|kind| {
            SlaMetric::ALL
                .iter()
                .filter_map(|metric| Some((*kind, *metric, default_conditions(*metric, *kind)?)))
        })
    }

    fn policy(kind: TimedKind, metric: SlaMetric, conditions: &ConditionTexts) -> gitsm_core::sla::SlaPolicy {
        serde_json::from_value(json!({
            "id": "shop/gold", "agreement": "SLA", "kind": kind, "metric": metric, "targets": {"Any": 60},
            "conditions": conditions,
        }))
        .unwrap()
    }

    #[test]
    fn every_default_condition_compiles_holds_no_trap_and_is_known_for_every_record() {
        let kinds = KindSet::new();
        let mut count = 0;
        for (kind, metric, texts) in defaults() {
            count += 1;
            let conditions = RecordConditions::compile(&kinds, kind, &texts).unwrap();
            let records = representatives(kind);
            for (name, text) in texts.iter() {
                assert!(
                    !text.ends_with('…'),
                    "{kind} {metric} {name} is longer than a condition may be"
                );
                for record in &records {
                    let holds = conditions.holds(name, &record.snapshot, instant());
                    assert!(
                        holds.is_ok(),
                        "{kind} {metric} {name}: {}: {holds:?}",
                        record.about
                    );
                }
            }
            let policy = policy(kind, metric, &texts);
            // Which is why `condition_traps` need not try them.
            assert_eq!(tried(&kinds, &policy, instant()).unwrap(), [], "{kind} {metric}");
            let traps = traps(&kinds, &policy, &AroundTheClock, instant()).unwrap();
            assert_eq!(traps, [], "{kind} {metric}");
        }
        assert_eq!(count, 11);
    }

    #[test]
    fn the_defaults_of_resolve_are_what_people_expect() {
        let texts = default_conditions(SlaMetric::Resolve, TimedKind::Incident).unwrap();
        let conditions = RecordConditions::compile(&KindSet::new(), TimedKind::Incident, &texts).unwrap();
        let holding = |phase: &str, hold: Option<&str>| -> Vec<ConditionName> {
            let mut record = json!({"spec": {}, "status": {"phase": phase}});
            if let Some(reason) = hold {
                record["spec"]["hold"] = json!({ "reason": reason });
            }
            let mut names = ConditionName::ALL.iter().copied();
            names
                .by_ref()
                .filter(|name| conditions.holds(*name, &record, instant()).unwrap())
                .collect()
        };
        assert_eq!(holding("New", None), [Start]);
        assert_eq!(holding("OnHold", Some("AwaitingRequester")), [Start, Pause]);
        assert_eq!(holding("OnHold", Some("AwaitingSupplier")), [Start]);
        assert_eq!(holding("InProgress", Some("AwaitingRequester")), [Start]);
        assert_eq!(holding("Mitigated", None), [Start]);
        assert_eq!(holding("Resolved", None), [Stop]);
        assert_eq!(holding("Cancelled", None), [Cancel]);
    }

    #[test]
    fn traps_are_found_in_cel() {
        let texts = |start: &str, stop: &str, pause: Option<&str>| ConditionTexts {
            start: Text::clip(start),
            pause: pause.map(Text::clip),
            resume: None,
            stop: Text::clip(stop),
            reset: None,
            cancel: None,
        };
        let is_open = "record.status.phase in ['New', 'Triage', 'InProgress', 'OnHold']";
        for (texts, expected) in [
            (
                texts(is_open, "has(record.status.phase)", None),
                Trap::StartImpliesStop,
            ),
            (
                texts(is_open, "record.?status.?phase.orValue('') == 'Done'", None),
                Trap::StopNeverHolds,
            ),
            (
                texts(
                    "has(record.status)",
                    "record.status.phase == 'Closed'",
                    Some("has(record.status.priority) || true"),
                ),
                Trap::StartImpliesPause,
            ),
        ] {
            let policy = policy(TimedKind::Incident, SlaMetric::Resolve, &texts);
            let traps = traps(&KindSet::new(), &policy, &AroundTheClock, instant()).unwrap();
            assert!(traps.contains(&expected), "{expected:?}: {traps:?}");
        }
    }

    #[test]
    fn what_does_not_compile_is_named_and_what_fails_shows_no_value() {
        let mut texts = default_conditions(SlaMetric::Resolve, TimedKind::Incident).unwrap();
        texts.stop = Text::clip("record.status.phaze == 'Resolved'");
        let kinds = KindSet::new();
        let error = RecordConditions::compile(&kinds, TimedKind::Incident, &texts).unwrap_err();
        assert_eq!(error.condition, ConditionName::Stop);
        assert!(error.to_string().contains("phaze"), "{error}");
        texts.stop = Text::clip("record.status.priority == 'P1' && now > record.status.resolvedAt");
        let conditions = RecordConditions::compile(&kinds, TimedKind::Incident, &texts).unwrap();
        let missing = conditions.holds(ConditionName::Stop, &json!({"status": {}}), instant());
        assert!(missing.unwrap_err().contains("no such key"));
        let wrong = json!({"status": {"priority": "P1", "resolvedAt": "hunter2"}});
        let error = conditions
            .holds(ConditionName::Stop, &wrong, instant())
            .unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
        let before = json!({"status": {"priority": "P1", "resolvedAt": "2027-02-01T09:00:00Z"}});
        assert_eq!(
            conditions.holds(ConditionName::Stop, &before, instant()),
            Ok(true)
        );
    }
}
