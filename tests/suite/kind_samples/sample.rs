//! Samples as they are read from `tests/data/kinds`, and the judge they are put before.

use gitsm_api::{API_VERSION, KindInfo, Scope};
use gitsm_check::yaml;
use gitsm_schema::cel::CompiledRules;
use gitsm_schema::object_meta::NamespaceRule;
use gitsm_schema::structural::Structural;
use gitsm_schema::{FieldError, ObjectSchema, Path, Segment};
use serde_json::{Value, json};
use std::path::Path as FilePath;
use std::sync::LazyLock;

/// A kind, ready to judge, with its samples.
pub(crate) struct Kind {
    pub(crate) info: &'static KindInfo,
    /// The `openAPIV3Schema` of the CRD.
    pub(super) root: Value,
    pub(super) schema: ObjectSchema,
    rules: CompiledRules,
    /// `base`, `full`, then the cases; objects are completed with defaults.
    pub(crate) samples: Vec<Sample>,
}

/// One object and what must be said about it.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) object: Value,
    /// The object it replaces.
    pub(super) old: Option<Value>,
    /// Field and part of the message of each complaint; empty for a valid object.
    pub(super) complaints: Vec<(String, String)>,
}

/// An object to be judged.
pub(super) struct Judged {
    pub(super) kind: &'static Kind,
    pub(super) object: Value,
    pub(super) old: Option<Value>,
}

/// Every kind with its samples; read once.
pub(crate) fn kinds() -> &'static [Kind] {
    static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| gitsm_api::kinds().iter().map(read).collect());
    &KINDS
}

impl Kind {
    /// What `gitsm validate` finds wrong with a completed object: the rules run only when the schema is kept.
    pub(super) fn judge(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let errors = self.judge_schema(object);
        if errors.is_empty() {
            self.rules.validate(object, old)
        } else {
            errors
        }
    }

    /// What the schema alone finds wrong.
    pub(super) fn judge_schema(&self, object: &Value) -> Vec<FieldError> {
        let namespace = match self.info.scope {
            Scope::Namespaced => NamespaceRule::Optional,
            Scope::Cluster => NamespaceRule::Forbidden,
        };
        self.schema.judge(object, namespace)
    }

    /// The samples that nothing is wrong with.
    pub(crate) fn valid(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.complaints.is_empty())
    }

    /// The least that is valid.
    pub(crate) fn base(&self) -> &Sample {
        &self.samples[0]
    }

    /// The sample that uses as many fields as can stand together.
    pub(crate) fn full(&self) -> &Sample {
        &self.samples[1]
    }
}

fn read(info: &'static KindInfo) -> Kind {
    let crd = gitsm_api::publish::crd_value(info).expect("CRDs can be published");
    let root_schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    let structural = Structural::from_json(&root_schema).expect("schemas are structural");
    let rules = CompiledRules::compile(&structural).expect("rules compile");
    let mut kind = Kind {
        info,
        root: root_schema,
        schema: ObjectSchema::new(structural).expect("schemas compile"),
        rules,
        samples: Vec::new(),
    };
    let path = FilePath::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("data/kinds/{}.yaml", info.kind.to_ascii_lowercase()));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = yaml::read(&bytes, &yaml::Limits::default());
    assert!(!file.has_errors(), "{}: {:?}", path.display(), file.problems);
    let data = file.documents[0].root.to_json();
    only_keys(&data, &["base", "full", "cases"]);
    let base = whole(&kind, &data["base"]);
    let full = whole(&kind, &data["full"]);
    kind.samples
        .push(sample(&kind, "base", base.clone(), None, Vec::new()));
    kind.samples
        .push(sample(&kind, "full", full.clone(), None, Vec::new()));
    for case in data["cases"].as_array().expect("cases is a list") {
        only_keys(case, &["name", "of", "patch", "old", "fails"]);
        let mut object = if case["of"] == "full" {
            full.clone()
        } else {
            base.clone()
        };
        merge(&mut object, &case["patch"]);
        let old = case.get("old").map(|patch| {
            let mut old = object.clone();
            merge(&mut old, patch);
            old
        });
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let complaints = case["fails"].as_array().into_iter().flatten();
        let complaints = complaints
            .map(|complaint| (text(&complaint["at"]), text(&complaint["says"])))
            .collect();
        let sample = sample(&kind, &text(&case["name"]), object, old, complaints);
        kind.samples.push(sample);
    }
    kind
}

/// A mistyped key would make a case say less than it seems to.
fn only_keys(value: &Value, known: &[&str]) {
    for key in value.as_object().expect("a mapping").keys() {
        assert!(
            known.contains(&key.as_str()),
            "{key} is none of {known:?} in {value}"
        );
    }
}

fn whole(kind: &Kind, content: &Value) -> Value {
    let mut object = content.clone();
    object["apiVersion"] = json!(API_VERSION);
    object["kind"] = json!(kind.info.kind);
    object["metadata"] = match kind.info.scope {
        Scope::Namespaced => json!({"name": "sample", "namespace": "shop"}),
        Scope::Cluster => json!({"name": "sample"}),
    };
    object
}

fn sample(
    kind: &Kind,
    name: &str,
    mut object: Value,
    mut old: Option<Value>,
    complaints: Vec<(String, String)>,
) -> Sample {
    for object in old.iter_mut().chain([&mut object]) {
        let unknown = kind.schema.unknown_fields(object);
        assert!(
            unknown.is_empty(),
            "{}, {name}: unknown {unknown:?}",
            kind.info.kind
        );
        kind.schema.complete(object);
    }
    Sample {
        name: name.to_owned(),
        object,
        old,
        complaints,
    }
}

/// A JSON merge patch (RFC 7396); null as the whole patch changes nothing.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else { return };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, change) in patch {
        let fields = target.as_object_mut().expect("made an object above");
        match change {
            Value::Null => {
                fields.remove(key);
            }
            Value::Object(_) => merge(fields.entry(key).or_insert_with(|| json!({})), change),
            other => {
                fields.insert(key.clone(), other.clone());
            }
        }
    }
}

/// A path with `[*]` for every index and `.*` for every key, without leading dot: `spec.match[*].values`.
pub(super) fn generic(path: &Path) -> String {
    let text: String = path
        .segments()
        .iter()
        .map(|segment| match segment {
            Segment::Field(name) => format!(".{name}"),
            Segment::Key(_) => ".*".to_owned(),
            Segment::Index(_) => "[*]".to_owned(),
        })
        .collect();
    text.trim_start_matches('.').to_owned()
}

/// Calls `visit` with path (`.spec.match[*]`) and schema of every node.
pub(super) fn walk_schema(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk_schema(property, &format!("{path}.{name}"), visit);
    }
    if let Some(items) = schema.get("items") {
        walk_schema(items, &format!("{path}[*]"), visit);
    }
    if let Some(values) = schema.get("additionalProperties") {
        walk_schema(values, &format!("{path}.*"), visit);
    }
}
