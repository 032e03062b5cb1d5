//! Bearer tokens: the ones of people, kept as digests in the data folder, and the ones of service accounts, which
//! the server signs and checks itself.
//!
//! A token of a service account is a JSON Web Token with the claims of a real one. It is signed with HMAC-SHA256,
//! because nobody but this server needs to check it.

use crate::pki::{PkiError, write_private};
use crate::user::{AUTHENTICATED, User};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq as _;

const TOKENS: &str = "tokens.json";
const SIGNING_KEY: &str = "service-accounts.key";
/// The issuer and audience of tokens of service accounts, as upstream's default.
pub const ISSUER: &str = "https://kubernetes.default.svc";
/// Longer tokens are refused before anything is computed over them.
const MAX_TOKEN: usize = 16 * 1_024;

/// Looks up service accounts, so that the tokens of deleted ones stop working.
pub trait Accounts {
    /// The uid of the account; `None` when there is none.
    fn uid(&self, namespace: &str, name: &str) -> Option<String>;
}

/// The tokens that a server accepts.
pub struct Tokens {
    folder: PathBuf,
    people: RwLock<Vec<Entry>>,
    signing_key: [u8; 32],
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// A token of a person: never the token itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    sha256: String,
    user: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    groups: Vec<String>,
}

/// The claims of a service account's token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    exp: u64,
    iat: u64,
    nbf: u64,
    jti: String,
    #[serde(rename = "kubernetes.io")]
    kubernetes: KubernetesClaims,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KubernetesClaims {
    namespace: String,
    serviceaccount: AccountClaims,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct AccountClaims {
    name: String,
    uid: String,
}

/// A token that was made for a service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// When it stops working.
    pub expires: SystemTime,
}

impl Tokens {
    /// Reads the tokens of a folder; the signing key is made where there is none.
    ///
    /// # Errors
    /// When the files cannot be read or written, or hold something else.
    pub fn load(folder: &Path) -> Result<Self, PkiError> {
        let path = folder.join(TOKENS);
        let people = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| PkiError::Unusable {
                path: path.clone(),
                why: error.to_string(),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(PkiError::File { path, source }),
        };
        Ok(Self {
            folder: folder.to_owned(),
            people: RwLock::new(people),
            signing_key: signing_key(&folder.join(SIGNING_KEY))?,
        })
    }

    /// Makes a new token for a person; only its digest is stored. Earlier tokens of theirs go on working.
    ///
    /// # Errors
    /// When there is no randomness or the file cannot be written.
    pub fn add(&self, user: &str, uid: &str, groups: &[&str]) -> Result<String, PkiError> {
        let token = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let entry = Entry {
            sha256: digest(&token),
            user: user.to_owned(),
            uid: uid.to_owned(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        };
        let mut people = self
            .people
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        people.push(entry);
        let text = serde_json::to_vec_pretty(&*people).map_err(|error| PkiError::Tls(error.to_string()))?;
        write_private(&self.folder.join(TOKENS), &text)?;
        Ok(token)
    }

    /// The user of a token that is valid at an instant.
    pub fn user_of(&self, token: &str, now: SystemTime, accounts: &dyn Accounts) -> Option<User> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        self.person(token).or_else(|| self.account(token, now, accounts))
    }

    fn person(&self, token: &str) -> Option<User> {
        let digest = digest(token);
        let people = self
            .people
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let entry = people
            .iter()
            .find(|entry| bool::from(entry.sha256.as_bytes().ct_eq(digest.as_bytes())))?;
        let mut groups = entry.groups.clone();
        groups.push(AUTHENTICATED.to_owned());
        Some(User {
            name: entry.user.clone(),
            uid: entry.uid.clone(),
            groups,
            extra: BTreeMap::new(),
        })
    }

    fn account(&self, token: &str, now: SystemTime, accounts: &dyn Accounts) -> Option<User> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let expected = hmac_sha256(&self.signing_key, signed.as_bytes());
        let given = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if !bool::from(expected.as_slice().ct_eq(&given)) || header != jwt_header() {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let now = seconds(now);
        if now >= claims.exp || now < claims.nbf || claims.iss != ISSUER {
            return None;
        }
        let namespace = &claims.kubernetes.namespace;
        let account = &claims.kubernetes.serviceaccount;
        if accounts.uid(namespace, &account.name)? != account.uid {
            return None;
        }
        let mut user = service_account(namespace, &account.name);
        user.uid.clone_from(&account.uid);
        user.extra.insert(
            "authentication.kubernetes.io/credential-id".to_owned(),
            vec![format!("JTI={}", claims.jti)],
        );
        Some(user)
    }

    /// Makes a token for a service account.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        audiences: &[String],
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<IssuedToken, PkiError> {
        let issued = seconds(now);
        let expires = issued.saturating_add(lifetime.as_secs());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: format!("system:serviceaccount:{namespace}:{name}"),
            aud: match audiences {
                [] => vec![ISSUER.to_owned()],
                given => given.to_vec(),
            },
            exp: expires,
            iat: issued,
            nbf: issued,
            jti: crate::random_uid().map_err(|error| PkiError::Tls(error.to_string()))?,
            kubernetes: KubernetesClaims {
                namespace: namespace.to_owned(),
                serviceaccount: AccountClaims {
                    name: name.to_owned(),
                    uid: uid.to_owned(),
                },
            },
        };
        let payload = serde_json::to_vec(&claims).map_err(|error| PkiError::Tls(error.to_string()))?;
        let signed = format!("{}.{}", jwt_header(), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(&self.signing_key, signed.as_bytes()));
        Ok(IssuedToken {
            token: format!("{signed}.{signature}"),
            expires: UNIX_EPOCH + Duration::from_secs(expires),
        })
    }
}

/// The user that a service account is.
pub fn service_account(namespace: &str, name: &str) -> User {
    User {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        uid: String::new(),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            AUTHENTICATED.to_owned(),
        ],
        extra: BTreeMap::new(),
    }
}

fn jwt_header() -> String {
    URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#)
}

fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// HMAC as RFC 2104 defines it, over SHA-256; the key is shorter than a block.
fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let pad = |byte: u8| {
        let mut block = [byte; BLOCK];
        for (padded, key) in block.iter_mut().zip(key) {
            *padded ^= key;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

fn signing_key(path: &Path) -> Result<[u8; 32], PkiError> {
    match fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| PkiError::Unusable {
            path: path.to_owned(),
            why: "the key must be 32 bytes long".to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = random()?;
            write_private(path, &key)?;
            Ok(key)
        }
        Err(source) => Err(PkiError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

fn random<const N: usize>() -> Result<[u8; N], PkiError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| PkiError::Tls(format!("no randomness: {error}")))?;
    Ok(bytes)
}

fn seconds(instant: SystemTime) -> u64 {
    instant
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    struct One(&'static str);

    impl Accounts for One {
        fn uid(&self, namespace: &str, name: &str) -> Option<String> {
            (namespace == "shop" && name == "builder").then(|| self.0.to_owned())
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        // Test case 2, whose key is "Jefe"; a shorter key is padded with zeros.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let found = hmac_sha256(&key, b"what do ya want for nothing?");
        assert_eq!(found[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(found[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn a_persons_token_works_after_a_restart_and_is_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let token = Tokens::load(folder.path())
            .unwrap()
            .add("jane", "u1", &["ops"])
            .unwrap();
        let again = Tokens::load(folder.path()).unwrap();
        let user = again.user_of(&token, at(0), &One("")).unwrap();
        assert_eq!((user.name.as_str(), user.uid.as_str()), ("jane", "u1"));
        assert_eq!(user.groups, ["ops", "system:authenticated"]);
        let stored = fs::read_to_string(folder.path().join(TOKENS)).unwrap();
        assert!(!stored.contains(&token));
        assert_eq!(again.user_of("other", at(0), &One("")), None);
    }

    #[test]
    fn a_service_accounts_token_lives_as_long_as_it_says_and_as_its_account() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::load(folder.path()).unwrap();
        let hour = Duration::from_hours(1);
        let issued = tokens
            .issue("shop", "builder", "u7", &[], hour, at(1_000))
            .unwrap();
        assert_eq!(issued.expires, at(4_600));
        let user = tokens.user_of(&issued.token, at(4_599), &One("u7")).unwrap();
        assert_eq!(user.name, "system:serviceaccount:shop:builder");
        assert!(user.is_in("system:serviceaccounts:shop"));
        assert_eq!(
            tokens.user_of(&issued.token, at(4_600), &One("u7")),
            None,
            "expired"
        );
        assert_eq!(
            tokens.user_of(&issued.token, at(999), &One("u7")),
            None,
            "not yet"
        );
        assert_eq!(
            tokens.user_of(&issued.token, at(2_000), &One("u8")),
            None,
            "made anew"
        );
    }

    #[test]
    fn a_changed_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::load(folder.path()).unwrap();
        let hour = Duration::from_hours(1);
        let token = tokens
            .issue("shop", "builder", "u7", &[], hour, at(0))
            .unwrap()
            .token;
        for position in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character carries bits that base64 ignores or refuses; both are no change of the signature.
            if position + 1 < token.len() {
                assert_eq!(tokens.user_of(&changed, at(1), &One("u7")), None, "{position}");
            }
        }
        let unsigned = format!("{}.e30.", URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#));
        assert_eq!(tokens.user_of(&unsigned, at(1), &One("u7")), None);
    }
}
