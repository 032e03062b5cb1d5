//! What an estate holds, without holding the estate: identities, references and a few facts for the rules that
//! look at more than one object.
//!
//! An entry is some hundred bytes, so that a hundred thousand documents fit where their text would not.

use super::references::{MEMBER, Targets};
use crate::diagnostic::{ObjectId, Span};
use std::collections::HashMap;
use std::sync::Arc;

/// One object of the estate.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its kind.
    pub kind: &'static str,
    /// Empty for cluster-scoped kinds; `default` where a namespaced manifest names none.
    pub namespace: Box<str>,
    /// `metadata.name`.
    pub name: Box<str>,
    /// Its file.
    pub file: Arc<str>,
    /// Which document of the file, from 1.
    pub document: u32,
    /// Where its name stands.
    pub span: Span,
    /// What it refers to.
    pub references: Box<[ReferenceUse]>,
    /// What rules about several objects need to know of it.
    pub facts: Facts,
}

impl Entry {
    /// The object's identity.
    pub fn id(&self) -> ObjectId {
        ObjectId {
            kind: self.kind.to_owned(),
            namespace: self.namespace.to_string(),
            name: self.name.to_string(),
        }
    }
}

/// One reference from one field.
#[derive(Debug, Clone)]
pub struct ReferenceUse {
    /// The field, printed.
    pub field: Box<str>,
    /// Where the name stands.
    pub span: Span,
    /// The kinds it may name.
    pub targets: Targets,
    /// The namespaces it may be in: one empty name for cluster-scoped kinds, none at all for any.
    pub namespaces: Box<[Box<str>]>,
    /// The name it names.
    pub name: Box<str>,
}

/// Facts about one object that rules about several objects need.
#[derive(Debug, Clone, Default)]
pub enum Facts {
    /// Nothing is needed.
    #[default]
    None,
    /// Of an `ITService`.
    Service(Box<ServiceFacts>),
    /// Of a `ServiceCatalog`.
    Catalogue {
        /// Whether its services get an SLA policy by default.
        promises: bool,
        /// The services it takes in.
        selector: Box<SelectorUse>,
    },
    /// Of a `ChangeModel`: its state, when changes may not use it.
    Model {
        /// `Proposed`, `Suspended` or `Retired`.
        unusable: Option<Box<str>>,
    },
    /// Of a `Change`: the model it names, and where.
    Change {
        /// Name and place of `spec.model`.
        model: Option<(Box<str>, Span)>,
    },
    /// Of an object that selects services.
    Selects(Box<SelectorUse>),
    /// Of a `Team`: its members.
    Members(Box<[Person]>),
}

/// A member of a team.
#[derive(Debug, Clone)]
pub struct Person {
    /// `id`, the same in every team.
    pub id: Box<str>,
    /// Where the id stands.
    pub span: Span,
    /// Accounts, addresses and keys: what they are, and their text.
    pub accounts: Box<[(&'static str, Box<str>)]>,
}

/// What selectors and graph rules see of a service.
#[derive(Debug, Clone, Default)]
pub struct ServiceFacts {
    /// `spec.tier`.
    pub tier: Option<u64>,
    /// `metadata.labels`.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// `spec.environments`.
    pub environments: Vec<Box<str>>,
    /// `spec.dataClass`.
    pub data_class: Option<Box<str>>,
    /// Whether `spec.state` is `Production`.
    pub in_production: bool,
    /// Whether it names an SLA policy itself.
    pub promises: bool,
    /// Hard dependencies outside of redundancy groups, which alone take the service down.
    pub hard_dependencies: Vec<HardDependency>,
}

/// One hard edge of the dependency graph.
#[derive(Debug, Clone)]
pub struct HardDependency {
    /// Namespace of the service depended on.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The environment the edge is for; `None` for all.
    pub environment: Option<Box<str>>,
    /// The field.
    pub field: Box<str>,
    /// Where it is named.
    pub span: Span,
}

/// A selector of services (or of changes by their services) in some object. Empty lists mean any.
#[derive(Debug, Clone)]
pub struct SelectorUse {
    /// The field that holds it.
    pub field: Box<str>,
    /// Where it stands.
    pub span: Span,
    /// Namespaces.
    pub namespaces: Vec<Box<str>>,
    /// Names of services.
    pub services: Vec<Box<str>>,
    /// Tiers.
    pub tiers: Vec<u64>,
    /// Environments, one of which the service must run in.
    pub environments: Vec<Box<str>>,
    /// Data classes.
    pub data_classes: Vec<Box<str>>,
    /// Labels that must all be there.
    pub labels: Vec<(Box<str>, Box<str>)>,
}

impl SelectorUse {
    /// Whether the selector takes in this service: AND across fields, OR within a list.
    pub fn matches(&self, namespace: &str, name: &str, service: &ServiceFacts) -> bool {
        let one_of =
            |wanted: &[Box<str>], given: &str| wanted.is_empty() || wanted.iter().any(|one| &**one == given);
        one_of(&self.namespaces, namespace)
            && one_of(&self.services, name)
            && one_of(
                &self.data_classes,
                service.data_class.as_deref().unwrap_or_default(),
            )
            && (self.tiers.is_empty() || service.tier.is_some_and(|tier| self.tiers.contains(&tier)))
            && (self.environments.is_empty()
                || self
                    .environments
                    .iter()
                    .any(|wanted| service.environments.contains(wanted)))
            && self.labels.iter().all(|wanted| service.labels.contains(wanted))
    }
}

/// Everything an estate holds.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Entry>,
    /// Positions of all objects of a kind and name, whatever their namespaces.
    by_name: HashMap<(&'static str, Box<str>), Vec<u32>>,
    /// A team of each person.
    members: HashMap<Box<str>, u32>,
    duplicates: Vec<(usize, usize)>,
}

impl Index {
    /// Builds the index; of two objects with one identity the first in file order stands.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut by_name: HashMap<(&'static str, Box<str>), Vec<u32>> = HashMap::with_capacity(entries.len());
        let mut duplicates = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            let positions = by_name.entry((entry.kind, entry.name.clone())).or_default();
            let first = positions
                .iter()
                .find(|first| entries[**first as usize].namespace == entry.namespace);
            match first {
                Some(first) => duplicates.push((*first as usize, position)),
                // An estate has far fewer than 2^32 objects: each takes a file position of 32 bits.
                None => positions.push(u32::try_from(position).unwrap_or(u32::MAX)),
            }
        }
        let mut members = HashMap::new();
        for (position, entry) in entries.iter().enumerate() {
            if let Facts::Members(people) = &entry.facts {
                let position = u32::try_from(position).unwrap_or(u32::MAX);
                members.extend(people.iter().map(|person| (person.id.clone(), position)));
            }
        }
        Self {
            entries,
            by_name,
            members,
            duplicates,
        }
    }

    /// All objects in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The object with this identity.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Entry> {
        self.named(kind, name)
            .find(|entry| &*entry.namespace == namespace)
    }

    /// The ids of all people, in no order.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(|id| &**id)
    }

    /// All objects of a kind with this name, in file order. A person is found as the team they are in.
    pub fn named(&self, kind: &str, name: &str) -> impl Iterator<Item = &Entry> {
        let member = if kind == MEMBER {
            self.members.get(name)
        } else {
            None
        };
        // The keys hold the registry's own kind names.
        let objects = gitsm_api::find(kind).and_then(|info| self.by_name.get(&(info.kind, Box::from(name))));
        let positions = objects.into_iter().flatten().chain(member);
        positions.map(|position| &self.entries[*position as usize])
    }

    /// The object that a reference leads to, if it names one of these kinds.
    pub fn resolve<'i>(
        &'i self,
        kinds: impl Iterator<Item = &'i str>,
        reference: &'i ReferenceUse,
    ) -> Option<&'i Entry> {
        let mut kinds = kinds;
        kinds.find_map(|kind| {
            self.named(kind, &reference.name).find(|entry| {
                reference.namespaces.is_empty() || reference.namespaces.contains(&entry.namespace)
            })
        })
    }

    /// Pairs of objects with one identity: the first, and one that repeats it.
    pub fn duplicates(&self) -> impl Iterator<Item = (&Entry, &Entry)> {
        self.duplicates
            .iter()
            .map(|(first, again)| (&self.entries[*first], &self.entries[*again]))
    }

    /// All objects of a kind, in file order.
    pub fn of_kind<'i>(&'i self, kind: &'i str) -> impl Iterator<Item = &'i Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }

    /// All services with their facts.
    pub fn services(&self) -> impl Iterator<Item = (&Entry, &ServiceFacts)> {
        self.entries.iter().filter_map(|entry| match &entry.facts {
            Facts::Service(facts) => Some((entry, &**facts)),
            _ => None,
        })
    }
}
