//! From the wire types of `Team` to the domain types of decisions.
//!
//! A person who is listed in several teams is one person, by `id`: accounts, logins, addresses and keys of all
//! listings belong to them, so that leaving something out in one team takes nothing away, and no second account makes
//! a second person. Roles and the time of a membership hold for the team that lists them alone. A key that one listing
//! ends is ended, whatever the others say.

use crate::estate::Estate;
use crate::v1alpha1::team as wire;
use base64::Engine as _;
use gitsm_core::approval::{AccountId, Directory, Membership, Person, SigningKey, Team, TeamRole};
use gitsm_core::digest::sha256;
use gitsm_core::ident::Digest;
use std::collections::BTreeSet;
use std::num::NonZeroU64;

impl Estate {
    /// Everybody and their teams. Who is in a team at the forge is not known here.
    pub fn directory(&self) -> Directory {
        let mut directory = Directory::default();
        for (_, name, team) in self.teams.iter() {
            // A name that no manifest of ours can have cannot be named by a rule either.
            let Ok(name) = name.parse() else { continue };
            for member in &team.spec.members {
                merge(
                    directory.people.entry(member.id.clone().into()).or_default(),
                    member,
                );
            }
            directory.teams.insert(name, domain_team(&team.spec));
        }
        directory
    }
}

fn domain_team(spec: &wire::TeamSpec) -> Team {
    let members = spec.members.iter().map(|member| {
        let membership = Membership {
            roles: roles(member),
            from: member.from,
            until: member.until,
        };
        (member.id.clone().into(), membership)
    });
    Team {
        parent: spec.parent.clone(),
        members: members.collect(),
        forge_members: None,
    }
}

fn roles(member: &wire::Member) -> BTreeSet<TeamRole> {
    if member.roles.is_empty() {
        BTreeSet::from([TeamRole::Approver, TeamRole::Responder])
    } else {
        member.roles.iter().copied().collect()
    }
}

fn merge(person: &mut Person, member: &wire::Member) {
    let number = member.forge_id.and_then(|id| u64::try_from(id).ok());
    person
        .accounts
        .extend(number.and_then(NonZeroU64::new).map(AccountId));
    person.logins.extend(member.forge_login.clone());
    person.emails.extend(member.emails.iter().cloned());
    for key in &member.signing_keys {
        // A key that cannot be read proves nothing.
        let Some((fingerprint, hardware)) = fingerprint(&key.public_key) else {
            continue;
        };
        match person
            .keys
            .iter_mut()
            .find(|known| known.fingerprint == fingerprint)
        {
            Some(known) => known.until = [known.until, key.until].into_iter().flatten().min(),
            None => person.keys.push(SigningKey {
                name: key.name.clone(),
                fingerprint,
                hardware,
                until: key.until,
            }),
        }
    }
}

/// The SHA-256 of a public key's bytes, and whether it lives in a device: the blob of an SSH key (RFC 4253, 6.6), of
/// which OpenSSH shows the same digest in base64, or what the armour of an OpenPGP key holds (RFC 9580, 6.2).
pub fn fingerprint(public_key: &str) -> Option<(Digest, bool)> {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    if !public_key.trim_start().starts_with("-----BEGIN") {
        let mut words = public_key.split_whitespace();
        let (kind, blob) = (words.next()?, decode(words.next()?)?);
        return Some((sha256(&blob), kind.starts_with("sk-")));
    }
    // Headers end with an empty line, data with the checksum or the last line.
    let lines = public_key
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.is_empty());
    let data: String = lines.take_while(|line| !line.starts_with(['=', '-'])).collect();
    let bytes = decode(&data).filter(|bytes| !bytes.is_empty())?;
    Some((sha256(&bytes), false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJL520dUUvsxc4PGVLWEy2xcPPqWzdtOjiG4I6pau41h";

    fn directory(teams: &[(&str, Value)]) -> Directory {
        let mut estate = Estate::default();
        for (name, members) in teams {
            let team = json!({"apiVersion": "gitsm.dev/v1alpha1", "kind": "Team", "metadata": {"name": name},
                "spec": {"displayName": name, "parent": "all", "members": members}});
            estate.insert(&team).unwrap();
        }
        estate.directory()
    }

    #[test]
    fn a_person_of_several_teams_is_one_person() {
        let all = directory(&[
            (
                "dba",
                json!([{"id": "ana", "forgeId": 1, "emails": ["a@example.com"],
                "signingKeys": [{"name": "laptop", "publicKey": format!("{KEY} ana@work")}]}]),
            ),
            (
                "ops",
                json!([{"id": "ana", "forgeId": 2, "forgeLogin": "ana-l", "roles": ["Manager"], "until": "2027-01-01T00:00:00Z",
                "signingKeys": [{"name": "old", "publicKey": KEY, "until": "2027-02-01T00:00:00Z"}]}]),
            ),
            ("authority", json!([{"id": "ana", "roles": ["Approver"]}])),
        ]);
        let person = &all.people["ana"];
        assert_eq!(
            (person.accounts.len(), person.logins.len(), person.emails.len()),
            (2, 1, 1)
        );
        assert_eq!(person.keys.len(), 1, "the comment is no part of a key");
        assert_eq!(
            person.keys[0].until,
            Some("2027-02-01T00:00:00Z".parse().unwrap())
        );
        let membership = |team: &str| &all.teams[team].members["ana"];
        assert_eq!(
            membership("dba").roles,
            BTreeSet::from([TeamRole::Approver, TeamRole::Responder])
        );
        assert_eq!(membership("ops").roles, BTreeSet::from([TeamRole::Manager]));
        assert_eq!(
            (membership("dba").until, membership("ops").until.is_some()),
            (None, true)
        );
    }

    #[test]
    fn keys_are_told_by_their_bytes() {
        let (digest, hardware) = fingerprint(KEY).unwrap();
        let blob = base64::engine::general_purpose::STANDARD
            .decode(KEY.split(' ').nth(1).unwrap())
            .unwrap();
        assert_eq!((digest, hardware), (sha256(&blob), false));
        let in_device = fingerprint("sk-ssh-ed25519@openssh.com QUJD ana").unwrap();
        assert_eq!(in_device, (sha256(b"ABC"), true));
        let armoured = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\nQU\nJD\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n";
        assert_eq!(fingerprint(armoured), Some((sha256(b"ABC"), false)));
        for wrong in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 ???",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
        ] {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
