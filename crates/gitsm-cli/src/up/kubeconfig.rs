//! The files that clients connect with: address, authority, and a certificate of an administrator or of somebody else.

use crate::up::data::DataFolder;
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitsm_apiserver::pki::{self, Authority, Credential, write_private};
use gitsm_apiserver::user::MASTERS;
use kube::config::Kubeconfig;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Name of cluster and context.
const NAME: &str = "gitsm";
/// Name of the administrator, also as the server sees it.
const ADMINISTRATOR: &str = "admin";
/// How long the administrator's certificate is good for, and how much of that must be left at a start.
const LIFETIME: Duration = Duration::from_hours(365 * 24);
const LEFT: Duration = Duration::from_hours(180 * 24);

/// What was done about the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It fits and was left as it is, with whatever its owner has added.
    AsItIs,
    /// It was written.
    Written,
    /// It could not be read, and was written anew.
    Mended,
}

/// Where clients on this machine find a server that listens on an address.
pub(crate) fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("https://{}", SocketAddr::new(ip, address.port()))
}

/// Writes the file unless it fits the server already.
///
/// # Errors
///
/// When no certificate can be made or the file cannot be written.
pub(crate) fn keep(
    data: &DataFolder,
    authority: &Authority,
    address: SocketAddr,
    now: SystemTime,
) -> anyhow::Result<Kept> {
    let path = data.kubeconfig();
    let url = url(address);
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => match Kubeconfig::from_yaml(&text) {
            Ok(known) if fits(&known, &url, authority, now) => {
                make_private(&path)?;
                return Ok(Kept::AsItIs);
            }
            Ok(known) if !known.clusters.is_empty() => Kept::Written,
            _ => Kept::Mended,
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Kept::Written,
        Err(error) if error.kind() == ErrorKind::InvalidData => Kept::Mended,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let client = authority.issue_client(ADMINISTRATOR, Some(MASTERS), LIFETIME, now)?;
    let text = text(&url, authority, ADMINISTRATOR, &client);
    write_private(&path, text.as_bytes())?;
    Ok(kept)
}

/// Whether clients get through with it, today and for a while.
fn fits(known: &Kubeconfig, url: &str, authority: &Authority, now: SystemTime) -> bool {
    let decoded = |text: &Option<String>| {
        let bytes = STANDARD.decode(text.as_deref()?.trim()).ok()?;
        String::from_utf8(bytes).ok()
    };
    let cluster = known
        .clusters
        .iter()
        .find(|named| named.name == NAME)
        .and_then(|named| named.cluster.as_ref());
    let user = known
        .auth_infos
        .iter()
        .find(|named| named.name == ADMINISTRATOR)
        .and_then(|named| named.auth_info.as_ref());
    let (Some(cluster), Some(user)) = (cluster, user) else {
        return false;
    };
    let certificate = decoded(&user.client_certificate_data);
    known.current_context.is_some()
        && cluster.server.as_deref() == Some(url)
        && decoded(&cluster.certificate_authority_data).as_deref() == Some(authority.certificate_pem())
        && user.client_key_data.is_some()
        && certificate
            .and_then(|pem| pki::expiry(&pem))
            .is_some_and(|expiry| expiry > now + LEFT)
}

/// A kubeconfig for somebody else: what they may do is decided by roles.
///
/// # Errors
///
/// When the folder has no kubeconfig of the administrator to take the address from, or its authority cannot be used.
pub(crate) fn for_user(
    data: &DataFolder,
    user: &str,
    group: Option<&str>,
    lifetime: Duration,
    now: SystemTime,
) -> anyhow::Result<String> {
    let (_, known) = read(data)?;
    let url = known
        .clusters
        .iter()
        .find(|named| named.name == NAME)
        .and_then(|named| named.cluster.as_ref()?.server.clone())
        .with_context(|| {
            format!(
                "{} names no cluster {NAME:?}; `gitsm up{}` writes it anew once it is deleted",
                data.kubeconfig().display(),
                data.option()
            )
        })?;
    let authority = Authority::load_or_create(&data.pki(), now)?;
    let client = authority.issue_client(user, group, lifetime, now)?;
    Ok(text(&url, &authority, user, &client))
}

fn text(url: &str, authority: &Authority, user: &str, client: &Credential) -> String {
    let pems = [
        authority.certificate_pem(),
        &client.certificate_pem,
        &client.key_pem,
    ];
    let [authority, certificate, key] = pems.map(|pem| STANDARD.encode(pem));
    // A name may have characters that YAML reads otherwise; its JSON is YAML.
    let user = serde_json::Value::from(user);
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: {NAME}
  cluster:
    server: {url}
    certificate-authority-data: {authority}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {NAME}
  context:
    cluster: {NAME}
    user: {user}
current-context: {NAME}
"
    )
}

#[cfg(unix)]
fn make_private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot make {} private", path.display()))
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// Reads the file of a data folder.
///
/// # Errors
///
/// When it is not there or damaged, with how to get one.
pub(crate) fn read(data: &DataFolder) -> anyhow::Result<(String, Kubeconfig)> {
    let path = data.kubeconfig();
    let up = format!("`gitsm up{}`", data.option());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no {}; {up} writes it", path.display())
        }
        Err(error) => bail!("cannot read {}: {error}; {up} writes it anew", path.display()),
    };
    match Kubeconfig::from_yaml(&text) {
        Ok(parsed) if !parsed.clusters.is_empty() => Ok((text, parsed)),
        Ok(_) => bail!(
            "{} is damaged: it names no cluster; {up} writes it anew",
            path.display()
        ),
        Err(error) => bail!("{} is damaged: {error}; {up} writes it anew", path.display()),
    }
}
