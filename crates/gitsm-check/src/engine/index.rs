//! What an estate holds, without holding the estate: identities, references and a few facts for the rules that
//! look at more than one object.
//!
//! Its size, with the paths of the files, decides how much memory a large estate takes: docs/benchmarks.md has the
//! measured figure for each document.

use super::references::{MEMBER, Targets};
use crate::diagnostic::{ObjectId, Span};
use gitsm_core::window::PlannedTime;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
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
    /// The field, printed, where it is an element of a list or map.
    pub(super) element: Option<Box<str>>,
    /// The field as the table of references has it.
    pub(super) pattern: &'static str,
    /// Where the name stands.
    pub span: Span,
    /// The kinds it may name.
    pub targets: Targets,
    /// The namespaces it may be in.
    pub namespaces: Namespaces,
    /// The name it names.
    pub name: Box<str>,
}

impl ReferenceUse {
    /// The field, printed.
    pub fn field(&self) -> &str {
        self.element.as_deref().unwrap_or(self.pattern)
    }

    /// Where the named object may be, seen from the object that names it: one empty name for cluster-scoped
    /// kinds, none at all for any namespace.
    pub fn namespaces<'r>(&'r self, from: &'r Entry) -> Vec<&'r str> {
        match &self.namespaces {
            Namespaces::Any => Vec::new(),
            Namespaces::Cluster => vec![""],
            Namespaces::Own => vec![&from.namespace],
            Namespaces::Named(names) => names.iter().map(|name| &**name).collect(),
        }
    }
}

/// The namespaces that a reference looks into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// All of them.
    Any,
    /// The kind has none.
    Cluster,
    /// That of the object that refers.
    Own,
    /// These; all, if there are none.
    Named(Box<[Box<str>]>),
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
        /// When it is planned, if it says so.
        planned: Option<Box<Planned>>,
    },
    /// Of an object that selects services.
    Selects(Box<SelectorUse>),
    /// Of a `Team`: its members.
    Members(Box<[Person]>),
}

/// When a change is planned, and what windows look at beside.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Start, duration, backout.
    pub time: PlannedTime,
    /// Where the start stands.
    pub span: Span,
    /// The services it names, of its own namespace.
    pub services: Box<[Box<str>]>,
    /// The environment that is changed.
    pub environment: Box<str>,
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
    hasher: RandomState,
    by_identity: Chains,
    /// By kind and name, whatever the namespace; without those that repeat an identity.
    by_name: Chains,
    /// A team of each person.
    members: HashMap<Box<str>, u32>,
    duplicates: Vec<(u32, u32)>,
}

/// Positions by hash. Two numbers for each entry: the keys are in the entries already.
#[derive(Debug, Default)]
struct Chains {
    first: HashMap<u64, u32>,
    /// The next position of the same hash.
    next: Vec<u32>,
}

impl Chains {
    /// The end of a chain. An estate has far fewer objects: each takes a file, and a position of 32 bits.
    const END: u32 = u32::MAX;

    fn with_capacity(count: usize) -> Self {
        Self {
            first: HashMap::with_capacity(count),
            next: vec![Self::END; count],
        }
    }

    /// Adds a position before all others of its hash.
    fn push_front(&mut self, hash: u64, position: u32) {
        if let Some(behind) = self.first.insert(hash, position) {
            self.next[position as usize] = behind;
        }
    }

    /// All positions of the hash, and those of other keys that share it.
    fn positions(&self, hash: u64) -> impl Iterator<Item = u32> {
        let first = self.first.get(&hash).copied();
        std::iter::successors(first, |position| {
            Some(self.next[*position as usize]).filter(|next| *next != Self::END)
        })
    }
}

impl Index {
    /// Builds the index; of two objects with one identity the first in file order stands.
    pub fn new(entries: Vec<Entry>) -> Self {
        let count = u32::try_from(entries.len()).unwrap_or(Chains::END);
        let mut index = Self {
            by_identity: Chains::with_capacity(entries.len()),
            by_name: Chains::with_capacity(entries.len()),
            entries,
            ..Self::default()
        };
        // From the back, so that chains are in file order.
        for position in (0..count).rev() {
            let entry = &index.entries[position as usize];
            let hash = index
                .hasher
                .hash_one((entry.kind, &*entry.namespace, &*entry.name));
            index.by_identity.push_front(hash, position);
        }
        for position in (0..count).rev() {
            let entry = &index.entries[position as usize];
            let first = index.position(entry.kind, &entry.namespace, &entry.name);
            match first.filter(|first| *first != position) {
                Some(first) => index.duplicates.push((first, position)),
                None => {
                    let hash = index.hasher.hash_one((entry.kind, &*entry.name));
                    index.by_name.push_front(hash, position);
                }
            }
        }
        index.duplicates.reverse();
        for position in 0..count {
            if let Facts::Members(people) = &index.entries[position as usize].facts {
                let people = people.iter().map(|person| (person.id.clone(), position));
                index.members.extend(people);
            }
        }
        index
    }

    /// All objects in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A team of the person, where the kind is that of people.
    fn team_of(&self, kind: &str, name: &str) -> Option<u32> {
        self.members.get(name).filter(|_| kind == MEMBER).copied()
    }

    fn position(&self, kind: &str, namespace: &str, name: &str) -> Option<u32> {
        if let Some(team) = self.team_of(kind, name) {
            return Some(team);
        }
        let hash = self.hasher.hash_one((kind, namespace, name));
        self.by_identity.positions(hash).find(|position| {
            let entry = &self.entries[*position as usize];
            &*entry.name == name && &*entry.namespace == namespace && entry.kind == kind
        })
    }

    /// The object with this identity.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Entry> {
        let position = self.position(kind, namespace, name)?;
        Some(&self.entries[position as usize])
    }

    /// The ids of all people, in no order.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(|id| &**id)
    }

    /// All objects of a kind with this name, in file order. A person is found as the team they are in.
    pub fn named<'i>(&'i self, kind: &'i str, name: &'i str) -> impl Iterator<Item = &'i Entry> {
        let hash = self.hasher.hash_one((kind, name));
        self.by_name
            .positions(hash)
            .map(|position| &self.entries[position as usize])
            .filter(move |entry| &*entry.name == name && entry.kind == kind)
            .chain(
                self.team_of(kind, name)
                    .map(|position| &self.entries[position as usize]),
            )
    }

    /// The object that a reference of `from` leads to, if it names one of these kinds.
    pub fn resolve<'i>(
        &'i self,
        kinds: impl Iterator<Item = &'i str>,
        from: &'i Entry,
        reference: &'i ReferenceUse,
    ) -> Option<&'i Entry> {
        let name = &reference.name;
        let mut kinds = kinds;
        kinds.find_map(|kind| match &reference.namespaces {
            Namespaces::Cluster => self.get(kind, "", name),
            Namespaces::Own => self.get(kind, &from.namespace, name),
            Namespaces::Named(namespaces) if !namespaces.is_empty() => namespaces
                .iter()
                .filter_map(|namespace| self.position(kind, namespace, name))
                .min()
                .map(|position| &self.entries[position as usize]),
            Namespaces::Any | Namespaces::Named(_) => self.named(kind, name).next(),
        })
    }

    /// Pairs of objects with one identity: the first, and one that repeats it.
    pub fn duplicates(&self) -> impl Iterator<Item = (&Entry, &Entry)> {
        self.duplicates
            .iter()
            .map(|(first, again)| (&self.entries[*first as usize], &self.entries[*again as usize]))
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
