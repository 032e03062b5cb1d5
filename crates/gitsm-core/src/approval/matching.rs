//! Which people fill which places, so that as many places as possible are filled.

use std::collections::VecDeque;

/// Places to fill and people who could. A person may act for several identities (their own, and those they
/// represent), of which one counts.
///
/// It is a flow from places over identities to people, in which identities and people carry one unit each. Units are
/// added by shortest augmenting paths (Edmonds and Karp 1972), one place after the other; a path moves people between
/// earlier places and never empties one. So the number of filled places is the largest possible, and earlier places
/// are filled first.
#[derive(Debug)]
pub(super) struct Matching {
    /// Nodes: places, then each identity twice (in, out), then each person twice, then the end.
    edges: Vec<Edge>,
    outgoing: Vec<Vec<usize>>,
    places: usize,
    identities: usize,
    people: usize,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    to: usize,
    /// The edge in the other direction.
    back: usize,
    free: bool,
}

impl Matching {
    /// `eligible` are pairs of place and identity, `acts_for` pairs of identity and person, all in the order in which
    /// they are preferred. Pairs beyond the numbers are ignored.
    pub(super) fn new(
        (places, identities, people): (usize, usize, usize),
        eligible: impl IntoIterator<Item = (usize, usize)>,
        acts_for: impl IntoIterator<Item = (usize, usize)>,
    ) -> Self {
        let nodes = places + 2 * identities + 2 * people + 1;
        let mut matching = Self {
            edges: Vec::new(),
            outgoing: vec![Vec::new(); nodes],
            places,
            identities,
            people,
        };
        for identity in 0..identities {
            matching.connect(matching.identity(identity), matching.identity(identity) + 1);
        }
        for person in 0..people {
            matching.connect(matching.person(person), matching.person(person) + 1);
            matching.connect(matching.person(person) + 1, matching.end());
        }
        for (place, identity) in eligible {
            if place < places && identity < identities {
                matching.connect(place, matching.identity(identity));
            }
        }
        for (identity, person) in acts_for {
            if identity < identities && person < people {
                matching.connect(matching.identity(identity) + 1, matching.person(person));
            }
        }
        matching
    }

    /// Puts one more person into a place, moving others if need be. False: nobody is left for it.
    pub(super) fn fill(&mut self, place: usize) -> bool {
        if place >= self.places {
            return false;
        }
        let mut reached_by = vec![None; self.outgoing.len()];
        let mut waiting = VecDeque::from([place]);
        let mut seen = vec![false; self.outgoing.len()];
        mark(&mut seen, place);
        while let Some(node) = waiting.pop_front() {
            for &index in self.outgoing.get(node).into_iter().flatten() {
                let Some(edge) = self.edges.get(index).copied() else {
                    continue;
                };
                if edge.free && mark(&mut seen, edge.to) {
                    if let Some(way) = reached_by.get_mut(edge.to) {
                        *way = Some((node, index));
                    }
                    waiting.push_back(edge.to);
                }
            }
        }
        let mut node = self.end();
        if !seen.get(node).copied().unwrap_or_default() {
            return false;
        }
        while let Some(Some((before, index))) = reached_by.get(node).copied() {
            self.turn(index);
            node = before;
        }
        true
    }

    /// The same without a person, and the place that the person filled; `None`: the person filled none.
    pub(super) fn without(&self, person: usize) -> Option<(Self, usize)> {
        let mut matching = Self {
            edges: self.edges.clone(),
            outgoing: self.outgoing.clone(),
            ..*self
        };
        // Back from the end to the place, each edge freed on the way.
        let (mut node, mut place) = (self.end(), None);
        let mut through = self.person(person) + 1;
        while let Some(index) = self.edge_in_use(through, node) {
            matching.turn(index + 1);
            (node, place) = (through, Some(through));
            match self.used_from(through) {
                Some(before) => through = before,
                None => break,
            }
        }
        let closed = self.person(person);
        for index in self
            .outgoing
            .get(closed)
            .into_iter()
            .flatten()
            .filter(|index| *index % 2 == 0)
        {
            if let Some(edge) = matching.edges.get_mut(*index) {
                edge.free = false;
            }
        }
        place.map(|place| (matching, place))
    }

    /// Who fills a place: pairs of identity and person, in order of identity.
    pub(super) fn filled(&self, place: usize) -> Vec<(usize, usize)> {
        let mut filled: Vec<_> = self
            .used(place)
            .filter_map(|node| {
                let identity = node.checked_sub(self.places)? / 2;
                let person = self.used(self.identity(identity) + 1).next()?;
                Some((
                    identity,
                    person.checked_sub(self.places + 2 * self.identities)? / 2,
                ))
            })
            .collect();
        filled.sort_unstable();
        filled
    }

    /// The places that share people with a place that cannot be filled: all that a shortest way would go through
    /// (the violator of Hall's condition), in order.
    pub(super) fn rivals(&self, place: usize) -> Vec<usize> {
        let mut seen = vec![false; self.outgoing.len()];
        let mut waiting = vec![place];
        mark(&mut seen, place);
        while let Some(node) = waiting.pop() {
            for &index in self.outgoing.get(node).into_iter().flatten() {
                if let Some(edge) = self.edges.get(index)
                    && edge.free
                    && mark(&mut seen, edge.to)
                {
                    waiting.push(edge.to);
                }
            }
        }
        (0..self.places)
            .filter(|place| seen.get(*place) == Some(&true))
            .collect()
    }

    /// Nodes to which a unit flows from a node.
    fn used(&self, node: usize) -> impl Iterator<Item = usize> {
        let outgoing = self.outgoing.get(node).into_iter().flatten();
        // Every second edge is one that was asked for; its twin leads back.
        outgoing.filter_map(|index| {
            self.edges
                .get(*index)
                .filter(|edge| index % 2 == 0 && !edge.free)
                .map(|edge| edge.to)
        })
    }

    /// The edge from one node to another, if a unit flows over it.
    fn edge_in_use(&self, from: usize, to: usize) -> Option<usize> {
        let outgoing = self.outgoing.get(from)?.iter().copied();
        let mut edges = outgoing.filter(|index| index % 2 == 0);
        edges.find(|index| {
            self.edges
                .get(*index)
                .is_some_and(|edge| edge.to == to && !edge.free)
        })
    }

    /// The node from which a unit flows to a node. Where units flow to several, nodes are asked that take one only.
    fn used_from(&self, node: usize) -> Option<usize> {
        let mut outgoing = self.outgoing.get(node)?.iter();
        // The twin of an edge that is used up is free.
        outgoing.find_map(|index| {
            let edge = self
                .edges
                .get(*index)
                .filter(|edge| index % 2 == 1 && edge.free)?;
            Some(edge.to)
        })
    }

    fn identity(&self, identity: usize) -> usize {
        self.places + 2 * identity
    }

    fn person(&self, person: usize) -> usize {
        self.places + 2 * self.identities + 2 * person
    }

    fn end(&self) -> usize {
        self.places + 2 * self.identities + 2 * self.people
    }

    fn connect(&mut self, from: usize, to: usize) {
        let forth = self.edges.len();
        self.edges.push(Edge {
            to,
            back: forth + 1,
            free: true,
        });
        self.edges.push(Edge {
            to: from,
            back: forth,
            free: false,
        });
        for (node, edge) in [(from, forth), (to, forth + 1)] {
            if let Some(outgoing) = self.outgoing.get_mut(node) {
                outgoing.push(edge);
            }
        }
    }

    /// Uses an edge up and frees the one in the other direction.
    fn turn(&mut self, index: usize) {
        let Some(back) = self.edges.get_mut(index).map(|edge| {
            edge.free = false;
            edge.back
        }) else {
            return;
        };
        if let Some(edge) = self.edges.get_mut(back) {
            edge.free = true;
        }
    }
}

/// Marks a node; false if it was marked before.
fn mark(seen: &mut [bool], node: usize) -> bool {
    match seen.get_mut(node) {
        Some(seen @ false) => {
            *seen = true;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The most places that can be filled, by trying everything.
    fn most(
        needs: &[usize],
        eligible: &[(usize, usize)],
        acts_for: &[(usize, usize)],
        taken: (u8, u8),
    ) -> usize {
        let mut best = 0;
        for place in 0..needs.len() {
            if needs[place] == 0 {
                continue;
            }
            for (_, identity) in eligible.iter().filter(|(of, _)| *of == place) {
                for (_, person) in acts_for.iter().filter(|(of, _)| of == identity) {
                    if taken.0 & (1 << identity) == 0 && taken.1 & (1 << person) == 0 {
                        let mut rest = needs.to_vec();
                        rest[place] -= 1;
                        let taken = (taken.0 | 1 << identity, taken.1 | 1 << person);
                        best = best.max(1 + most(&rest, eligible, acts_for, taken));
                    }
                }
            }
            // Places are filled in order; what one leaves out the next does not fill for it.
            best = best.max({
                let mut rest = needs.to_vec();
                rest[place] = 0;
                most(&rest, eligible, acts_for, taken)
            });
            break;
        }
        best
    }

    proptest! {
        #[test]
        fn as_many_places_are_filled_as_can_be(
            needs in proptest::collection::vec(0..3_usize, 1..4),
            eligible in proptest::collection::btree_set((0..4_usize, 0..5_usize), 0..10),
            others in proptest::collection::btree_set((0..5_usize, 0..5_usize), 0..5),
        ) {
            let acts_for: std::collections::BTreeSet<_> = (0..5).map(|one| (one, one)).chain(others).collect();
            let (eligible, acts_for): (Vec<_>, Vec<_>) = (eligible.into_iter().collect(), acts_for.into_iter().collect());
            let mut matching = Matching::new((needs.len(), 5, 5), eligible.clone(), acts_for.clone());
            let mut filled = 0;
            for (place, need) in needs.iter().enumerate() {
                let before: Vec<_> = (0..place).map(|one| matching.filled(one).len()).collect();
                for _ in 0..*need {
                    filled += usize::from(matching.fill(place));
                }
                let after: Vec<_> = (0..place).map(|one| matching.filled(one).len()).collect();
                prop_assert_eq!(before, after, "earlier places stay full");
            }
            let in_reach: Vec<_> = eligible.iter().copied().filter(|(place, _)| *place < needs.len()).collect();
            prop_assert_eq!(filled, most(&needs, &in_reach, &acts_for, (0, 0)));
            // What is reported is what was counted, and nobody is used twice.
            let all: Vec<_> = (0..needs.len()).flat_map(|place| matching.filled(place)).collect();
            prop_assert_eq!(all.len(), filled);
            let identities: std::collections::BTreeSet<_> = all.iter().map(|(identity, _)| identity).collect();
            let people: std::collections::BTreeSet<_> = all.iter().map(|(_, person)| person).collect();
            prop_assert_eq!((identities.len(), people.len()), (filled, filled));
        }
    }
}
