//! What a policy looks at beside the object that it judges, told from its text before it is compiled.

use serde_json::Value;
use std::ops::BitOr;

/// What must be read before objects are judged by policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    services: bool,
    change: bool,
    changes: bool,
}

impl Needs {
    /// The needs of one policy; one too many only costs time.
    pub(crate) fn of(policy: &Value) -> Self {
        let spec = policy.get("spec").unwrap_or(&Value::Null);
        let matching = spec.get("match").unwrap_or(&Value::Null);
        let list = |parent: &Value, field: &str| {
            let list = parent.get(field).and_then(Value::as_array);
            list.cloned().unwrap_or_default()
        };
        let holders = [list(spec, "variables"), list(spec, "rules")].concat();
        let names = |variable: &str| {
            holders
                .iter()
                .flat_map(|holder| [holder.get("expression"), holder.get("messageExpression")])
                .filter_map(|expression| expression?.as_str())
                .any(|expression| words(expression).any(|word| word == variable))
        };
        let change = names("change") || names("window");
        Self {
            services: change
                || names("service")
                || matching
                    .get("services")
                    .is_some_and(|services| !services.is_null()),
            change,
            // A change that is judged need not be looked up.
            changes: change && list(matching, "kinds").iter().any(|kind| kind != "Change"),
        }
    }

    /// Whether it looks at a change and its windows.
    pub(crate) fn change(self) -> bool {
        self.change
    }

    /// The kinds to read.
    pub(crate) fn kinds(self) -> Vec<&'static str> {
        [
            (self.services, "ITService"),
            (self.change, "ConfigurationItem"),
            (self.changes, "Change"),
        ]
        .into_iter()
        .filter_map(|(needed, kind)| needed.then_some(kind))
        .collect()
    }
}

impl BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            services: self.services || other.services,
            change: self.change || other.change,
            changes: self.changes || other.changes,
        }
    }
}

/// Everything in an expression that may be an identifier.
fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kinds(matched: &Value, expression: &str) -> Vec<&'static str> {
        let policy = json!({"spec": {"match": matched, "rules": [
            {"id": "a", "expression": expression, "message": "a change of a service outside its window"}]}});
        Needs::of(&policy).kinds()
    }

    #[test]
    fn only_what_expressions_name_is_read() {
        let changes = json!({"kinds": ["Change"]});
        let none: [&str; 0] = [];
        for (expression, expected) in [
            ("object.spec.services.size() > 0", &none[..]),
            ("object.spec.model != 'exchange'", &none[..]),
            ("service == null", &["ITService"]),
            ("has(change.type)", &["ITService", "ConfigurationItem"]),
            ("[window.fit]==['Fits']", &["ITService", "ConfigurationItem"]),
        ] {
            assert_eq!(kinds(&changes, expression), expected, "{expression}");
        }
        let selected = json!({"kinds": ["Change"], "services": {"tiers": [1]}});
        assert_eq!(kinds(&selected, "true"), ["ITService"]);
        let overrides = json!({"kinds": ["Change", "WindowOverride"]});
        let all = ["ITService", "ConfigurationItem", "Change"];
        assert_eq!(kinds(&overrides, "window.open"), all);
    }

    #[test]
    fn variables_and_messages_count() {
        let policy = json!({"spec": {"variables": [{"name": "a", "expression": "service.spec"}],
            "rules": [{"id": "b", "expression": "true", "messageExpression": "window.fit"}]}});
        assert_eq!(
            Needs::of(&policy),
            Needs {
                services: true,
                change: true,
                changes: false
            }
        );
        let other = Needs {
            changes: true,
            ..Needs::default()
        };
        assert_eq!((Needs::of(&policy) | other).kinds().len(), 3);
    }
}
