//! What `gitsm validate` says about single objects (GS2xx), held against dry-run creates and updates on the real
//! server.

use crate::kind_samples::{Kind, kinds};
use crate::real::{collection, established, without_status};
use crate::support::root;
use gitsm_api::{API_VERSION, Scope, publish};
use gitsm_check::config::Config;
use gitsm_check::diagnostic::Report;
use gitsm_check::engine::{self, KindSet, Options};
use gitsm_check::input::MemoryInput;
use gitsm_check::yaml;
use gitsm_testkit::{ApiServer as _, Apiextensions, Client, Reply, tier};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Rules whose findings a server has as well: where there are none of them, it accepts the object. That holds for
/// objects about which only the other rules of the group complain too: GS209 is about meaning, GS210 and GS211 are
/// warnings.
const SHARED: &[&str] = &[
    "GS201", "GS202", "GS203", "GS204", "GS205", "GS206", "GS207", "GS208",
];
/// What GS208 asks of manifests in git and no server of requests: a name of their own, no namespace where there is none,
/// nothing that a server fills in.
const ONLY_IN_GIT: &[&str] = &[
    "metadata.generateName",
    "metadata.namespace",
    "metadata.resourceVersion",
];
/// Objects that are made from each valid sample, and updates of it.
const MADE: usize = 12;

#[tokio::test]
async fn validate_and_the_real_server_agree_about_every_object() {
    if tier::skips_real("validate_and_the_real_server_agree_about_every_object") {
        return;
    }
    let objects = objects();
    let report = engine::run(&input(&objects), &Config::default(), &KindSet::new(), &options()).unwrap();
    let findings = shared(report);
    let (_server, client) = server_of_all_kinds().await;
    let mut verdicts = Verdicts::default();
    for made in &objects {
        let path = format!("{}?dryRun=All&fieldValidation=Strict", made.collection());
        let reply = client.post(&path, &made.object).await.unwrap();
        verdicts.add(made, &reply, &findings);
    }
    // One object of each kind whose kind is misspelt is among them, and no server knows such a kind.
    assert!(
        findings
            .values()
            .flatten()
            .filter(|(rule, _)| rule == "GS207")
            .count()
            >= kinds().len()
    );
    verdicts.assert(300, 100);
}

#[tokio::test]
async fn validate_and_the_real_server_agree_about_every_update() {
    if tier::skips_real("validate_and_the_real_server_agree_about_every_update") {
        return;
    }
    let (_server, client) = server_of_all_kinds().await;
    let mut verdicts = Verdicts::default();
    let mut forbidden = 0;
    for kind in kinds() {
        for (index, sample) in kind.valid().enumerate() {
            let mut old = without_status(&sample.object);
            // Samples of a kind share a name.
            let name = format!("{}-{index}", old["metadata"]["name"].as_str().unwrap());
            old["metadata"]["name"] = json!(name);
            let base = Made::new("base.yaml".to_owned(), kind, old);
            let created = client.post(&base.collection(), &base.object).await.unwrap();
            let revision = created.success().unwrap().json().unwrap()["metadata"]["resourceVersion"].clone();
            let updates = updates(kind, index, &base.object);
            let report = engine::run_range(
                &input(std::slice::from_ref(&base)),
                &input(&updates),
                &Config::default(),
                &KindSet::new(),
                &options(),
            );
            let findings = shared(report.unwrap());
            forbidden += findings
                .values()
                .flatten()
                .filter(|(rule, _)| rule == "GS206")
                .count();
            for update in &updates {
                let path = format!("{}/{name}?dryRun=All&fieldValidation=Strict", update.collection());
                // A server asks which version is replaced; in git the commit says it.
                let mut object = update.object.clone();
                object["metadata"]["resourceVersion"] = revision.clone();
                let reply = client.put(&path, &object).await.unwrap();
                verdicts.add(update, &reply, &findings);
            }
        }
    }
    assert!(forbidden > 20, "only {forbidden} updates break a transition rule");
    verdicts.assert(300, 100);
}

/// What the two said about objects.
#[derive(Default)]
struct Verdicts {
    report: String,
    refused: usize,
    accepted: usize,
}

impl Verdicts {
    fn add(&mut self, made: &Made, reply: &Reply, findings: &Findings) {
        if reply.status.is_success() {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        let Made { name, object, .. } = made;
        let found = findings.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(why) = disagreement(reply, found) {
            let _ = writeln!(
                self.report,
                "{name}: {why}\n  validate: {found:?}\n  server: {reply}\n  {object}"
            );
        }
    }

    /// They agree, and enough was refused and accepted for that to mean something.
    fn assert(&self, refused: usize, accepted: usize) {
        assert!(self.report.is_empty(), "{}", self.report);
        assert!(
            self.refused > refused && self.accepted > accepted,
            "{} are refused, {} are accepted",
            self.refused,
            self.accepted
        );
    }
}

async fn server_of_all_kinds() -> (Apiextensions, Client) {
    let server = Apiextensions::start().await.unwrap();
    let client = server.client().unwrap();
    for kind in kinds() {
        let crd = publish::crd_value(kind.info).unwrap();
        client.post(CRDS, &crd).await.unwrap().success().unwrap();
        established(&client, &crd).await;
    }
    (server, client)
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

/// An object to be judged.
struct Made {
    /// The file in which `gitsm validate` sees it.
    name: String,
    /// The kind whose collection it is sent to.
    kind: &'static Kind,
    object: Value,
}

impl Made {
    fn new(name: String, kind: &'static Kind, object: Value) -> Self {
        Self { name, kind, object }
    }

    fn collection(&self) -> String {
        let path = collection(self.kind);
        match self.object["metadata"]["namespace"].as_str() {
            Some(namespace) if self.kind.info.scope == Scope::Namespaced => {
                path.replace("namespaces/shop/", &format!("namespaces/{namespace}/"))
            }
            _ => path,
        }
    }
}

/// Findings of shared rules (rule and field), by the name of the file.
type Findings = BTreeMap<String, Vec<(String, String)>>;

fn shared(report: Report) -> Findings {
    let mut findings = Findings::new();
    for finding in report.findings {
        if SHARED.contains(&finding.rule.code()) {
            let found = (finding.rule.to_string(), finding.field.clone());
            findings.entry(finding.file.to_string()).or_default().push(found);
        }
    }
    findings
}

fn input(objects: &[Made]) -> MemoryInput {
    objects.iter().fold(MemoryInput::new(), |input, made| {
        input.with(&made.name, made.object.to_string())
    })
}

fn options() -> Options {
    Options {
        at: "2027-01-01T00:00:00Z".parse().unwrap(),
        limits: yaml::Limits::default(),
        jobs: 2,
        list_judged: false,
        only: Vec::new(),
        policies: Vec::new(),
    }
}

/// Updates of an object of a kind: places changed, and the specs of the kind's other samples, right and wrong.
fn updates(kind: &'static Kind, index: usize, old: &Value) -> Vec<Made> {
    let with_spec = |spec: Value| {
        let mut object = old.clone();
        object["spec"] = spec;
        object
    };
    let mut updates: Vec<Made> = (0..MADE)
        .map(|number| {
            let mut spec = old["spec"].clone();
            change(&mut Chance(!seed(kind.info.kind, index, number)), &mut spec, 0);
            Made::new(
                format!("changed/{}/{index}-{number}.yaml", kind.info.kind),
                kind,
                with_spec(spec),
            )
        })
        .collect();
    updates.extend(kind.samples.iter().enumerate().map(|(other, sample)| {
        let name = format!("replaced/{}/{index}-{other}.yaml", kind.info.kind);
        Made::new(name, kind, with_spec(sample.object["spec"].clone()))
    }));
    updates.sort_by(|a, b| a.name.cmp(&b.name));
    updates
}

/// Every object of the tests' data, and ones made from the valid samples; each under a name of its own.
fn objects() -> Vec<Made> {
    let mut objects = Vec::new();
    for kind in kinds() {
        for sample in &kind.samples {
            let name = format!(
                "samples/{}/{}.yaml",
                kind.info.kind,
                sample.name.replace(' ', "-")
            );
            objects.push(Made::new(name, kind, without_status(&sample.object)));
        }
        let mut misspelt = without_status(&kind.base().object);
        misspelt["kind"] = json!(format!("{}s", kind.info.kind));
        objects.push(Made::new(
            format!("misspelt/{}.yaml", kind.info.kind),
            kind,
            misspelt,
        ));
        for (index, sample) in kind.valid().enumerate() {
            for number in 0..MADE {
                let mut object = without_status(&sample.object);
                let mut chance = Chance(seed(kind.info.kind, index, number));
                change(&mut chance, &mut object["spec"], 0);
                let name = format!("made/{}/{index}-{number}.yaml", kind.info.kind);
                objects.push(Made::new(name, kind, object));
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
            let kind = kinds().iter().find(|kind| object["kind"] == kind.info.kind);
            if let Some(kind) = kind
                && object["apiVersion"] == API_VERSION
            {
                let name = file.strip_prefix(root()).unwrap().display().to_string();
                let name = format!("{}/{index}.yaml", name.trim_end_matches(".yaml"));
                objects.push(Made::new(name, kind, without_status(&object)));
            }
        }
    }
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    objects.dedup_by(|a, b| a.name == b.name);
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
