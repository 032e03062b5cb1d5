//! Policies that nobody can satisfy.

use super::facts::CatalogueRoles;
use super::matching::Matching;
use super::people::{Directory, Person};
use super::policy::{ApprovalPolicy, ApprovalRule};
use super::pool::{Pool, Pools};
use super::requirement::groups;
use super::sentences::any_of;
use super::vocabulary::{ApproverRole, Attestation};
use crate::ident::{MemberId, ResourceName};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rules that cannot be met, or cannot be met whenever certain people take part in a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unmeetable {
    /// The rules, which compete for the same people where there are several.
    pub rules: BTreeSet<ResourceName>,
    /// The people who, as author of a change, leave too few others. Empty: the rules can never be met.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub when_involved: BTreeSet<MemberId>,
    /// Why, and what to do, in words.
    pub why: String,
}

impl Unmeetable {
    /// Whether it holds for every change.
    pub fn is_always(&self) -> bool {
        self.when_involved.is_empty()
    }
}

/// A rule and who could meet it.
struct Asked<'f> {
    name: &'f ResourceName,
    needed: u32,
    people: BTreeSet<&'f MemberId>,
}

/// The rules of a policy that cannot be met by the people there are, as far as the policy alone tells. Rules that ask
/// the owners of the services of a change are not judged, except for teams and members that do not exist. Conditions
/// are taken to hold, and escalation does not help: a rule that is always escalated is a mistake.
pub fn unmeetable(
    policy: &ApprovalPolicy,
    people: &Directory,
    roles: &CatalogueRoles,
    at: Instant,
) -> Vec<Unmeetable> {
    let accounts = people.people.iter();
    let accounts = accounts
        .map(|(member, person)| (member, person.accounts.clone()))
        .collect();
    let pools = Pools::new(people, at, accounts);
    let judge = Judge {
        policy,
        people,
        roles,
        at,
        pools,
    };
    let mut found = Vec::new();
    let mut asked = Vec::new();
    for rule in &policy.rules {
        match judge.asked(rule) {
            Ok(Some(rule)) => asked.push(rule),
            Ok(None) => {}
            Err(why) => found.push(always([&rule.name], why)),
        }
    }
    // Rules that fail alone are not blamed on others.
    asked.retain(|rule| {
        let enough = size(&rule.people) >= rule.needed;
        if !enough {
            found.push(always([rule.name], too_few(rule.needed, &rule.people)));
        }
        enough
    });
    if policy.distinct {
        together(&asked, &mut found);
    } else {
        let tight = asked.iter().filter(|rule| size(&rule.people) == rule.needed);
        found.extend(tight.map(|rule| when([rule.name], rule.people.iter().copied(), rule.needed)));
    }
    found
}

struct Judge<'f> {
    policy: &'f ApprovalPolicy,
    people: &'f Directory,
    roles: &'f CatalogueRoles,
    at: Instant,
    pools: Pools<'f>,
}

impl<'f> Judge<'f> {
    fn asked(&self, rule: &'f ApprovalRule) -> Result<Option<Asked<'f>>, String> {
        if rule.roles.contains(&ApproverRole::ServiceOwner) {
            for team in &rule.teams {
                self.pools.team(team, None)?;
            }
            for member in &rule.members {
                self.pools.member(member)?;
            }
            return Ok(None);
        }
        let teams_of = |role: ApproverRole| {
            let teams = match role {
                // Not reached: see above.
                ApproverRole::ServiceOwner | ApproverRole::PolicyOwners => &self.roles.policy_owners,
                ApproverRole::SecurityOwner => &self.roles.security_owners,
                ApproverRole::ChangeAuthority => &self.roles.change_authority,
                ApproverRole::EmergencyApprovers => &self.roles.emergency_approvers,
            };
            if teams.is_empty() {
                return Err(format!("no catalogue names a team for the role {role}"));
            }
            Ok(teams.iter().collect())
        };
        let groups = groups(&self.pools, rule, &teams_of)?;
        let mut all = BTreeSet::new();
        for group in &groups {
            let able = self.able(&group.pool);
            if size(&able) < rule.count.get() {
                return Err(format!(
                    "{} asks {}: {}",
                    rule.name,
                    group.of,
                    too_few(rule.count.get(), &able)
                ));
            }
            all.extend(able);
        }
        Ok(Some(Asked {
            name: &rule.name,
            needed: rule.count.get(),
            people: all,
        }))
    }

    /// Those of a pool who can give an approval as the policy asks for it.
    fn able(&self, pool: &Pool<'f>) -> BTreeSet<&'f MemberId> {
        let active = pool.iter().filter(|(_, seat)| seat.is_active());
        active
            .map(|(member, _)| *member)
            .filter(|member| self.is_able(member))
            .collect()
    }

    fn is_able(&self, member: &MemberId) -> bool {
        let delegates = self.policy.delegations.iter();
        let delegates = delegates
            .filter(|one| one.from == *member && self.at < one.until)
            .map(|one| &one.to);
        let mut hands = std::iter::once(member).chain(delegates);
        hands.any(|hand| {
            self.people
                .people
                .get(hand)
                .is_some_and(|person| self.can_sign(person))
        })
    }

    fn can_sign(&self, person: &Person) -> bool {
        let has_account = !person.accounts.is_empty() || !person.logins.is_empty();
        let mut keys = person
            .keys
            .iter()
            .filter(|key| key.until.is_none_or(|until| self.at < until));
        has_account
            && match self.policy.attestation {
                Attestation::Forge => true,
                Attestation::Signed => keys.next().is_some(),
                Attestation::Hardware => keys.any(|key| key.hardware),
            }
    }
}

/// Rules that must be met by different people.
fn together(asked: &[Asked<'_>], found: &mut Vec<Unmeetable>) {
    let total = asked.iter().map(|rule| rule.needed).fold(0, u32::saturating_add);
    // A rule with more people than all places together can be met whatever the others take, one person left out.
    let tight: Vec<_> = asked.iter().filter(|rule| size(&rule.people) <= total).collect();
    let people: BTreeSet<_> = tight.iter().flat_map(|rule| &rule.people).copied().collect();
    let people: Vec<_> = people.into_iter().collect();
    let mut eligible = Vec::new();
    for (place, rule) in tight.iter().enumerate() {
        let members = people
            .iter()
            .enumerate()
            .filter(|(_, member)| rule.people.contains(**member));
        eligible.extend(members.map(|(number, _)| (place, number)));
    }
    let mut matching = Matching::new(
        (tight.len(), people.len(), people.len()),
        eligible,
        (0..people.len()).map(|number| (number, number)),
    );
    let rules = |places: Vec<usize>| -> Vec<&Asked<'_>> {
        places
            .into_iter()
            .filter_map(|place| tight.get(place).copied())
            .collect()
    };
    let mut short = BTreeMap::new();
    for (place, rule) in tight.iter().enumerate() {
        if !(0..rule.needed).all(|_| matching.fill(place)) {
            let rivals = rules(matching.rivals(place));
            let names: BTreeSet<_> = rivals.iter().map(|rule| rule.name.clone()).collect();
            let needed = rivals.iter().map(|rule| rule.needed).fold(0, u32::saturating_add);
            let shared: BTreeSet<_> = rivals.iter().flat_map(|rule| &rule.people).copied().collect();
            let why = format!("one person fills one rule: {}", too_few(needed, &shared));
            short.insert(
                names.clone(),
                Unmeetable {
                    rules: names,
                    when_involved: BTreeSet::new(),
                    why,
                },
            );
        }
    }
    if !short.is_empty() {
        found.extend(short.into_values());
        return;
    }
    let mut involved: BTreeMap<BTreeSet<&ResourceName>, (u32, BTreeSet<&MemberId>)> = BTreeMap::new();
    for (number, member) in people.iter().enumerate() {
        let Some((mut without, place)) = matching.without(number) else {
            continue;
        };
        if !without.fill(place) {
            let rivals = rules(without.rivals(place));
            let needed = rivals.iter().map(|rule| rule.needed).fold(0, u32::saturating_add);
            let names = rivals.iter().map(|rule| rule.name).collect();
            involved
                .entry(names)
                .or_insert((needed, BTreeSet::new()))
                .1
                .insert(member);
        }
    }
    found.extend(
        involved
            .into_iter()
            .map(|(names, (needed, members))| when(names, members, needed)),
    );
}

fn always<'n>(rules: impl IntoIterator<Item = &'n ResourceName>, why: String) -> Unmeetable {
    Unmeetable {
        rules: rules.into_iter().cloned().collect(),
        when_involved: BTreeSet::new(),
        why,
    }
}

fn when<'n>(
    rules: impl IntoIterator<Item = &'n ResourceName>,
    members: impl IntoIterator<Item = &'n MemberId>,
    needed: u32,
) -> Unmeetable {
    let members: BTreeSet<_> = members.into_iter().cloned().collect();
    let names: Vec<_> = members.iter().map(MemberId::as_str).collect();
    let why = format!(
        "people are needed: {needed}; a change of {} leaves one too few; add an approver",
        any_of(&names)
    );
    Unmeetable {
        rules: rules.into_iter().cloned().collect(),
        when_involved: members,
        why,
    }
}

fn too_few(needed: u32, people: &BTreeSet<&MemberId>) -> String {
    let names: Vec<_> = people.iter().map(|member| member.as_str()).collect();
    format!(
        "people are needed: {needed}, people who can: {}; add approvers or lower the count",
        if names.is_empty() {
            "none".to_owned()
        } else {
            any_of(&names).replace(" or ", " and ")
        }
    )
}

fn size(people: &BTreeSet<&MemberId>) -> u32 {
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}
