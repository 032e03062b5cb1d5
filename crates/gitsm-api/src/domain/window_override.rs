//! From the wire types of `WindowOverride` to the domain types of decisions.

use crate::estate::Estate;
use crate::v1alpha1::window_override::{WindowOverrideSpec, WindowOverrideStatus};
use gitsm_core::ident::{ChangeId, WindowId, WindowOverrideId};
use gitsm_core::time::Duration;
use gitsm_core::window::{Interval, Override};

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

/// One override; `None` if it never came into force.
pub fn window_override(
    id: WindowOverrideId,
    spec: &WindowOverrideSpec,
    status: &WindowOverrideStatus,
) -> Option<Override> {
    let (asked, confirmed) = (status.requested_by.as_ref()?, status.confirmed_by.as_ref()?);
    if asked == confirmed {
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
        let spec = json!({"window": {"name": "peak", "namespace": "org"}, "change": "fix", "reason": "It burns",
            "duration": "2h"});
        let converted = window_override(
            "shop/now".parse().unwrap(),
            &serde_json::from_value(spec).unwrap(),
            &serde_json::from_value(status.clone()).unwrap(),
        );
        converted.map(|one| serde_json::to_value(one).unwrap())
    }

    #[test]
    fn only_what_two_people_agreed_to_counts_and_not_for_longer_than_agreed() {
        let status = json!({"requestedBy": "ann", "confirmedBy": "bob", "activeFrom": "2027-01-01T00:00:00Z",
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
}
