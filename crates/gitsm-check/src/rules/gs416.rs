//! GS416: a service level whose clock cannot do what it is for.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::KindSet;
use crate::engine::judge::Subject;
use crate::engine::rulebook::Rulebook;
use crate::sla::condition_traps;
use gitsm_api::v1alpha1::SLAPolicy;
use gitsm_core::sla::{AroundTheClock, SlaPolicy, Trap, traps_of_targets};
use gitsm_core::time::Instant;
use gitsm_schema::Path;
use serde::Deserialize as _;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS416",
    name: "service-level-trap",
    level: Level::Warning,
    summary: "The clocks of a service level never start, never stop, or cannot pause",
    explanation: "Conditions that are right one by one can be wrong together: a start that implies the stop makes a \
clock that never attaches; a pause that implies the stop ends it instead of pausing it. The conditions \
are tried on records of every phase, with and without the fields that people write; a condition over other fields \
may be taken for one that never holds, so this is a warning. Targets that the calendar never reaches and thresholds out of order are reported as well.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: SLAPolicy
metadata:
  name: gold
  namespace: shop
spec:
  appliesTo:
    kind: Incident
  metric: Resolve
  targets:
    - minutes: 480
  conditions:
    start: \"true\"
    stop: \"true\"
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
  slaPolicies:
    - name: gold
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
kind: SLAPolicy
metadata:
  name: gold
  namespace: shop
spec:
  appliesTo:
    kind: Incident
  metric: Resolve
  targets:
    - minutes: 480
  conditions:
    start: \"true\"
    stop: has(record.status) && record.status.?phase.orValue('New') in ['Resolved', 'Closed']
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
  slaPolicies:
    - name: gold
",
};

/// Reports the traps of a service level.
pub(crate) fn check(
    subject: &Subject<'_>,
    kinds: &KindSet,
    rulebook: &Rulebook,
    at: Instant,
    findings: &mut Vec<Finding>,
) {
    // What does not convert or compile is reported as such.
    let Some(policy) = SLAPolicy::deserialize(subject.value)
        .ok()
        .and_then(|object| SlaPolicy::try_from(&object).ok())
    else {
        return;
    };
    let Ok(mut traps) = condition_traps(kinds, &policy, at) else {
        return;
    };
    match policy
        .calendar
        .as_ref()
        .map(|name| rulebook.calendars().resolve(name))
    {
        None => traps.extend(traps_of_targets(&policy, &AroundTheClock, at)),
        Some(Ok(calendar)) => traps.extend(traps_of_targets(&policy, &calendar, at)),
        Some(Err(_)) => {}
    }
    // A service level for some priorities only is a choice.
    traps.retain(|trap| !matches!(trap, Trap::NoTarget { priority: Some(_) }));
    for trap in traps {
        findings.push(subject.place.finding(&META, &path(&trap), trap.to_string()));
    }
}

/// The field of a trap, written by it as people write it: `conditions.stop`, `thresholds[1]`.
fn path(trap: &Trap) -> Path {
    let spec = Path::root().field("spec");
    match trap {
        Trap::ThresholdsUnordered { index, .. } => spec.field("thresholds").index(*index),
        _ => trap
            .field()
            .split('.')
            .fold(spec, |path, field| path.field(field)),
    }
}
