//! The user that a client certificate names: common name and organisations, as Kubernetes reads them.

use crate::user::{AUTHENTICATED, User};
use rustls_pki_types::CertificateDer;
use std::collections::BTreeMap;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The user of a certificate that TLS has verified; `None` when it names nobody.
pub fn user_of(certificate: &CertificateDer<'_>) -> Option<User> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let subject = parsed.subject();
    let name = subject.iter_common_name().next()?.as_str().ok()?;
    if name.is_empty() {
        return None;
    }
    let mut groups: Vec<String> = subject
        .iter_organization()
        .filter_map(|organization| organization.as_str().ok())
        .map(str::to_owned)
        .collect();
    groups.push(AUTHENTICATED.to_owned());
    Some(User {
        name: name.to_owned(),
        uid: String::new(),
        groups,
        extra: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_certificate_name_nobody() {
        assert_eq!(user_of(&CertificateDer::from(vec![])), None);
        assert_eq!(
            user_of(&CertificateDer::from(vec![0x30, 0x82, 0xff, 0xff, 1])),
            None
        );
    }
}
