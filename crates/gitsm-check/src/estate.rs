//! The estate as typed objects, for commands that decide.
//!
//! A decision about an estate that cannot be read as a whole would be a guess: one file that cannot be understood
//! ends the reading, with its place. `gitsm validate` lists everything that is wrong.

use crate::engine::{RunError, classify, parallel};
use crate::input::{self, Input};
use crate::yaml::{self, Limits, Node, NodeValue};
use gitsm_api::estate::Estate;
use serde_json::Value;
use std::sync::Arc;

/// Why an estate could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    /// A file could not be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file or object could not be understood.
    #[error("{file}:{line}: {problem}; `gitsm validate` lists everything that is wrong")]
    Object {
        /// The file.
        file: Arc<str>,
        /// The line, from 1.
        line: u32,
        /// What is wrong.
        problem: String,
    },
}

/// An object with its line.
struct Found {
    line: u32,
    object: Value,
}

/// A resource of gitsm with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The file.
    pub file: Arc<str>,
    /// The line on which it starts, from 1.
    pub line: u32,
    /// The object as it is written.
    pub object: Value,
}

/// The resources of gitsm in an input as they are written, in the order of files and lines.
///
/// # Errors
///
/// [`EstateError`], for the first file in order of names.
pub fn manifests(input: &dyn Input, jobs: usize) -> Result<Vec<Manifest>, EstateError> {
    let mut manifests = Vec::new();
    for (file, found) in input.files().iter().zip(objects(input, jobs)?) {
        manifests.extend(found?.into_iter().map(|Found { line, object }| Manifest {
            file: Arc::clone(&file.name),
            line,
            object,
        }));
    }
    Ok(manifests)
}

/// Reads all resources of gitsm in an input.
///
/// # Errors
///
/// [`EstateError`], for the first file in order of names.
pub fn read(input: &dyn Input, jobs: usize) -> Result<Estate, EstateError> {
    let mut estate = Estate::default();
    for (file, found) in input.files().iter().zip(objects(input, jobs)?) {
        for Found { line, object } in found? {
            estate.insert(&object).map_err(|error| EstateError::Object {
                file: Arc::clone(&file.name),
                line,
                problem: error.to_string(),
            })?;
        }
    }
    Ok(estate)
}

/// The resources of one text, a records file for example: documents, and the items of lists.
///
/// The limits of files of an estate do not hold: whoever asks names the file, and the records of a year are large.
///
/// # Errors
///
/// [`EstateError::Object`] for the first problem; `name` is what it calls the file.
pub fn read_text(name: &Arc<str>, bytes: &[u8]) -> Result<Vec<Value>, EstateError> {
    let limits = Limits {
        file_bytes: 1 << 30,
        documents: 1_000_000,
        nodes: 100_000_000,
        ..Limits::default()
    };
    let found = objects_of(name, bytes, &limits)?;
    Ok(found.into_iter().map(|found| found.object).collect())
}

type FileObjects = Result<Vec<Found>, EstateError>;

fn objects(input: &dyn Input, jobs: usize) -> Result<Vec<FileObjects>, RunError> {
    let limits = Limits::default();
    let limit = limits.file_bytes as u64;
    let charts = classify::charts(input.files());
    let kinds: Vec<_> = gitsm_api::kinds().iter().map(|info| info.kind).collect();
    let found = parallel::map(input.files().len(), jobs, |index| {
        let file = &input.files()[index];
        if classify::skipped_by_name(&file.name, &|name| charts.contains(name)).is_some() {
            return Ok(Vec::new());
        }
        let bytes = input::read(input, index, limit).map_err(RunError::Read)?;
        if !input::names_resource(&bytes, &kinds) {
            return Ok(Vec::new());
        }
        if file.size > limit {
            return Err(EstateError::Object {
                file: Arc::clone(&file.name),
                line: 1,
                problem: format!("the file is larger than {limit} bytes"),
            });
        }
        objects_of(&file.name, &bytes, &limits)
    });
    Ok(found.map_err(RunError::Thread)?.collect())
}

fn objects_of(name: &Arc<str>, bytes: &[u8], limits: &Limits) -> FileObjects {
    let read = yaml::read(bytes, limits);
    if let Some(problem) = read.problems.iter().find(|problem| problem.is_error()) {
        return Err(EstateError::Object {
            file: Arc::clone(name),
            line: problem.span.start.line,
            problem: problem.message.clone(),
        });
    }
    let mut found = Vec::new();
    for document in &read.documents {
        collect(&document.root, &mut found);
    }
    Ok(found)
}

fn collect(node: &Node<'_>, found: &mut Vec<Found>) {
    let text = |field: &str| match node.get(field).map(|node| &node.value) {
        Some(NodeValue::Scalar { raw, .. }) => Some(raw),
        _ => None,
    };
    if text("apiVersion").is_some_and(|version| version == gitsm_api::API_VERSION) {
        found.push(Found {
            line: node.span.start.line,
            object: node.to_json(),
        });
    } else if let Some(items) = node.get("items") {
        for item in items.items() {
            collect(item, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::MemoryInput;

    const TEAM: &str = "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata: {name: a}\nspec:\n  displayName: A\n  members: []\n";

    fn team(name: &str) -> String {
        TEAM.replace("name: a}", &format!("name: {name}}}"))
    }

    #[test]
    fn documents_and_lists_are_read() {
        let list =
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: gitsm.dev/v1alpha1\n  kind: RecordPolicy\n";
        let items = read_text(
            &"list.yaml".into(),
            format!("{list}---\nkind: Pod\n---\n{TEAM}").as_bytes(),
        )
        .unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0]["kind"], "RecordPolicy");
    }

    #[test]
    fn one_object_that_cannot_be_understood_ends_the_reading_with_its_place() {
        let good = MemoryInput::new().with("a.yaml", format!("{}---\n{}", team("a"), team("b")));
        let read_good = read(&good, 1);
        assert_eq!(
            read_good
                .map(|estate| estate.teams.len())
                .map_err(|error| error.to_string()),
            Ok(2)
        );

        for (bad, expected) in [
            (team("a"), "b.yaml:1: there is another Team of the name a"),
            (
                format!("x: 1\n---\n{}", team("c").replace("members: []", "members: 3")),
                "b.yaml:3: spec.members: ",
            ),
            (format!("{}  members: []\n", team("d")), "b.yaml:7: "),
        ] {
            let input = MemoryInput::new().with("a.yaml", team("a")).with("b.yaml", bad);
            let error = read(&input, 1).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
