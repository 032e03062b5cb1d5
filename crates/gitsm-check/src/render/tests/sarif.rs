//! SARIF against its official schema, and at its limits.

use super::*;
use crate::render::sarif::MAX_RESULTS;

/// The official schema, from the sources of the `serde-sarif` package.
fn sarif_schema() -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .expect("serde-sarif is a dependency for its schema");
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let schema = manifest.with_file_name("src").join("schema.json");
    let mut schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    // A slip of the standard: a `]` without `[`, which only JavaScript takes. We write no `language`.
    for owner in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    schema
}

#[test]
fn sarif_holds_to_the_official_schema() {
    let schema = sarif_schema();
    assert_eq!(
        schema["title"],
        "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    );
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let mut many = report();
    many.findings.extend(vec![many.findings[1].clone(); MAX_RESULTS]);
    for report in [Report::default(), report(), many] {
        let log: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Sarif)).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(faults, [""; 0]);
    }
    // The validator does refuse something.
    let mut log: serde_json::Value =
        serde_json::from_str(&rendered(&Report::default(), Format::Sarif)).unwrap();
    log["runs"][0]["columnKind"] = serde_json::json!("bytes");
    assert!(!validator.is_valid(&log));
}

#[test]
fn sarif_keeps_the_worst_of_too_many() {
    let mut many = report();
    let note = many.findings[1].clone();
    many.findings.splice(0..0, vec![note; MAX_RESULTS + 3]);
    let log: serde_json::Value = serde_json::from_str(&rendered(&many, Format::Sarif)).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), MAX_RESULTS);
    let errors = results.iter().filter(|result| result["level"] == "error").count();
    assert_eq!(errors, report().count(Level::Error));
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(notification.as_str().unwrap().starts_with("8 of 25008 findings"));
}
