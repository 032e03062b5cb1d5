//! The certificates of one data folder: its own authority, the server's certificate, and clients' certificates.
//!
//! The authority is made once and kept; the server's certificate is made again at every start, so that it always
//! names the addresses in use and never expires unnoticed.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

const CA_CERTIFICATE: &str = "ca.crt";
const CA_KEY: &str = "ca.key";
const CA_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);
const SERVER_LIFETIME: Duration = Duration::from_hours(365 * 24);
/// Clocks of clients may be a little behind.
const BACKDATED: Duration = Duration::from_mins(5);

/// Why keys or certificates cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error(
        "{path}: {why}; restore the file from a backup, or delete it together with its twin to make a new authority"
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// TLS cannot be set up with them.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Credential {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key. It is not part of what `Debug` prints.
    pub key_pem: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// The authority of a data folder.
pub struct Authority {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Reads the authority of a folder, or makes one there. The key is readable by its owner only.
    ///
    /// # Errors
    /// When the files cannot be read or written, or hold something else.
    pub fn load_or_create(folder: &Path, now: SystemTime) -> Result<Self, PkiError> {
        let (certificate_path, key_path) = (folder.join(CA_CERTIFICATE), folder.join(CA_KEY));
        if certificate_path.exists() || key_path.exists() {
            return Self::load(&certificate_path, &key_path);
        }
        let key = KeyPair::generate()?;
        let mut params = params("gitsm", &[], now, CA_LIFETIME)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate_pem = params.self_signed(&key)?.pem();
        // The key first: a certificate without key would look like a damaged folder at the next start.
        write_private(&key_path, key.serialize_pem().as_bytes())?;
        write_private(&certificate_path, certificate_pem.as_bytes())?;
        Self::load(&certificate_path, &key_path)
    }

    fn load(certificate_path: &Path, key_path: &Path) -> Result<Self, PkiError> {
        let read = |path: &Path| {
            fs::read_to_string(path).map_err(|source| PkiError::File {
                path: path.to_owned(),
                source,
            })
        };
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |why: rcgen::Error| PkiError::Unusable {
                path,
                why: why.to_string(),
            }
        };
        let certificate_pem = read(certificate_path)?;
        let key = KeyPair::from_pem(&read(key_path)?).map_err(unusable(key_path))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key).map_err(unusable(certificate_path))?;
        Ok(Self {
            certificate_pem,
            issuer,
        })
    }

    /// The authority's certificate, for kubeconfigs.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A certificate for a server with these host names and addresses.
    ///
    /// # Errors
    /// When a name is no host name.
    pub fn issue_server(&self, hosts: &[String], now: SystemTime) -> Result<Credential, PkiError> {
        let mut params = params("gitsm-apiserver", hosts, now, SERVER_LIFETIME)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// A certificate that proves to be a user (common name) in a group (organisation), as Kubernetes reads them.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn issue_client(
        &self,
        user: &str,
        group: Option<&str>,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<Credential, PkiError> {
        let mut params = params(user, &[], now, lifetime)?;
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    fn issue(&self, mut params: CertificateParams) -> Result<Credential, PkiError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Credential {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    /// TLS for the server: its certificate, and clients that may prove who they are with a certificate of this
    /// authority. HTTP/2 and HTTP/1.1 are offered.
    ///
    /// # Errors
    /// When certificates and keys do not fit each other.
    pub fn server_config(&self, server: &Credential) -> Result<rustls::ServerConfig, PkiError> {
        let tls = |error: &dyn std::fmt::Display| PkiError::Tls(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        let authority =
            CertificateDer::from_pem_slice(self.certificate_pem.as_bytes()).map_err(|error| tls(&error))?;
        roots.add(authority).map_err(|error| tls(&error))?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .allow_unauthenticated()
            .build()
            .map_err(|error| tls(&error))?;
        let certificate =
            CertificateDer::from_pem_slice(server.certificate_pem.as_bytes()).map_err(|error| tls(&error))?;
        let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).map_err(|error| tls(&error))?;
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| tls(&error))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate], key)
            .map_err(|error| tls(&error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// When a certificate stops being valid; `None` when it cannot be read.
pub fn expiry(certificate_pem: &str) -> Option<SystemTime> {
    let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes()).ok()?;
    let (_, parsed) = X509Certificate::from_der(&certificate).ok()?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn params(
    name: &str,
    hosts: &[String],
    now: SystemTime,
    lifetime: Duration,
) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + lifetime).into();
    Ok(params)
}

/// Writes a file that only its owner can read, as a whole or not at all.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), PkiError> {
    let failed = |source| PkiError::File {
        path: path.to_owned(),
        source,
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A file left behind by a killed process keeps its mode.
        file.set_permissions(fs::Permissions::from_mode(0o600))
            .map_err(failed)?;
    }
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::auth::certificates::user_of;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
    }

    #[test]
    fn the_authority_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::load_or_create(folder.path(), now()).unwrap();
        let second = Authority::load_or_create(folder.path(), now()).unwrap();
        assert_eq!(first.certificate_pem(), second.certificate_pem());
        let server = second
            .issue_server(&["127.0.0.1".to_owned(), "localhost".to_owned()], now())
            .unwrap();
        second.server_config(&server).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Authority::load_or_create(folder.path(), now()).unwrap();
        let mode = fs::metadata(folder.path().join(CA_KEY))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_client_certificate_names_user_and_group() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::load_or_create(folder.path(), now()).unwrap();
        let client = authority
            .issue_client("jane", Some("dev"), Duration::from_mins(1), now())
            .unwrap();
        let certificate = CertificateDer::from_pem_slice(client.certificate_pem.as_bytes()).unwrap();
        let user = user_of(&certificate).unwrap();
        assert_eq!(user.name, "jane");
        assert_eq!(user.groups, ["dev", "system:authenticated"]);
        let expiry = expiry(&client.certificate_pem).unwrap();
        assert_eq!(expiry, now() + Duration::from_mins(1));
        assert_eq!(super::expiry("nonsense"), None);
    }

    #[test]
    fn a_damaged_authority_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Authority::load_or_create(folder.path(), now()).unwrap();
        fs::write(folder.path().join(CA_KEY), "nonsense").unwrap();
        let error = Authority::load_or_create(folder.path(), now())
            .unwrap_err()
            .to_string();
        assert!(error.contains("ca.key") && error.contains("restore"), "{error}");
    }

    #[test]
    fn keys_are_not_printed() {
        let credential = Credential {
            certificate_pem: "public".to_owned(),
            key_pem: "secret".to_owned(),
        };
        assert!(!format!("{credential:?}").contains("secret"));
    }
}
