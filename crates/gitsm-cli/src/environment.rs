//! Environments as they are typed.

use crate::names::hint;
use anyhow::bail;
use gitsm_api::estate::Estate;
use gitsm_core::ident::ResourceName;

/// Refuses an environment that no service is in: its answer would be that nothing happens, and look right.
///
/// # Errors
///
/// With the environment that was probably meant, or those that there are.
pub(crate) fn check(estate: &Estate, environment: Option<&ResourceName>) -> anyhow::Result<()> {
    let graph = estate.graph();
    let known = graph.environments();
    let Some(environment) = environment.filter(|name| !known.contains(name)) else {
        return Ok(());
    };
    bail!(
        "no service is in an environment {environment}{}",
        hint(environment.as_str(), known.iter().map(ResourceName::as_str))
    )
}
