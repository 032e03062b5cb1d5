//! People who act, for themselves or for others, and the places they fill.

use super::matching::Matching;
use super::pool::Pool;
use crate::ident::MemberId;
use crate::time::Instant;
use std::collections::BTreeSet;

/// Somebody who gave a valid approval, in one of the roles they may give it in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acting<'f> {
    pub(super) person: &'f MemberId,
    /// The person, or who is represented.
    pub(super) identity: &'f MemberId,
    /// Until when approval and representation hold.
    pub(super) until: Instant,
}

/// A matching over people by name.
#[derive(Debug)]
pub(super) struct Filling<'f> {
    matching: Matching,
    identities: Vec<&'f MemberId>,
    people: Vec<&'f MemberId>,
    acting: Vec<Acting<'f>>,
}

impl<'f> Filling<'f> {
    pub(super) fn new(acting: &[Acting<'f>], pools: &[&Pool<'f>]) -> Self {
        let identities: BTreeSet<_> = acting.iter().map(|one| one.identity).collect();
        let people: BTreeSet<_> = acting.iter().map(|one| one.person).collect();
        let (identities, people): (Vec<_>, Vec<_>) =
            (identities.into_iter().collect(), people.into_iter().collect());
        let mut eligible = Vec::new();
        for (place, pool) in pools.iter().enumerate() {
            for (number, identity) in identities.iter().enumerate() {
                if pool.get(identity).is_some_and(|seat| seat.is_active()) {
                    eligible.push((place, number));
                }
            }
        }
        let mut acts_for: Vec<_> = acting
            .iter()
            .filter_map(|one| {
                let identity = identities.binary_search(&one.identity).ok()?;
                let person = people.binary_search(&one.person).ok()?;
                Some((one.identity != one.person, identity, person))
            })
            .collect();
        // People act for themselves first.
        acts_for.sort_unstable();
        let matching = Matching::new(
            (pools.len(), identities.len(), people.len()),
            eligible,
            acts_for
                .into_iter()
                .map(|(_, identity, person)| (identity, person)),
        );
        Self {
            matching,
            identities,
            people,
            acting: acting.to_vec(),
        }
    }

    /// Fills a place as far as it goes; whether that is enough.
    pub(super) fn fill(&mut self, place: usize, needed: u32) -> bool {
        // It stops where people end, however many are needed.
        (0..needed).all(|_| self.matching.fill(place))
    }

    pub(super) fn filled(&self, place: usize) -> Vec<Acting<'f>> {
        let pairs = self.matching.filled(place).into_iter();
        pairs
            .filter_map(|(identity, person)| {
                let (identity, person) = (*self.identities.get(identity)?, *self.people.get(person)?);
                self.acting
                    .iter()
                    .find(|one| one.identity == identity && one.person == person)
                    .copied()
            })
            .collect()
    }
}
