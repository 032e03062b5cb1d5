//! Scripts of requests that both servers must answer alike: `scripts/*.yaml`.

use crate::known;
use crate::pair::{Outcome, Strictness, run};
use crate::step::{JSON, Request, Step, Written};
use gitsm_testkit::{ApiServer, Embedded, Real, tier};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// Requests that the scripts must have at least.
const REQUESTS: usize = 300;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    /// It is about built-in kinds, which the real server has in an old version.
    #[serde(default)]
    built_in: bool,
    /// A definition of `definitions.yaml` that is created first; its plural name is `things`.
    definition: Option<String>,
    steps: Vec<Written>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripted_requests_are_answered_as_the_real_server_does() {
    if tier::skips_real("scripted_requests_are_answered_as_the_real_server_does") {
        return;
    }
    let (real, ours) = tokio::join!(Real::start(), Embedded::start());
    let (real, ours) = (real.unwrap(), ours.unwrap());
    let only = std::env::var("GITSM_SCENARIO").unwrap_or_default();
    let definitions: BTreeMap<String, Value> = read("definitions.yaml");
    let (mut report, mut requests, mut confirmed) = (String::new(), 0, BTreeSet::new());
    for (index, scenario) in scenarios().into_iter().enumerate() {
        if !scenario.name.contains(&only) {
            continue;
        }
        let name = scenario.name.clone();
        match take(&real, &ours, &definitions, index, scenario).await {
            Ok(outcome) => {
                requests += outcome.requests;
                confirmed.extend(outcome.confirmed);
                for difference in outcome.differences {
                    let _ = writeln!(
                        report,
                        "{name}, step {}: {}\n{}",
                        difference.step, difference.request, difference.what
                    );
                }
            }
            Err(error) => {
                let _ = writeln!(report, "{name}: {error:#}");
            }
        }
    }
    assert!(report.is_empty(), "the answers differ:\n{report}");
    if only.is_empty() {
        assert!(requests >= REQUESTS, "{requests} requests only");
        eprintln!("{requests} scripted requests were answered alike");
        assert_eq!(
            confirmed,
            known::ids(),
            "known differences that show, and the table of docs/apiserver.md"
        );
    }
}

async fn take(
    real: &dyn ApiServer,
    ours: &dyn ApiServer,
    definitions: &BTreeMap<String, Value>,
    index: usize,
    scenario: Scenario,
) -> anyhow::Result<Outcome> {
    let group = format!("s{index}.example.com");
    let namespace = format!("s{index}");
    let base = format!("/apis/{group}/v1/namespaces/{namespace}/things");
    let variables = BTreeMap::from([
        ("base".to_owned(), base.clone()),
        ("crd".to_owned(), format!("{CRDS}/things.{group}")),
        ("group".to_owned(), group.clone()),
        ("ns".to_owned(), namespace.clone()),
        ("core".to_owned(), format!("/api/v1/namespaces/{namespace}")),
    ]);
    let created = json!({"metadata": {"name": namespace}});
    let prepare: Vec<Step> =
        vec![Request::with_body(Method::POST, "/api/v1/namespaces", JSON, &created).into()];
    run(real, ours, &variables, &prepare, Strictness::BuiltIn).await?;
    let mut steps: Vec<Step> = Vec::new();
    if let Some(name) = &scenario.definition {
        let definition = definitions.get(name).expect("a definition of definitions.yaml");
        let is_cluster_wide = definition["spec"]["scope"] == "Cluster";
        let definition = definition.to_string();
        steps.push(
            Request {
                headers: vec![("content-type".to_owned(), JSON.to_owned())],
                body: definition,
                ..Request::new(Method::POST, CRDS)
            }
            .into(),
        );
        let served = if is_cluster_wide {
            format!("/apis/{group}/v1/things")
        } else {
            base
        };
        steps.push(Step {
            until: Some(200),
            ..Request::new(Method::GET, served).into()
        });
    }
    steps.extend(scenario.steps.into_iter().flat_map(Written::steps));
    let strictness = if scenario.built_in {
        Strictness::BuiltIn
    } else {
        Strictness::Whole
    };
    run(real, ours, &variables, &steps, strictness).await
}

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn scenarios() -> Vec<Scenario> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "definitions.yaml")
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| read::<Vec<Scenario>>(name))
        .collect()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/scripts")
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    // Through YAML's own values first: only they know anchors and merge keys.
    let mut value: serde_yaml::Value =
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    value.apply_merge().unwrap();
    serde_yaml::from_value(value).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn scripts_name_only_known_differences_of_the_table() {
    let ids = known::ids();
    let mut used = BTreeSet::new();
    let mut requests = 0;
    for scenario in scenarios() {
        let steps: Vec<Step> = scenario.steps.into_iter().flat_map(Written::steps).collect();
        requests += steps.len();
        used.extend(steps.into_iter().filter_map(|step| step.known));
    }
    assert_eq!(used, ids);
    assert!(requests >= REQUESTS, "{requests} requests only");
}
