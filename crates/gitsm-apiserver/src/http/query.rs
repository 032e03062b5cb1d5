//! The query of a request, and the options that it carries.

use crate::error::{ApiError, Named};
use crate::request::{DeleteOptions, FieldValidation, ListOptions, Propagation, WriteOptions};
use gitsm_schema::{ErrorKind, FieldError, Path};
use serde_json::Value;

/// Most pairs of a query that are read.
const MAX_PAIRS: usize = 256;
/// Most characters of `fieldManager`.
const MAX_MANAGER: usize = 128;

/// A parsed query: names and values in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query as Go's `net/url` does: empty pairs and pairs with bad escapes are skipped, `+` is a space.
    pub fn parse(query: &str) -> Self {
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.contains(';'))
            .filter_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name, true)?, decode(value, true)?))
            });
        Self(pairs.take(MAX_PAIRS).collect())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter, `None` where it is empty.
    fn text(&self, name: &str) -> Option<String> {
        self.get(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// All values of a parameter.
    fn all(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// A switch: everything but `false` and `0` turns it on, an empty value too (as upstream).
    pub fn switch(&self, name: &str) -> Option<bool> {
        self.get(name)
            .map(|text| !(text == "0" || text.eq_ignore_ascii_case("false")))
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let why = if numeric {
                "value out of range"
            } else {
                "invalid syntax"
            };
            ApiError::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"))
        })
    }

    /// Whether a watch is asked for.
    pub fn is_watch(&self) -> bool {
        self.switch("watch").unwrap_or(false)
    }

    /// The options of a list, watch or deletecollection request.
    ///
    /// # Errors
    /// 400 for numbers that are none, 422 for combinations that upstream forbids.
    pub fn list_options(&self) -> Result<ListOptions, ApiError> {
        let natural = |number: i64| u64::try_from(number).unwrap_or(0);
        let options = ListOptions {
            label_selector: self.text("labelSelector"),
            field_selector: self.text("fieldSelector"),
            limit: self.integer("limit")?.map_or(0, natural),
            continue_token: self.text("continue"),
            resource_version: self.text("resourceVersion"),
            resource_version_match: self.text("resourceVersionMatch"),
            watch: self.is_watch(),
            allow_bookmarks: self.switch("allowWatchBookmarks").unwrap_or(false),
            send_initial_events: self.switch("sendInitialEvents"),
            timeout_seconds: self.integer("timeoutSeconds")?.map(natural),
        };
        let errors = if options.watch {
            watch_errors(&options)
        } else {
            list_errors(&options)
        };
        refuse("ListOptions", &errors)?;
        Ok(options)
    }

    /// The options of a create, update or patch request; `kind` is the name of the options in messages, `agent`
    /// the User-Agent.
    ///
    /// # Errors
    /// 422 for values that upstream does not accept.
    pub fn write_options(&self, kind: &'static str, agent: &str) -> Result<WriteOptions, ApiError> {
        let mut errors = Vec::new();
        let given = self.text("fieldManager");
        errors.extend(given.as_deref().and_then(manager_error));
        let dry_run = self.dry_run(&mut errors);
        let field_validation = match self.get("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let supported = r#"supported values: "", "Ignore", "Strict", "Warn""#;
                errors.push(
                    complaint(ErrorKind::NotSupported, "fieldValidation", supported).with_value(other.into()),
                );
                FieldValidation::Warn
            }
        };
        refuse(kind, &errors)?;
        Ok(WriteOptions {
            dry_run,
            field_manager_given: given.is_some(),
            field_manager: given.unwrap_or_else(|| manager_of(agent)),
            field_validation,
            force: self.switch("force"),
        })
    }

    /// The options of a patch request. `force` and the lack of a manager are judged by the kind of the patch.
    ///
    /// # Errors
    /// As [`Self::write_options`].
    pub fn patch_options(&self, agent: &str, apply: bool) -> Result<WriteOptions, ApiError> {
        let options = self.write_options("PatchOptions", agent)?;
        if apply && !options.field_manager_given {
            let why = "is required for apply patch";
            refuse(
                "PatchOptions",
                &[complaint(ErrorKind::Required, "fieldManager", why)],
            )?;
        }
        if !apply && options.force.is_some() {
            let why = "may not be specified for non-apply patch";
            refuse("PatchOptions", &[complaint(ErrorKind::Forbidden, "force", why)])?;
        }
        Ok(options)
    }

    /// The options of a delete request: of the body where there is one, of the query otherwise.
    ///
    /// # Errors
    /// 400 for a body of another kind, 422 for values that upstream does not accept.
    pub fn delete_options(&self, body: Option<&Value>) -> Result<DeleteOptions, ApiError> {
        match body {
            Some(body) => delete_options_of_body(body),
            None => self.delete_options_of_query(),
        }
    }

    fn delete_options_of_query(&self) -> Result<DeleteOptions, ApiError> {
        let mut errors = Vec::new();
        let propagation = self.text("propagationPolicy");
        let options = DeleteOptions {
            dry_run: self.dry_run(&mut errors),
            propagation: propagation_of(
                propagation.as_deref(),
                self.switch("orphanDependents"),
                &mut errors,
            ),
            uid: None,
            resource_version: None,
            grace_period_seconds: self.integer("gracePeriodSeconds")?,
        };
        refuse("DeleteOptions", &errors)?;
        Ok(options)
    }

    fn dry_run(&self, errors: &mut Vec<FieldError>) -> bool {
        let given = self.all("dryRun");
        if given.iter().any(|word| *word != "All") {
            errors.push(dry_run_error(given.iter().map(|word| (*word).into()).collect()));
        }
        !given.is_empty()
    }
}

fn dry_run_error(given: Vec<Value>) -> FieldError {
    complaint(ErrorKind::NotSupported, "dryRun", r#"supported values: "All""#).with_value(Value::Array(given))
}

fn delete_options_of_body(body: &Value) -> Result<DeleteOptions, ApiError> {
    if !body.is_object() && !body.is_null() {
        let into = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
        return Err(ApiError::bad_request(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type {into}",
            crate::patch::go_type(body)
        )));
    }
    let kind = body["kind"].as_str().unwrap_or_default();
    if !matches!(kind, "" | "DeleteOptions") {
        let version = match body["apiVersion"].as_str().unwrap_or_default() {
            "" => "meta.k8s.io/v1",
            given => given,
        };
        return Err(ApiError::bad_request(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/apis/meta/internalversion/scheme/register.go:27\""
        )));
    }
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let mut errors = Vec::new();
    let given = body["dryRun"].as_array().cloned().unwrap_or_default();
    let dry_run = !given.is_empty();
    if given.iter().any(|word| word != "All") {
        errors.push(dry_run_error(given));
    }
    let orphan = body["orphanDependents"].as_bool();
    let propagation = propagation_of(body["propagationPolicy"].as_str(), orphan, &mut errors);
    refuse("DeleteOptions", &errors)?;
    Ok(DeleteOptions {
        dry_run,
        propagation,
        uid: text(&body["preconditions"]["uid"]),
        resource_version: text(&body["preconditions"]["resourceVersion"]),
        grace_period_seconds: body["gracePeriodSeconds"].as_i64(),
    })
}

fn propagation_of(
    policy: Option<&str>,
    orphan: Option<bool>,
    errors: &mut Vec<FieldError>,
) -> Option<Propagation> {
    if policy.is_some() && orphan.is_some() {
        let why = "orphanDependents and deletionPropagation cannot be both set";
        errors.push(complaint(ErrorKind::Invalid, "propagationPolicy", why).with_value(policy.into()));
    }
    match (policy, orphan) {
        (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
        (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
        (Some("Foreground"), _) => Some(Propagation::Foreground),
        (None, None) => None,
        (Some(other), _) => {
            let supported = r#"supported values: "Foreground", "Background", "Orphan", "nil""#;
            errors.push(
                complaint(ErrorKind::NotSupported, "propagationPolicy", supported).with_value(other.into()),
            );
            None
        }
    }
}

fn complaint(kind: ErrorKind, field: &str, detail: impl Into<String>) -> FieldError {
    FieldError::new(kind, Path::root().field(field), detail)
}

fn refuse(kind: &'static str, errors: &[FieldError]) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    let named = Named {
        group: "meta.k8s.io",
        resource: kind,
    };
    Err(ApiError::invalid(named, "", errors))
}

/// Rules of `ValidateListOptions` for lists.
fn list_errors(options: &ListOptions) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut forbid = |field: &str, why: &str| errors.push(complaint(ErrorKind::Forbidden, field, why));
    let field = "resourceVersionMatch";
    let initial_events = options.send_initial_events.map(|_| {
        complaint(
            ErrorKind::Forbidden,
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        )
    });
    let Some(wanted) = options.resource_version_match.as_deref() else {
        return initial_events.into_iter().collect();
    };
    if options.resource_version.is_none() {
        forbid(
            field,
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        );
    }
    if options.continue_token.is_some() {
        forbid(
            field,
            "resourceVersionMatch is forbidden when continue is provided",
        );
    }
    if wanted == "Exact" && options.resource_version.as_deref() == Some("0") {
        forbid(
            field,
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        );
    }
    if !matches!(wanted, "Exact" | "NotOlderThan") {
        let supported = r#"supported values: "Exact", "NotOlderThan", """#;
        errors.push(complaint(ErrorKind::NotSupported, field, supported).with_value(wanted.into()));
    }
    errors.extend(initial_events);
    errors
}

/// Rules of `ValidateListOptions` for watches.
fn watch_errors(options: &ListOptions) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut forbid = |why: &str| errors.push(complaint(ErrorKind::Forbidden, "resourceVersionMatch", why));
    let wanted = options.resource_version_match.as_deref();
    if options.send_initial_events.is_some() && wanted != Some("NotOlderThan") {
        forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }
    let Some(wanted) = wanted else { return errors };
    if options.send_initial_events.is_none() {
        forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    }
    if options.continue_token.is_some() {
        forbid("resourceVersionMatch is forbidden when continue is provided");
    }
    if wanted != "NotOlderThan" {
        let supported = r#"supported values: "NotOlderThan""#;
        let error = complaint(ErrorKind::NotSupported, "resourceVersionMatch", supported);
        errors.push(error.with_value(wanted.into()));
    }
    errors
}

fn manager_error(manager: &str) -> Option<FieldError> {
    if manager.chars().count() > MAX_MANAGER {
        let why = format!("may not be more than {MAX_MANAGER} bytes");
        return Some(complaint(ErrorKind::TooLong, "fieldManager", why));
    }
    let (position, bad) = manager.char_indices().find(|(_, char)| char.is_control())?;
    let why = format!(
        "invalid character U+{:04X} (at position {position})",
        u32::from(bad)
    );
    Some(complaint(ErrorKind::Invalid, "fieldManager", why).with_value(manager.into()))
}

/// The manager that a client gets by its User-Agent: what stands before the first `/`.
fn manager_of(agent: &str) -> String {
    let name = agent.split('/').next().unwrap_or_default();
    let printable: String = name
        .chars()
        .filter(|char| !char.is_control())
        .take(MAX_MANAGER)
        .collect();
    if printable.is_empty() {
        "unknown".to_owned()
    } else {
        printable
    }
}

/// Undoes percent-encoding; `None` for a bad escape or what is no UTF-8.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_first_pair_is_skipped() {
        let query = Query::parse("&force=true&fieldManager=a%2Fb+c&broken=%zz");
        assert_eq!(query.get("force"), Some("true"));
        assert_eq!(query.get("fieldManager"), Some("a/b c"));
        assert_eq!(query.get("broken"), None);
    }

    #[test]
    fn switches_are_off_only_for_false_and_zero() {
        for (text, expected) in [
            ("watch", true),
            ("watch=", true),
            ("watch=0", false),
            ("watch=False", false),
        ] {
            assert_eq!(Query::parse(text).is_watch(), expected, "{text}");
        }
        assert!(!Query::parse("").is_watch());
    }

    #[test]
    fn wrong_write_options_are_worded_as_upstream() {
        let error = Query::parse("fieldValidation=Foo&dryRun=x")
            .write_options("CreateOptions", "curl/8")
            .unwrap_err();
        assert_eq!(
            error.message,
            r#"CreateOptions.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["x"]: supported values: "All", fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"]"#
        );
        let options = Query::parse("dryRun=All")
            .write_options("CreateOptions", "curl/8")
            .unwrap();
        assert!(options.dry_run && options.field_manager == "curl" && !options.field_manager_given);
    }

    #[test]
    fn force_is_for_apply_and_apply_names_its_manager() {
        let error = Query::parse("force=true").patch_options("x", false).unwrap_err();
        assert_eq!(
            error.message,
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch"
        );
        assert_eq!(
            Query::parse("force=true")
                .patch_options("x", true)
                .unwrap_err()
                .code,
            422
        );
    }

    #[test]
    fn watch_list_needs_its_match() {
        let error = Query::parse("watch=1&sendInitialEvents=true")
            .list_options()
            .unwrap_err();
        assert!(
            error.message.contains("requires setting resourceVersionMatch"),
            "{error}"
        );
        let fine = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        assert_eq!(
            Query::parse(fine).list_options().unwrap().send_initial_events,
            Some(true)
        );
        let error = Query::parse("limit=x").list_options().unwrap_err();
        assert_eq!(error.message, "strconv.ParseInt: parsing \"x\": invalid syntax");
    }

    #[test]
    fn a_delete_body_wins_over_the_query() {
        let query = Query::parse("propagationPolicy=Orphan");
        let body =
            json!({"propagationPolicy": "Foreground", "preconditions": {"uid": "u"}, "dryRun": ["All"]});
        let options = query.delete_options(Some(&body)).unwrap();
        assert_eq!(options.propagation, Some(Propagation::Foreground));
        assert!(options.dry_run && options.uid.as_deref() == Some("u"));
        assert_eq!(
            query.delete_options(None).unwrap().propagation,
            Some(Propagation::Orphan)
        );
    }
}
