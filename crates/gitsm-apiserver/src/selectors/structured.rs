//! Label selectors as fields of objects: `matchLabels` and `matchExpressions`.

use serde_json::Value;

/// A structured label selector as text, as Go writes `labels.Selector`: requirements by key, values sorted.
///
/// Requirements that are none are left out.
pub fn text_of(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.map(|(key, value)| {
        (
            key.as_str(),
            format!("{key}={}", value.as_str().unwrap_or_default()),
        )
    });
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    let mut terms: Vec<(&str, String)> = labels.chain(expressions.filter_map(expression)).collect();
    terms.sort_by_key(|(key, _)| *key);
    let terms: Vec<String> = terms.into_iter().map(|(_, term)| term).collect();
    terms.join(",")
}

fn expression(requirement: &Value) -> Option<(&str, String)> {
    let key = requirement["key"].as_str()?;
    let mut values: Vec<&str> = requirement["values"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    values.sort_unstable();
    let values = values.join(",");
    let term = match requirement["operator"].as_str()? {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "Exists" => key.to_owned(),
        "DoesNotExist" => format!("!{key}"),
        _ => return None,
    };
    Some((key, term))
}

#[cfg(test)]
mod tests {
    use super::text_of;
    use serde_json::json;

    #[test]
    fn a_structured_selector_is_written_as_the_real_server_writes_it() {
        let selector = json!({"matchLabels": {"b": "c", "a": "x"}, "matchExpressions": [
            {"key": "z", "operator": "In", "values": ["q", "p"]}, {"key": "k", "operator": "Exists"},
            {"key": "n", "operator": "DoesNotExist"}, {"key": "m", "operator": "NotIn", "values": ["1"]},
            {"key": "l", "operator": "In", "values": ["1"]},
        ]});
        assert_eq!(text_of(&selector), "a=x,b=c,k,l in (1),m notin (1),!n,z in (p,q)");
        assert_eq!(text_of(&json!({})), "");
        assert_eq!(
            text_of(&json!({"matchExpressions": [{"key": 1}, 2, {"key": "a", "operator": "?"}]})),
            ""
        );
    }
}
