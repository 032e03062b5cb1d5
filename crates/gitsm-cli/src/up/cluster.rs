//! The server that is written to, embedded or not.

use crate::up::data::DataFolder;
use crate::up::kubeconfig;
use anyhow::{Context as _, bail, ensure};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::time::Duration;

/// The oldest Kubernetes that understands our definitions: `selectableFields`.
const OLDEST: (u32, u32) = (1, 31);
/// An answer takes longer only when something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of the server of a data folder.
///
/// # Errors
///
/// When the kubeconfig cannot be used.
pub(crate) async fn embedded(data: &DataFolder) -> anyhow::Result<Client> {
    let (_, kubeconfig) = kubeconfig::read(data)?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("{} cannot be used", data.kubeconfig().display()))?;
    // The server is on this machine, whatever proxy leads out of it.
    config.proxy_url = None;
    client(config)
}

/// A client of the cluster of the current context, or of a named one.
pub(crate) struct Current {
    /// The client.
    pub(crate) client: Client,
    /// The context.
    pub(crate) context: String,
    /// Where the server is.
    pub(crate) url: String,
    /// Its version.
    pub(crate) version: String,
}

/// Connects to the cluster of the user's own kubeconfig, and checks that it is new enough.
///
/// # Errors
///
/// When there is none, it cannot be reached, or it is too old.
pub(crate) async fn current(context: Option<&str>) -> anyhow::Result<Current> {
    let kubeconfig = Kubeconfig::read()
        .context("no cluster to apply to: there is no usable kubeconfig in KUBECONFIG or ~/.kube/config")?;
    let contexts: Vec<&str> = kubeconfig
        .contexts
        .iter()
        .map(|named| named.name.as_str())
        .collect();
    let name = match context {
        Some(name) => {
            ensure!(
                contexts.contains(&name),
                "there is no context {name:?} in the kubeconfig{}",
                crate::names::hint(name, contexts.iter().copied())
            );
            name.to_owned()
        }
        None => kubeconfig
            .current_context
            .clone()
            .filter(|name| !name.is_empty())
            .context("the kubeconfig has no current context; name one with --context NAME")?,
    };
    let options = KubeConfigOptions {
        context: Some(name.clone()),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .with_context(|| format!("the context {name} cannot be used"))?;
    let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = client(config)?;
    let info = client
        .apiserver_version()
        .await
        .with_context(|| format!("the cluster of context {name}, {url}, does not answer"))?;
    ensure!(
        is_new_enough(&info.major, &info.minor),
        "the cluster of context {name} runs Kubernetes {}, and gitsm needs {}.{} or newer: older ones do not know \
         selectableFields of custom resources",
        info.git_version,
        OLDEST.0,
        OLDEST.1
    );
    Ok(Current {
        client,
        context: name,
        url,
        version: info.git_version,
    })
}

fn client(mut config: Config) -> anyhow::Result<Client> {
    config.read_timeout = Some(PATIENCE);
    config.reset_reader_on_write = true;
    match ClientBuilder::try_from(config) {
        Ok(builder) => Ok(builder.build()),
        Err(error) => bail!("no connection can be made: {error}"),
    }
}

/// Minor versions of some clusters end in `+`.
fn is_new_enough(major: &str, minor: &str) -> bool {
    let number = |text: &str| -> u32 {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    (number(major), number(minor)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_do_not_know_selectable_fields_are_too_old() {
        for (major, minor, expected) in [
            ("1", "31", true),
            ("1", "33+", true),
            ("2", "0", true),
            ("1", "30+", false),
            ("1", "9", false),
            ("", "", false),
        ] {
            assert_eq!(is_new_enough(major, minor), expected, "{major}.{minor}");
        }
    }
}
