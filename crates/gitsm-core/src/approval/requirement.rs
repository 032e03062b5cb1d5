//! What must be met: rules with their groups of people.

use super::facts::{ConditionResult, Facts, NamedPolicy};
use super::policy::ApprovalRule;
use super::pool::{Pool, Pools, join};
use super::standing::Scene;
use super::verdict::NodeKind;
use super::vocabulary::{ApproverRole, OnTimeout, TeamRole};
use crate::ident::{ApprovalPolicyName, TeamName};
use crate::time::Instant;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// One rule, ready to be counted.
#[derive(Debug)]
pub(super) struct Requirement<'f> {
    pub(super) kind: NodeKind,
    pub(super) name: String,
    /// People needed in each group.
    pub(super) needed: u32,
    /// The groups. `Err`: why they cannot be known. `None`: the rule does not apply.
    pub(super) groups: Option<Result<Vec<Group<'f>>, String>>,
    /// Until when people are to answer, and what happens then.
    pub(super) deadline: Option<(Instant, OnTimeout)>,
}

/// People of whom so many are needed.
#[derive(Debug)]
pub(super) struct Group<'f> {
    /// In words, as in "1 more of ...".
    pub(super) of: String,
    /// The team that makes it a group of its own.
    pub(super) name: String,
    pub(super) pool: Pool<'f>,
}

/// The owners of everything that the change touches, in both versions and on both sides of a rename. What has no
/// owner belongs to the owners of the catalogues.
///
/// # Errors
///
/// In words, when something has no owner and no catalogue is known.
pub(super) fn owners(facts: &Facts) -> Result<BTreeSet<&TeamName>, String> {
    let mut owners: BTreeSet<_> = facts.change.services.values().collect();
    let mut unowned = None;
    for side in facts
        .documents
        .iter()
        .flat_map(|document| [&document.base, &document.head])
        .flatten()
    {
        let before = side.services.is_empty() && side.path_owners.is_empty();
        owners.extend(side.services.values());
        owners.extend(&side.path_owners);
        if before && !side.governs {
            unowned.get_or_insert(&side.path);
        }
    }
    if let Some(path) = unowned {
        if facts.roles.catalog_owners.is_empty() {
            return Err(format!(
                "nobody owns {path}, and no catalogue names an owner for it"
            ));
        }
        owners.extend(&facts.roles.catalog_owners);
    }
    Ok(owners)
}

impl<'f> Scene<'f> {
    /// A rule of a policy.
    pub(super) fn requirement(
        &self,
        policy: &'f NamedPolicy,
        index: usize,
        rule: &'f ApprovalRule,
    ) -> Requirement<'f> {
        let deadline = self.deadline(policy, index, rule);
        let groups = match self.condition(&policy.name, rule) {
            Some(ConditionResult::DoesNotApply) => None,
            Some(ConditionResult::Error(reason)) => Some(Err(format!(
                "the condition of the rule cannot be evaluated: {reason}"
            ))),
            None => Some(Err("the condition of the rule was not evaluated".to_owned())),
            Some(ConditionResult::Applies) => Some(self.groups(rule, deadline)),
        };
        Requirement {
            kind: NodeKind::Rule,
            name: rule.name.to_string(),
            needed: rule.count.get(),
            groups,
            deadline,
        }
    }

    fn condition(&self, policy: &ApprovalPolicyName, rule: &ApprovalRule) -> Option<ConditionResult> {
        if rule.when.is_none() {
            return Some(ConditionResult::Applies);
        }
        let results = self.facts.conditions.iter();
        let mut results = results.filter(|one| one.policy == *policy && one.rule == rule.name);
        let first = results.next()?;
        // Two results that differ are none.
        results
            .all(|other| other.result == first.result)
            .then(|| first.result.clone())
    }

    fn deadline(
        &self,
        policy: &NamedPolicy,
        index: usize,
        rule: &ApprovalRule,
    ) -> Option<(Instant, OnTimeout)> {
        use super::vocabulary::ApprovalMode;
        let hours = rule.within_hours?;
        let own = self
            .facts
            .change
            .asked
            .iter()
            .find(|asked| asked.policy == policy.name && asked.rule == rule.name);
        let asked = match own {
            Some(asked) => asked.at,
            None if index == 0 || policy.policy.mode == ApprovalMode::Parallel => {
                self.facts.change.asked_at?
            }
            None => return None,
        };
        let limit = SignedDuration::from_secs(i64::from(hours).saturating_mul(3_600));
        Some((asked.plus(limit), rule.on_timeout))
    }

    fn groups(
        &self,
        rule: &'f ApprovalRule,
        deadline: Option<(Instant, OnTimeout)>,
    ) -> Result<Vec<Group<'f>>, String> {
        let mut groups = groups(&self.pools, rule, &|role| self.teams_of(role))?;
        if let Some((limit, OnTimeout::Escalate)) = deadline
            && limit <= self.facts.at
        {
            // Where there is nobody to escalate to, the people of the rule can still answer.
            for team in &self.facts.roles.change_authority {
                if let Ok(authority) = self.pools.team(team, Some(TeamRole::Approver)) {
                    for group in &mut groups {
                        join(
                            &mut group.pool,
                            authority.iter().map(|(member, seat)| (*member, *seat)),
                        );
                        group.of.push_str(&format!(" or team {team} (escalated)"));
                    }
                }
            }
        }
        check(groups)
    }

    /// The teams that hold a role for this change.
    fn teams_of(&self, role: ApproverRole) -> Result<BTreeSet<&'f TeamName>, String> {
        let roles = &self.facts.roles;
        let teams: BTreeSet<_> = match role {
            ApproverRole::ServiceOwner => owners(self.facts)?,
            ApproverRole::SecurityOwner => roles.security_owners.iter().collect(),
            ApproverRole::ChangeAuthority => roles.change_authority.iter().collect(),
            ApproverRole::EmergencyApprovers => roles.emergency_approvers.iter().collect(),
            ApproverRole::PolicyOwners => roles.policy_owners.iter().collect(),
        };
        if teams.is_empty() {
            return Err(format!("no team holds the role {role} for this change"));
        }
        Ok(teams)
    }
}

/// The people of a rule: one group, or one for each team that holds its first role.
///
/// # Errors
///
/// In words, when a team or member is not known or a team has nobody who may approve.
pub(super) fn groups<'f>(
    pools: &Pools<'f>,
    rule: &'f ApprovalRule,
    teams_of: &dyn Fn(ApproverRole) -> Result<BTreeSet<&'f TeamName>, String>,
) -> Result<Vec<Group<'f>>, String> {
    let mut pool = Pool::new();
    let mut words = Vec::new();
    for team in &rule.teams {
        join(&mut pool, pools.team(team, Some(TeamRole::Approver))?);
        words.push(format!("team {team}"));
    }
    for member in &rule.members {
        join(&mut pool, [(member, pools.member(member)?)]);
        words.push(member.to_string());
    }
    let mut roles = rule.roles.iter();
    let first = roles.next();
    for role in roles {
        for team in teams_of(*role)? {
            join(&mut pool, pools.team(team, Some(team_role(*role)))?);
            words.push(format!("team {team}"));
        }
    }
    let Some(first) = first else {
        return Ok(vec![Group {
            of: words.join(" or "),
            name: rule.name.to_string(),
            pool,
        }]);
    };
    let groups = teams_of(*first)?.into_iter().map(|team| {
        let of = format!("team {team}");
        let mut group = team_group(pools, team, team_role(*first))?;
        join(
            &mut group.pool,
            pool.iter().map(|(member, seat)| (*member, *seat)),
        );
        let others = words.iter().filter(|other| **other != of);
        group.of = std::iter::once(&of)
            .chain(others)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" or ");
        Ok(group)
    });
    groups.collect()
}

/// The group of one team.
pub(super) fn team_group<'f>(
    pools: &Pools<'f>,
    team: &TeamName,
    role: TeamRole,
) -> Result<Group<'f>, String> {
    Ok(Group {
        of: format!("team {team}"),
        name: team.to_string(),
        pool: pools.team(team, Some(role))?,
    })
}

/// What a member must be in a team that holds a role.
pub(super) fn team_role(role: ApproverRole) -> TeamRole {
    match role {
        ApproverRole::EmergencyApprovers => TeamRole::EmergencyApprover,
        _ => TeamRole::Approver,
    }
}

/// A group in which nobody may approve is an error, not a rule that waits for ever.
fn check(groups: Vec<Group<'_>>) -> Result<Vec<Group<'_>>, String> {
    match groups
        .iter()
        .find(|group| !group.pool.values().any(|seat| seat.is_active()))
    {
        None => Ok(groups),
        Some(group) if group.of.is_empty() => Err("the rule names nobody".to_owned()),
        Some(group) => Err(format!("nobody of {} is active", group.of)),
    }
}
