//! What is done to objects of a generated definition.

use super::random::Random;
use super::values;
use crate::step::{APPLY, Action, JSON, JSON_PATCH, MERGE, Request, Step};
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const NAMES: &[&str] = &["a", "b", "c"];

/// The steps of a case, after its definition is served at `base`.
pub(crate) fn steps(random: &mut Random, definition: &Value, base: &str, count: usize) -> Vec<Step> {
    let maker = Maker {
        base: base.to_owned(),
        api_version: format!("{}/v1", definition["spec"]["group"].as_str().unwrap()),
        schema: definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone(),
        has_status: definition["spec"]["versions"][0]["subresources"].is_object(),
    };
    let watched = format!(
        "{base}?watch=true&resourceVersion=${{start}}&allowWatchBookmarks=false{}",
        selector(random)
    );
    let mut steps = vec![
        Step {
            save: BTreeMap::from([("start".to_owned(), "/metadata/resourceVersion".to_owned())]),
            ..Request::new(Method::GET, base).into()
        },
        Action::Open {
            watch: "all".to_owned(),
            request: Request::new(Method::GET, watched),
        }
        .into(),
        maker.create(random, "a", 0),
    ];
    for _ in 0..count {
        steps.push(maker.step(random));
    }
    steps.push(Request::new(Method::GET, base).into());
    // Its event ends the watch, whatever is selected.
    let last = json!({"apiVersion": maker.api_version, "kind": "Thing", "metadata": {"name": "last", "labels": {"app": "x"}}, "spec": {}});
    steps.push(Request::with_body(Method::POST, base, JSON, &last).into());
    steps
}

/// The events of the watch, when the last object was created.
pub(crate) fn reading() -> Step {
    Action::Read {
        watch: "all".to_owned(),
        last: Some("last".to_owned()),
    }
    .into()
}

struct Maker {
    base: String,
    api_version: String,
    schema: Value,
    has_status: bool,
}

impl Maker {
    fn step(&self, random: &mut Random) -> Step {
        let name = *random.pick(NAMES);
        let wrong = *random.pick(&[0, 0, 4, 12]);
        match random.below(20) {
            0..=3 => self.create(random, name, wrong),
            4..=5 => self.update(random, name, wrong),
            6..=7 => self.merge(random, name, wrong),
            8..=9 => self.json(random, name, wrong),
            10..=14 => self.apply(random, name, wrong),
            15 => self.status(random, name, wrong),
            16 => self.delete(random, name),
            17 => Request::new(Method::GET, format!("{}/{name}", self.base)).into(),
            18 => self.finalizers(random, name),
            _ => self.list(random),
        }
    }

    fn body(&self, random: &mut Random, name: &str, wrong: usize) -> Value {
        let mut body = values::value(random, &self.schema, 0);
        for part in ["spec", "status"] {
            if body.get(part).is_some() || part == "spec" {
                body[part] = values::value(random, &self.schema["properties"][part], wrong);
            }
        }
        if random.percent(wrong) {
            body["unknown"] = json!(1);
        }
        body["apiVersion"] = json!(self.api_version);
        body["kind"] = json!("Thing");
        body["metadata"] = json!({"name": name});
        if random.percent(50) {
            body["metadata"]["labels"] = json!({"app": random.pick(&["x", "y"])});
        }
        if random.percent(10) {
            body["metadata"]["annotations"] = json!({"note": "n"});
        }
        body
    }

    fn create(&self, random: &mut Random, name: &str, wrong: usize) -> Step {
        let mut body = self.body(random, name, wrong);
        if random.percent(10) {
            body["metadata"]["finalizers"] = json!(["example.com/hold"]);
        }
        if random.percent(5) {
            // A beginning of its own, so that lists come in the same order on both servers.
            body["metadata"] = json!({"generateName": format!("made-{:03}-", random.below(1_000))});
        }
        let path = format!("{}{}", self.base, options(random));
        keeping(Request::with_body(Method::POST, path, JSON, &body), name)
    }

    fn update(&self, random: &mut Random, name: &str, wrong: usize) -> Step {
        let mut body = self.body(random, name, wrong);
        if !random.percent(8) {
            body["metadata"]["resourceVersion"] = json!(format!("${{revision {name}}}"));
        }
        let path = format!("{}/{name}{}", self.base, options(random));
        keeping(Request::with_body(Method::PUT, path, JSON, &body), name)
    }

    fn merge(&self, random: &mut Random, name: &str, wrong: usize) -> Step {
        let mut patch = json!({"spec": values::value(random, &self.schema["properties"]["spec"], wrong)});
        if let Some(fields) = patch["spec"].as_object_mut() {
            let names: Vec<String> = fields.keys().cloned().collect();
            if !names.is_empty() && random.percent(40) {
                fields.insert(random.pick(&names).clone(), Value::Null);
            }
        }
        if random.percent(20) {
            patch["metadata"] = json!({"labels": {"app": random.pick(&["x", "y"])}});
        }
        if random.percent(10) {
            patch["status"] = values::value(random, &self.schema["properties"]["status"], wrong);
        }
        let path = format!("{}/{name}{}", self.base, options(random));
        keeping(Request::with_body(Method::PATCH, path, MERGE, &patch), name)
    }

    fn json(&self, random: &mut Random, name: &str, wrong: usize) -> Step {
        let spec = &self.schema["properties"]["spec"];
        let none = Map::new();
        let properties = spec["properties"].as_object().unwrap_or(&none);
        let names: Vec<&String> = properties.keys().collect();
        let operations: Vec<Value> = (0..=random.below(2))
            .map(|_| {
                let field = *random.pick(&names);
                let mut path = format!("/spec/{field}");
                let mut child = &properties[field];
                if child["type"] == "array" && random.percent(60) {
                    let place: &&str = random.pick(&["/-", "/0", "/1", "/9"]);
                    path.push_str(place);
                    child = &child["items"];
                }
                // Copying from behind the end of a null ends the real server's connection.
                let from = path.trim_end_matches("/-");
                match random.below(8) {
                    0 => json!({"op": "remove", "path": path}),
                    1 => json!({"op": "replace", "path": path, "value": values::value(random, child, wrong)}),
                    2 => json!({"op": "test", "path": path, "value": values::value(random, child, wrong)}),
                    3 => {
                        json!({"op": "copy", "from": from, "path": format!("/spec/{}", random.pick(&names))})
                    }
                    4 => {
                        json!({"op": "move", "from": from, "path": format!("/spec/{}", random.pick(&names))})
                    }
                    _ => json!({"op": "add", "path": path, "value": values::value(random, child, wrong)}),
                }
            })
            .collect();
        let path = format!("{}/{name}{}", self.base, options(random));
        keeping(
            Request::with_body(Method::PATCH, path, JSON_PATCH, &json!(operations)),
            name,
        )
    }

    fn apply(&self, random: &mut Random, name: &str, wrong: usize) -> Step {
        let mut body = self.body(random, name, wrong);
        if random.percent(80) {
            body.as_object_mut().unwrap().remove("status");
        }
        let manager = *random.pick(&["m1", "m2", "m3"]);
        let force = if random.percent(40) { "&force=true" } else { "" };
        let validation = if random.percent(15) {
            "&fieldValidation=Strict"
        } else {
            ""
        };
        let dry = if random.percent(5) { "&dryRun=All" } else { "" };
        let path = format!(
            "{}/{name}?fieldManager={manager}{force}{validation}{dry}",
            self.base
        );
        keeping(Request::with_body(Method::PATCH, path, APPLY, &body), name)
    }

    fn status(&self, random: &mut Random, name: &str, wrong: usize) -> Step {
        if !self.has_status && random.percent(80) {
            return self.apply(random, name, wrong);
        }
        let status = values::value(random, &self.schema["properties"]["status"], wrong);
        let path = format!("{}/{name}/status{}", self.base, options(random));
        if random.percent(50) {
            return keeping(
                Request::with_body(Method::PATCH, path, MERGE, &json!({"status": status})),
                name,
            );
        }
        let body = json!({"apiVersion": self.api_version, "kind": "Thing", "metadata": {"name": name}, "status": status});
        let path = format!(
            "{}/{name}/status?fieldManager=m{}",
            self.base,
            1 + random.below(3)
        );
        keeping(Request::with_body(Method::PATCH, path, APPLY, &body), name)
    }

    fn delete(&self, random: &mut Random, name: &str) -> Step {
        let path = format!("{}/{name}", self.base);
        match random.below(4) {
            0 => Request::new(Method::DELETE, path).into(),
            1 => {
                let body = json!({"preconditions": {"resourceVersion": format!("${{revision {name}}}")}});
                Request::with_body(Method::DELETE, path, JSON, &body).into()
            }
            2 => Request::with_body(
                Method::DELETE,
                path,
                JSON,
                &json!({"propagationPolicy": "Background"}),
            )
            .into(),
            _ => Request::new(Method::DELETE, format!("{}?labelSelector=app%3Dy", self.base)).into(),
        }
    }

    fn finalizers(&self, random: &mut Random, name: &str) -> Step {
        let finalizers = random
            .pick(&[
                json!(null),
                json!([]),
                json!(["example.com/hold"]),
                json!(["example.com/hold", "b.io/c"]),
            ])
            .clone();
        let patch = json!({"metadata": {"finalizers": finalizers}});
        keeping(
            Request::with_body(Method::PATCH, format!("{}/{name}", self.base), MERGE, &patch),
            name,
        )
    }

    fn list(&self, random: &mut Random) -> Step {
        let mut path = format!("{}?x={}", self.base, selector(random));
        if random.percent(40) {
            path.push_str("&limit=1");
        }
        Request::new(Method::GET, path).into()
    }
}

/// A step that keeps the revision of the object that comes back.
fn keeping(request: Request, name: &str) -> Step {
    Step {
        save: BTreeMap::from([(format!("revision {name}"), "/metadata/resourceVersion".to_owned())]),
        ..request.into()
    }
}

fn selector(random: &mut Random) -> &'static str {
    match random.below(6) {
        0 => "&labelSelector=app%3Dx",
        1 => "&labelSelector=app+in+(x,z)",
        2 => "&fieldSelector=metadata.name!%3Da",
        _ => "",
    }
}

fn options(random: &mut Random) -> String {
    let mut options = Vec::new();
    match random.below(8) {
        0 => options.push("fieldValidation=Strict"),
        1 => options.push("fieldValidation=Ignore"),
        _ => {}
    }
    if random.percent(8) {
        options.push("dryRun=All");
    }
    match random.below(3) {
        0 => options.push("fieldManager=u1"),
        1 => options.push("fieldManager=u2"),
        // A name that does not depend on the client.
        _ => options.push("fieldManager=u3"),
    }
    format!("?{}", options.join("&"))
}
