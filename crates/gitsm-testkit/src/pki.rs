//! Certificates for one test: an authority of its own, so that nothing of one test is good for another.

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A certificate and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS #8.
    pub key: String,
}

/// User name and groups of a client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// A certificate authority.
pub struct Pki {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    issued: Issued,
}

/// The client certificates that an authority has issued (DER) and whose they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Issued(Arc<Mutex<HashMap<Vec<u8>, Subject>>>);

impl Issued {
    pub(crate) fn subject(&self, certificate: &[u8]) -> Option<Subject> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(certificate)
            .cloned()
    }
}

impl Pki {
    /// A new authority.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().context("cannot make a key")?;
        let certificate = params
            .self_signed(&key)
            .context("cannot sign a certificate")?
            .pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
            issued: Issued::default(),
        })
    }

    /// The authority's own certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(crate) fn issued(&self) -> Issued {
        self.issued.clone()
    }

    /// An identity of a server on 127.0.0.1.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn server(&self) -> Result<Identity> {
        let mut params =
            CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).context("not a name")?;
        params.distinguished_name.push(DnType::CommonName, "server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params).map(|(identity, _)| identity)
    }

    /// An identity of a user: API servers read the name from the common name and the groups from the organizations.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn client(&self, name: &str, groups: &[&str]) -> Result<Identity> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        // One organization is all that the names here hold; more groups come by impersonation or bindings.
        if let Some(group) = groups.first() {
            params.distinguished_name.push(DnType::OrganizationName, *group);
        }
        anyhow::ensure!(
            groups.len() <= 1,
            "a certificate of the testkit names one group at most"
        );
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (identity, der) = self.sign(params)?;
        let subject = Subject {
            name: name.to_owned(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        };
        self.issued
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(der, subject);
        Ok(identity)
    }

    fn sign(&self, mut params: CertificateParams) -> Result<(Identity, Vec<u8>)> {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().context("cannot make a key")?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("cannot sign a certificate")?;
        let identity = Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        };
        Ok((identity, certificate.der().to_vec()))
    }
}

impl Identity {
    /// Writes `<name>.crt` and `<name>.key`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> Result<()> {
        write(&folder.join(format!("{name}.crt")), &self.certificate)?;
        write(&folder.join(format!("{name}.key")), &self.key)
    }
}

/// Writes the key that service account tokens are signed with, and its public half: `sa.key` and `sa.pub`.
pub(crate) fn write_token_key(folder: &Path) -> Result<()> {
    let key = KeyPair::generate().context("cannot make a key")?;
    write(&folder.join("sa.key"), &key.serialize_pem())?;
    write(&folder.join("sa.pub"), &key.public_key_pem())
}

pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
