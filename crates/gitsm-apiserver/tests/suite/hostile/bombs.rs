//! Small requests that ask for much work, and large ones that ask for much memory.

use super::{Client, Scene};
use crate::child::Options;
use crate::harness::{APPLY, DEFINITIONS, JSON, MERGE, PATCH};
use serde_json::{Value, json};
use std::fmt::Write as _;

const BOMBS: &str = "/apis/x.dev/v1/namespaces/default/bombs";
const YAML: &str = "application/yaml";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
/// As many clients send each bomb at once: more than the server has threads.
const CLIENTS: usize = 3;

/// A request that is meant to hurt.
struct Bomb {
    what: String,
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: String,
    /// What may be answered.
    codes: &'static [u16],
}

impl Bomb {
    fn new(
        what: impl Into<String>,
        method: &'static str,
        path: impl Into<String>,
        content_type: &'static str,
        body: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            method,
            path: path.into(),
            content_type,
            body: body.into(),
            codes: &[400, 413, 422],
        }
    }

    /// The same that is acceptable.
    fn fine(self) -> Self {
        Self {
            codes: &[200, 201, 409],
            ..self
        }
    }

    /// The same that may be accepted or refused.
    fn either(self) -> Self {
        Self {
            codes: &[200, 201, 400, 404, 409, 413, 422],
            ..self
        }
    }
}

fn definition(plural: &str, kind: &str, schema: &Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.x.dev")},
        "spec": {"group": "x.dev", "scope": "Namespaced", "names": {"plural": plural, "kind": kind}, "versions": [
            {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}})
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "any": {"x-kubernetes-preserve-unknown-fields": true},
        "text": {"type": "string", "pattern": "^(([a-z]+)+)+$"},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"],
            "items": {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}, "value": {"type": "integer"}}}},
        "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        "rules": {"type": "array", "maxItems": 800, "items": {"type": "string", "maxLength": 20},
            "x-kubernetes-validations": [{"rule": "self.all(a, self.exists_one(b, a == b))"}]},
    }}}})
}

fn bomb(name: &str, spec: &Value) -> String {
    json!({"apiVersion": "x.dev/v1", "kind": "Bomb", "metadata": {"name": name}, "spec": spec}).to_string()
}

/// An object whose `spec` is this text.
fn raw(name: &str, spec: &str) -> String {
    format!(r#"{{"apiVersion":"x.dev/v1","kind":"Bomb","metadata":{{"name":"{name}"}},"spec":{spec}}}"#)
}

fn listed(count: usize, one: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..count).map(one).collect();
    format!("[{}]", items.join(","))
}

async fn scene() -> Scene {
    let scene = Scene::new(Options::default()).await;
    let mut client = Client::open(scene.address()).await;
    let definition = definition("bombs", "Bomb", &schema());
    client
        .expect(201, "POST", DEFINITIONS, JSON, &definition.to_string())
        .await;
    client
        .expect(201, "POST", BOMBS, JSON, &bomb("x", &json!({"any": {"a": 1}})))
        .await;
    scene
}

/// Sends a bomb from several clients at once.
async fn set_off(scene: &Scene, bomb: &Bomb) {
    let clients = (0..CLIENTS).map(|_| async {
        let mut client = Client::open(scene.address()).await;
        client
            .ask(bomb.method, &bomb.path, bomb.content_type, &bomb.body)
            .await
    });
    let mut clients: Vec<_> = clients.map(Box::pin).collect();
    let answers = scene.during(&bomb.what, async {
        let [first, second, third] = clients.as_mut_slice() else {
            unreachable!("three clients")
        };
        let (a, b, c) = tokio::join!(first, second, third);
        [a, b, c]
    });
    for (code, body) in answers.await {
        let text = String::from_utf8_lossy(&body[..body.len().min(600)]).into_owned();
        assert!(bomb.codes.contains(&code), "{}: {code}: {text}", bomb.what);
        assert!(
            body.len() < 8 << 20,
            "{}: an answer of {} bytes",
            bomb.what,
            body.len()
        );
        assert!(!text.contains("the server failed"), "{}: {text}", bomb.what);
    }
}

#[tokio::test]
async fn deep_and_odd_values_hold_up_nobody() {
    let scene = scene().await;
    let post = |what: &str, content_type, body: String| Bomb::new(what, "POST", BOMBS, content_type, body);
    let nested = |open: &str, close: &str, times: usize| {
        raw(
            "n",
            &format!(r#"{{"any":{}1{}}}"#, open.repeat(times), close.repeat(times)),
        )
    };
    let mut keys = String::new();
    for number in 0..2_000 {
        write!(keys, r#""u{number}":"wrong","#).unwrap();
    }
    let key = "k".repeat(1_000_000);
    let bombs = [
        post("a million brackets", JSON, "[".repeat(1_000_000)),
        post("objects in objects", JSON, nested(r#"{"a":"#, "}", 100_000)),
        post("lists in lists", JSON, nested("[", "]", 1_000_000)),
        post("lists in lists in YAML", YAML, nested("[", "]", 100_000)),
        post(
            "dashes in YAML",
            YAML,
            format!("spec:\n  any: {}x", "- ".repeat(100_000)),
        ),
        post(
            "aliases of aliases in YAML",
            YAML,
            (0..30).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
                text + &format!("a{}: &a{0} [{1}]\n", n + 1, vec![format!("*a{n}"); 9].join(","))
            }),
        ),
        post(
            "a long number",
            JSON,
            raw("n", &format!(r#"{{"any":{}}}"#, "9".repeat(1_000_000))),
        )
        .either(),
        post(
            "a long fraction",
            JSON,
            raw("n", &format!(r#"{{"any":0.{}1}}"#, "0".repeat(1_000_000))),
        )
        .either(),
        post("a large exponent", JSON, raw("n", r#"{"any":1e999999999}"#)).either(),
        post(
            "a field many times under a long key",
            JSON,
            raw(
                "n",
                &format!(r#"{{"map":{{"{key}":{{{}"x":1}}}}}}"#, r#""x":1,"#.repeat(1_000)),
            ),
        )
        .either(),
        post(
            "unknown fields under a long key",
            JSON,
            raw("n2", &format!(r#"{{"map":{{"{key}":{{{keys}"x":1}}}}}}"#)),
        )
        .either(),
        Bomb {
            path: format!("{BOMBS}?fieldValidation=Strict"),
            ..post(
                "strictly so",
                JSON,
                raw("n3", &format!(r#"{{"map":{{"{key}":{{{keys}"x":1}}}}}}"#)),
            )
        },
        post(
            "wrong values under a long key",
            JSON,
            raw(
                "n",
                &format!(
                    r#"{{"map":{{"{key}":{}}}}}"#,
                    listed(5_000, |_| r#""x""#.to_owned())
                ),
            ),
        ),
        post(
            "wrong values under long keys",
            JSON,
            raw(
                "n",
                &format!(
                    r#"{{"map":{{{}}}}}"#,
                    (0..5_000)
                        .map(|n| format!(r#""{}{n}":{{"x":"wrong"}}"#, "k".repeat(400)))
                        .collect::<Vec<_>>()
                        .join(",")
                ),
            ),
        ),
        post(
            "a long label",
            JSON,
            format!(
                r#"{{"apiVersion":"x.dev/v1","kind":"Bomb","metadata":{{"name":"n","labels":{{"{key}":"{key}"}}}}}}"#
            ),
        ),
        post("a long name", JSON, bomb(&key, &json!({}))),
        post(
            "many small objects",
            JSON,
            raw(
                "n",
                &format!(r#"{{"any":{}}}"#, listed(100_000, |_| r#"{"":0}"#.to_owned())),
            ),
        )
        .either(),
        post(
            "many unknown fields",
            JSON,
            raw("n", &format!("{{{keys}\"x\":1}}")),
        )
        .either(),
        post(
            "a text for a pattern that backtracks",
            JSON,
            bomb("n4", &json!({"text": format!("{}1", "a".repeat(1_000_000))})),
        ),
        post(
            "owners",
            JSON,
            format!(
                r#"{{"apiVersion":"x.dev/v1","kind":"Bomb","metadata":{{"name":"o","ownerReferences":{}}}}}"#,
                listed(5_000, |n| format!(
                    r#"{{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"{n}"}}"#
                ))
            ),
        )
        .either(),
        post(
            "finalizers",
            JSON,
            format!(
                r#"{{"apiVersion":"x.dev/v1","kind":"Bomb","metadata":{{"name":"f","finalizers":{}}}}}"#,
                listed(5_000, |n| format!(r#""x.dev/f{n}""#))
            ),
        )
        .either(),
    ];
    for bomb in &bombs {
        set_off(&scene, bomb).await;
    }
    scene.finish(1_200);
}

#[tokio::test]
async fn what_is_nested_as_deep_as_allowed_stays_readable() {
    let scene = scene().await;
    let mut client = Client::open(scene.address()).await;
    let mut accepted = 0;
    for depth in (10..150).step_by(3) {
        let name = format!("d{depth}");
        let value = (0..depth).fold(json!("end"), |value, _| json!({"a": value}));
        let object = raw(&name, &format!(r#"{{"any":{value}}}"#));
        let (code, body) = client.ask("POST", BOMBS, JSON, &object).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        if code != 201 {
            assert!(matches!(code, 400 | 422), "{depth}: {code}: {text}");
            continue;
        }
        accepted += 1;
        let path = format!("{BOMBS}/{name}");
        for (method, target, content_type, body) in [
            ("GET", path.clone(), JSON, String::new()),
            (
                "PATCH",
                path.clone(),
                MERGE,
                r#"{"metadata":{"labels":{"a":"b"}}}"#.to_owned(),
            ),
            (
                "PATCH",
                format!("{path}?fieldManager=m&force=true"),
                APPLY,
                object,
            ),
        ] {
            let (code, answer) = client.ask(method, &target, content_type, &body).await;
            // Managers may make it too deep; then it stays as it was.
            let text = String::from_utf8_lossy(&answer).into_owned();
            assert!(
                code == 200 || (method == "PATCH" && matches!(code, 400 | 422)),
                "{depth} {method} {content_type}: {code}: {text}"
            );
            assert!(
                code != 200 || text.contains(r#""end""#),
                "{depth} {method} {content_type}: the value is lost: {text}"
            );
        }
        let (code, answer) = client.ask("GET", &path, JSON, "").await;
        assert!(
            code == 200 && String::from_utf8_lossy(&answer).contains(r#""end""#),
            "{depth}: {code}"
        );
    }
    assert!(accepted > 20, "{accepted}");
    client.expect(200, "GET", BOMBS, JSON, "").await;
    // A patch can nest what is there already.
    let mut operations = vec![json!({"op": "add", "path": "/spec/any", "value": {"a": 1}})];
    let steps = "/x".repeat(90);
    let deep = (0..90).fold(json!(1), |value, _| json!({"x": value}));
    for _ in 0..3_000 {
        operations.push(json!({"op": "add", "path": "/spec/b", "value": deep}));
        operations.push(json!({"op": "move", "from": "/spec/any", "path": format!("/spec/b{steps}")}));
        operations.push(json!({"op": "move", "from": "/spec/b", "path": "/spec/any"}));
    }
    for count in [31, 4_000] {
        let patch = Value::from(operations[..count].to_vec()).to_string();
        let (code, answer) = client.ask("PATCH", &format!("{BOMBS}/x"), PATCH, &patch).await;
        assert!(
            matches!(code, 400 | 422),
            "{count}: {code}: {}",
            String::from_utf8_lossy(&answer[..answer.len().min(300)])
        );
    }
    client.expect(200, "GET", &format!("{BOMBS}/x"), JSON, "").await;
    scene.finish(200);
}

#[tokio::test]
async fn long_lists_and_patches_hold_up_nobody() {
    let scene = scene().await;
    let items = |count: usize, value: i64| -> Vec<Value> {
        (0..count)
            .map(|n| json!({"key": format!("k{n}"), "value": value}))
            .collect()
    };
    let apply = |what: &str, manager: &str, spec: Value| {
        Bomb::new(
            what,
            "PATCH",
            format!("{BOMBS}/long?fieldManager={manager}"),
            APPLY,
            bomb("long", &spec),
        )
        .fine()
    };
    let many = |add: usize| -> serde_json::Map<String, Value> {
        (0..20_000).map(|n| (format!("f{n}"), (n + add).into())).collect()
    };
    let patch = |what: &str, operations: Vec<Value>| {
        Bomb::new(
            what,
            "PATCH",
            format!("{BOMBS}/x"),
            PATCH,
            Value::from(operations).to_string(),
        )
    };
    let pods = "/api/v1/namespaces/default/pods";
    let containers = |count: usize, image: &str| -> Vec<Value> {
        (0..count)
            .map(|n| json!({"name": format!("c{n}"), "image": image, "env": [{"name": "A", "value": "b"}]}))
            .collect()
    };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers(1_500, "a")}});
    let doubling: Vec<Value> =
        std::iter::once(json!({"op": "add", "path": "/spec/any", "value": ["x".repeat(100)]}))
            .chain((0..60).map(|_| json!({"op": "copy", "from": "/spec/any", "path": "/spec/any/-"})))
            .collect();
    let big = bomb(
        "big",
        &json!({"any": (0..20_000).map(|n| json!({"n": n})).collect::<Vec<_>>()}),
    );
    let selector = |term: &str| {
        format!(
            "{BOMBS}?labelSelector={}",
            vec![term; 50_000 / term.len()].join(",")
        )
    };
    let bombs = [
        apply("a list map of 10,000", "one", json!({"list": items(10_000, 1)})),
        apply("the same by another manager, who disagrees", "two", json!({"list": items(10_000, 2)})),
        Bomb { path: format!("{BOMBS}/long?fieldManager=two&force=true"), ..apply("by force", "two", json!({"list": items(10_000, 3)})) },
        apply("and all of it removed", "two", json!({})),
        apply("a set of 10,000", "one", json!({"set": (0..10_000).map(|n| format!("s{n}")).collect::<Vec<_>>()})),
        Bomb::new("a list map with one key", "POST", BOMBS, JSON, bomb("same", &json!({"list": vec![json!({"key": "k"}); 10_000]}))),
        Bomb::new(
            "many fields",
            "PATCH",
            format!("{BOMBS}/x"),
            MERGE,
            bomb("x", &json!({"any": {"many": many(0)}})),
        )
        .fine(),
        patch(
            "many fields below a long name",
            vec![json!({"op": "move", "from": "/spec/any/many", "path": format!("/spec/any/{}", "k".repeat(1_000_000))})],
        ),
        Bomb::new(
            "many fields that others own",
            "PATCH",
            format!("{BOMBS}/x?fieldManager=other"),
            APPLY,
            bomb("x", &json!({"any": {"many": many(1)}})),
        )
        .fine(),
        Bomb::new("copies of copies", "PATCH", format!("{BOMBS}/x"), PATCH, Value::from(doubling).to_string()),
        Bomb::new("a large object", "POST", BOMBS, JSON, big).fine(),
        Bomb { path: format!("{BOMBS}/big"), ..patch("10,000 tests of the whole object",
            vec![json!({"op": "test", "path": "/spec/any/19999", "value": {"n": 19_999}}); 10_000]).fine() },
        Bomb { path: format!("{BOMBS}/big"), ..patch("10,000 removals from the front", vec![json!({"op": "remove", "path": "/spec/any/0"}); 10_000]).either() },
        patch("10,001 operations", vec![json!({"op": "test", "path": "/kind", "value": "Bomb"}); 10_001]),
        patch("unknown fields of operations", vec![json!({"op": "test", "path": "/kind", "value": "Bomb", "xxxxx": 1}); 9_000]).either(),
        Bomb::new("a pod with many containers", "POST", pods, JSON, pod.to_string()).either(),
        Bomb::new("a strategic patch of all of them", "PATCH", format!("{pods}/p"), STRATEGIC,
            json!({"spec": {"containers": containers(1_500, "b")}}).to_string()).either(),
        Bomb::new("an order of all of them", "PATCH", format!("{pods}/p"), STRATEGIC,
            json!({"spec": {"$setElementOrder/containers": containers(1_500, "b"), "containers": [{"name": "c0", "image": "c"}]}}).to_string()).either(),
        Bomb::new("a selector of many terms", "GET", selector("a!=b"), JSON, "").either(),
        Bomb::new("a selector with many values", "GET", format!("{BOMBS}?labelSelector=a%20in%20({})", vec!["b"; 20_000].join(",")), JSON, "").either(),
        Bomb::new("a field selector of many terms", "GET", format!("{BOMBS}?fieldSelector={}", vec!["metadata.name!=x"; 3_000].join(",")), JSON, "").either(),
        Bomb::new("a query of many pairs", "GET", format!("{BOMBS}?{}", vec!["a=b"; 12_000].join("&")), JSON, "").either(),
        Bomb::new("rules over many elements", "POST", BOMBS, JSON,
            bomb("rules", &json!({"rules": (0..800).map(|n| format!("r{n}")).collect::<Vec<_>>()}))).either(),
        Bomb::new("everything is deleted", "DELETE", BOMBS, JSON, "").fine(),
    ];
    for bomb in &bombs {
        set_off(&scene, bomb).await;
    }
    scene.finish(1_000);
}

#[tokio::test]
async fn definitions_that_ask_for_much_hold_up_nobody() {
    let scene = scene().await;
    let wrap = |spec: Value| json!({"type": "object", "properties": {"spec": spec}});
    let define = |what: &str, name: &str, spec: Value| {
        let kind = name[..1].to_uppercase() + &name[1..];
        Bomb::new(
            what,
            "POST",
            DEFINITIONS,
            JSON,
            definition(name, &kind, &wrap(spec)).to_string(),
        )
        .either()
    };
    let deep = |levels: usize| {
        (0..levels).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "object", "properties": {"a": inner}}),
        )
    };
    let lists = |levels: usize, rule: &str| {
        (0..levels).fold(
            json!({"type": "string"}),
            |items, _| json!({"type": "array", "items": items, "x-kubernetes-validations": [{"rule": rule}]}),
        )
    };
    let many = |count: usize, of: Value| {
        let properties: serde_json::Map<String, Value> =
            (0..count).map(|n| (format!("p{n}"), of.clone())).collect();
        json!({"type": "object", "properties": properties})
    };
    let rule = |rule: &str| {
        json!({"type": "object", "properties": {"l": {"type": "array", "maxItems": 100, "items": {"type": "integer"}},
        "s": {"type": "string", "maxLength": 1_000}}, "x-kubernetes-validations": [{"rule": rule}]})
    };
    let any = (0..5).fold(
        json!({"required": ["a"]}),
        |inner, _| json!({"anyOf": vec![inner; 4]}),
    );
    let mut anys = any;
    anys["type"] = "object".into();
    let bombs = [
        define("a schema of 100 levels", "hundreds", deep(100)),
        define("a schema of 200 levels", "deeps", deep(200)),
        define("a schema of 2,000 levels", "deepers", deep(2_000)),
        define(
            "3,000 properties",
            "wides",
            many(3_000, json!({"type": "string"})),
        ),
        define(
            "an enum of 30,000",
            "enums",
            json!({"type": "string", "enum": (0..30_000).map(|n| format!("e{n}")).collect::<Vec<_>>()}),
        ),
        define(
            "100 patterns",
            "patterns",
            many(
                100,
                json!({"type": "string", "pattern": "^([a-z]{1,200}){1,200}$"}),
            ),
        ),
        define(
            "a pattern that cannot be",
            "regexes",
            json!({"type": "string", "pattern": "((a{1000}){1000}){1000}"}),
        ),
        define(
            "rules over lists without bounds",
            "rules",
            lists(8, "self.all(x, self.all(y, x == y))"),
        ),
        define(
            "all of all of all",
            "alls",
            rule("self.l.all(a, self.l.all(b, self.l.all(c, a + b + c > 0)))"),
        ),
        define(
            "a long rule",
            "longs",
            rule(&vec!["self.l.size() > 0"; 900].join(" && ")),
        ),
        define(
            "a nested rule",
            "nests",
            rule(&format!("{}true{}", "(".repeat(5_000), ")".repeat(5_000))),
        ),
        define(
            "a ternary of ternaries",
            "ternaries",
            rule(&format!("{}true", "self.l.size() > 0 ? false : ".repeat(500))),
        ),
        define(
            "a text that grows",
            "grows",
            rule(
                "[self.s].map(a, a + a).map(a, a + a).map(a, a + a).map(a, a + a).map(a, a + a)[0].size() > 0",
            ),
        ),
        define(
            "a rule with a regular expression",
            "matches",
            rule("self.s.matches('^(([a-z]+)+)+$')"),
        ),
        define("300 rules", "manies", many(300, rule("self.l.all(a, a > 0)"))),
        define("any of any of any", "anies", anys),
        define(
            "a large default",
            "defaults",
            json!({"type": "object", "default": {"l": (0..50_000).collect::<Vec<_>>()},
            "properties": {"l": {"type": "array", "items": {"type": "integer"}}}}),
        ),
        define(
            "a long description",
            "describeds",
            json!({"type": "object", "description": "d".repeat(2_500_000)}),
        ),
    ];
    for bomb in &bombs {
        set_off(&scene, bomb).await;
    }
    // What was accepted is served, with objects that ask for as much as they can.
    let mut client = Client::open(scene.address()).await;
    let served = client.expect(200, "GET", DEFINITIONS, JSON, "").await;
    for definition in served["items"].as_array().unwrap() {
        let (plural, kind) = (
            &definition["spec"]["names"]["plural"],
            &definition["spec"]["names"]["kind"],
        );
        let (plural, kind) = (plural.as_str().unwrap(), kind.as_str().unwrap());
        if !definition["spec"]["group"].as_str().unwrap().ends_with("x.dev") {
            continue;
        }
        let spec =
            json!({"l": (0..100).collect::<Vec<_>>(), "s": "a".repeat(1_000), "p1": {"l": [1]}, "a": {}});
        let object = json!({"apiVersion": "x.dev/v1", "kind": kind, "metadata": {"name": "o"}, "spec": spec})
            .to_string();
        let path = format!("/apis/x.dev/v1/namespaces/default/{plural}");
        set_off(
            &scene,
            &Bomb::new(format!("an object of {plural}"), "POST", path, JSON, object).either(),
        )
        .await;
    }
    set_off(
        &scene,
        &Bomb::new("the schemas of all", "GET", "/openapi/v3/apis/x.dev/v1", JSON, "").fine(),
    )
    .await;
    scene.finish(1_200);
}
