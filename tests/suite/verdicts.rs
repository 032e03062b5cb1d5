//! What `gitsm validate` says about single objects (GS2xx), held against a dry-run create on the real server.

use crate::kind_samples::kinds;
use crate::real::{collection, established, without_status};
use crate::support::root;
use gitsm_api::{API_VERSION, Scope, publish};
use gitsm_check::config::Config;
use gitsm_check::engine::{self, KindSet, Options};
use gitsm_check::input::MemoryInput;
use gitsm_check::yaml;
use gitsm_testkit::{ApiServer as _, Apiextensions, Client, Reply, tier};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Rules whose findings a server has as well. The others say what no server looks at: GS206 needs an old version,
/// GS207 is about other kinds, GS209 about meaning, GS210 and GS211 are warnings.
const SHARED: &[&str] = &["GS201", "GS202", "GS203", "GS204", "GS205", "GS208"];
/// What GS208 asks of manifests in git and no server of requests: a name of their own, no namespace where there is none,
/// nothing that a server fills in.
const ONLY_IN_GIT: &[&str] = &[
    "metadata.generateName",
    "metadata.namespace",
    "metadata.resourceVersion",
];
/// Objects that are made from each valid sample.
const MADE: usize = 12;

#[tokio::test]
async fn validate_and_the_real_server_agree_about_every_object() {
    if tier::skips_real("validate_and_the_real_server_agree_about_every_object") {
        return;
    }
    let objects = objects();
    let findings = findings(&objects);
    let server = Apiextensions::start().await.unwrap();
    let client = server.client().unwrap();
    for kind in kinds() {
        let crd = publish::crd_value(kind.info).unwrap();
        client.post(CRDS, &crd).await.unwrap().success().unwrap();
        established(&client, &crd).await;
    }
    let mut report = String::new();
    let mut refused = 0;
    for (name, object) in &objects {
        let reply = dry_run(&client, object).await;
        refused += usize::from(!reply.status.is_success());
        let found = findings.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(why) = disagreement(&reply, found) {
            let _ = writeln!(
                report,
                "{name}: {why}\n  validate: {found:?}\n  server: {reply}\n  {object}"
            );
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(
        refused > 300 && objects.len() - refused > 100,
        "{refused} of {} are refused",
        objects.len()
    );
}

/// Why a server's answer and the findings (rule and field) do not say the same.
fn disagreement(reply: &Reply, found: &[(String, String)]) -> Option<String> {
    let is_refused = !reply.status.is_success();
    let only_in_git = found
        .iter()
        .all(|(rule, field)| rule == "GS208" && ONLY_IN_GIT.contains(&field.as_str()));
    if !is_refused && only_in_git {
        return None;
    }
    if is_refused == found.is_empty() {
        return Some("one of them refuses it, the other does not".to_owned());
    }
    if reply.status != 422 {
        return None;
    }
    let status = reply.json().ok()?;
    let causes = status["details"]["causes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let is_caused = |field: &String| {
        causes.iter().any(|cause| {
            let place = cause["field"].as_str().unwrap_or("");
            place == "<nil>"
                || field.is_empty()
                || place.starts_with(field.as_str())
                || field.starts_with(place)
        })
    };
    let stray = found.iter().find(|(_, field)| !is_caused(field))?;
    Some(format!("the server has no complaint about {:?}", stray.1))
}

async fn dry_run(client: &Client, object: &Value) -> Reply {
    let kind = kinds()
        .iter()
        .find(|kind| object["kind"] == kind.info.kind)
        .unwrap();
    let mut path = collection(kind);
    if kind.info.scope == Scope::Namespaced
        && let Some(namespace) = object["metadata"]["namespace"].as_str()
    {
        path = path.replace("namespaces/shop/", &format!("namespaces/{namespace}/"));
    }
    let path = format!("{path}?dryRun=All&fieldValidation=Strict");
    client.post(&path, object).await.unwrap()
}

/// The findings of shared rules, by the name of the object.
fn findings(objects: &[(String, Value)]) -> BTreeMap<String, Vec<(String, String)>> {
    let input = objects.iter().fold(MemoryInput::new(), |input, (name, object)| {
        input.with(name, object.to_string())
    });
    let options = Options {
        at: "2027-01-01T00:00:00Z".parse().unwrap(),
        limits: yaml::Limits::default(),
        jobs: 2,
        list_judged: false,
        only: Vec::new(),
        policies: Vec::new(),
    };
    let report = engine::run(&input, &Config::default(), &KindSet::new(), &options).unwrap();
    let mut findings: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for finding in report.findings {
        if SHARED.contains(&finding.rule.code()) {
            let found = (finding.rule.to_string(), finding.field.clone());
            findings.entry(finding.file.to_string()).or_default().push(found);
        }
    }
    findings
}

/// Every object of the tests' data, and ones made from the valid samples; each under a name of its own.
fn objects() -> Vec<(String, Value)> {
    let mut objects = Vec::new();
    for kind in kinds() {
        for sample in &kind.samples {
            let object = without_status(&sample.object);
            objects.push((
                format!(
                    "samples/{}/{}.yaml",
                    kind.info.kind,
                    sample.name.replace(' ', "-")
                ),
                object,
            ));
        }
        for (index, sample) in kind.valid().enumerate() {
            for number in 0..MADE {
                let mut object = without_status(&sample.object);
                let mut chance = Chance(seed(kind.info.kind, index, number));
                let spec = &mut object["spec"];
                change(&mut chance, spec, 0);
                objects.push((format!("made/{}/{index}-{number}.yaml", kind.info.kind), object));
            }
        }
    }
    for file in files(&root().join("tests/data")) {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let read = yaml::read(&bytes, &yaml::Limits::default());
        if read.has_errors() {
            continue;
        }
        for (index, document) in read.documents.iter().enumerate() {
            let object = document.root.to_json();
            let is_ours = object["apiVersion"] == API_VERSION
                && kinds().iter().any(|kind| object["kind"] == kind.info.kind);
            if is_ours {
                let name = file.strip_prefix(root()).unwrap().display().to_string();
                objects.push((
                    format!("{}/{index}.yaml", name.trim_end_matches(".yaml")),
                    without_status(&object),
                ));
            }
        }
    }
    objects.sort_by(|a, b| a.0.cmp(&b.0));
    objects.dedup_by(|a, b| a.0 == b.0);
    objects
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Numbers that follow from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).unwrap()
    }
}

fn seed(kind: &str, index: usize, number: usize) -> u64 {
    let start = kind.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    start
        .wrapping_mul(1_000_003)
        .wrapping_add((index * MADE + number) as u64)
}

/// Changes one place inside of a value.
fn change(chance: &mut Chance, value: &mut Value, depth: usize) {
    let goes_on = depth == 0 || chance.below(3) > 0;
    match value {
        Value::Object(fields) if goes_on && !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = &names[chance.below(names.len())];
            match chance.below(8) {
                0 => {
                    fields.remove(name);
                }
                1 => {
                    fields.insert("surplus".to_owned(), json!(1));
                }
                _ => change(chance, &mut fields[name.as_str()], depth + 1),
            }
        }
        Value::Array(items) if goes_on && !items.is_empty() => {
            let index = chance.below(items.len());
            if chance.below(4) == 0 {
                items.push(items[index].clone());
            } else {
                change(chance, &mut items[index], depth + 1);
            }
        }
        other => {
            let odd = [
                json!(null),
                json!(-1),
                json!(7),
                json!(1.5),
                json!(true),
                json!(""),
                json!("A b!"),
                json!("x"),
                json!([]),
                json!({}),
                json!("2027-01-01T00:00:00Z"),
                json!("x".repeat(300)),
                json!(["x", "x"]),
            ];
            *other = odd[chance.below(odd.len())].clone();
        }
    }
}
