//! From the wire types of `WindowOverride` to the domain types of decisions.

use crate::estate::Estate;
use crate::v1alpha1::window_override::{WindowOverrideSpec, WindowOverrideStatus};
use gitsm_core::ident::{ChangeId, WindowId, WindowOverrideId};
use gitsm_core::time::Duration;
use gitsm_core::window::{Interval, Override, WindowOverridePhase};

/// How long an override can be in force, whatever it says: four hours.
const LONGEST: Duration = Duration::constant::<{ 4 * 3_600 }>();

impl Estate {
    /// The overrides that are, were or will be in force. Only what the operator recorded counts (a manifest cannot
    /// put itself in force), and only where two different people agreed.
    pub fn overrides(&self) -> Vec<Override> {
        self.window_overrides
            .iter()
            .filter_map(|(namespace, name, object)| {
                let id = format!("{namespace}/{name}").parse().ok()?;
                window_override(id, &object.spec, object.status.as_ref()?)
            })
            .collect()
    }
}

/// One override; `None` if it never came into force, or somebody ended it and when is not recorded yet.
pub fn window_override(
    id: WindowOverrideId,
    spec: &WindowOverrideSpec,
    status: &WindowOverrideStatus,
) -> Option<Override> {
    let (asked, confirmed) = (status.requested_by.as_ref()?, status.confirmed_by.as_ref()?);
    if asked == confirmed
        || spec
            .second_person
            .as_ref()
            .is_some_and(|named| named != confirmed)
    {
        return None;
    }
    let is_over = match status.phase {
        // What is ahead of the phases that are known is not in force.
        None | Some(WindowOverridePhase::Requested) => return None,
        Some(WindowOverridePhase::Active) => spec.revocation.is_some() || status.revoked_by.is_some(),
        Some(WindowOverridePhase::Expired | WindowOverridePhase::Revoked) => true,
    };
    if is_over && (status.phase == Some(WindowOverridePhase::Active) || status.until.is_none()) {
        return None;
    }
    let from = status.active_from?;
    let longest = spec.duration.min(LONGEST).to_signed();
    let until = status
        .until
        .map_or(from.plus(longest), |until| until.min(from.plus(longest)));
    let namespace = spec
        .window
        .namespace
        .clone()
        .unwrap_or_else(|| id.namespace.clone());
    Some(Override {
        window: WindowId::new(namespace, spec.window.name.clone()),
        change: ChangeId::new(id.namespace.clone(), spec.change.clone()),
        during: Interval::new(from, until).ok()?,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn converted(status: &Value) -> Option<Value> {
        converted_with(&json!({}), status)
    }

    fn converted_with(more: &Value, status: &Value) -> Option<Value> {
        let mut spec = json!({"window": {"name": "peak", "namespace": "org"}, "change": "fix", "reason": "It burns",
            "duration": "2h"});
        for (field, value) in more.as_object().into_iter().flatten() {
            spec[field] = value.clone();
        }
        let converted = window_override(
            "shop/now".parse().unwrap(),
            &serde_json::from_value(spec).unwrap(),
            &serde_json::from_value(status.clone()).unwrap(),
        );
        converted.map(|one| serde_json::to_value(one).unwrap())
    }

    #[test]
    fn only_what_two_people_agreed_to_counts_and_not_for_longer_than_agreed() {
        let status = json!({"phase": "Active", "requestedBy": "ann", "confirmedBy": "bob", "activeFrom": "2027-01-01T00:00:00Z",
            "until": "2027-01-01T01:00:00Z"});
        let expected = json!({"id": "shop/now", "window": "org/peak", "change": "shop/fix",
            "during": {"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T01:00:00Z"}});
        assert_eq!(converted(&status), Some(expected.clone()));
        let with = |field: &str, value: Value| {
            let mut status = status.clone();
            status[field] = value;
            converted(&status)
        };
        assert_eq!(with("confirmedBy", json!("ann")), None);
        assert_eq!(with("confirmedBy", json!(null)), None);
        assert_eq!(with("activeFrom", json!(null)), None);
        assert_eq!(with("until", json!("2027-01-01T00:00:00Z")), None);
        for late in [json!("2028-01-01T00:00:00Z"), json!(null)] {
            assert_eq!(
                with("until", late).unwrap()["during"]["end"],
                "2027-01-01T02:00:00Z"
            );
        }
    }

    #[test]
    fn what_was_ended_or_is_not_confirmed_is_not_in_force() {
        let status = |phase: Option<&str>, until: Option<&str>| {
            json!({"phase": phase, "requestedBy": "ann", "confirmedBy": "bob", "activeFrom": "2027-01-01T00:00:00Z",
                "until": until})
        };
        let end = Some("2027-01-01T00:10:00Z");
        let revoked = json!({"revocation": {"by": "eve"}});
        for (more, phase, until, in_force) in [
            (json!({}), Some("Active"), None, true),
            (json!({}), Some("Expired"), end, true),
            (json!({}), None, end, false),
            (json!({}), Some("Requested"), end, false),
            // Until the operator has recorded when it ended, it is not known how far it reaches.
            (revoked.clone(), Some("Active"), end, false),
            (revoked.clone(), Some("Revoked"), None, false),
            (json!({}), Some("Revoked"), None, false),
            // Afterwards it was in force up to then.
            (revoked, Some("Revoked"), end, true),
            // Only the person who was asked can confirm.
            (json!({"secondPerson": "bob"}), Some("Active"), end, true),
            (json!({"secondPerson": "cleo"}), Some("Active"), end, false),
        ] {
            let converted = converted_with(&more, &status(phase, until));
            assert_eq!(converted.is_some(), in_force, "{more} {phase:?} {until:?}");
            if let Some((one, until)) = converted.zip(until) {
                assert_eq!(one["during"]["end"], until);
            }
        }
    }
}
