//! Saved facts: what a decision was taken from, as a file.

use crate::input;
use anyhow::{Context as _, bail, ensure};
use gitsm_check::yaml::{self, Limits};
use serde::de::DeserializeOwned;
use std::path::Path;

/// Largest file of facts, in bytes. Facts hold lists of commits and reviews, so they may be larger than a manifest.
const LARGEST: usize = 16 << 20;

/// Reads facts from a file of JSON or YAML, or from standard input for `-`. `what` they are, and the `command` whose
/// help tells their form, are for the message.
///
/// # Errors
///
/// When they cannot be read, or are something else.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, what: &str, command: &str) -> anyhow::Result<T> {
    let (name, bytes) = input::read_up_to(path, LARGEST as u64)?;
    parse(&bytes).with_context(|| format!("{name} does not hold the {what} (see `{command} --help`)"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> anyhow::Result<T> {
    let limits = Limits {
        file_bytes: LARGEST,
        ..Limits::default()
    };
    let read = yaml::read(bytes, &limits);
    if let Some(problem) = read.problems.iter().find(|problem| problem.is_error()) {
        bail!("line {}: {}", problem.span.start.line, problem.message);
    }
    let [document] = read.documents.as_slice() else {
        bail!("it must hold one document, not {}", read.documents.len());
    };
    let value = document.root.to_json();
    ensure!(value.is_object(), "it must hold a map");
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        anyhow::anyhow!("{path}: {}", error.into_inner())
    })
}
