//! What a new manifest could refer to, read without judging anything.

use super::classify;
use super::file::identity;
use super::references::MEMBER;
use super::{RunError, parallel};
use crate::diagnostic::ObjectId;
use crate::input::{self, Input};
use crate::yaml::{self, Limits, Node};
use gitsm_api::Scope;
use serde_json::Value;
use std::collections::HashSet;

/// The objects of an estate that a new manifest could refer to, sorted by kind, then name, then namespace.
///
/// That is every person, as kind `Member`, and every named object of ours but services that are retired and change models that are not active.
/// Objects that break their schema are listed too: they exist.
///
/// # Errors
///
/// A file cannot be read, or no thread can be started.
pub fn referable(input: &dyn Input, jobs: usize) -> Result<Vec<ObjectId>, RunError> {
    let limits = Limits::default();
    let names: HashSet<&str> = input.files().iter().map(|file| &*file.name).collect();
    let kinds: Vec<&str> = gitsm_api::kinds().iter().map(|info| info.kind).collect();
    let found = parallel::map(input.files().len(), jobs, |index| {
        let mut objects = Vec::new();
        let name = &input.files()[index].name;
        if classify::skipped_by_name(name, &|other| names.contains(other)).is_some() {
            return Ok(objects);
        }
        let bytes = input::read(input, index, limits.file_bytes as u64 + 1)?;
        if input::mentions_gitsm(&bytes, &kinds) {
            for document in &yaml::read(&bytes, &limits).documents {
                collect(&document.root, &mut objects);
            }
        }
        Ok(objects)
    })
    .map_err(RunError::Thread)?;
    let mut objects = Vec::new();
    for outcome in found {
        objects.append(&mut outcome.map_err(RunError::Read)?);
    }
    objects.sort_by(|a, b| (&a.kind, &a.name, &a.namespace).cmp(&(&b.kind, &b.name, &b.namespace)));
    objects.dedup();
    Ok(objects)
}

/// Adds the object, or those of a list.
fn collect(node: &Node<'_>, objects: &mut Vec<ObjectId>) {
    if let Some(items) = node.get("items") {
        for item in items.items() {
            collect(item, objects);
        }
        return;
    }
    let object = node.to_json();
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let Some(info) = text("/kind").and_then(gitsm_api::find) else {
        return;
    };
    if text("/apiVersion") != Some(gitsm_api::API_VERSION) || text("/metadata/name").is_none() {
        return;
    }
    let usable = match (info.kind, text("/spec/state")) {
        ("ChangeModel", state) => state == Some("Active"),
        ("ITService", state) => state != Some("Retired"),
        _ => true,
    };
    if usable {
        objects.push(identity(info.kind, info.scope == Scope::Namespaced, &object));
    }
    let members = object.pointer("/spec/members").and_then(Value::as_array);
    for member in members.into_iter().flatten().filter(|_| info.kind == "Team") {
        if let Some(id) = member.get("id").and_then(Value::as_str) {
            objects.push(ObjectId {
                kind: MEMBER.to_owned(),
                namespace: String::new(),
                name: id.to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::MemoryInput;

    #[test]
    fn what_nobody_should_refer_to_is_left_out() {
        let object = |kind: &str, metadata: &str, spec: &str| {
            format!("apiVersion: gitsm.dev/v1alpha1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n")
        };
        let input = MemoryInput::new()
            .with("b.yaml", object("Team", "{name: ops}", "{}"))
            .with(
                "a.yaml",
                [
                    object("ChangeModel", "{name: old}", "{state: Suspended}"),
                    object("ChangeModel", "{name: new}", "{state: Active}"),
                    object("ITService", "{name: shop}", "{state: Production}"),
                    object("ITService", "{name: fax, namespace: office}", "{state: Retired}"),
                    object("Team", "{}", "{}"),
                    "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: gitsm.dev/v1alpha1, kind: Team, metadata: {name: dev}}\n"
                        .to_owned(),
                ]
                .join("---\n"),
            );
        let found: Vec<_> = referable(&input, 2)
            .unwrap()
            .into_iter()
            .map(|id| (id.kind, id.namespace, id.name))
            .collect();
        let expected = [
            ("ChangeModel", "", "new"),
            ("ITService", "default", "shop"),
            ("Team", "", "dev"),
            ("Team", "", "ops"),
        ];
        assert_eq!(
            found,
            expected.map(|(kind, namespace, name)| (kind.to_owned(), namespace.to_owned(), name.to_owned()))
        );
    }
}
