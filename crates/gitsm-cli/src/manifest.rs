//! The manifest of a change that a question is asked about.

use crate::input::read_named;
use anyhow::{Context as _, bail};
use gitsm_api::estate::Estate;
use gitsm_api::v1alpha1::Change;
use gitsm_core::ident::ChangeId;
use std::path::Path;

/// The only change in a file, or in standard input for `-`.
///
/// # Errors
///
/// When it cannot be read, or holds none or several.
pub(crate) fn read_change(path: &Path) -> anyhow::Result<(ChangeId, Change)> {
    let (name, bytes) = read_named(path)?;
    // An estate of its own types the change, and says what is wrong.
    let mut estate = Estate::default();
    for object in gitsm_check::estate::read_text(&name, &bytes)? {
        if object.get("kind").is_some_and(|kind| kind == "Change") {
            estate.insert(&object).with_context(|| name.to_string())?;
        }
    }
    let mut changes = estate.changes.iter();
    match (changes.next(), changes.next()) {
        (Some((namespace, change_name, change)), None) => {
            Ok((format!("{namespace}/{change_name}").parse()?, change.clone()))
        }
        (None, _) => bail!("{name} holds no Change"),
        (Some(_), Some(_)) => {
            bail!("{name} holds several changes; put the one to ask about into a file of its own")
        }
    }
}
