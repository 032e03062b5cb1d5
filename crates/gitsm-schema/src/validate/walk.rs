//! Running the checks of a node on a value.

use super::compile::{Additional, FormatKind, Node};
use super::number::{Numeric, admits, is_whole};
use crate::correlate::Correlated;
use crate::error::{ErrorKind, FieldError};
use crate::path::Path;
use crate::structural::SchemaType;
use crate::trail::Trail;
use crate::values::go_quote;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a walk has found.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The complaints; `None` while only asking whether there are any.
    errors: Option<Vec<FieldError>>,
    failures: usize,
    /// How many checks applied: by this the best of several failing branches is chosen, as kube-openapi does.
    matches: u64,
}

impl Outcome {
    pub(super) fn collecting() -> Self {
        Self {
            errors: Some(Vec::new()),
            failures: 0,
            matches: 0,
        }
    }

    pub(super) fn probing() -> Self {
        Self {
            errors: None,
            failures: 0,
            matches: 0,
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.failures == 0
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors.unwrap_or_default()
    }

    /// Forgets the failures after the first `failures`, of which the first `errors` were noted.
    fn forget(&mut self, failures: usize, errors: usize) {
        self.failures = failures;
        if let Some(noted) = &mut self.errors {
            noted.truncate(errors);
        }
    }

    fn noted(&self) -> usize {
        self.errors.as_ref().map_or(0, Vec::len)
    }

    /// Notes a failure; the complaint is only built when it is wanted.
    pub(super) fn fail(&mut self, complaint: impl FnOnce() -> FieldError) {
        self.failures += 1;
        if let Some(errors) = &mut self.errors {
            errors.push(complaint());
        }
    }

    /// Notes an invalid value.
    pub(super) fn invalid(&mut self, at: &Trail<'_>, value: Value, detail: impl FnOnce() -> String) {
        self.fail(|| FieldError::new(ErrorKind::Invalid, at.to_dotted_path(), detail()).with_value(value));
    }

    /// Notes a failed combination of schemas, which the API server reports at the root.
    fn fail_combination(&mut self, at: &Trail<'_>, detail: impl FnOnce(&str) -> String) {
        self.fail(|| {
            FieldError::new(
                ErrorKind::Invalid,
                Path::root(),
                detail(&go_quote(&at.to_string())),
            )
            .with_value(Value::from(""))
            .about(at.to_dotted_path())
        });
    }
}

fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

impl Node {
    /// Runs all checks on a value that may replace another: what has not changed may fail them (ratcheting).
    ///
    /// The branches of `allOf`, `anyOf`, `oneOf` and `not` judge the value as if it were new, as upstream.
    pub(super) fn check_change(
        &self,
        value: &Value,
        change: Option<Correlated<'_>>,
        at: &Trail<'_>,
        out: &mut Outcome,
    ) {
        let (failures, noted) = (out.failures, out.noted());
        self.check_with(value, change, at, out);
        if out.failures > failures && change.is_some_and(|change| change.is_unchanged()) {
            out.forget(failures, noted);
        }
    }

    /// Runs all checks on a value that is new.
    pub(super) fn check(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        self.check_with(value, None, at, out);
    }

    /// Runs all checks on `value`, which is at `at`.
    ///
    /// The recursion follows the schema, whose depth is bounded when it is compiled.
    fn check_with(&self, value: &Value, change: Option<Correlated<'_>>, at: &Trail<'_>, out: &mut Outcome) {
        if value.is_null() {
            self.check_null(at, out);
            return;
        }
        if !self.types.is_empty() || self.format.is_some() {
            out.matches += 1 + u64::from(self.check_type(value, at, out));
        }
        out.matches += 2;
        self.check_combinations(value, at, out);
        match value {
            Value::String(text) => self.check_string(text, at, out),
            Value::Number(number) => {
                out.matches += 2;
                self.check_number(Numeric::of(number), at, out);
            }
            Value::Array(elements) => {
                out.matches += 2;
                self.check_list(elements, change, at, out);
            }
            _ => {}
        }
        out.matches += 2;
        if !self.enumeration.is_empty() {
            self.check_enumeration(value, at, out);
        }
        if let Value::Object(fields) = value {
            out.matches += 1;
            self.check_object(fields, change, at, out);
        }
    }

    fn check_null(&self, at: &Trail<'_>, out: &mut Outcome) {
        if !self.types.is_empty() && !self.nullable {
            fail_type(&self.type_names(), "null", at, out);
        } else {
            out.matches += 1;
        }
        if !self.enumeration.is_empty() {
            // Upstream never finds null in an enum, even where it is listed.
            self.fail_enumeration(&Value::Null, at, out);
        }
    }

    /// Whether the value has the node's type; complains where it does not.
    fn check_type(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) -> bool {
        let allowed = |ty| self.types.contains(&ty);
        let (ty, format) = match value {
            Value::Bool(_) => (SchemaType::Boolean, ""),
            Value::String(_) => (SchemaType::String, ""),
            Value::Array(_) => (SchemaType::Array, ""),
            Value::Object(_) | Value::Null => (SchemaType::Object, ""),
            Value::Number(number) => match Numeric::of(number) {
                Numeric::Integer(_) => (SchemaType::Integer, "int64"),
                Numeric::Float(_) => (SchemaType::Number, "float64"),
            },
        };
        let fits = allowed(ty)
            || match value {
                Value::Number(number) => match Numeric::of(number) {
                    Numeric::Integer(_) => allowed(SchemaType::Number),
                    Numeric::Float(float) => allowed(SchemaType::Integer) && is_whole(float),
                },
                _ => false,
            };
        let textual = matches!(ty, SchemaType::String | SchemaType::Array);
        if let Some(expected) = &self.format {
            if textual && !allowed(SchemaType::Number) && !allowed(SchemaType::Integer) {
                // What a format means for a list is left open; upstream lets it pass.
                return true;
            }
            if !textual && !fits && expected.name != format {
                fail_type(&expected.name, format, at, out);
                return false;
            }
        }
        if !fits {
            fail_type(&self.type_names(), ty.as_str(), at, out);
        }
        fits
    }

    fn type_names(&self) -> String {
        let names: Vec<&str> = self.types.iter().map(|ty| ty.as_str()).collect();
        names.join(",")
    }

    fn check_string(&self, text: &str, at: &Trail<'_>, out: &mut Outcome) {
        out.matches += 1;
        self.check_text(text, at, out);
        if let Some(format) = &self.format
            && let FormatKind::Text(check) = format.kind
        {
            out.matches += 1;
            if !check.accepts(text) {
                fail_type(&format.name, text, at, out);
            }
        }
    }

    /// Length and pattern; only the first failure is reported.
    fn check_text(&self, text: &str, at: &Trail<'_>, out: &mut Outcome) {
        if self.max_length.is_some() || self.min_length.is_some() {
            let length = count(text.chars().count());
            if let Some(max) = self.max_length.filter(|max| length > *max) {
                let bytes = if max == 1 { "byte" } else { "bytes" };
                let detail = || format!("may not be more than {max} {bytes}");
                out.fail(|| FieldError::new(ErrorKind::TooLong, at.to_dotted_path(), detail()));
                return;
            }
            if let Some(min) = self.min_length.filter(|min| length < *min) {
                out.invalid(at, Value::from(text), || {
                    format!("{at} in body should be at least {min} chars long")
                });
                return;
            }
        }
        if let Some(pattern) = &self.pattern
            && !pattern.regex.is_match(text)
        {
            let detail = || format!("{at} in body should match '{}'", pattern.source);
            out.invalid(at, Value::from(text), detail);
        }
    }

    fn check_list(
        &self,
        elements: &[Value],
        change: Option<Correlated<'_>>,
        at: &Trail<'_>,
        out: &mut Outcome,
    ) {
        if let Some(items) = &self.items {
            let changes = change.and_then(|change| change.elements());
            for (index, element) in elements.iter().enumerate() {
                let change = changes.as_ref().and_then(|changes| changes.get(index));
                items.check_change(element, change, &at.index(index), out);
            }
        }
        let size = count(elements.len());
        if let Some(min) = self.min_items.filter(|min| size < *min) {
            let detail = || format!("{at} in body should have at least {min} items");
            out.invalid(at, Value::from(size), detail);
        }
        if let Some(max) = self.max_items.filter(|max| size > *max) {
            fail_too_many(size, max, at, out);
        }
        if self.unique_items {
            let mut seen = HashSet::with_capacity(elements.len());
            if !elements.iter().all(|element| seen.insert(element.to_string())) {
                out.invalid(at, Value::from(""), || {
                    format!("{at} in body shouldn't contain duplicates")
                });
            }
        }
    }

    fn check_enumeration(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        let admitted = self.enumeration.iter().any(|allowed| match (allowed, value) {
            (Value::Number(allowed), Value::Number(number)) => admits(allowed, Numeric::of(number)),
            _ => allowed == value,
        });
        if !admitted {
            self.fail_enumeration(value, at, out);
        }
    }

    fn fail_enumeration(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        out.fail(|| {
            let quoted = |allowed: &Value| match allowed {
                Value::String(text) => go_quote(text),
                other => go_quote(&other.to_string()),
            };
            let allowed: Vec<String> = self.enumeration.iter().map(quoted).collect();
            let detail = format!("supported values: {}", allowed.join(", "));
            FieldError::new(ErrorKind::NotSupported, at.to_dotted_path(), detail).with_value(value.clone())
        });
    }

    fn check_object(
        &self,
        fields: &Map<String, Value>,
        change: Option<Correlated<'_>>,
        at: &Trail<'_>,
        out: &mut Outcome,
    ) {
        let size = count(fields.len());
        if let Some(min) = self.min_properties.filter(|min| size < *min) {
            let detail = || format!("{at} in body should have at least {min} properties");
            out.invalid(at, Value::from(size), detail);
        }
        if let Some(max) = self.max_properties.filter(|max| size > *max) {
            fail_too_many(size, max, at, out);
        }
        for (name, value) in fields {
            // Both objects are converted to one version, so a change of these cannot be seen.
            let is_type = at.is_root() && matches!(name.as_str(), "apiVersion" | "kind");
            let change = change.filter(|_| !is_type).and_then(|change| change.field(name));
            match (self.properties.get(name), &self.additional) {
                (Some(property), _) => property.check_change(value, change, &at.field(name), out),
                (None, Additional::Unchecked) => {}
                (None, Additional::Checked(values)) => {
                    values.check_change(value, change, &at.key(name), out);
                }
                (None, Additional::Forbidden) => {
                    let detail = || format!("{at}.{name} in body is a forbidden property");
                    out.invalid(at, Value::from(name.as_str()), detail);
                }
            }
        }
        for name in &self.required {
            if !fields.contains_key(name) {
                out.fail(|| FieldError::new(ErrorKind::Required, at.field(name).to_dotted_path(), ""));
            }
        }
    }

    fn check_combinations(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        if !self.any_of.is_empty() {
            self.check_any_of(value, at, out);
        }
        if !self.one_of.is_empty() {
            self.check_one_of(value, at, out);
        }
        if !self.all_of.is_empty() {
            self.check_all_of(value, at, out);
        }
        if let Some(not) = &self.not
            && not.probe(value, at).is_valid()
        {
            out.fail_combination(at, |name| format!("{name} must not validate the schema (not)"));
        }
    }

    /// Runs the checks without building complaints.
    fn probe(&self, value: &Value, at: &Trail<'_>) -> Outcome {
        let mut outcome = Outcome::probing();
        self.check(value, at, &mut outcome);
        outcome
    }

    fn check_any_of(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        let mut best: Option<(&Node, Outcome)> = None;
        for branch in &self.any_of {
            let outcome = branch.probe(value, at);
            if outcome.is_valid() {
                out.matches += outcome.matches;
                return;
            }
            keep_best(&mut best, branch, outcome);
        }
        out.fail_combination(at, |name| {
            format!("{name} must validate at least one schema (anyOf)")
        });
        report_best(best, value, at, out);
    }

    fn check_one_of(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        let mut valid = 0;
        let mut valid_matches = 0;
        let mut best: Option<(&Node, Outcome)> = None;
        for branch in &self.one_of {
            let outcome = branch.probe(value, at);
            if outcome.is_valid() {
                if valid == 0 {
                    valid_matches = outcome.matches;
                }
                valid += 1;
            } else {
                keep_best(&mut best, branch, outcome);
            }
        }
        if valid == 1 {
            out.matches += valid_matches;
            return;
        }
        out.fail_combination(at, |name| {
            let found = match valid {
                0 => "Found none valid".to_owned(),
                _ => format!("Found {valid} valid alternatives"),
            };
            format!("{name} must validate one and only one schema (oneOf). {found}")
        });
        if valid == 0 {
            report_best(best, value, at, out);
        }
    }

    fn check_all_of(&self, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
        let mut valid = 0;
        for branch in &self.all_of {
            let before = out.failures;
            branch.check(value, at, out);
            valid += usize::from(out.failures == before);
        }
        if valid < self.all_of.len() {
            out.fail_combination(at, |name| {
                let none = if valid == 0 { ". None validated" } else { "" };
                format!("{name} must validate all the schemas (allOf){none}")
            });
        }
    }
}

/// Keeps the failing branch that matched most; the first of equals.
fn keep_best<'n>(best: &mut Option<(&'n Node, Outcome)>, branch: &'n Node, outcome: Outcome) {
    if best
        .as_ref()
        .is_none_or(|(_, best)| outcome.matches > best.matches)
    {
        *best = Some((branch, outcome));
    }
}

/// Adds what the best failing branch has to say; it runs again only when its complaints are wanted.
fn report_best(best: Option<(&Node, Outcome)>, value: &Value, at: &Trail<'_>, out: &mut Outcome) {
    match best {
        Some((branch, _)) if out.errors.is_some() => branch.check(value, at, out),
        Some((_, outcome)) => {
            out.failures += outcome.failures;
            out.matches += outcome.matches;
        }
        None => {}
    }
}

fn fail_too_many(size: u64, max: u64, at: &Trail<'_>, out: &mut Outcome) {
    out.fail(|| {
        let items = if max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {max} {items}");
        FieldError::new(ErrorKind::TooMany, at.to_dotted_path(), detail).with_value(Value::from(size))
    });
}

fn fail_type(expected: &str, found: &str, at: &Trail<'_>, out: &mut Outcome) {
    out.fail(|| {
        let detail = format!("{at} in body must be of type {expected}: {}", go_quote(found));
        FieldError::new(ErrorKind::TypeInvalid, at.to_dotted_path(), detail).with_value(Value::from(found))
    });
}
