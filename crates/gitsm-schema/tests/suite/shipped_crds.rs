//! The CRDs that gitsm ships are accepted.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use gitsm_schema::crd;
use serde_json::Value;
use std::path::Path;

#[test]
fn every_crd_of_gitsm_is_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds");
    let mut judged = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let definition: Value = serde_yaml::from_str(&text).unwrap();
        if definition["kind"] != "CustomResourceDefinition" {
            continue;
        }
        let decoded = crd::decode(&definition).unwrap();
        assert_eq!(decoded.unknown, Vec::<String>::new(), "{}", path.display());
        let mut definition = decoded.value;
        crd::complete(&mut definition);
        crd::prepare_create(&mut definition);
        let errors = crd::validate_create(&definition).unwrap();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, Vec::<String>::new(), "{}", path.display());
        assert_eq!(
            crd::warnings(&definition, None),
            Vec::<String>::new(),
            "{}",
            path.display()
        );
        // Nothing is refused in a definition that stays as it is.
        let mut next = definition.clone();
        next["metadata"]["resourceVersion"] = Value::from("1");
        assert_eq!(crd::validate_update(&next, &definition).unwrap(), []);
        judged += 1;
    }
    assert!(judged > 15, "{judged} CRDs found");
}
