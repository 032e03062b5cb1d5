//! Tests of the conversions of service levels.

use super::*;
use gitsm_core::sla::{
    AroundTheClock, ConditionName, Conditions, Event, OnPriorityChange, REQUEST_PHASES, SlaClockState, Timer,
};
use gitsm_core::time::Instant;
use serde_json::json;

fn estate(objects: &[Value]) -> Estate {
    let mut estate = Estate::default();
    for object in objects {
        let mut object = object.clone();
        object["apiVersion"] = json!("gitsm.dev/v1alpha1");
        estate.insert(&object).unwrap();
    }
    estate
}

fn policy(name: &str, applies_to: &Value, more: &Value) -> Value {
    let mut object = json!({
        "kind": "SLAPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"appliesTo": applies_to, "metric": "Resolve", "targets": [{"minutes": 60}]},
    });
    for (field, value) in more.as_object().unwrap() {
        object["spec"][field] = value.clone();
    }
    object
}

fn service(name: &str, more: &Value) -> Value {
    let mut object = json!({
        "kind": "ITService",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"displayName": "A", "owner": "team", "state": "Production", "tier": 1},
    });
    for (field, value) in more.as_object().unwrap() {
        object["spec"][field] = value.clone();
    }
    object
}

fn incident() -> TimedRecord {
    TimedRecord {
        kind: TimedKind::Incident,
        namespace: "shop".parse().unwrap(),
        name: "inc-1".parse().unwrap(),
    }
}

fn domain(object: &Value) -> Result<SlaPolicy, SlaPolicyError> {
    let estate = estate(std::slice::from_ref(object));
    let policy = estate.sla_policies.values().next().unwrap();
    SlaPolicy::try_from(policy)
}

#[test]
fn a_policy_gets_the_conditions_of_its_metric() {
    let of_incidents = json!({"kind": "Incident"});
    let found = domain(&policy("gold", &of_incidents, &json!({}))).unwrap();
    assert_eq!(found.clock_name().as_str(), "gold.resolve");
    assert_eq!(found.on_change, OnPriorityChange::Retroactive);
    assert!(found.retro_pause);
    assert_eq!(
        Some(found.conditions),
        default_conditions(SlaMetric::Resolve, TimedKind::Incident)
    );
    let own = json!({"conditions": {"start": "true", "stop": "false"}});
    let found = domain(&policy("gold", &of_incidents, &own)).unwrap();
    assert_eq!(found.conditions.stop.as_str(), "false");
    let error = domain(&policy("gold", &json!({"kind": "Change"}), &json!({}))).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("for records of kind Change; write them"),
        "{error}"
    );
    for (targets, why) in [
        (json!([{"minutes": 0}]), "1 to 525600"),
        (
            json!([{"minutes": 1}, {"minutes": 2}]),
            "two targets for the priority Any",
        ),
    ] {
        let error = domain(&policy("gold", &of_incidents, &json!({"targets": targets}))).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn records_are_timed_by_the_policies_of_their_services() {
    let of_incidents = json!({"kind": "Incident"});
    let selecting = |tier: u8| json!({"kind": "Incident", "services": {"tiers": [tier]}});
    let of_template =
        json!({"kind": "ServiceRequest", "services": {"all": true}, "requestTemplates": ["database"]});
    let estate = estate(&[
        service("checkout", &json!({"slaPolicies": [{"name": "named"}]})),
        service("search", &json!({})),
        json!({"kind": "ServiceCatalog", "metadata": {"name": "all"}, "spec": {
            "title": "All", "owner": "team", "services": {"all": true},
            "changePolicy": {"defaultWhenNoWindow": "Open"},
            "defaults": {"slaPolicies": [{"name": "default", "namespace": "shop"}]},
        }}),
        json!({"kind": "RequestTemplate", "metadata": {"name": "database", "namespace": "shop"}, "spec": {
            "title": "Database", "owner": "team", "service": "search", "repository": "deploy", "approvalPolicy": "a",
            "render": [{"path": "a.yaml", "content": "a"}], "branch": "main", "description": "A",
        }}),
        policy("named", &of_incidents, &json!({})),
        policy("default", &of_incidents, &json!({})),
        policy("unused", &of_incidents, &json!({})),
        policy("tier-1", &selecting(1), &json!({})),
        policy("tier-2", &selecting(2), &json!({})),
        policy("requests", &of_template, &json!({"metric": "Fulfil"})),
    ]);
    let names = |record: &TimedRecord, snapshot: Value| -> Vec<String> {
        let policies = estate.policies_of_record(record, &snapshot).into_iter();
        policies
            .filter_map(|policy| policy.metadata.name.clone())
            .collect()
    };
    let about = |services: &[&str]| json!({"spec": {"services": services}});
    assert_eq!(names(&incident(), about(&["checkout"])), ["named", "tier-1"]);
    assert_eq!(names(&incident(), about(&["search"])), ["default", "tier-1"]);
    let affected = json!({"spec": {"services": []}, "status": {"affectedServices": [{"name": "search"}]}});
    assert_eq!(names(&incident(), affected), ["default", "tier-1"]);
    assert_eq!(names(&incident(), about(&["unknown"])), [""; 0]);
    let request = TimedRecord {
        kind: TimedKind::ServiceRequest,
        ..incident()
    };
    assert_eq!(
        names(&request, json!({"spec": {"template": "database"}})),
        ["requests"]
    );
    assert_eq!(names(&request, json!({"spec": {"template": "other"}})), [""; 0]);
}

#[test]
fn a_calendar_is_read_in_the_zone_that_the_policy_says() {
    let calendar = |name: &str, zone: &str| {
        json!({"kind": "BusinessCalendar", "metadata": {"name": name}, "spec": {
            "timeZone": zone, "weekly": [{"days": ["Monday"], "from": "09:00", "to": "17:00"}]}})
    };
    let mut objects = vec![
        calendar("office", "Europe/Berlin"),
        calendar("abroad", "America/New_York"),
        service("checkout", &json!({"calendar": "abroad"})),
        json!({"kind": "Team", "metadata": {"name": "team"}, "spec": {"displayName": "Team", "members": [
            {"id": "ana", "name": "Ana", "timeZone": "Asia/Tokyo"}, {"id": "ben", "name": "Ben"}]}}),
    ];
    for (name, zone) in [
        ("own", "Calendar"),
        ("service", "Service"),
        ("requester", "Requester"),
    ] {
        let counted = json!({"calendar": "office", "timeZone": zone});
        objects.push(policy(name, &json!({"kind": "Incident"}), &counted));
    }
    objects.push(policy("always", &json!({"kind": "Incident"}), &json!({})));
    objects.push(policy(
        "broken",
        &json!({"kind": "Incident"}),
        &json!({"calendar": "offfice"}),
    ));
    let estate = estate(&objects);
    let zone = |policy: &str, reporter: &str| {
        let object = estate.sla_policies.get("shop", policy).unwrap();
        let snapshot = json!({"spec": {"services": ["checkout"], "reporter": reporter}});
        let calendar = estate.calendar_of_clock(object, &incident(), &snapshot);
        calendar.map(|calendar| calendar.map(|calendar| calendar.rules().time_zone.to_string()))
    };
    assert_eq!(zone("own", "ana").unwrap().as_deref(), Some("Europe/Berlin"));
    assert_eq!(
        zone("service", "ana").unwrap().as_deref(),
        Some("America/New_York")
    );
    assert_eq!(zone("requester", "ana").unwrap().as_deref(), Some("Asia/Tokyo"));
    assert_eq!(
        zone("requester", "ben").unwrap().as_deref(),
        Some("Europe/Berlin")
    );
    assert_eq!(zone("always", "ana"), Ok(None));
    assert!(zone("broken", "ana").is_err());
}

/// Start from the first event on; pause on odd ones.
struct OddPauses;

impl Conditions for OddPauses {
    fn holds(&self, condition: ConditionName, snapshot: &Value, _: Instant) -> Result<bool, String> {
        Ok(match condition {
            ConditionName::Start => true,
            ConditionName::Pause => snapshot == &json!(1),
            _ => false,
        })
    }
}

#[test]
fn a_clock_is_shown_as_its_schema_allows() {
    let policy = domain(&policy("gold", &json!({"kind": "Incident"}), &json!({}))).unwrap();
    assert_eq!(sla_clock(&policy, &Clock::default(), None, "2026a"), None);
    let start: Instant = "2027-02-01T10:00:00Z".parse().unwrap();
    let events: Vec<Event> = (0..200_u64)
        .map(|sequence| Event {
            sequence,
            recorded_at: start.plus(jiff::SignedDuration::from_secs(
                i64::try_from(sequence).unwrap() * 10,
            )),
            effective_at: None,
            snapshot: json!(sequence % 2),
            priority: None,
            actor: None,
            reason: Some(Text::clip("Awaiting")),
        })
        .collect();
    let timer = Timer {
        policy: &policy,
        conditions: &OddPauses,
        time: &AroundTheClock,
    };
    let replay = timer.replay(&events, start.plus(jiff::SignedDuration::from_secs(1_985)));
    let shown = sla_clock(&policy, &replay.clock, Some(75), "2026a").unwrap();
    assert_eq!(shown.state, SlaClockState::Running);
    assert_eq!(shown.elapsed_seconds_at_last_event, 99 * 10);
    assert_eq!(shown.last_event_at.unwrap().to_string(), "2027-02-01T10:33:00Z");
    assert_eq!(shown.breach_at.unwrap().to_string(), "2027-02-01T11:16:30Z");
    assert_eq!(
        (shown.pauses.len(), shown.notified_percent),
        (MAX_PAUSES, Some(75))
    );
    assert_eq!(shown.pauses[49].from.to_string(), "2027-02-01T10:32:50Z");
    // What was elapsed then and the time since make what is elapsed now.
    assert_eq!(replay.reading.elapsed.as_secs(), 99 * 10 + 5);
}

#[test]
fn the_phases_of_requests_are_known_to_the_lint() {
    let phases: Vec<_> = crate::v1alpha1::service_request::ServiceRequestPhase::ALL
        .iter()
        .map(|phase| phase.as_str())
        .collect();
    assert_eq!(phases, REQUEST_PHASES);
}
