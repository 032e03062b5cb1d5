//! What a hostile or broken client could send: objects that were nearly right, patches, headers, queries, schemas.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// Names that mean something somewhere, and some that should not.
const NAMES: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "deletionTimestamp",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "spec",
    "status",
    "a",
    "replicas",
    "set",
    "items",
    "map",
    "list",
    "key",
    "data",
    "stringData",
    "binaryData",
    "type",
    "containers",
    "image",
    "ports",
    "env",
    "template",
    "selector",
    "matchLabels",
    "rules",
    "verbs",
    "subjects",
    "roleRef",
    "involvedObject",
    "versions",
    "schema",
    "openAPIV3Schema",
    "properties",
    "fieldsV1",
    "f:spec",
    "f:a",
    ".",
    "k:{\"key\":\"x\"}",
    "k:{",
    "v:\"a\"",
    "v:",
    "i:0",
    "i:-99999999999999999999",
    "f:",
    "",
    "$patch",
    "$setElementOrder/list",
    "$deleteFromPrimitiveList/set",
    "$retainKeys",
    "kubectl.kubernetes.io/last-applied-configuration",
    "x-kubernetes-validations",
    "é\u{0}\u{2028}",
    "__proto__",
    "conditions",
    "observedGeneration",
    "webhooks",
    "clientConfig",
    "value",
    "time",
    "manager",
    "operation",
];

/// Texts that some reader gives a meaning.
const TEXTS: &[&str] = &[
    "",
    "a",
    "x",
    "0",
    "-1",
    "1e400",
    "9223372036854775808",
    "default",
    "shop",
    "v1",
    "x.dev/v1",
    "Foo",
    "ConfigMap",
    "2026-01-01T00:00:00Z",
    "2026-13-45T99:99:99Z",
    "Apply",
    "Update",
    "FieldsV1",
    "Always",
    "Foreground",
    "Orphan",
    "{}",
    "[",
    "{\"a\":",
    "null",
    "100Mi",
    "1e9999999999",
    "128974848000m",
    "10.0.0.1",
    "http",
    "80",
    "a/b/c",
    "..",
    "UPPER",
    "kubernetes",
    "foregroundDeletion",
    "orphan",
    "delete",
    "merge",
    "replace",
    "é\u{0}",
    "YQ==",
    "===",
    "(a{1000}){1000}",
    "self.a == 1",
    "self.all(x, x.all(y, y == x))",
    "https://127.0.0.1:1",
    "\u{202e}x",
    "100%",
    "metadata.name=x",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => select(vec![0_i64, 1, -1, i64::MAX, i64::MIN, 2_147_483_648, -2_147_483_649, 65_536]).prop_map(Value::from),
        1 => select(vec![0.5, -0.0, 1e308, 1e-320, 9_223_372_036_854_775_808.0, 1.5e19]).prop_map(Value::from),
        4 => select(TEXTS).prop_map(Value::from),
        1 => ".{0,8}".prop_map(Value::from),
        1 => (select(TEXTS), 2..400_usize).prop_map(|(text, times)| text.repeat(times).into()),
    ]
}

/// Any JSON, of names and texts that mean something.
pub(super) fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((select(NAMES), inner), 0..4).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

/// One change of an object at some node of it.
#[derive(Debug, Clone)]
enum Edit {
    Put(Value),
    Remove,
    Add(&'static str, Value),
    Double,
    Wrap(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => value().prop_map(Edit::Put),
        2 => Just(Edit::Remove),
        3 => (select(NAMES), value()).prop_map(|(name, value)| Edit::Add(name, value)),
        1 => Just(Edit::Double),
        1 => (1..150_usize).prop_map(Edit::Wrap),
    ]
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the `at`th node; nodes are counted from the root, parents first.
fn change(value: &mut Value, at: &mut usize, edit: &Edit) -> bool {
    if *at == 0 {
        match edit {
            Edit::Put(other) => *value = other.clone(),
            Edit::Wrap(times) => {
                for _ in 0..*times {
                    *value = json!([value.take()]);
                }
            }
            Edit::Add(name, other) => match value {
                Value::Object(fields) => drop(fields.insert((*name).to_owned(), other.clone())),
                Value::Array(items) => items.push(other.clone()),
                other_value => *other_value = json!({*name: other}),
            },
            Edit::Double => {
                if let Value::Array(items) = value {
                    items.extend(items.clone());
                }
            }
            Edit::Remove => *value = Value::Null,
        }
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => {
            let removed = items.len();
            for index in 0..removed {
                if *at == 0 && matches!(edit, Edit::Remove) {
                    items.remove(index);
                    return true;
                }
                if change(&mut items[index], at, edit) {
                    return true;
                }
            }
            false
        }
        Value::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            for name in names {
                if *at == 0 && matches!(edit, Edit::Remove) {
                    fields.remove(&name);
                    return true;
                }
                if change(&mut fields[&name], at, edit) {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

/// Something that was `sound` before it was changed in up to five places.
pub(super) fn damaged(sound: Vec<Value>) -> impl Strategy<Value = Value> {
    let edits = proptest::collection::vec((any::<Index>(), edit()), 0..6);
    (select(sound), edits).prop_map(|(mut value, edits)| {
        for (at, edit) in edits {
            let mut at = at.index(count(&value));
            change(&mut value, &mut at, &edit);
        }
        value
    })
}

/// A collection of the API and a sound object of it.
pub(super) fn sound() -> Vec<(&'static str, Value)> {
    let meta = |name: &str| json!({"name": name, "labels": {"app": "x"}, "annotations": {"a": "b"}, "finalizers": []});
    let pod = json!({"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}],
        "env": [{"name": "A", "value": "b"}], "resources": {"limits": {"cpu": "100m"}}}]});
    let managed = json!([{"manager": "m", "operation": "Apply", "apiVersion": "x.dev/v1", "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:a": {}, "f:list": {"k:{\"key\":\"x\"}": {".": {}, "f:key": {}}},
        "f:set": {"v:\"a\"": {}}}}}]);
    vec![
        (
            "/apis/x.dev/v1/namespaces/default/foos",
            json!({"apiVersion": "x.dev/v1", "kind": "Foo",
            "metadata": {"name": "x", "labels": {"app": "x"}, "managedFields": managed,
                "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u"}]},
            "spec": {"a": "b", "replicas": 1, "set": ["a", "b"], "list": [{"key": "x", "value": 1}], "map": {"k": {"x": 1}},
                "any": {"deep": [1, {"x": null}]}}, "status": {"replicas": 1}}),
        ),
        (
            "/api/v1/namespaces/default/configmaps",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("x"),
            "data": {"a": "b"}, "binaryData": {"c": "YQ=="}}),
        ),
        (
            "/api/v1/namespaces/default/secrets",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta("x"),
            "type": "Opaque", "stringData": {"a": "b"}}),
        ),
        (
            "/api/v1/namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta("x")}),
        ),
        (
            "/api/v1/namespaces/default/serviceaccounts",
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("x")}),
        ),
        (
            "/api/v1/namespaces/default/pods",
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta("x"), "spec": pod}),
        ),
        (
            "/apis/apps/v1/namespaces/default/deployments",
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": meta("x"), "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": pod}}}),
        ),
        (
            "/apis/apps/v1/namespaces/default/statefulsets",
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": meta("x"), "spec": {"serviceName": "s", "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": pod}}}),
        ),
        (
            "/api/v1/namespaces/default/events",
            json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "x"},
            "involvedObject": {"kind": "Pod", "name": "x", "namespace": "default"}, "reason": "R", "message": "m", "type": "Normal"}),
        ),
        (
            "/apis/events.k8s.io/v1/namespaces/default/events",
            json!({"apiVersion": "events.k8s.io/v1", "kind": "Event",
            "metadata": {"name": "y"}, "regarding": {"kind": "Pod", "name": "x", "namespace": "default"}, "reason": "R",
            "note": "m", "type": "Normal", "eventTime": "2026-01-01T00:00:00.000000Z", "action": "A",
            "reportingController": "c", "reportingInstance": "i"}),
        ),
        (
            "/apis/coordination.k8s.io/v1/namespaces/default/leases",
            json!({"apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease", "metadata": meta("x"), "spec": {"holderIdentity": "h", "leaseDurationSeconds": 15}}),
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
            json!({"apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role", "metadata": meta("x"), "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            json!({"apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding", "metadata": meta("x"), "subjects": [{"kind": "User", "name": "u"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "x"}}),
        ),
        (
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
            json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": meta("x"),
            "webhooks": [{"name": "a.b.c", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
                "clientConfig": {"url": "https://127.0.0.1:1"},
                "rules": [{"apiGroups": ["none.dev"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]}]}),
        ),
        (crate::harness::DEFINITIONS, definition(&schema_example())),
    ]
}

/// A definition of `bars.x.dev` with a schema.
pub(super) fn definition(schema: &Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "bars.x.dev"},
        "spec": {"group": "x.dev", "scope": "Namespaced", "names": {"plural": "bars", "kind": "Bar"}, "versions": [{
            "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
            "additionalPrinterColumns": [{"name": "A", "type": "string", "jsonPath": ".spec.a"}],
            "schema": {"openAPIV3Schema": schema}}]}})
}

fn schema_example() -> Value {
    json!({"type": "object", "properties": {
    "spec": {"type": "object", "required": ["a"], "x-kubernetes-validations": [{"rule": "self.a.size() < 10", "message": "m"}],
        "properties": {
            "a": {"type": "string", "pattern": "^[a-z]*$", "maxLength": 20, "default": "x", "enum": ["x", "y"]},
            "n": {"type": "integer", "format": "int32", "minimum": 0, "multipleOf": 2},
            "l": {"type": "array", "maxItems": 5, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string", "maxLength": 5}}}},
            "m": {"type": "object", "additionalProperties": {"type": "string", "nullable": true}},
            "i": {"x-kubernetes-int-or-string": true},
            "e": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
            "o": {"type": "object", "oneOf": [{"required": ["p"]}, {"required": ["q"]}],
                "properties": {"p": {"type": "number"}, "q": {"type": "boolean"}}},
        }}}})
}

/// Schemas: sound ones that were damaged with the words of schemas.
pub(super) fn schema() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "type",
        "properties",
        "additionalProperties",
        "items",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "enum",
        "default",
        "pattern",
        "format",
        "nullable",
        "required",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "multipleOf",
        "maxLength",
        "minLength",
        "maxItems",
        "uniqueItems",
        "maxProperties",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-map-type",
        "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-validations",
        "rule",
        "message",
        "messageExpression",
        "reason",
        "fieldPath",
        "optionalOldSelf",
        "$ref",
        "description",
        "id",
        "externalDocs",
        "example",
        "definitions",
        "patternProperties",
        "a",
        "metadata",
        "",
        "é",
    ];
    const VALUES: &[&str] = &[
        "object",
        "array",
        "string",
        "integer",
        "number",
        "boolean",
        "null",
        "int32",
        "date-time",
        "duration",
        "byte",
        "map",
        "set",
        "atomic",
        "granular",
        "(",
        "^a{1,1000}$",
        "(a{1000}){1000}",
        "[a-z",
        "self.a == oldSelf.a",
        "self.all(x, x == x)",
        "has(self.b)",
        "self",
        "1/0 == 1",
        "self.l.exists(i, i.k == 'x')",
        "true ? [] : {}",
        "'a' + 1 == 'b'",
        "quantity('1') == quantity('1')",
        ".a.b",
        ".spec",
        "FieldValueInvalid",
        "\"",
        "self.map(x, self.map(y, self.map(z, x))) == []",
        "((((((((((((((((true))))))))))))))))",
        "cel.bind(x, 1, x == 1)",
        "dyn(self).x",
        "self.format('%s')",
        "'%d'.format([1]) == ''",
    ];
    let leaf = prop_oneof![
        3 => select(VALUES).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => select(vec![-1_i64, 0, 1, 5, i64::MAX]).prop_map(Value::from),
        1 => select(vec![0.0, -1.5, 1e300]).prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    let node = leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => proptest::collection::vec((select(WORDS), inner), 1..5).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    });
    let edits = proptest::collection::vec((any::<Index>(), node, select(WORDS), any::<bool>()), 0..5);
    (any::<bool>(), edits).prop_map(|(keep, edits)| {
        let mut schema = if keep {
            schema_example()
        } else {
            json!({"type": "object"})
        };
        for (at, node, word, adds) in edits {
            let mut at = at.index(count(&schema));
            let edit = if adds {
                let word: &'static str = word;
                Edit::Add(word, node)
            } else {
                Edit::Put(node)
            };
            change(&mut schema, &mut at, &edit);
        }
        schema
    })
}

/// A pointer into an object.
fn pointer() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        6 => select(NAMES).prop_map(|name| name.replace('~', "~0").replace('/', "~1")),
        1 => select(vec!["-", "0", "1", "-1", "99999999999999999999", "~", "~2", "00", "+1", " "]).prop_map(str::to_owned),
    ];
    prop_oneof![
        8 => proptest::collection::vec(step, 0..5).prop_map(|steps| steps.iter().map(|step| format!("/{step}")).collect()),
        1 => select(vec!["", "/", "a", "//", "/spec/", "metadata"]).prop_map(str::to_owned),
    ]
}

/// JSON patches.
pub(super) fn json_patch() -> impl Strategy<Value = Value> {
    let op = select(vec![
        "add", "remove", "replace", "move", "copy", "test", "", "ADD",
    ]);
    let operation = (op, pointer(), pointer(), value(), 0..32_u8).prop_map(|(op, path, from, value, odd)| {
        let mut fields = Map::new();
        fields.insert("op".to_owned(), op.into());
        fields.insert("path".to_owned(), path.into());
        fields.insert("from".to_owned(), from.into());
        fields.insert("value".to_owned(), value.clone());
        match odd {
            0 => drop(fields.remove("value")),
            1 => drop(fields.insert("path".to_owned(), value)),
            2 => drop(fields.remove("from")),
            3 => drop(fields.insert("x".to_owned(), value)),
            _ => {}
        }
        Value::Object(fields)
    });
    prop_oneof![
        8 => proptest::collection::vec(operation, 0..6).prop_map(Value::from),
        1 => value(),
    ]
}

/// A body: JSON that may be cut or bent, YAML, or anything.
pub(super) fn body(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<u8>> {
    (value, 0..24_u8, any::<Index>(), any::<u8>()).prop_map(|(value, how, at, byte)| {
        let mut bytes = if how < 3 {
            serde_yaml::to_string(&value).unwrap().into_bytes()
        } else {
            value.to_string().into_bytes()
        };
        match how {
            2 | 20 => bytes.truncate(at.index(bytes.len() + 1)),
            21 => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            22 => bytes.extend(std::iter::repeat_n(byte, 40)),
            23 => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, br#"{"a":1,"a":2},&x *x"#.iter().copied());
            }
            _ => {}
        }
        bytes
    })
}

/// Tokens in any order, as one text.
pub(super) fn soup(tokens: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(select(tokens), 0..most).prop_map(|tokens| tokens.concat())
}

/// Values of `labelSelector` and `fieldSelector`, escaped for a query.
pub(super) fn selector() -> impl Strategy<Value = String> {
    soup(
        &[
            "a",
            "app",
            "x",
            "=",
            "==",
            "!=",
            "%20in%20",
            "%20notin%20",
            "(",
            ")",
            ",",
            "!",
            "%3E",
            "%3C",
            "1",
            "metadata.name",
            "metadata.namespace",
            "spec.a",
            "type",
            "%5C",
            "%5C,",
            "%20",
            "%00",
            "%C3%A9",
            "/",
            "x.dev/",
            "status.phase",
            "%FF",
            "+",
        ],
        12,
    )
}

/// Values of `Accept` and `Content-Type`.
pub(super) fn media_type() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => select(vec!["application/json", "application/yaml", "*/*", "application/vnd.kubernetes.protobuf",
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
            "application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io", "application/apply-patch+yaml",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", "application/strategic-merge-patch+json",
            "application/json;stream=watch", "application/cbor"]).prop_map(str::to_owned),
        1 => soup(&["application/", "json", "yaml", "*", "/", ";", ",", "as=", "Table", "v=v1", "v1beta1", "g=meta.k8s.io", "q=", "0.5", "2",
            "charset=utf-8", "\"", "stream=watch", "pretty=1", "=", " ", "text/", "PartialObjectMetadata"], 10),
    ]
}

/// A query.
pub(super) fn query() -> impl Strategy<Value = String> {
    let number = || {
        select(vec![
            "0",
            "1",
            "2",
            "-1",
            "500",
            "99999999999999999999",
            "x",
            "",
            "1.5",
        ])
        .prop_map(str::to_owned)
    };
    let word = || {
        select(vec![
            "true",
            "false",
            "1",
            "0",
            "",
            "All",
            "Strict",
            "Ignore",
            "Warn",
            "x",
            "Exact",
            "NotOlderThan",
            "Background",
            "Orphan",
            "Foreground",
            "%FF",
            "%",
            "%00",
            "Metadata",
            "Object",
            "None",
            "m&m",
            "a%26b",
            "+",
        ])
        .prop_map(str::to_owned)
    };
    let pair = prop_oneof![
        3 => selector().prop_map(|text| format!("labelSelector={text}")),
        3 => selector().prop_map(|text| format!("fieldSelector={text}")),
        2 => (select(vec!["limit", "timeoutSeconds", "resourceVersion", "gracePeriodSeconds"]), number())
            .prop_map(|(name, text)| format!("{name}={text}")),
        3 => (select(vec!["watch", "dryRun", "fieldValidation", "force", "pretty", "allowWatchBookmarks", "sendInitialEvents",
            "resourceVersionMatch", "propagationPolicy", "orphanDependents", "includeObject", "fieldManager", "timeout"]), word())
            .prop_map(|(name, text)| format!("{name}={text}")),
        2 => token().prop_map(|token| format!("continue={token}")),
        1 => "[a-zA-Z0-9%&=;+./-]{0,12}",
    ];
    proptest::collection::vec(pair, 0..4).prop_map(|pairs| pairs.join("&"))
}

/// Tokens of lists that go on.
fn token() -> impl Strategy<Value = String> {
    use base64::Engine as _;
    let encode = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    prop_oneof![
        3 => (select(vec!["meta.k8s.io/v1", "", "meta.k8s.io/v2"]), select(vec![0_u64, 1, 1_000, u64::MAX]),
            select(vec!["default/x\0", "/x\0", "x", "", "/", "a/b/c", "é/\u{0}\u{0}", "../../x"]))
            .prop_map(move |(v, rv, start)| encode(json!({"v": v, "rv": rv, "start": start}).to_string())),
        1 => value().prop_map(move |value| encode(value.to_string())),
        1 => "[A-Za-z0-9_=-]{0,20}",
    ]
}

/// The part of a path behind a collection.
pub(super) fn below() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("/x".to_owned()),
        2 => Just(String::new()),
        2 => select(vec!["/x/status", "/x/scale", "/x/finalize", "/y", "/default", "/foos.x.dev", "/bars.x.dev/status", "/x/token", "/",
            "//", "/x/", "/%2e%2e", "/%", "/%00", "/%FF", "/a%2Fb", "/x/status/y", "/..;", "/é"]).prop_map(str::to_owned),
        1 => "(/[a-z%.A-F0-9-]{0,8}){0,3}",
    ]
}
