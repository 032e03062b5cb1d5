//! One rule of a role.

use crate::auth::{Attributes, Target};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One entry of `rules`: verbs on resources, or on paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyRule {
    /// What may be done; `*` is everything.
    #[serde(deserialize_with = "texts")]
    pub verbs: Vec<String>,
    /// API groups; `*` is every group.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "texts")]
    pub api_groups: Vec<String>,
    /// `pods`, `pods/status`, `*/scale`, `*`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "texts")]
    pub resources: Vec<String>,
    /// Names of objects; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "texts")]
    pub resource_names: Vec<String>,
    /// `/healthz`, `/healthz/*`, `*`.
    #[serde(
        rename = "nonResourceURLs",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "texts"
    )]
    pub non_resource_urls: Vec<String>,
}

/// `null` stands for an empty list, as in any Kubernetes object.
fn texts<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|entry| entry == "*" || entry == wanted)
}

impl PolicyRule {
    /// Whether this rule alone allows something.
    pub fn allows(&self, attributes: &Attributes<'_>) -> bool {
        if !has(&self.verbs, attributes.verb) {
            return false;
        }
        match attributes.target {
            Target::Path(path) => self.non_resource_urls.iter().any(|url| matches_url(url, path)),
            Target::Resource {
                group,
                resource,
                subresource,
                name,
                ..
            } => {
                has(&self.api_groups, group)
                    && self.covers_resource(resource, subresource)
                    && (self.resource_names.is_empty()
                        || self.resource_names.iter().any(|known| known == name))
            }
        }
    }

    fn covers_resource(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|entry| {
            if entry == "*" {
                return true;
            }
            match entry.split_once('/') {
                None => subresource.is_empty() && entry == resource,
                Some((left, right)) => {
                    !subresource.is_empty() && right == subresource && (left == "*" || left == resource)
                }
            }
        })
    }

    /// The rule split into rules of one verb and one resource, name or path each, so that each can be looked up
    /// on its own.
    pub fn atoms(&self) -> Vec<PolicyRule> {
        let mut atoms = Vec::new();
        let one = |text: &String| vec![text.clone()];
        for verb in &self.verbs {
            for group in &self.api_groups {
                for resource in &self.resources {
                    let atom = PolicyRule {
                        verbs: one(verb),
                        api_groups: one(group),
                        resources: one(resource),
                        ..PolicyRule::default()
                    };
                    if self.resource_names.is_empty() {
                        atoms.push(atom);
                        continue;
                    }
                    atoms.extend(self.resource_names.iter().map(|name| PolicyRule {
                        resource_names: one(name),
                        ..atom.clone()
                    }));
                }
            }
            atoms.extend(self.non_resource_urls.iter().map(|url| PolicyRule {
                verbs: one(verb),
                non_resource_urls: one(url),
                ..PolicyRule::default()
            }));
        }
        atoms
    }

    /// Whether this rule allows all that an atom allows.
    pub fn covers(&self, atom: &PolicyRule) -> bool {
        let all = |own: &[String], theirs: &[String]| theirs.iter().all(|wanted| has(own, wanted));
        let resources = atom.resources.iter().all(|wanted| {
            has(&self.resources, wanted)
                || wanted.split_once('/').is_some_and(|(_, subresource)| {
                    self.resources
                        .iter()
                        .any(|own| own.strip_prefix("*/") == Some(subresource))
                })
        });
        let names = match (self.resource_names.as_slice(), atom.resource_names.as_slice()) {
            ([], _) => true,
            (_, []) => atom.resources.is_empty(),
            (own, theirs) => theirs.iter().all(|name| own.contains(name)),
        };
        let urls = atom
            .non_resource_urls
            .iter()
            .all(|wanted| self.non_resource_urls.iter().any(|own| matches_url(own, wanted)));
        all(&self.verbs, &atom.verbs)
            && all(&self.api_groups, &atom.api_groups)
            && resources
            && names
            && urls
            // A rule about paths does not cover one about resources because both lists are empty, or the reverse.
            && (atom.resources.is_empty() || !self.resources.is_empty())
    }
}

/// Whether a pattern of a rule names a path: the whole, or all below where it ends in `*`.
fn matches_url(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => pattern == path,
    }
}

/// As upstream prints a rule in the message of an escalation: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`.
impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("ResourceNames", &self.resource_names),
            ("NonResourceURLs", &self.non_resource_urls),
            ("Verbs", &self.verbs),
        ]
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| {
            let quoted: Vec<String> = list.iter().map(|text| format!("{text:?}")).collect();
            format!("{name}:[{}]", quoted.join(" "))
        })
        .collect();
        write!(f, "{{{}}}", parts.join(", "))
    }
}
