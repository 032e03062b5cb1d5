//! Who may approve for a team.

use super::facts::AccountId;
use super::people::{Directory, Membership, Team};
use super::vocabulary::TeamRole;
use crate::ident::{MemberId, TeamName};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Where somebody stands in a team. The greatest of several holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seat {
    /// The membership is over or has not begun.
    Inactive,
    /// Not in the team's counterpart at the forge.
    NotAtForge,
    /// A member without the role that approves.
    NoRole,
    /// May approve until an instant.
    Active(Instant),
}

impl Seat {
    pub(super) fn is_active(self) -> bool {
        matches!(self, Self::Active(_))
    }
}

/// People who may approve, and where they stand.
pub(super) type Pool<'f> = BTreeMap<&'f MemberId, Seat>;

/// Adds people to a pool, keeping the better seat.
pub(super) fn join<'f>(pool: &mut Pool<'f>, others: impl IntoIterator<Item = (&'f MemberId, Seat)>) {
    for (member, seat) in others {
        pool.entry(member)
            .and_modify(|known| *known = seat.max(*known))
            .or_insert(seat);
    }
}

/// The teams of a directory at one instant.
#[derive(Debug)]
pub(super) struct Pools<'f> {
    directory: &'f Directory,
    at: Instant,
    accounts: BTreeMap<&'f MemberId, BTreeSet<AccountId>>,
    children: BTreeMap<&'f TeamName, Vec<&'f TeamName>>,
}

impl<'f> Pools<'f> {
    pub(super) fn new(
        directory: &'f Directory,
        at: Instant,
        accounts: BTreeMap<&'f MemberId, BTreeSet<AccountId>>,
    ) -> Self {
        let mut children: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, team) in &directory.teams {
            if let Some(parent) = &team.parent {
                children.entry(parent).or_default().push(name);
            }
        }
        Self {
            directory,
            at,
            accounts,
            children,
        }
    }

    /// The members of a team and of the teams below it. `role` is what they must be in the team that lists them;
    /// `None`: anything.
    ///
    /// # Errors
    ///
    /// In words, when the team does not exist, cannot be read, or has nobody who may.
    pub(super) fn team(&self, name: &TeamName, role: Option<TeamRole>) -> Result<Pool<'f>, String> {
        if let Some(reason) = self.directory.unreadable.get(name) {
            return Err(format!("team {name} could not be read: {reason}"));
        }
        let Some((name, _)) = self.directory.teams.get_key_value(name) else {
            return Err(format!("there is no team {name} at the base revision"));
        };
        let mut pool = Pool::new();
        let (mut waiting, mut seen) = (vec![name], BTreeSet::from([name]));
        while let Some(next) = waiting.pop() {
            // Teams that are each other's parents are walked once.
            let below = self.children.get(next).into_iter().flatten().copied();
            waiting.extend(below.filter(|child| seen.insert(*child)));
            if let Some(team) = self.directory.teams.get(next) {
                let members = team.members.iter();
                join(
                    &mut pool,
                    members.map(|(id, membership)| (id, self.seat(team, id, membership, role))),
                );
            }
        }
        if pool.values().any(|seat| seat.is_active()) {
            return Ok(pool);
        }
        Err(match role {
            Some(role) => format!("team {name} has no active member with the role {role}"),
            None => format!("team {name} has no active member"),
        })
    }

    /// Where a member stands who is named by id.
    ///
    /// # Errors
    ///
    /// In words, when nobody of that id is known.
    pub(super) fn member(&self, member: &MemberId) -> Result<Seat, String> {
        let teams = self.directory.teams.values();
        let seats = teams.filter_map(|team| {
            let membership = team.members.get(member)?;
            Some(self.seat(team, member, membership, None))
        });
        seats
            .max()
            .ok_or_else(|| format!("nobody has the id {member} in any team at the base revision"))
    }

    /// The teams that list a member now, without those above them.
    pub(super) fn direct_teams(&self, member: &MemberId) -> BTreeSet<&'f TeamName> {
        let listing = self.directory.teams.iter().filter(|(_, team)| {
            let membership = team.members.get(member);
            membership.is_some_and(|membership| membership.is_active(self.at))
        });
        listing.map(|(name, _)| name).collect()
    }

    fn seat(&self, team: &Team, member: &MemberId, membership: &Membership, role: Option<TeamRole>) -> Seat {
        if !membership.is_active(self.at) {
            return Seat::Inactive;
        }
        if let Some(at_forge) = &team.forge_members {
            let accounts = self.accounts.get(member);
            if accounts.is_none_or(|accounts| accounts.is_disjoint(at_forge)) {
                return Seat::NotAtForge;
            }
        }
        if role.is_some_and(|role| !membership.roles.contains(&role)) {
            return Seat::NoRole;
        }
        Seat::Active(membership.until.unwrap_or(Instant::MAX))
    }
}
