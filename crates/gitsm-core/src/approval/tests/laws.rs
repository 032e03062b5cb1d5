//! Laws that hold for all facts.

use super::scene::*;
use crate::approval::*;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeSet;
use std::num::NonZeroU32;

const NAMES: [&str; 8] = ["ana", "ben", "cleo", "dora", "emil", "fay", "quinn", "olga"];
const REVIEWERS: [&str; 8] = ["ben", "cleo", "dora", "emil", "fay", "quinn", "quinn2", "bob"];
const TEAMS: [&str; 5] = ["engineering", "payments", "platform", "authority", "missing"];

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

prop_compose! {
    fn evidence(name: &'static str)(kind in 0..4_u8, good in any::<bool>(), statement in Just(approved().statement().digest())) -> Evidence {
        let digest = if good { statement } else { digest("other") };
        match kind {
            0 => Evidence::Signed { key: super::scene::digest(&format!("{name} laptop")), digest },
            1 => Evidence::Hardware { key: super::scene::digest(&format!("{name} token")), digest },
            _ => Evidence::None,
        }
    }
}

fn reviews_of(verdicts: &'static [ForgeVerdict], plain: bool) -> impl Strategy<Value = Review> {
    any_of(&REVIEWERS).prop_flat_map(move |name| {
        let parts = (
            any_of(verdicts),
            0..6_u64,
            0..400_i64,
            0..5_u8,
            evidence(name),
            0..8_u8,
        );
        parts.prop_map(move |(verdict, id, hours, commit, evidence, odd)| Review {
            id,
            submitted_at: hours_ago(hours / 2 - 1),
            commit: match commit {
                0 => None,
                1 => Some(revision('d')),
                _ => Some(revision('a')),
            },
            edited_at: (!plain && odd == 0).then(now),
            dismissal: (!plain && odd == 1).then(|| Dismissal {
                by: Some(account("fay")),
                reason: Some("because".parse().unwrap()),
            }),
            context: (odd == 2).then(|| facts().context()),
            evidence,
            ..review(name, verdict)
        })
    })
}

prop_compose! {
    fn rule(index: usize)(
        count in 1..3_u32,
        teams in subsequence(&TEAMS[..4], 1..3),
        members in subsequence(&NAMES[..], 0..3),
        roles in proptest::option::weighted(0.2, any_of(ApproverRole::ALL)),
        within_hours in proptest::option::weighted(0.2, 0..100_u32),
        on_timeout in any_of(OnTimeout::ALL),
        odd in 0..60_u8,
    ) -> ApprovalRule {
        let mut teams: BTreeSet<_> = teams.into_iter().map(|team| team.parse().unwrap()).collect();
        if odd == 0 {
            teams.insert("missing".parse().unwrap());
        }
        ApprovalRule {
            name: format!("rule-{index}").parse().unwrap(),
            count: if odd == 1 { NonZeroU32::MAX } else { NonZeroU32::new(count).unwrap() },
            teams,
            members: members.into_iter().map(|name| name.parse().unwrap()).collect(),
            roles: roles.into_iter().collect(),
            when: (odd == 2).then(|| "true".parse().unwrap()),
            within_hours: if odd == 3 { Some(u32::MAX) } else { within_hours },
            on_timeout,
        }
    }
}

fn rules() -> impl Strategy<Value = Vec<ApprovalRule>> {
    prop_oneof![1 => Just(0), 60 => 1..4_usize]
        .prop_flat_map(|count: usize| (0..count).map(rule).collect::<Vec<_>>())
}

prop_compose! {
    fn policies()(
        rules in rules(),
        mode in any_of(ApprovalMode::ALL),
        (distinct, same_tree, extra, distinct_teams, authors_may) in any::<(bool, bool, bool, bool, bool)>(),
        attestation in any_of(Attestation::ALL),
        max_age in 1..1_000_u64,
        dismissers in proptest::option::weighted(0.2, any_of(&TEAMS)),
        delegations in proptest::collection::vec((any_of(&NAMES), any_of(&NAMES), -20..20_i64), 0..3),
    ) -> ApprovalPolicy {
        ApprovalPolicy {
            mode,
            distinct,
            same_tree,
            attestation: if max_age % 9 == 0 { attestation } else { Attestation::Forge },
            max_age: crate::time::Duration::from_seconds(max_age * 3_600).unwrap(),
            unknown_identity: if extra { UnknownIdentity::ExtraApproval } else { UnknownIdentity::Deny },
            separation: Separation { distinct_teams, author_cannot_approve: !authors_may, ..Separation::default() },
            dismissers: dismissers.map(|team| team.parse().unwrap()),
            delegations: delegations.into_iter().map(|(from, to, hours)| Delegation {
                from: from.parse().unwrap(), to: to.parse().unwrap(), until: hours_ago(hours), reason: None,
            }).collect(),
            ..ApprovalPolicy::new(rules)
        }
    }
}

prop_compose! {
    fn any_facts()(
        policies in proptest::collection::vec(policies(), 0..3),
        reviews in proptest::collection::vec(reviews_of(ForgeVerdict::ALL, false), 0..3),
        approvals in proptest::collection::vec(reviews_of(&[ForgeVerdict::Approved], true), 0..10),
        (emergency, governs, unowned, stranger) in any::<(bool, bool, bool, bool)>(),
        asked in proptest::option::weighted(0.3, 0..100_i64),
        odd in 0..40_u8,
    ) -> Facts {
        let mut facts = facts();
        facts.policies = policies.into_iter().enumerate().map(|(index, policy)| NamedPolicy {
            name: format!("policy-{index}").parse().unwrap(), policy,
        }).collect();
        facts.reviews = reviews.into_iter().chain(approvals).collect();
        facts.change.asked_at = asked.map(hours_ago);
        facts.change.emergency = emergency;
        match odd {
            0 if governs => facts.documents[0].head.as_mut().unwrap().governs = true,
            1 if unowned => facts.documents.push(serde_json::from_value(serde_json::json!({"head": {"path": "x"}})).unwrap()),
            2 if stranger => facts.pull_request.pusher = None,
            3 => facts.documents.clear(),
            4 => facts.roles = CatalogueRoles::default(),
            5 => facts.pull_request.author = account("robot"),
            6 => { facts.people.teams.get_mut("engineering").unwrap().parent = Some("payments".parse().unwrap()); }
            7 => { facts.at = crate::time::Instant::MAX; }
            8 => { facts.at = crate::time::Instant::MIN; }
            9 => { facts.people = Directory::default(); }
            _ => {}
        }
        facts
    }
}

/// How good a state is; of an error and a rejection neither is better.
fn rank(state: RequirementState) -> u8 {
    match state {
        RequirementState::Approved => 2,
        RequirementState::Pending => 1,
        _ => 0,
    }
}

fn depth(node: &Node) -> usize {
    1 + node.children.iter().map(depth).max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn another_approval_never_makes_it_worse(
        facts in any_facts(),
        more in reviews_of(&[ForgeVerdict::Approved], true),
    ) {
        let before = decide(&facts);
        let mut after = facts.clone();
        after.reviews.push(more);
        let after = decide(&after);
        prop_assert!(rank(after.state) >= rank(before.state), "{before:#?}\n{after:#?}");
    }

    #[test]
    fn the_order_of_lists_does_not_matter(facts in any_facts(), seed in any::<u64>()) {
        let mut other = facts.clone();
        let mut state = seed;
        for index in (1..other.reviews.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let with = usize::try_from(state >> 33).unwrap() % (index + 1);
            other.reviews.swap(index, with);
        }
        other.accounts.reverse();
        other.policies.reverse();
        other.documents.reverse();
        prop_assert_eq!(decide(&facts), decide(&other));
    }

    #[test]
    fn nobody_counts_twice_where_people_must_be_different(facts in any_facts()) {
        let answer = decide(&facts);
        for policy in answer.tree.walk().filter(|node| node.kind == NodeKind::Policy) {
            let distinct = facts.policies.iter().any(|one| one.name.as_str() == policy.name && one.policy.distinct);
            let mut seen = BTreeSet::new();
            let mut represented = BTreeSet::new();
            let places = policy.walk().filter(|node| matches!(node.kind, NodeKind::Rule | NodeKind::Group));
            for place in places {
                if !distinct {
                    seen.clear();
                    represented.clear();
                }
                for one in &place.counted {
                    prop_assert!(seen.insert(&one.by), "{policy:#?}");
                    prop_assert!(represented.insert(one.on_behalf_of.as_ref().unwrap_or(&one.by)), "{policy:#?}");
                }
            }
        }
    }

    #[test]
    fn a_node_says_what_is_missing_exactly_when_it_is_not_met(facts in any_facts()) {
        let answer = decide(&facts);
        prop_assert!(depth(&answer.tree) <= 5);
        for node in answer.tree.walk() {
            let met = matches!(node.state, RequirementState::Approved | RequirementState::Skipped);
            if node.children.is_empty() {
                prop_assert_eq!(met, node.missing.is_none(), "{:#?}", node);
            }
            if node.state == RequirementState::Approved && node.children.is_empty() {
                prop_assert_eq!(u32::try_from(node.counted.len()).unwrap(), node.needed, "{:#?}", node);
                prop_assert!(node.valid_until.is_some_and(|until| until > facts.at) || facts.at == crate::time::Instant::MAX);
            }
        }
    }

    #[test]
    fn facts_and_answers_survive_being_written(facts in any_facts()) {
        let answer = decide(&facts);
        let facts_again: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        prop_assert_eq!(&facts_again, &facts);
        let again: Approvals = serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap();
        prop_assert_eq!(again, answer);
        let _ = decide_override(&facts);
    }

    #[test]
    fn a_policy_that_can_be_met_is_met_when_everybody_approves(mut policy in policies()) {
        policy.delegations.clear();
        policy.separation.distinct_teams = false;
        for rule in &mut policy.rules {
            rule.roles.remove(&ApproverRole::ServiceOwner);
            rule.when = None;
            rule.within_hours = None;
        }
        policy.max_age = "2h".parse().unwrap();
        let mut facts = facts();
        facts.pull_request.author = account("robot");
        facts.pull_request.pusher = Some(account("robot"));
        facts.pull_request.commits = vec![serde_json::from_value(commit('a', "robot")).unwrap()];
        facts.documents.clear();
        facts.roles.security_owners = ["platform".parse().unwrap()].into();
        let unmeetable = unmeetable(&policy, &facts.people, &facts.roles, facts.at);
        facts.policies[0].policy = policy;
        let digest = facts.statement().digest();
        facts.reviews = PEOPLE.iter().map(|(name, _)| Review {
            evidence: Evidence::Hardware { key: super::scene::digest(&format!("{name} token")), digest: digest.clone() },
            ..approval(name)
        }).collect();
        let answer = decide(&facts);
        let never = unmeetable.iter().any(Unmeetable::is_always) || facts.policies[0].policy.rules.is_empty();
        prop_assert_eq!(answer.is_approved(), !never, "{:#?}\n{:#?}", unmeetable, answer);
        // And it says rightly whose change would leave too few.
        for (name, _) in PEOPLE {
            if never {
                break;
            }
            let mut theirs = facts.clone();
            theirs.pull_request.author = account(name);
            let short = unmeetable.iter().any(|one| one.when_involved.contains(name));
            prop_assert_eq!(decide(&theirs).is_approved(), !short, "{}: {:#?}", name, unmeetable);
        }
    }
}
