//! Estates made from seeds.

use crate::estate::{Estate, EstateError};
use crate::kinds;
use crate::sample::{self, Choices};
use gitsm_core::time::Instant;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// An estate, and instants to ask about.
pub(super) struct World {
    pub(super) estate: Estate,
    pub(super) instants: Vec<Instant>,
}

/// The estates that laws are tried on: made once, which takes longer than most laws.
pub(super) static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| (0..40).map(World::new).collect());

/// How many objects of each kind are tried; of those with one name and namespace the first counts.
const EACH: usize = 4;

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let bytes = bytes(seed, 60_000);
        let mut choices = Choices::new(&bytes);
        let mut estate = Estate::default();
        for info in kinds() {
            // Two catalogues that select one service leave it without any.
            let count = if info.kind == "ServiceCatalog" { 1 } else { EACH };
            for _ in 0..count {
                let mut object = sample::object(info, &mut choices);
                if choices.yes_in(2) {
                    mend(&mut object, &mut choices);
                }
                match estate.insert(&object) {
                    Ok(()) | Err(EstateError::Twice { .. }) => {}
                    Err(error) => panic!("{error}: {object:#}"),
                }
            }
        }
        let mut instants = vec![Instant::MIN, Instant::MAX];
        instants.extend((0..3).map(|_| sample::instant(&mut choices)));
        Self { estate, instants }
    }
}

/// Bytes of a seed (SplitMix64).
fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    });
    words.flatten().take(count).collect()
}

/// Makes an object keep the rules of its kind that a schema cannot say, where few would by chance.
fn mend(object: &mut Value, choices: &mut Choices<'_>) {
    let remove = |spec: &mut Value, names: &[&str]| {
        if let Some(fields) = spec.as_object_mut() {
            for name in names {
                fields.remove(*name);
            }
        }
    };
    let kind = object["kind"].as_str().unwrap().to_owned();
    let spec = &mut object["spec"];
    match kind.as_str() {
        "ChangeWindow" => {
            spec["selector"] = if choices.yes_in(2) {
                json!({"all": true})
            } else {
                json!({"namespaces": ["a", "b", "default"]})
            };
            remove(spec, &["interval", "recurrence"]);
            spec["recurrence"] = json!({"start": "22:00", "duration": choices.pick(&["1h", "6h", "26h"])});
            let (name, pattern) = choices
                .pick(&[
                    (
                        "days",
                        json!(["Monday", "Thursday", "Friday", "Saturday", "Sunday"]),
                    ),
                    ("monthDays", json!([1, 15, -1])),
                    ("nthWeekday", json!({"nth": -1, "weekday": "Sunday"})),
                    ("rrule", json!("FREQ=WEEKLY;BYDAY=SA,SU")),
                ])
                .clone();
            spec["recurrence"][name] = pattern;
        }
        "ServiceCatalog" => {
            spec["services"] = json!({});
            spec["changePolicy"]["windowNamespaces"] = json!(["a", "b", "c", "default"]);
        }
        "ApprovalPolicy" => {
            remove(
                spec,
                &["selector", "delegations", "attestation", "distinct", "separation"],
            );
            let rules = spec["rules"].as_array_mut().unwrap();
            rules.truncate(2);
            for rule in rules {
                remove(rule, &["when", "members", "roles"]);
                rule["count"] = json!(1);
                rule["teams"] = json!(["a", "b", "c"]);
            }
        }
        "Team" => {
            for member in spec
                .get_mut("members")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                remove(member, &["from", "until", "roles"]);
                member["forgeId"] = json!(100 + choices.below(3));
            }
        }
        "BusinessCalendar" => {
            remove(spec, &["inherits", "specialDays"]);
            spec["weekly"] = json!([{"days": ["Monday", "Friday"], "from": "09:00", "to": "17:00"}]);
        }
        "SLAPolicy" => {
            remove(spec, &["calendar"]);
            spec["targets"] = json!([{"priority": "Any", "minutes": 60}]);
            spec["conditions"] = json!({"start": "a", "stop": "b", "pause": "c", "resume": "d"});
        }
        "RiskPolicy" => {
            // Which tier, impact and factor an entry is for is chance otherwise.
            let levels = ["Low", "Moderate", "High", "VeryHigh"];
            let tiers = (1..=4).map(|tier| json!({"tier": tier, "impact": choices.pick(&levels)}));
            spec["impact"]["tiers"] = tiers.collect();
            let rows = levels
                .iter()
                .map(|impact| json!({"impact": impact, "levels": levels}));
            spec["matrix"] = rows.collect();
            let kinds = [
                "Backout",
                "DiffSize",
                "TeamScore",
                "Novelty",
                "ErrorBudget",
                "TimePressure",
            ];
            let factors = kinds.iter().map(|kind| {
                let name = kind.to_lowercase();
                json!({"name": name, "kind": kind, "weight": 1 + choices.below(1000)})
            });
            spec["factors"] = factors.collect();
            remove(spec, &["questions"]);
        }
        _ => {}
    }
}
