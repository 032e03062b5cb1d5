//! GS407: a request template that does not render.

use super::RuleMeta;
use crate::diagnostic::{Finding, Level};
use crate::engine::judge::Subject;
use gitsm_schema::Path;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value, json};

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS407",
    name: "template-does-not-render",
    level: Level::Error,
    summary: "A file of a RequestTemplate does not render",
    explanation: "The path and content of each rendered file are templates over the template's parameters. They \
are rendered here with example values made from the parameters' types, limits and defaults: a syntax error, a \
parameter that is not declared or a filter that does not exist would otherwise be found by the first user who \
asks. Beside the parameters, `request.name`, `request.namespace` and `request.requester` are in scope.",
    bad: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
---
apiVersion: gitsm.dev/v1alpha1
kind: RequestTemplate
metadata:
  name: database
  namespace: shop
spec:
  title: A database
  owner: payments
  target:
    repository: estate
  parameters:
    - name: database
      type: String
      required: true
  render:
    - path: databases/{{ databse }}.yaml
      content: |
        name: {{ database }}
        requester: {{ request.requester }}
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
kind: RequestTemplate
metadata:
  name: database
  namespace: shop
spec:
  title: A database
  owner: payments
  target:
    repository: estate
  parameters:
    - name: database
      type: String
      required: true
  render:
    - path: databases/{{ database }}.yaml
      content: |
        name: {{ database }}
        requester: {{ request.requester }}
",
};

/// Steps that rendering one file may take: enough for the largest content, and an end for loops.
const FUEL: u64 = 200_000;

/// Renders every file with example values and reports what fails.
pub(crate) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let spec = subject.value.get("spec").unwrap_or(&Value::Null);
    let values = example_values(spec);
    for list in ["render", "revoke"] {
        let files = spec.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, file) in files.enumerate() {
            for field in ["path", "content"] {
                let Some(template) = file.get(field).and_then(Value::as_str) else {
                    continue;
                };
                if let Err(problem) = render(template, &values) {
                    let path = Path::root().field("spec").field(list).index(index).field(field);
                    let message = format!("{path} does not render: {problem}");
                    let names = values
                        .as_object()
                        .into_iter()
                        .flat_map(Map::keys)
                        .cloned()
                        .collect::<Vec<_>>();
                    let hint = format!("in scope are {}", names.join(", "));
                    findings.push(subject.place.finding(&META, &path, message).with_hint(hint));
                }
            }
        }
    }
}

fn render(template: &str, values: &Value) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment
        .render_str(template, Serde(values))
        .map_err(|error| match (error.line(), error.detail()) {
            (Some(line), Some(detail)) => format!("{detail} (line {line} of the template)"),
            (Some(line), None) => format!("{} (line {line} of the template)", error.kind()),
            (None, detail) => detail.map_or_else(|| error.kind().to_string(), str::to_owned),
        })
}

/// One value for each parameter: its default, or one that fits its type.
fn example_values(spec: &Value) -> Value {
    let mut values = Map::new();
    for parameter in spec
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |field: &str| parameter.get(field).and_then(Value::as_str);
        let Some(name) = text("name") else { continue };
        let default = text("default");
        let value = match text("type").unwrap_or_default() {
            "Integer" => default
                .and_then(|default| default.parse::<i64>().ok())
                .or_else(|| parameter.get("minimum").and_then(Value::as_i64))
                .map_or(json!(1), |number| json!(number)),
            "Boolean" => json!(default == Some("true")),
            "Choice" => parameter
                .pointer("/choices/0")
                .cloned()
                .unwrap_or(json!("choice")),
            "Date" => json!(default.unwrap_or("2027-01-31")),
            _ => json!(default.unwrap_or("example")),
        };
        values.insert(name.to_owned(), value);
    }
    let request = json!({"name": "example", "namespace": "default", "requester": "example"});
    values.insert("request".to_owned(), request);
    Value::Object(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_declared_is_an_error_with_its_line() {
        let values =
            example_values(&json!({"parameters": [{"name": "size", "type": "Integer", "minimum": 3}]}));
        assert_eq!(render("size: {{ size }}", &values), Ok("size: 3".to_owned()));
        let problem = render("a\n{{ sise }}", &values).unwrap_err();
        assert!(problem.contains("line 2"), "{problem}");
    }

    #[test]
    fn a_loop_without_end_ends() {
        let template = "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
        render(template, &json!({})).unwrap_err();
    }
}
