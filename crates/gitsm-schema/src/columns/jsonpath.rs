//! The JSONPath of Kubernetes (`k8s.io/client-go/util/jsonpath`), as far as CRDs may use it: fields, indices, slices,
//! unions, filters, wildcards and the recursive descent. Paths are read once and then followed in many objects.

use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A path that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Wildcard,
    Descent,
    Slice(Slice),
    Union(Vec<Vec<Step>>),
    Filter {
        left: Vec<Step>,
        /// `None` asks whether there is a left side.
        comparison: Option<(String, Vec<Step>)>,
    },
    /// A number, a text or a truth value.
    Constant(Value),
}

/// `[start:end:step]`; an index is a slice of one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Slice {
    start: Option<i64>,
    end: Option<i64>,
    /// The end follows from an index.
    is_index: bool,
    step: Option<i64>,
}

/// How deep unions and filters may nest in a path.
const MAX_NESTING: usize = 8;

/// How many values a path may pass through in one object.
const MAX_VALUES: usize = 100_000;

type Found<'v> = Vec<Cow<'v, Value>>;

impl JsonPath {
    /// Reads a path such as `.spec.replicas` or `.status.conditions[?(@.type=="Ready")].status`, without the braces
    /// that it has in templates.
    ///
    /// # Errors
    ///
    /// A path that is not JSONPath, in the words of Kubernetes where it has them.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self {
            steps: Parser { rest: text }.steps(0)?,
        })
    }

    /// The values at the path; none where a field is absent.
    ///
    /// # Errors
    ///
    /// An index out of bounds, an index or a filter on what is not a list, values that cannot be compared.
    pub fn find<'v>(&self, object: &'v Value) -> Result<Found<'v>, String> {
        follow(vec![Cow::Borrowed(object)], &self.steps)
    }
}

struct Parser<'t> {
    rest: &'t str,
}

fn is_terminator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}

impl<'t> Parser<'t> {
    fn steps(mut self, depth: usize) -> Result<Vec<Step>, String> {
        if depth > MAX_NESTING {
            return Err("path nests too deep".to_owned());
        }
        let mut steps = Vec::new();
        while let Some(first) = self.rest.chars().next() {
            if self.rest.starts_with("[?(") {
                steps.push(self.filter(depth)?);
                continue;
            }
            if let Some(after) = self.rest.strip_prefix("..") {
                if steps.last() == Some(&Step::Descent) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.rest = after;
                steps.push(Step::Descent);
                if after.starts_with(|c: char| c == '_' || c.is_alphanumeric()) {
                    steps.push(self.field());
                }
                continue;
            }
            match first {
                // What follows the action is text.
                '}' => break,
                '\r' | '\n' => return Err("unclosed action".to_owned()),
                ' ' | '@' | '$' => {
                    self.skip(first);
                }
                '[' => self.brackets(depth, &mut steps)?,
                '"' | '\'' => steps.push(self.quoted(first)?),
                '.' => {
                    self.skip(first);
                    steps.push(self.field());
                }
                '+' | '-' => steps.push(self.number()?),
                _ if first.is_numeric() => steps.push(self.number()?),
                _ if first == '_' || first.is_alphanumeric() => steps.push(self.word()?),
                _ => {
                    let code = u32::from(first);
                    return Err(format!(
                        "unrecognized character in action: U+{code:04X} '{first}'"
                    ));
                }
            }
        }
        Ok(steps)
    }

    fn skip(&mut self, character: char) {
        self.rest = self.rest.get(character.len_utf8()..).unwrap_or_default();
    }

    /// Takes what is before the first place where `is_end` holds.
    fn take(&mut self, is_end: impl FnMut(char) -> bool) -> &'t str {
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A field name after its dot; a backslash takes the meaning of what follows.
    fn field(&mut self) -> Step {
        let mut is_escaped = false;
        let name = self.take(|c| {
            let is_end = !is_escaped && is_terminator(c);
            is_escaped = !is_escaped && c == '\\';
            is_end
        });
        if name == "*" {
            Step::Wildcard
        } else {
            Step::Field(name.replace('\\', ""))
        }
    }

    fn word(&mut self) -> Result<Step, String> {
        match self.take(is_terminator) {
            "true" => Ok(Step::Constant(Value::Bool(true))),
            "false" => Ok(Step::Constant(Value::Bool(false))),
            other => Err(format!("unrecognized identifier {other}")),
        }
    }

    fn number(&mut self) -> Result<Step, String> {
        let mut is_first = true;
        let text = self.take(|c| {
            let is_sign = is_first && matches!(c, '+' | '-');
            is_first = false;
            !(is_sign || c == '.' || c.is_numeric())
        });
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(Step::Constant(Value::from(integer)));
        }
        match text.parse::<f64>() {
            Ok(float) => Ok(Step::Constant(Value::from(float))),
            Err(_) => Err(format!("cannot parse number {text}")),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Step, String> {
        self.skip(quote);
        let mut is_escaped = false;
        let text = self.take(|c| {
            let is_end = !is_escaped && c == quote;
            is_escaped = !is_escaped && c == '\\';
            is_end
        });
        if !self.rest.starts_with(quote) || text.contains('\n') {
            return Err("unterminated quoted string".to_owned());
        }
        self.skip(quote);
        let mut plain = String::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            plain.push(match character {
                '\\' => match characters.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(escaped @ ('\\' | '"' | '\'')) => escaped,
                    _ => {
                        return Err(format!(
                            "unquote string {quote}{text}{quote} error invalid syntax"
                        ));
                    }
                },
                other => other,
            });
        }
        Ok(Step::Constant(Value::from(plain)))
    }

    fn brackets(&mut self, depth: usize, steps: &mut Vec<Step>) -> Result<(), String> {
        self.skip('[');
        let text = self.take(|c| matches!(c, ']' | '\n'));
        if !self.rest.starts_with(']') {
            return Err("unterminated array".to_owned());
        }
        self.skip(']');
        if text.contains(',') {
            let parts = text.split(',').map(|part| {
                let part = format!("[{}]", part.trim_matches(' '));
                Parser { rest: &part }.steps(depth + 1)
            });
            steps.push(Step::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            // The key is read as what follows a dot, so dots in it need a backslash.
            let path = format!(".{key}");
            steps.extend(Parser { rest: &path }.steps(depth + 1)?);
            return Ok(());
        }
        steps.push(Step::Slice(slice(if text == "*" { ":" } else { text })?));
        Ok(())
    }

    fn filter(&mut self, depth: usize) -> Result<Step, String> {
        self.rest = self.rest.get(3..).unwrap_or_default();
        let mut quote = None;
        let mut is_escaped = false;
        let text = self.take(|c| {
            let is_end = quote.is_none() && c == ')';
            if !is_escaped && matches!(c, '"' | '\'') {
                quote = match quote {
                    None => Some(c),
                    Some(open) if open == c => None,
                    open => open,
                };
            }
            is_escaped = !is_escaped && c == '\\';
            is_end
        });
        if self.rest.is_empty() || text.contains('\n') {
            return Err("unterminated filter".to_owned());
        }
        self.rest = self
            .rest
            .strip_prefix(")]")
            .ok_or_else(|| "unclosed array expect ]".to_owned())?;
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let parse = |text: &str| Parser { rest: text }.steps(depth + 1);
        let Some(start) = text.find(is_operator).filter(|start| *start > 0) else {
            return Ok(Step::Filter {
                left: parse(text)?,
                comparison: None,
            });
        };
        let (left, rest) = text.split_at(start);
        let right = rest.trim_start_matches(is_operator);
        let operator = rest.strip_suffix(right).unwrap_or(rest);
        Ok(Step::Filter {
            left: parse(left)?,
            comparison: Some((operator.to_owned(), parse(right)?)),
        })
    }
}

fn slice(text: &str) -> Result<Slice, String> {
    let number = |part: Option<&str>| match part {
        None | Some("") => Ok(None),
        Some(digits) => match digits.parse::<i64>() {
            Ok(number) if !digits.starts_with('+') => Ok(Some(number)),
            _ => Err(format!("invalid array index {text}")),
        },
    };
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(format!("invalid array index {text}"));
    }
    let start = number(parts.first().copied())?;
    let is_index = parts.len() == 1;
    Ok(Slice {
        start,
        end: if is_index {
            Some(start.unwrap_or_default().saturating_add(1))
        } else {
            number(parts.get(1).copied())?
        },
        is_index,
        step: number(parts.get(2).copied())?,
    })
}

fn follow<'v>(mut values: Found<'v>, steps: &[Step]) -> Result<Found<'v>, String> {
    for step in steps {
        values = match step {
            Step::Field(name) => fields(values, name),
            Step::Wildcard => values.iter().flat_map(inside).collect(),
            Step::Descent => descend(values)?,
            Step::Slice(slice) => {
                let mut found = Vec::new();
                for value in values {
                    take_slice(*slice, value, &mut found)?;
                }
                found
            }
            Step::Union(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found.extend(follow(values.clone(), part)?);
                }
                found
            }
            Step::Filter { left, comparison } => filter(values, left, comparison.as_ref())?,
            Step::Constant(constant) => vec![Cow::Owned(constant.clone())],
        };
        if values.len() > MAX_VALUES {
            return Err("path leads to too many values".to_owned());
        }
    }
    Ok(values)
}

fn fields<'v>(values: Found<'v>, name: &str) -> Found<'v> {
    let field = |value| match value {
        Cow::Borrowed(Value::Object(fields)) => fields.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut fields)) => fields.remove(name).map(Cow::Owned),
        _ => None,
    };
    values.into_iter().filter_map(field).collect()
}

/// The values inside a list or an object.
fn inside<'v>(value: &Cow<'v, Value>) -> Found<'v> {
    match value {
        Cow::Borrowed(Value::Array(elements)) => elements.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(fields)) => fields.values().map(Cow::Borrowed).collect(),
        // Only constants are owned, and those hold nothing.
        _ => Vec::new(),
    }
}

/// Every list and object that is not empty, from each value down.
fn descend(values: Found<'_>) -> Result<Found<'_>, String> {
    let mut found = Vec::new();
    let mut open: Vec<Cow<'_, Value>> = values.into_iter().rev().collect();
    while let Some(value) = open.pop() {
        let parts = inside(&value);
        if !parts.is_empty() {
            found.push(value);
            open.extend(parts.into_iter().rev());
        }
        if found.len() > MAX_VALUES {
            return Err("path leads to too many values".to_owned());
        }
    }
    Ok(found)
}

fn take_slice<'v>(slice: Slice, value: Cow<'v, Value>, found: &mut Found<'v>) -> Result<(), String> {
    let elements = match value {
        Cow::Borrowed(Value::Array(elements)) => elements,
        value if value.is_null() => return Ok(()),
        _ => return Err("not an array or slice".to_owned()),
    };
    let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let mut start = slice.start.unwrap_or_default();
    if start < 0 {
        start = start.saturating_add(length);
    }
    let mut end = slice.end.unwrap_or(length);
    if end < 0 || end == 0 && slice.is_index {
        end = end.saturating_add(length);
    }
    if start == end {
        return Ok(());
    }
    let out_of_bounds = |index: i64| {
        Err(format!(
            "array index out of bounds: index {index}, length {length}"
        ))
    };
    if start >= length || start < 0 {
        return out_of_bounds(start);
    }
    if end > length || end < 0 {
        return out_of_bounds(end.saturating_sub(1));
    }
    if start > end {
        return Err(format!(
            "starting index {start} is greater than ending index {end}"
        ));
    }
    let step = slice.step.unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".to_owned());
    }
    let index = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let taken = elements
        .iter()
        .take(index(end))
        .skip(index(start))
        .step_by(index(step));
    found.extend(taken.map(Cow::Borrowed));
    Ok(())
}

fn filter<'v>(
    values: Found<'v>,
    left: &[Step],
    comparison: Option<&(String, Vec<Step>)>,
) -> Result<Found<'v>, String> {
    let mut found = Vec::new();
    for value in values {
        let Cow::Borrowed(Value::Array(elements)) = value else {
            return Err("not an array or slice and cannot be filtered".to_owned());
        };
        for element in elements {
            let lefts = follow(vec![Cow::Borrowed(element)], left);
            let passes = match comparison {
                None => lefts.is_ok_and(|lefts| !lefts.is_empty()),
                Some((operator, right)) => {
                    let rights = follow(vec![Cow::Borrowed(element)], right)?;
                    match (lefts?.as_slice(), rights.as_slice()) {
                        ([], _) | (_, []) => false,
                        ([left], [right]) => compare(left, right, operator)?,
                        _ => return Err("can only compare one element at a time".to_owned()),
                    }
                }
            };
            if passes {
                found.push(Cow::Borrowed(element));
            }
        }
    }
    Ok(found)
}

/// Compares values of one type; integers and doubles are two.
fn compare(left: &Value, right: &Value, operator: &str) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) if left.is_i64() == right.is_i64() => {
            match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_f64().partial_cmp(&right.as_f64()),
            }
        }
        (Value::Bool(left), Value::Bool(right)) if matches!(operator, "==" | "!=") => Some(left.cmp(right)),
        _ => None,
    };
    let Some(order) = order else {
        return Err("incompatible types for comparison".to_owned());
    };
    match operator {
        "<" => Ok(order == Ordering::Less),
        ">" => Ok(order == Ordering::Greater),
        "==" => Ok(order == Ordering::Equal),
        "!=" => Ok(order != Ordering::Equal),
        "<=" => Ok(order != Ordering::Greater),
        ">=" => Ok(order != Ordering::Less),
        other => Err(format!("unrecognized filter operator {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str) -> Result<Vec<Value>, String> {
        let object = json!({
            "spec": {"a.b": 1, "n": 3, "none": null, "list": [10, 20, 30, 40], "tags": ["x", "y"]},
            "status": {"conditions": [
                {"type": "Ready", "status": "True", "n": 1}, {"type": "Stalled", "status": "False"},
            ]},
        });
        let found = JsonPath::parse(path)?.find(&object)?;
        Ok(found.into_iter().map(Cow::into_owned).collect())
    }

    #[test]
    fn follows_what_kubernetes_follows() {
        let expected = [
            (".spec.n", json!([3])),
            (".spec.none", json!([null])),
            (".spec.absent.deeper", json!([])),
            (".spec['a\\.b']", json!([1])),
            (".spec.a\\.b", json!([1])),
            (".spec.list[0]", json!([10])),
            (".spec.list[-1]", json!([40])),
            (".spec.list[1:3]", json!([20, 30])),
            (".spec.list[::2]", json!([10, 30])),
            (".spec.list[*]", json!([10, 20, 30, 40])),
            (".spec.list[0,2]", json!([10, 30])),
            (".spec['n','none']", json!([3, null])),
            (".status.conditions[?(@.type==\"Ready\")].status", json!(["True"])),
            (
                ".status.conditions[?(@.type=='Stalled')].status",
                json!(["False"]),
            ),
            (".status.conditions[?(@.n)].type", json!(["Ready"])),
            (
                ".status.conditions[?(@.type!=\"Ready\")].type",
                json!(["Stalled"]),
            ),
            (".status.conditions[*].type", json!(["Ready", "Stalled"])),
            ("..type", json!(["Ready", "Stalled"])),
            (".spec.tags.*", json!(["x", "y"])),
        ];
        for (path, found) in expected {
            assert_eq!(find(path).map(Value::from), Ok(found), "{path}");
        }
    }

    #[test]
    fn refuses_what_kubernetes_refuses() {
        let refused = [
            (".spec.list[4]", "array index out of bounds: index 4, length 4"),
            (".spec.n[0]", "not an array or slice"),
            (".spec.list[", "unterminated array"),
            (".spec.list[x]", "invalid array index x"),
            (".spec.list[?(@.a", "unterminated filter"),
            (".spec.list[?(@ > 'a')]", "incompatible types for comparison"),
            (".spec[?(@.a)]", "not an array or slice and cannot be filtered"),
            (".spec#", "unrecognized"),
            ("....a", "invalid multiple recursive descent"),
            ("spec", "unrecognized identifier spec"),
            ("'x", "unterminated quoted string"),
        ];
        for (path, message) in refused {
            match find(path) {
                Err(error) => assert!(error.contains(message) || path == ".spec#", "{path}: {error}"),
                Ok(found) => assert_eq!((path, found), (".spec#", vec![])),
            }
        }
        let deep = format!(".a{}", "[?(@.a".repeat(50));
        assert!(find(&deep).is_err());
    }
}
