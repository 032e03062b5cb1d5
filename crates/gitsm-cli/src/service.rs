//! Which service is meant by what was typed.

use anyhow::{anyhow, bail};
use gitsm_api::estate::Estate;
use gitsm_check::nearest::nearest;
use gitsm_core::ident::ServiceId;

/// The service of a name (`checkout`, where one namespace has it) or of an identity (`shop/checkout`).
///
/// # Errors
///
/// When there is none, with the name that was probably meant, or several.
pub(crate) fn find(estate: &Estate, typed: &str) -> anyhow::Result<ServiceId> {
    let known: Vec<(String, &str)> = estate
        .services
        .iter()
        .map(|(namespace, name, _)| (format!("{namespace}/{name}"), name))
        .collect();
    let meant: Vec<&str> = known
        .iter()
        .filter(|(id, name)| id == typed || *name == typed)
        .map(|(id, _)| id.as_str())
        .collect();
    match meant.as_slice() {
        [one] => Ok(one.parse()?),
        [] => {
            let guess = if typed.contains('/') {
                nearest(typed, known.iter().map(|(id, _)| id.as_str()))
            } else {
                nearest(typed, known.iter().map(|(_, name)| *name))
            };
            Err(match guess {
                Some(guess) => anyhow!("no service {typed:?}: did you mean {guess}?"),
                None => anyhow!("no service {typed:?}; the estate has {} services", known.len()),
            })
        }
        several => bail!(
            "several services are called {typed:?}: {}; write one of these",
            several.join(", ")
        ),
    }
}
