//! Approvals as the status of a change lists them.

use super::number;
use crate::v1alpha1::change_status::{Approval, ApprovalRequirement};
use gitsm_core::Text;
use gitsm_core::approval::{
    Approvals, Facts, ForgeVerdict, Node, NodeKind, Reason, RequirementState, Review, ReviewVerdict, Who,
};
use gitsm_core::ident::ResourceName;
use gitsm_core::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Reviews that a status holds.
const MOST_APPROVALS: usize = 50;

/// Requirements that a status holds.
const MOST_REQUIREMENTS: usize = 50;

/// Rules for which one review is said to count.
const MOST_RULES: usize = 20;

/// Longest name of a requirement.
const LONGEST_NAME: usize = 63;

/// What a decision about approvals says, in the shape of a status.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApprovalsView {
    /// Reviews of a commit, oldest first. Where there are too many, those that count are kept, then the newest.
    pub approvals: Vec<Approval>,
    /// What must be met. Where there is too much, what is met or does not apply is left out first.
    pub requirements: Vec<ApprovalRequirement>,
    /// Approvals that counted and that are needed: `1/2`. Where one person counts for two rules, both count.
    pub column: Option<Text<20>>,
}

/// What a decision about approvals says. `facts` are those that it was taken from: they hold the reviews.
pub fn approvals_view(facts: &Facts, decided: &Approvals) -> ApprovalsView {
    let named = named(&decided.tree);
    let mut requirements: Vec<_> = named.iter().map(|(name, node)| requirement(name, node)).collect();
    let asked = requirements
        .iter()
        .filter(|one| one.state != RequirementState::Skipped);
    let (given, needed) = asked.fold((0_u32, 0_u32), |(given, needed), one| {
        (given.saturating_add(one.given), needed.saturating_add(one.needed))
    });
    if requirements.len() > MOST_REQUIREMENTS {
        requirements
            .sort_by_key(|one| matches!(one.state, RequirementState::Approved | RequirementState::Skipped));
        requirements.truncate(MOST_REQUIREMENTS);
    }
    ApprovalsView {
        approvals: reviews(facts, &named),
        requirements,
        column: (needed > 0).then(|| Text::clip(format!("{given}/{needed}"))),
    }
}

/// What must be met, each under a name of its own, in the order of the tree.
fn named(tree: &Node) -> Vec<(ResourceName, &Node)> {
    let mut found = Vec::new();
    collect(tree, "", &mut found);
    let mut taken = BTreeSet::new();
    found
        .into_iter()
        .filter_map(|(policy, node)| {
            let plain = resource_name(&node.name);
            let with_policy = || resource_name(&format!("{policy}-{}", node.name));
            let numbered = (2_u32..=1000).map(|number| {
                let tail = format!("-{number}");
                let head: String = node.name.chars().take(LONGEST_NAME - tail.len()).collect();
                resource_name(&format!("{head}{tail}"))
            });
            let mut names = std::iter::once(plain)
                .chain(std::iter::once_with(with_policy))
                .chain(numbered)
                .flatten();
            let name = names.find(|name| !taken.contains(name))?;
            taken.insert(name.clone());
            Some((name, node))
        })
        .collect()
}

/// The parts of the tree that people are asked to meet: not what only holds them together.
fn collect<'n>(node: &'n Node, policy: &'n str, found: &mut Vec<(&'n str, &'n Node)>) {
    match node.kind {
        NodeKind::All | NodeKind::Policies | NodeKind::Policy => {
            // An error of its own, such as that no rule applies, is shown in its place.
            if node.missing.is_some() {
                found.push((policy, node));
            }
            let policy = if node.kind == NodeKind::Policy {
                &node.name
            } else {
                policy
            };
            for child in &node.children {
                collect(child, policy, found);
            }
        }
        NodeKind::Rule
        | NodeKind::Group
        | NodeKind::Ownership
        | NodeKind::PolicyOwners
        | NodeKind::ExtraApproval
        | NodeKind::DistinctTeams
        | NodeKind::Obstacle => found.push((policy, node)),
    }
}

/// A text as the name of a requirement; `None` where nothing of it can be in a name.
fn resource_name(text: &str) -> Option<ResourceName> {
    let lower = text.chars().map(|letter| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9') => letter,
        _ => '-',
    });
    let cut: String = lower
        .skip_while(|letter| *letter == '-')
        .take(LONGEST_NAME)
        .collect();
    cut.trim_end_matches('-').parse().ok()
}

fn requirement(name: &ResourceName, node: &Node) -> ApprovalRequirement {
    // Of a policy that is shown for an error of its own, the rules are shown themselves.
    let own = matches!(node.kind, NodeKind::All | NodeKind::Policies | NodeKind::Policy);
    let parts = || node.walk().filter(|part| !own || std::ptr::eq(*part, node));
    let mut lacks: Vec<&str> = Vec::new();
    for part in parts().filter(|part| part.state == node.state) {
        if let Some(missing) = part.missing.as_deref().filter(|missing| !lacks.contains(missing)) {
            lacks.push(missing);
        }
    }
    ApprovalRequirement {
        name: name.clone(),
        state: node.state,
        needed: parts().fold(0, |sum: u32, part| sum.saturating_add(part.needed)),
        given: parts().fold(0, |sum: u32, part| sum.saturating_add(number(part.counted.len()))),
        missing: (!lacks.is_empty()).then(|| Text::clip(lacks.join("; "))),
    }
}

/// What the tree says of one review.
#[derive(Default)]
struct Found<'n> {
    who: Option<String>,
    rules: Vec<ResourceName>,
    expires_at: Option<Instant>,
    reason: Option<&'n Reason>,
}

fn reviews(facts: &Facts, named: &[(ResourceName, &Node)]) -> Vec<Approval> {
    let mut found: BTreeMap<u64, Found<'_>> = BTreeMap::new();
    for (name, part) in named
        .iter()
        .flat_map(|(name, node)| node.walk().map(move |part| (name, part)))
    {
        for counted in &part.counted {
            let review = found.entry(counted.review).or_default();
            review.who = Some(counted.by.to_string());
            if !review.rules.contains(name) {
                review.rules.push(name.clone());
            }
            let expires_at = review.expires_at.into_iter().chain([counted.expires_at]).min();
            review.expires_at = expires_at;
        }
        for other in &part.not_counted {
            let review = found.entry(other.review).or_default();
            review.who.get_or_insert_with(|| who(&other.who));
            // That it rejects outweighs that it was not asked elsewhere.
            if review.reason.is_none() || other.reason == Reason::ChangesRequested {
                review.reason = Some(&other.reason);
            }
        }
    }
    let logins: BTreeMap<_, _> = facts
        .accounts
        .iter()
        .map(|account| (account.id, &account.login))
        .collect();
    let login = |review: &Review| match logins.get(&review.account) {
        Some(login) => login.to_string(),
        None => format!("account {}", review.account),
    };
    let nothing = Found::default();
    let mut approvals: Vec<_> = facts
        .reviews
        .iter()
        .filter_map(|review| {
            let found = found.get(&review.id).unwrap_or(&nothing);
            approval(review, found, || login(review))
        })
        .collect();
    approvals.sort_by_key(|approval| (!approval.valid, std::cmp::Reverse(approval.at)));
    approvals.truncate(MOST_APPROVALS);
    approvals.sort_by(|one, other| (one.at, &one.by).cmp(&(other.at, &other.by)));
    approvals
}

fn who(who: &Who) -> String {
    match who {
        Who::Login(login) => login.to_string(),
        Who::Member(_) | Who::Account(_) => who.to_string(),
    }
}

/// One review; `None` for one without a verdict or without a commit.
fn approval(review: &Review, found: &Found<'_>, login: impl Fn() -> String) -> Option<Approval> {
    let rejects = found.reason == Some(&Reason::ChangesRequested);
    let verdict = match review.verdict {
        ForgeVerdict::Commented => return None,
        ForgeVerdict::Dismissed => ReviewVerdict::Dismissed,
        // A dismissal that is not valid leaves the rejection in force.
        _ if review.dismissal.is_some() && !rejects => ReviewVerdict::Dismissed,
        ForgeVerdict::Approved => ReviewVerdict::Approved,
        ForgeVerdict::ChangesRequested => ReviewVerdict::ChangesRequested,
    };
    let valid = rejects || !found.rules.is_empty();
    let reason = || match found.reason {
        Some(reason) => Text::clip(reason.to_string()),
        None => Text::clip("a later review took its place, or nobody asks for it"),
    };
    Some(Approval {
        by: Text::clip(found.who.clone().unwrap_or_else(login)),
        verdict,
        at: review.submitted_at,
        revision: review.commit.clone()?,
        counts_for: found.rules.iter().take(MOST_RULES).cloned().collect(),
        expires_at: found.expires_at,
        valid,
        invalid_reason: (!valid).then(reason),
    })
}
