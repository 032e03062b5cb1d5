//! Signing commits with an SSH key, in the form that `git verify-commit` checks.

use crate::{Error, Result};
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey};

/// What git calls the use of a key for commits: a signature made for another use counts for nothing here.
pub(crate) const NAMESPACE: &str = "git";

/// A private key that commits are signed with. It is never shown.
pub struct SigningKey(PrivateKey);

impl SigningKey {
    /// Reads an Ed25519 key without passphrase in OpenSSH's format, as `ssh-keygen -t ed25519 -N ''` writes it.
    ///
    /// # Errors
    /// [`Error::SigningKey`], which repeats nothing of the text.
    pub fn from_openssh(text: &str) -> Result<Self> {
        let refuse = |problem: String| Error::SigningKey { problem };
        let key = PrivateKey::from_openssh(text).map_err(|error| refuse(error.to_string()))?;
        if key.is_encrypted() {
            return Err(refuse("it is protected by a passphrase".to_owned()));
        }
        match key.algorithm() {
            Algorithm::Ed25519 => Ok(Self(key)),
            other => Err(refuse(format!("its algorithm is {other}"))),
        }
    }

    /// The signature over the content of a commit, armoured.
    pub(crate) fn sign(&self, content: &[u8]) -> Result<String> {
        self.0
            .sign(NAMESPACE, HashAlg::Sha512, content)
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map_err(|error| Error::SigningKey {
                problem: error.to_string(),
            })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}
