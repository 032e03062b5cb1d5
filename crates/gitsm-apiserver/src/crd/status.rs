//! Which names a definition gets, and its conditions. Pure functions on the JSON of definitions.

use serde_json::{Map, Value, json};

/// The condition that says that a definition is served.
pub const ESTABLISHED: &str = "Established";
const NAMES_ACCEPTED: &str = "NamesAccepted";
const NON_STRUCTURAL: &str = "NonStructuralSchema";
/// The condition of a definition that is being deleted.
pub const TERMINATING: &str = "Terminating";

/// Whether a condition is `True`.
pub fn is_true(definition: &Value, condition: &str) -> bool {
    conditions(definition).any(|known| known["type"] == condition && known["status"] == "True")
}

fn conditions(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}

/// Sets a condition. The time is that of the last change of its status.
pub fn set_condition(
    definition: &mut Value,
    condition: &str,
    holds: bool,
    reason: &str,
    message: &str,
    now: &str,
) {
    let status = if holds { "True" } else { "False" };
    let list = &mut definition["status"]["conditions"];
    if !list.is_array() {
        *list = json!([]);
    }
    let Some(list) = list.as_array_mut() else { return };
    let known = list.iter_mut().find(|known| known["type"] == condition);
    let same = known.as_ref().is_some_and(|known| known["status"] == status);
    let since = match &known {
        Some(known) if same => known["lastTransitionTime"].clone(),
        _ => now.into(),
    };
    let value = json!({
        "type": condition, "status": status, "lastTransitionTime": since, "reason": reason, "message": message,
    });
    match known {
        Some(known) => *known = value,
        None => list.push(value),
    }
}

/// The names that other definitions of the same group hold, as far as they were accepted.
#[derive(Debug, Default)]
pub struct Taken {
    resources: std::collections::BTreeSet<String>,
    kinds: std::collections::BTreeSet<String>,
}

impl Taken {
    /// From the definitions of the group but the one that is judged.
    pub fn by<'v>(others: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut taken = Self::default();
        for other in others {
            let names = &other["status"]["acceptedNames"];
            taken.resources.extend(resource_names(names).map(str::to_owned));
            let kinds = [&names["kind"], &names["listKind"]];
            taken
                .kinds
                .extend(kinds.into_iter().filter_map(Value::as_str).map(str::to_owned));
        }
        taken.resources.remove("");
        taken.kinds.remove("");
        taken
    }

    fn resource(&self, name: &str) -> Option<String> {
        self.resources
            .contains(name)
            .then(|| format!("{name:?} is already in use"))
    }

    fn kind(&self, name: &str) -> Option<String> {
        self.kinds
            .contains(name)
            .then(|| format!("{name:?} is already in use"))
    }
}

fn resource_names(names: &Value) -> impl Iterator<Item = &str> {
    let single = [&names["plural"], &names["singular"]];
    let short = names["shortNames"].as_array().into_iter().flatten();
    single.into_iter().chain(short).filter_map(Value::as_str)
}

/// The definition with the status it should have: the names that are free, and the conditions that follow.
pub fn settle(definition: &Value, taken: &Taken, now: &str) -> Value {
    let mut settled = definition.clone();
    if !settled["status"].is_object() {
        settled["status"] = json!({});
    }
    let conflict = accept_names(&mut settled, taken);
    match &conflict {
        Some((reason, message)) => set_condition(&mut settled, NAMES_ACCEPTED, false, reason, message, now),
        None => set_condition(
            &mut settled,
            NAMES_ACCEPTED,
            true,
            "NoConflicts",
            "no conflicts found",
            now,
        ),
    }
    let (holds, reason, message) = match conflict {
        // Once served, a definition stays served: its old names hold.
        _ if is_true(definition, ESTABLISHED) => (
            true,
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
        None => (
            true,
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
        Some(_) => (false, "NotAccepted", "not all names are accepted"),
    };
    set_condition(&mut settled, ESTABLISHED, holds, reason, message, now);
    let conditions = settled["status"]["conditions"].as_array_mut();
    if let Some(conditions) = conditions {
        // A definition whose schema is not structural is not accepted, so the condition never holds here.
        conditions.retain(|condition| condition["type"] != NON_STRUCTURAL);
    }
    settled
}

/// Accepts the names that are free; the last that is not is the conflict, as upstream.
fn accept_names(definition: &mut Value, taken: &Taken) -> Option<(String, String)> {
    let wanted = definition["spec"]["names"].clone();
    let mut accepted = definition["status"]["acceptedNames"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut conflict = None;
    let mut note = |reason: &str, message: String| {
        conflict = Some((reason.to_owned(), message));
    };
    let mut single =
        |field: &str, reason: &str, taken: Option<String>, accepted: &mut Map<String, Value>| match taken {
            Some(message) => note(reason, message),
            None => set(accepted, field, wanted.get(field)),
        };
    let text = |field: &str| wanted[field].as_str().unwrap_or_default();
    single(
        "plural",
        "PluralConflict",
        taken.resource(text("plural")),
        &mut accepted,
    );
    single(
        "singular",
        "SingularConflict",
        taken.resource(text("singular")),
        &mut accepted,
    );
    let short = wanted["shortNames"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let short_taken = short.filter_map(|name| taken.resource(name)).next_back();
    single("shortNames", "ShortNamesConflict", short_taken, &mut accepted);
    single("kind", "KindConflict", taken.kind(text("kind")), &mut accepted);
    single(
        "listKind",
        "ListKindConflict",
        taken.kind(text("listKind")),
        &mut accepted,
    );
    set(&mut accepted, "categories", wanted.get("categories"));
    definition["status"]["acceptedNames"] = Value::Object(accepted);
    conflict
}

fn set(fields: &mut Map<String, Value>, field: &str, value: Option<&Value>) {
    match value {
        Some(value) if !value.is_null() => {
            fields.insert(field.to_owned(), value.clone());
        }
        _ => {
            fields.remove(field);
        }
    }
}

/// Marks a definition whose deletion was asked for.
pub fn mark_terminating(definition: &mut Value, now: &str) {
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    set_condition(
        definition,
        TERMINATING,
        true,
        "InstanceDeletionPending",
        message,
        now,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(plural: &str, kind: &str) -> Value {
        json!({"spec": {"names": {"plural": plural, "singular": plural, "kind": kind, "listKind": format!("{kind}List")}}})
    }

    #[test]
    fn free_names_are_accepted_and_the_definition_is_served() {
        let settled = settle(&definition("foos", "Foo"), &Taken::default(), "t");
        assert!(is_true(&settled, NAMES_ACCEPTED) && is_true(&settled, ESTABLISHED));
        assert_eq!(settled["status"]["acceptedNames"], settled["spec"]["names"]);
        assert_eq!(settle(&settled, &Taken::default(), "later"), settled);
    }

    #[test]
    fn a_taken_kind_keeps_a_definition_from_being_served() {
        let first = settle(&definition("foos", "Foo"), &Taken::default(), "t");
        let second = settle(&definition("bars", "Foo"), &Taken::by([&first]), "t");
        assert!(!is_true(&second, NAMES_ACCEPTED) && !is_true(&second, ESTABLISHED));
        assert_eq!(
            second["status"]["acceptedNames"],
            json!({"plural": "bars", "singular": "bars"})
        );
        assert_eq!(second["status"]["conditions"][0]["reason"], "ListKindConflict");
        assert_eq!(
            second["status"]["conditions"][0]["message"],
            "\"FooList\" is already in use"
        );
    }
}
