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
