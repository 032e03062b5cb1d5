//! Saved facts: what a decision was taken from, as a file.

use anyhow::{Context as _, bail, ensure};
use gitsm_check::yaml::{self, Limits};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Largest file of facts, in bytes. Facts hold lists of commits and reviews, so they may be larger than a manifest.
const LARGEST: usize = 16 << 20;

/// Reads facts from a file of JSON or YAML, or from standard input for `-`.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let mut bytes = Vec::new();
    let limit = LARGEST as u64 + 1;
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    }
    .with_context(|| format!("cannot read {}", path.display()))?;
    let name = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    parse(&bytes).with_context(|| format!("{name} holds no facts of this decision"))
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
