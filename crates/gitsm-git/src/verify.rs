//! Whether a commit is signed by a trusted SSH key.
//!
//! What `git verify-commit` checks with `gpg.format = ssh`, without its program and its files: the signature is made for
//! git (namespace `git`), over exactly this content, by a key that the caller trusts. OpenPGP is not read yet, and of
//! the keys of SSH those that are Ed25519, on disk or on a hardware token.

use crate::signing::NAMESPACE;
use crate::{CommitId, Error, Repository, Result};
use git2::ErrorCode;
use ssh_key::{Algorithm, HashAlg, PublicKey, SshSig};
use std::fmt;

const SSH: &[u8] = b"-----BEGIN SSH SIGNATURE-----";

/// A key whose signatures count.
#[derive(Debug, Clone)]
pub struct TrustedKey {
    name: String,
    key: PublicKey,
    email: Option<String>,
}

impl TrustedKey {
    /// A public key as it stands in `authorized_keys` or in a `.pub` file. With an e-mail address it counts only for
    /// commits whose committer has that address.
    ///
    /// # Errors
    /// [`Error::TrustedKey`] for a text that is no key, and for keys that cannot be verified here.
    pub fn ssh(name: &str, text: &str, email: Option<&str>) -> Result<Self> {
        let refuse = |problem: String| Error::TrustedKey {
            name: name.to_owned(),
            problem,
        };
        let key = PublicKey::from_openssh(text).map_err(|error| refuse(error.to_string()))?;
        match key.algorithm() {
            Algorithm::Ed25519 | Algorithm::SkEd25519 => Ok(Self {
                name: name.to_owned(),
                key,
                email: email.map(str::to_owned),
            }),
            other => Err(refuse(format!("its algorithm is {other}"))),
        }
    }

    /// The name that it was given.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What the signature of a commit is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// It is that of a trusted key.
    Trusted {
        /// The name of the key.
        key: String,
        /// Its fingerprint, as `ssh-keygen -l` writes it: `SHA256:...`.
        fingerprint: String,
    },
    /// It is not.
    Refused(Refusal),
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is none.
    Unsigned,
    /// It is no signature of SSH.
    OtherForm,
    /// It cannot be read.
    Damaged {
        /// What is wrong with it.
        problem: String,
    },
    /// It is by a key that is not trusted.
    UnknownKey {
        /// The fingerprint of that key.
        fingerprint: String,
    },
    /// It was made for something else than git, a file or a login.
    OtherUse {
        /// What it was made for.
        namespace: String,
    },
    /// It is by a trusted key, over other content.
    OtherContent {
        /// The name of the key.
        key: String,
    },
    /// It is by a key that counts for another committer.
    OtherCommitter {
        /// The name of the key.
        key: String,
        /// The address that the key counts for.
        counts_for: String,
        /// The address of the committer.
        committer: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("it is not signed"),
            Self::OtherForm => f.write_str("its signature is not one of SSH (`git config gpg.format ssh`)"),
            Self::Damaged { problem } => write!(f, "its signature cannot be read: {problem}"),
            Self::UnknownKey { fingerprint } => {
                write!(f, "it is signed by a key that is not trusted, {fingerprint}")
            }
            Self::OtherUse { namespace } => {
                write!(f, "its signature was made for {namespace:?}, not for git")
            }
            Self::OtherContent { key } => write!(
                f,
                "its content is not what key {key} has signed; it was tampered with"
            ),
            Self::OtherCommitter {
                key,
                counts_for,
                committer,
            } => write!(
                f,
                "key {key} counts for commits of {counts_for}, and this one is by {committer}"
            ),
        }
    }
}

impl Repository {
    /// Whether a commit is signed by one of the keys.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Git`]: the commit cannot be read.
    pub fn verify_commit(&self, id: CommitId, keys: &[TrustedKey]) -> Result<Verification> {
        let commit = self.found(id)?;
        let (signature, content) = match self.inner.extract_signature(&id.0, None) {
            Ok(parts) => parts,
            Err(error) if error.code() == ErrorCode::NotFound => {
                return Ok(Verification::Refused(Refusal::Unsigned));
            }
            Err(error) => {
                return Err(Error::while_doing(format!("read the signature of commit {id}"))(
                    error,
                ));
            }
        };
        let committer = String::from_utf8_lossy(commit.committer().email_bytes()).into_owned();
        Ok(match judge(&signature, &content, &committer, keys) {
            Ok(key) => Verification::Trusted {
                key: key.name.clone(),
                fingerprint: key.key.fingerprint(HashAlg::Sha256).to_string(),
            },
            Err(refusal) => Verification::Refused(refusal),
        })
    }
}

fn judge<'k>(
    signature: &[u8],
    content: &[u8],
    committer: &str,
    keys: &'k [TrustedKey],
) -> Result<&'k TrustedKey, Refusal> {
    if !signature.trim_ascii_start().starts_with(SSH) {
        return Err(Refusal::OtherForm);
    }
    let signature = SshSig::from_pem(signature.trim_ascii()).map_err(|error| Refusal::Damaged {
        problem: error.to_string(),
    })?;
    // The same key may be listed for several addresses.
    let mut known = keys
        .iter()
        .filter(|key| key.key.key_data() == signature.public_key())
        .peekable();
    let Some(first) = known.peek().copied() else {
        return Err(Refusal::UnknownKey {
            fingerprint: signature.public_key().fingerprint(HashAlg::Sha256).to_string(),
        });
    };
    if signature.namespace() != NAMESPACE {
        return Err(Refusal::OtherUse {
            namespace: signature.namespace().to_owned(),
        });
    }
    if first.key.verify(NAMESPACE, content, &signature).is_err() {
        return Err(Refusal::OtherContent {
            key: first.name.clone(),
        });
    }
    let counts = |key: &&TrustedKey| {
        key.email
            .as_ref()
            .is_none_or(|email| email.eq_ignore_ascii_case(committer))
    };
    known.find(counts).ok_or_else(|| Refusal::OtherCommitter {
        key: first.name.clone(),
        counts_for: first.email.clone().unwrap_or_default(),
        committer: committer.to_owned(),
    })
}
