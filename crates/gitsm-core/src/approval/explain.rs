//! What is missing, and why people do not count.

use super::pool::Seat;
use super::sentences::any_of;
use super::standing::Standing;
use super::tally::{Place, Tally};
use super::verdict::{NotCounted, Reason, Who};
use crate::ident::MemberId;
use std::collections::BTreeSet;

impl<'t, 'f> Tally<'t, 'f> {
    pub(super) fn rejected(&self, rejecters: &[&str]) -> String {
        let who = any_of(rejecters).replace(" or ", " and ");
        match &self.policy.dismissers {
            Some(team) => format!(
                "{who} asked for changes: who asked approves, or a member of team {team} dismisses the review with a reason"
            ),
            None => format!("{who} asked for changes: who asked approves or dismisses the review"),
        }
    }

    pub(super) fn missing(&self, place: &Place<'t, 'f>) -> String {
        let given = u32::try_from(place.filled.len()).unwrap_or(u32::MAX);
        let lacking = place.needed.saturating_sub(given);
        let taken: BTreeSet<_> = self
            .places
            .iter()
            .filter(|other| self.policy.distinct || std::ptr::eq(*other, place))
            .flat_map(|other| &other.filled)
            .flat_map(|acting| [acting.person, acting.identity])
            .collect();
        let free: Vec<_> = place
            .group
            .pool
            .iter()
            .filter(|(member, seat)| {
                seat.is_active()
                    && !taken.contains(*member)
                    && self
                        .scene
                        .contributors
                        .exclusion(member, &self.policy.separation)
                        .is_none()
            })
            .map(|(member, _)| member.as_str())
            .collect();
        let of = &place.group.of;
        if u32::try_from(free.len()).is_ok_and(|free| free < lacking) {
            let who = if free.is_empty() { "nobody" } else { "only some" };
            let names = if free.is_empty() {
                String::new()
            } else {
                format!(" ({})", any_of(&free))
            };
            return format!("{lacking} more of {of}, but {who} of them may still approve{names}");
        }
        format!("{lacking} more of {of}: {}", any_of(&free))
    }

    pub(super) fn not_counted(&self, place: &Place<'t, 'f>) -> Vec<NotCounted> {
        let mut all: Vec<_> = self
            .standings
            .iter()
            .filter(|(person, _)| !place.filled.iter().any(|acting| acting.person == **person))
            .filter_map(|(person, standing)| {
                let (review, reason) = self.why_not(person, standing, place)?;
                Some(NotCounted {
                    who: Who::Member((*person).clone()),
                    review,
                    reason,
                })
            })
            .collect();
        let strangers = self.scene.strangers.iter();
        all.extend(strangers.map(|(who, review, reason)| NotCounted {
            who: who.clone(),
            review: *review,
            reason: reason.clone(),
        }));
        all
    }

    /// Why somebody who reviewed does not count in a place; `None` for comments of people who are not asked.
    fn why_not(
        &self,
        person: &'f MemberId,
        standing: &Standing<'f>,
        place: &Place<'t, 'f>,
    ) -> Option<(u64, Reason)> {
        let pool = &place.group.pool;
        let concerned = self.may_speak(person, pool);
        if let Some(rejection) = standing.rejection {
            let reason = if concerned {
                Reason::ChangesRequested
            } else {
                Reason::NotAsked
            };
            return Some((rejection.id, reason));
        }
        let Some(approval) = standing.approval else {
            let (review, reason) = standing.void.as_ref()?;
            return match reason {
                Reason::Comment if !concerned => None,
                _ if !pool.contains_key(person) && !concerned => Some((review.id, Reason::NotAsked)),
                reason => Some((review.id, reason.clone())),
            };
        };
        let reason = self.scene.contributors.exclusion(person, &self.policy.separation);
        let reason = reason.unwrap_or_else(|| self.why_not_here(person, place));
        Some((approval.review.id, reason))
    }

    /// Why somebody with a valid approval does not count in a place.
    fn why_not_here(&self, person: &'f MemberId, place: &Place<'t, 'f>) -> Reason {
        let pool = &place.group.pool;
        let mut standing_in = None;
        match pool.get(person) {
            Some(Seat::Active(_)) => standing_in = Some(person),
            seat => {
                for (identity, _) in self.scene.represented(person, self.policy) {
                    if !pool.get(identity).is_some_and(|seat| seat.is_active()) {
                        continue;
                    }
                    if self
                        .scene
                        .contributors
                        .exclusion(identity, &self.policy.separation)
                        .is_some()
                    {
                        return Reason::RepresentedExcluded {
                            member: identity.clone(),
                        };
                    }
                    standing_in = Some(identity);
                }
                if standing_in.is_none() {
                    return match seat {
                        Some(Seat::Inactive) => Reason::MembershipInactive,
                        Some(Seat::NotAtForge) => Reason::NotInForgeTeam,
                        Some(Seat::NoRole) => Reason::NotAnApprover,
                        Some(Seat::Active(_)) | None => Reason::NotAsked,
                    };
                }
            }
        }
        if !place.asked {
            return Reason::NotYetAsked;
        }
        let elsewhere = self.places.iter().find(|other| {
            self.policy.distinct
                && !std::ptr::eq(*other, place)
                && other.filled.iter().any(|acting| acting.person == person)
        });
        if let Some(other) = elsewhere {
            let rule = self
                .requirements
                .get(other.requirement)
                .map_or_else(String::new, |one| {
                    if one.name == other.group.name {
                        one.name.clone()
                    } else {
                        format!("{} ({})", one.name, other.group.name)
                    }
                });
            return Reason::CountsElsewhere { rule };
        }
        let represented = standing_in.filter(|identity| {
            let mut filled = self.places.iter().flat_map(|other| &other.filled);
            filled.any(|acting| acting.identity == *identity)
        });
        match represented {
            Some(identity) => Reason::RepresentedCounts {
                member: identity.clone(),
            },
            None => Reason::NotNeeded,
        }
    }
}
