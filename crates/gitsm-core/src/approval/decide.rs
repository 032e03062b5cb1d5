//! The answer.

use super::facts::{Facts, NamedPolicy};
use super::policy::{ApprovalPolicy, ApprovalRule};
use super::pool::join;
use super::requirement::{Group, Requirement, owners, team_group};
use super::sentences::any_of;
use super::standing::Scene;
use super::tally::Tally;
use super::verdict::{Approvals, Node, NodeKind};
use super::vocabulary::{ApproverRole, RequirementState as State, TeamRole, UnknownIdentity};
use crate::ident::TeamName;
use crate::time::Duration;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// People who must agree to an override.
const OVERRIDE_QUORUM: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// Whether the content of a pull request is approved.
///
/// Every rule of every policy must be met, and beside them what no policy can waive: an owner of everything that the
/// content touches, in the old version and the new one, and the owners of policies where those change. Where nothing
/// is asked of anybody, the answer is an error and not a yes.
pub fn decide(facts: &Facts) -> Approvals {
    let facts = facts.in_order();
    let scene = Scene::new(&facts);
    let terms = strictest(&facts.policies);
    let mut parts = obstacles(&scene);
    if !facts.policies.is_empty() {
        let mut policies = Node::new(NodeKind::Policies, "policies".to_owned());
        policies.adopt(
            facts
                .policies
                .iter()
                .map(|policy| one_policy(&scene, policy))
                .collect(),
        );
        if policies.state == State::Skipped {
            policies.state = State::Error;
            policies.missing =
                Some("no rule of any policy applies, so nobody would have to agree".to_owned());
        }
        parts.push(policies);
    }
    parts.extend(ownership(&scene, &terms));
    parts.extend(policy_owners(&scene, &terms));
    answer(&facts, parts)
}

/// Whether an override of a freeze is agreed to: by two different people of the emergency approvers, neither of them
/// its author, not longer than four hours ago. Where policies, windows or teams change there is no override.
///
/// `facts` are those of the pull request that asks for the override; its policies are not asked.
pub fn decide_override(facts: &Facts) -> Approvals {
    let facts = facts.in_order();
    let scene = Scene::new(&facts);
    let mut terms = strictest(&facts.policies);
    terms.max_age = terms.max_age.min(Duration::constant::<{ 4 * 3_600 }>());
    terms.distinct = true;
    let requirement = Requirement {
        kind: NodeKind::Rule,
        name: "emergency-approvers".to_owned(),
        needed: OVERRIDE_QUORUM.get(),
        groups: Some(emergency_approvers(&scene)),
        deadline: None,
    };
    let mut parts = obstacles(&scene);
    if facts.documents.iter().any(governs) {
        parts.push(Node::obstacle(
            "policy-protection",
            "policies, windows, ownership and teams cannot be changed by an override",
        ));
    }
    parts.extend(Tally::new(&scene, &terms, &[requirement]).nodes());
    answer(&facts, parts)
}

/// Not a group for each team: it is so many people altogether.
fn emergency_approvers<'f>(scene: &Scene<'f>) -> Result<Vec<Group<'f>>, String> {
    let teams = &scene.facts.roles.emergency_approvers;
    let mut all: Option<Group<'f>> = None;
    for team in teams {
        let group = team_group(&scene.pools, team, TeamRole::EmergencyApprover)?;
        match &mut all {
            None => all = Some(group),
            Some(all) => {
                all.of.push_str(&format!(" or {}", group.of));
                join(&mut all.pool, group.pool);
            }
        }
    }
    match all {
        Some(all) => Ok(vec![all]),
        None => Err(format!(
            "no team holds the role {}",
            ApproverRole::EmergencyApprovers
        )),
    }
}

fn answer(facts: &Facts, parts: Vec<Node>) -> Approvals {
    let mut tree = Node::new(NodeKind::All, "approvals".to_owned());
    tree.adopt(parts);
    if tree.state == State::Skipped {
        tree.state = State::Error;
        tree.missing = Some(
            "no policy applies and nothing is owned by anybody, so nobody would have to agree".to_owned(),
        );
    }
    let waiting = tree.walk().filter(|node| node.state == State::Pending);
    let deadlines = waiting
        .filter_map(|node| node.deadline)
        .filter(|deadline| facts.at < *deadline);
    let next_transition = deadlines.chain(tree.valid_until).min();
    let request = &facts.pull_request;
    Approvals {
        at: facts.at,
        repository: request.repository.clone(),
        pull_request: request.number,
        base: request.base.branch.clone(),
        head: request.head.sha.clone(),
        state: tree.state,
        valid_until: tree.valid_until,
        next_transition,
        policies: facts.policies_digest(),
        inputs: facts.digest(),
        tree,
    }
}

/// What keeps anything from being approved.
fn obstacles(scene: &Scene<'_>) -> Vec<Node> {
    let mut obstacles = Vec::new();
    if scene.facts.pull_request.truncated {
        obstacles.push(Node::obstacle(
            "complete-facts",
            "the forge did not list all commits, files and reviews; split the pull request",
        ));
    }
    let request = &scene.facts.pull_request;
    if !request
        .commits
        .iter()
        .any(|commit| commit.sha == request.head.sha)
    {
        obstacles.push(Node::obstacle(
            "complete-commits",
            "the head commit is not among the commits that were read, so it cannot be told who wrote it; read the \
             pull request again",
        ));
    }
    let policies = &scene.facts.policies;
    let refusing = policies.iter().map(|policy| &policy.policy);
    let refusing = refusing.filter(|policy| policy.unknown_identity == UnknownIdentity::Deny);
    let mut unknown: BTreeSet<_> = refusing
        .flat_map(|policy| scene.contributors.unknown_to(&policy.separation))
        .collect();
    if policies.is_empty() {
        unknown = scene
            .contributors
            .unknown_to(&super::policy::Separation::default());
    }
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.into_iter().collect();
        obstacles.push(Node::obstacle(
            "known-contributors",
            format!(
                "{} belongs to no member, so it cannot be told who may not approve; add account or address to a Team",
                any_of(&unknown).replace(" or ", " and ")
            ),
        ));
    }
    obstacles
}

fn one_policy(scene: &Scene<'_>, policy: &NamedPolicy) -> Node {
    let rules = policy.policy.rules.iter().enumerate();
    let requirements: Vec<_> = rules
        .map(|(index, rule)| scene.requirement(policy, index, rule))
        .collect();
    let mut node = Node::new(NodeKind::Policy, policy.name.to_string());
    if requirements.is_empty() {
        node.state = State::Error;
        node.missing = Some("the policy has no rules".to_owned());
        return node;
    }
    node.adopt(Tally::new(scene, &policy.policy, &requirements).nodes());
    node
}

/// One owner of everything that is touched, from every owning team.
fn ownership(scene: &Scene<'_>, terms: &ApprovalPolicy) -> Option<Node> {
    let mut node = Node::new(NodeKind::Ownership, "owners".to_owned());
    match owners(scene.facts) {
        Ok(owners) if owners.is_empty() => return None,
        Ok(owners) => node.adopt(for_each_team(scene, terms, &owners)),
        Err(reason) => {
            node = Node {
                state: State::Error,
                missing: Some(reason),
                ..node
            }
        }
    }
    Some(node)
}

/// The owners of policies, where policies, windows, ownership or teams change.
fn policy_owners(scene: &Scene<'_>, terms: &ApprovalPolicy) -> Option<Node> {
    let facts = scene.facts;
    if !facts.documents.iter().any(governs) {
        return None;
    }
    let mut node = Node::new(NodeKind::PolicyOwners, "policy-owners".to_owned());
    let owners: BTreeSet<_> = facts.roles.policy_owners.iter().collect();
    let mut parts = Vec::new();
    if owners.is_empty() {
        parts.push(Node::obstacle(
            "policy-owners",
            "no catalogue names the owners of policies",
        ));
    }
    if facts.change.emergency {
        parts.push(Node::obstacle(
            "no-emergency",
            "policies, windows, ownership and teams cannot be changed in an emergency",
        ));
    }
    let mut others = facts.documents.iter().filter(|document| !governs(document));
    let with_services = |side: &super::facts::DocumentSide| !side.services.is_empty();
    if others.any(|other| {
        [&other.base, &other.head]
            .into_iter()
            .flatten()
            .any(with_services)
    }) {
        parts.push(Node::obstacle(
            "no-mixture",
            "what governs changes is not changed together with services; split the pull request",
        ));
    }
    parts.extend(for_each_team(scene, terms, &owners));
    node.adopt(parts);
    Some(node)
}

fn for_each_team(scene: &Scene<'_>, terms: &ApprovalPolicy, teams: &BTreeSet<&TeamName>) -> Vec<Node> {
    let requirements: Vec<_> = teams
        .iter()
        .map(|team| Requirement {
            kind: NodeKind::Group,
            name: team.to_string(),
            needed: 1,
            groups: Some(team_group(&scene.pools, team, TeamRole::Approver).map(|group| vec![group])),
            deadline: None,
        })
        .collect();
    Tally::new(scene, terms, &requirements).nodes()
}

fn governs(document: &super::facts::Document) -> bool {
    [&document.base, &document.head]
        .into_iter()
        .flatten()
        .any(|side| side.governs)
}

/// What holds for approvals that no single policy asks for: of everything the strictest of the policies, and no
/// delegation. One person may answer for several owners.
fn strictest(policies: &[NamedPolicy]) -> ApprovalPolicy {
    let mut terms = ApprovalPolicy::new(Vec::<ApprovalRule>::new());
    terms.distinct = false;
    terms.same_tree = !policies.is_empty();
    for NamedPolicy { policy, .. } in policies {
        terms.max_age = terms.max_age.min(policy.max_age);
        terms.attestation = terms.attestation.max(policy.attestation);
        terms.same_tree &= policy.same_tree;
    }
    let dismissers: BTreeSet<_> = policies.iter().map(|policy| &policy.policy.dismissers).collect();
    if let [Some(team)] = dismissers.into_iter().collect::<Vec<_>>().as_slice() {
        terms.dismissers = Some(team.clone());
    }
    terms
}
