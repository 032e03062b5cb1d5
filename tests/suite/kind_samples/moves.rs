//! Moves between phases: the rules of the CRDs against the tables that the code asks.

use super::sample::{Judged, Kind, kinds};
use super::{assert_none, list};
use gitsm_api::can_move;
use gitsm_api::v1alpha1 as api;
use serde_json::{Value, json};

/// A field that moves through phases.
struct Machine {
    kind: &'static str,
    /// JSON pointer of the field.
    pointer: &'static str,
    phases: Vec<&'static str>,
    can_move: fn(&str, &str) -> bool,
}

macro_rules! machine {
    ($kind:literal, $pointer:literal, $phase:ty) => {
        Machine {
            kind: $kind,
            pointer: $pointer,
            phases: <$phase>::ALL.iter().map(|phase| phase.as_str()).collect(),
            can_move: |from, to| {
                let phase = |text: &str| text.parse::<$phase>().expect("a phase");
                can_move(<$phase>::TRANSITIONS, &phase(from), &phase(to))
            },
        }
    };
}

fn machines() -> Vec<Machine> {
    vec![
        machine!("Acceptance", "/status/phase", api::AcceptancePhase),
        machine!("Asset", "/spec/state", api::AssetState),
        machine!("Change", "/status/phase", api::ChangePhase),
        machine!("Incident", "/status/phase", api::IncidentPhase),
        machine!("Problem", "/status/phase", api::ProblemPhase),
        machine!("Review", "/status/phase", api::ReviewPhase),
        machine!("ServiceRequest", "/status/phase", api::ServiceRequestPhase),
        machine!("WindowOverride", "/status/phase", api::WindowOverridePhase),
    ]
}

impl Machine {
    fn kind(&self) -> &'static Kind {
        kinds()
            .iter()
            .find(|kind| kind.info.kind == self.kind)
            .expect("a kind of ours")
    }

    /// The full sample of the kind in a phase.
    fn object_in(&self, phase: &str) -> Value {
        let mut object = self.kind().full().object.clone();
        *object
            .pointer_mut(self.pointer)
            .expect("the full sample has a phase") = json!(phase);
        object
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.phases
            .iter()
            .flat_map(|from| self.phases.iter().map(move |to| (*from, *to)))
    }

    fn judged(&self, from: &str, to: &str) -> Judged {
        Judged {
            kind: self.kind(),
            object: self.object_in(to),
            old: Some(self.object_in(from)),
        }
    }
}

/// Every move between two phases, possible or not, staying included.
pub(super) fn all_moves() -> Vec<Judged> {
    let machines = machines();
    let judged = machines.iter().flat_map(|machine| {
        machine
            .pairs()
            .map(|(from, to)| machine.judged(from, to))
            .collect::<Vec<_>>()
    });
    judged.collect()
}

#[test]
fn rules_allow_exactly_the_moves_of_the_tables() {
    let mut problems = Vec::new();
    for machine in machines() {
        for (from, to) in machine.pairs() {
            let judged = machine.judged(from, to);
            let errors = judged.kind.judge(&judged.object, judged.old.as_ref());
            let is_refused = matches!(
                errors.as_slice(),
                [error] if error.detail == format!("cannot move from {from} to {to}")
                    && format!("/{}", error.field().replace('.', "/")) == machine.pointer
            );
            if !(if (machine.can_move)(from, to) {
                errors.is_empty()
            } else {
                is_refused
            }) {
                problems.push(format!(
                    "{} from {from} to {to}: [{}]",
                    machine.kind,
                    list(&errors)
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn a_new_object_may_be_in_any_phase() {
    let mut problems = Vec::new();
    for machine in machines() {
        for phase in &machine.phases {
            let errors = machine.kind().judge(&machine.object_in(phase), None);
            if !errors.is_empty() {
                problems.push(format!("{} in {phase}: [{}]", machine.kind, list(&errors)));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn tables_and_schemas_know_the_same_phases() {
    for machine in machines() {
        let schema = machine.pointer.replace('/', "/properties/");
        let schema = machine
            .kind()
            .root
            .pointer(&schema)
            .expect("the phase is in the schema");
        assert_eq!(schema["enum"], json!(machine.phases), "{}", machine.kind);
    }
}
