//! What people said, as the state machine asks it.

use super::facts::Facts;
use super::record::Binding;
use crate::approval::{self, ForgeVerdict, Node, NodeKind, RequirementState};
use crate::digest::sha256;
use crate::time::Instant;
use crate::vocabulary::ChangeType;

/// What the approvals come to at one instant.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The state of the tree of rules.
    pub(super) state: RequirementState,
    /// Who is missing or who refused, in words.
    pub(super) message: String,
    /// The next instant at which the view can be another one.
    pub(super) changes: Option<Instant>,
    /// Whether people who were asked let their time pass.
    pub(super) overdue: bool,
    /// Whether policies, windows or teams change, or might, and their owners have not agreed. Neither a model nor an
    /// override stands in for them.
    pub(super) lacks_policy_owners: bool,
}

/// What the approvals come to at an instant, for a change that is as `binding` says.
pub(super) fn view(facts: &Facts, binding: &Binding, now: Instant) -> View {
    let Some(input) = &facts.approvals else {
        // Whether its pull request changes policies was not read either.
        return View {
            lacks_policy_owners: facts.pull_request.is_some(),
            ..unknown("reviews have not been read")
        };
    };
    let head = &input.pull_request.head.sha;
    if facts
        .content
        .as_ref()
        .is_some_and(|content| content.head_sha != *head)
    {
        // Whether policies change in that commit is not known either.
        return View {
            lacks_policy_owners: true,
            ..unknown("the reviews that were read are of another commit than the payload")
        };
    }
    let approvals = approval::decide(&input_at(facts, input, binding, now));
    let tree = &approvals.tree;
    let overdue = tree.walk().any(|node| {
        let late = node.deadline.is_some_and(|deadline| deadline <= now);
        late && node.state == RequirementState::Pending
    });
    // A list that was cut off may have ended before the policies.
    let lacks_policy_owners = input.pull_request.truncated
        || tree
            .walk()
            .any(|node| node.kind == NodeKind::PolicyOwners && !is_met(node.state));
    View {
        state: approvals.state,
        message: words(tree),
        changes: foreseen(input, now).chain(approvals.next_transition).min(),
        overdue,
        lacks_policy_owners,
    }
}

/// Instants after `now` at which somebody comes to count or no longer counts: what is dated later than now, memberships,
/// delegations and keys.
fn foreseen(input: &approval::Facts, now: Instant) -> impl Iterator<Item = Instant> {
    let reviews = input.reviews.iter().map(|review| review.submitted_at);
    let memberships = input.people.teams.values().flat_map(|team| team.members.values());
    let memberships = memberships
        .flat_map(|member| [member.from, member.until])
        .flatten();
    let keys = input.people.people.values().flat_map(|person| &person.keys);
    let keys = keys.filter_map(|key| key.until);
    let delegations = input
        .policies
        .iter()
        .flat_map(|policy| &policy.policy.delegations);
    let delegations = delegations.map(|delegation| delegation.until);
    reviews
        .chain(memberships)
        .chain(keys)
        .chain(delegations)
        .filter(move |instant| *instant > now)
}

fn is_met(state: RequirementState) -> bool {
    matches!(state, RequirementState::Approved | RequirementState::Skipped)
}

fn unknown(why: &str) -> View {
    View {
        state: RequirementState::Error,
        message: why.to_owned(),
        changes: None,
        overdue: false,
        lacks_policy_owners: false,
    }
}

/// The facts of approval for this instant and this binding. A review that was voided is one of another plan.
fn input_at(facts: &Facts, input: &approval::Facts, binding: &Binding, now: Instant) -> approval::Facts {
    let mut input = input.clone();
    input.at = now;
    input.change.digest = Some(binding.digest());
    let model = facts.model.as_ref();
    input.change.emergency = model.is_some_and(|model| model.definition.change_type == ChangeType::Emergency);
    if let Some(void) = facts.record.approvals_void_until {
        let mut context = input.context();
        context.change = Some(sha256(b"void"));
        let reviews = input.reviews.iter_mut();
        for review in reviews.filter(|review| review.verdict == ForgeVerdict::Approved) {
            if review.submitted_at <= void {
                review.context = Some(context.clone());
            }
        }
    }
    input
}

/// What is missing, from the leaves of the tree; what was refused and what cannot be evaluated come first.
fn words(tree: &Node) -> String {
    if tree.state == RequirementState::Approved {
        return "the approval policy is met".to_owned();
    }
    let mut sentences: Vec<&str> = Vec::new();
    for wanted in [
        RequirementState::Rejected,
        RequirementState::Error,
        RequirementState::Pending,
    ] {
        let nodes = tree.walk().filter(|node| node.state == wanted);
        for sentence in nodes.filter_map(|node| node.missing.as_deref()) {
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
    }
    if sentences.is_empty() {
        "the approval policy is not met".to_owned()
    } else {
        sentences.join("; ")
    }
}
