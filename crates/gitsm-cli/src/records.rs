//! Records that a question is asked over: files of objects with their status, as `kubectl get -o yaml` writes them.

use crate::input::read_named;
use anyhow::{Context as _, ensure};
use clap::Args;
use gitsm_api::estate::Estate;
use std::path::{Path, PathBuf};

/// Where records are.
#[derive(Debug, Args)]
pub(crate) struct RecordsArgs {
    /// File of records with their status, YAML or JSON, documents or a List; `-` is standard input; repeatable
    #[arg(long = "records", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl RecordsArgs {
    /// Reads the records; `None` where no file is named.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Estate>> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let mut estate = Estate::default();
        for file in &self.files {
            add(file, &mut estate)?;
        }
        ensure!(
            !estate.is_empty(),
            "--records: the files hold no object with `apiVersion: {}`; write them with \
             `kubectl get itsm-records,reviews -A -o yaml`",
            gitsm_api::API_VERSION
        );
        Ok(Some(estate))
    }
}

fn add(file: &Path, estate: &mut Estate) -> anyhow::Result<()> {
    let (name, bytes) = read_named(file).context("--records")?;
    for object in gitsm_check::estate::read_text(&name, &bytes)? {
        let text = |pointer| object.pointer(pointer).and_then(serde_json::Value::as_str);
        let kind = text("/kind").unwrap_or("object");
        let identity = text("/metadata/name").unwrap_or("without name");
        estate
            .insert(&object)
            .with_context(|| format!("{name}: {kind} {identity}"))?;
    }
    Ok(())
}
