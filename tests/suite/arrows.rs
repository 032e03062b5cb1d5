//! Which crate may depend on which: decisions stay free of I/O only as long as nobody adds the one dependency
//! that brings it in.
//!
//! Build dependencies count, development dependencies do not.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Each crate of the workspace and the crates of the workspace it may depend on. A crate that no list names
/// (the tests, `xtask`) may not be depended on at all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("gitsm-core", &[]),
    ("gitsm-schema", &[]),
    ("gitsm-apply", &["gitsm-schema"]),
    ("gitsm-api", &["gitsm-core"]),
    ("gitsm-git", &["gitsm-core"]),
    ("gitsm-check", &["gitsm-api", "gitsm-core", "gitsm-schema"]),
    ("gitsm-apiserver", &["gitsm-apply", "gitsm-schema"]),
    (
        "gitsm-operator",
        &["gitsm-api", "gitsm-check", "gitsm-core", "gitsm-git"],
    ),
    (
        "gitsm-cli",
        &[
            "gitsm-api",
            "gitsm-apiserver",
            "gitsm-check",
            "gitsm-core",
            "gitsm-git",
            "gitsm-operator",
            "gitsm-schema",
        ],
    ),
    ("gitsm-testkit", &["gitsm-apiserver"]),
    ("gitsm-tests", &[]),
    (
        "xtask",
        &[
            "gitsm-api",
            "gitsm-check",
            "gitsm-cli",
            "gitsm-core",
            "gitsm-schema",
        ],
    ),
];

/// Crates of others that would bring a clock, a network or a repository to where only decisions and judgements
/// are made.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("gitsm-core", IMPURE),
    ("gitsm-schema", IMPURE),
    ("gitsm-apply", IMPURE),
    ("gitsm-check", IMPURE),
];
const IMPURE: &[&str] = &[
    "kube",
    "kube-client",
    "kube-runtime",
    "tokio",
    "git2",
    "octocrab",
    "reqwest",
    "hyper",
    "axum",
    "clap",
    "rand",
    "getrandom",
];

#[test]
fn crates_depend_in_one_direction() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata = serde_json::from_slice(&output.stdout).unwrap();
    let violations = violations(&metadata);
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

fn violations(metadata: &Value) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let forbidden: BTreeMap<&str, &[&str]> = FORBIDDEN.iter().copied().collect();
    let packages = metadata["packages"].as_array().unwrap();
    let members: BTreeSet<&str> = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();

    let mut violations: Vec<String> = allowed
        .keys()
        .filter(|name| !members.contains(*name))
        .map(|name| format!("{name} is in the table of tests/suite/arrows.rs but not in the workspace"))
        .collect();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let Some(may) = allowed.get(name) else {
            violations.push(format!(
                "{name} is missing from the table of tests/suite/arrows.rs"
            ));
            continue;
        };
        let may_not = forbidden.get(name).copied().unwrap_or_default();
        for dependency in package["dependencies"].as_array().unwrap() {
            let target = dependency["name"].as_str().unwrap();
            let outward = members.contains(target) && !may.contains(&target);
            if dependency["kind"] != "dev" && (outward || may_not.contains(&target)) {
                violations.push(format!("{name} -> {target}: not an allowed dependency"));
            }
        }
    }
    violations
}

/// The table as metadata, with more dependencies of one crate: without them there is nothing to complain about.
fn workspace_with(krate: &str, more: &[Value]) -> Value {
    let packages: Vec<Value> = ALLOWED
        .iter()
        .map(|(name, may)| {
            let mut dependencies: Vec<Value> = may
                .iter()
                .map(|target| json!({"name": target, "kind": null}))
                .collect();
            if *name == krate {
                dependencies.extend_from_slice(more);
            }
            json!({"name": name, "dependencies": dependencies})
        })
        .collect();
    json!({"packages": packages})
}

#[test]
fn an_outward_dependency_is_named() {
    assert_eq!(violations(&workspace_with("", &[])), [""; 0]);
    for kind in [Value::Null, json!("build")] {
        let found = violations(&workspace_with(
            "gitsm-core",
            &[
                json!({"name": "gitsm-api", "kind": kind}),
                json!({"name": "serde", "kind": kind}),
            ],
        ));
        assert_eq!(found, ["gitsm-core -> gitsm-api: not an allowed dependency"]);
    }
    let found = violations(&workspace_with(
        "gitsm-cli",
        &[json!({"name": "xtask", "kind": null})],
    ));
    assert_eq!(found, ["gitsm-cli -> xtask: not an allowed dependency"]);
    let found = violations(&workspace_with(
        "gitsm-check",
        &[json!({"name": "git2", "kind": null})],
    ));
    assert_eq!(found, ["gitsm-check -> git2: not an allowed dependency"]);
    let in_tests = json!({"name": "gitsm-cli", "kind": "dev"});
    assert_eq!(violations(&workspace_with("gitsm-core", &[in_tests])), [""; 0]);
}

#[test]
fn the_table_lists_every_crate_and_no_other() {
    let mut metadata = workspace_with("", &[]);
    let packages = metadata["packages"].as_array_mut().unwrap();
    packages[0]["name"] = json!("gitsm-novel");
    assert_eq!(
        violations(&metadata),
        [
            "gitsm-core is in the table of tests/suite/arrows.rs but not in the workspace",
            "gitsm-novel is missing from the table of tests/suite/arrows.rs",
        ]
    );
}
