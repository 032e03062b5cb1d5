//! The attacks on approval of the catalogue (design note on gates, part 3), by number.

use super::scene::*;
use crate::approval::*;
use RequirementState::{Approved, Error, Pending, Rejected};
use serde_json::json;

#[test]
fn attack_01_the_author_approves_with_a_second_account() {
    let mut facts = facts();
    facts.pull_request.author = account("quinn");
    facts.pull_request.pusher = Some(account("quinn"));
    facts.pull_request.commits = vec![serde_json::from_value(commit('a', "quinn")).unwrap()];
    facts.reviews = vec![approval("ben"), approval("quinn2")];
    let answer = assert_state(&facts, Pending);
    assert_eq!(why_not(&answer, "platform", "quinn"), Reason::Author);
}

#[test]
fn attack_01_one_person_with_two_accounts_is_one_person() {
    let mut facts = with_rules(json!([{"name": "platform", "count": 2, "teams": ["platform"]}]));
    facts.reviews = vec![approval("ben"), approval("quinn"), approval("quinn2")];
    let answer = assert_state(&facts, Pending);
    assert_eq!(counted(&answer, "platform"), ["quinn"]);
}

#[test]
fn attack_01_who_requested_or_implements_does_not_approve() {
    for (field, reason) in [
        ("requester", Reason::Requester),
        ("implementer", Reason::Implementer),
    ] {
        let mut facts = approved();
        facts.change = serde_json::from_value(json!({(field): "dora"})).unwrap();
        let answer = assert_state(&facts, Pending);
        assert_eq!(why_not(&answer, "platform", "dora"), reason);
    }
}

#[test]
fn attack_01_who_had_a_program_open_the_pull_request_is_its_author() {
    let mut facts = approved();
    facts.pull_request.author = account("robot");
    facts.pull_request.pusher = Some(account("robot"));
    facts.pull_request.triggered_by = Some(account("dora"));
    let answer = assert_state(&facts, Pending);
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::Author);
}

#[test]
fn attack_02_programs_do_not_approve() {
    let mut facts = facts();
    facts
        .people
        .people
        .get_mut("dora")
        .unwrap()
        .accounts
        .insert(account("robot"));
    facts.reviews = vec![approval("ben"), approval("robot")];
    let answer = assert_state(&facts, Pending);
    // Not even where a team lists the program's account as somebody's.
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::Bot);
}

#[test]
fn attack_03_a_push_voids_approvals() {
    let mut facts = approved();
    push(&mut facts);
    let answer = assert_state(&facts, Pending);
    assert_eq!(
        why_not(&answer, "platform", "dora"),
        Reason::StaleCommit {
            reviewed: revision('a')
        }
    );
}

#[test]
fn attack_03_a_review_without_commit_counts_for_nothing() {
    let mut facts = approved();
    facts.reviews[1].commit = None;
    let answer = assert_state(&facts, Pending);
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::NoCommit);
}

#[test]
fn attack_04_an_approval_that_the_forge_has_not_dismissed_yet_is_stale_all_the_same() {
    let mut facts = approved();
    push(&mut facts);
    assert!(facts.reviews.iter().all(|review| review.dismissal.is_none()));
    assert_state(&facts, Pending);
}

#[test]
fn attack_05_an_old_head_that_comes_back_needs_the_same_base_and_policies() {
    let mut facts = approved();
    for review in &mut facts.reviews {
        review.context = Some(serde_json::from_value(json!({
            "tree": revision('b'), "baseBranch": "main", "baseTip": revision('c'), "policies": digest("old"),
        })).unwrap());
    }
    let answer = assert_state(&facts, Pending);
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::PoliciesChanged);
    let context = facts.context();
    for review in &mut facts.reviews {
        review.context = Some(context.clone());
    }
    assert_state(&facts, Approved);
}

#[test]
fn attack_05_a_rebase_keeps_approvals_only_where_the_policy_says_so_and_nothing_differs() {
    let mut facts = approved();
    policy(&mut facts).same_tree = true;
    let context = facts.context();
    for review in &mut facts.reviews {
        review.context = Some(context.clone());
    }
    push(&mut facts);
    assert_state(&facts, Approved);

    let mut moved = facts.clone();
    moved.pull_request.base.tip = revision('e');
    assert_state(&moved, Pending);
    let mut other = facts.clone();
    other.pull_request.head.tree = revision('e');
    assert_state(&other, Pending);
    let mut not_recorded = facts.clone();
    not_recorded.reviews[0].context = None;
    assert_state(&not_recorded, Pending);
}

#[test]
fn attack_06_times_of_commits_and_pushes_are_not_read() {
    // There is no such time in the facts; that a review is younger than the push helps it not at all.
    let mut facts = approved();
    facts.reviews[1].commit = Some(revision('d'));
    facts.reviews[1].submitted_at = facts.at;
    assert_state(&facts, Pending);
}

#[test]
fn attack_07_who_contributes_to_somebody_elses_pull_request_does_not_approve_it() {
    let with = |change: fn(&mut PullRequest)| {
        let mut facts = approved();
        change(&mut facts.pull_request);
        why_not(&assert_state(&facts, Pending), "platform", "dora")
    };
    assert_eq!(
        with(|request| request.pusher = Some(account("dora"))),
        Reason::Pusher
    );
    assert_eq!(
        with(|request| request.other_pushers = [account("dora")].into()),
        Reason::Pusher
    );
    assert_eq!(
        with(|request| request.commits[0].author.account = Some(account("dora"))),
        Reason::CommitAuthor
    );
    assert_eq!(
        with(|request| request.commits[0].committer.account = Some(account("dora"))),
        Reason::Committer
    );
    assert_eq!(
        with(|request| {
            let dora = json!([{"email": "Dora@Example.com"}]);
            request.commits[0].co_authors = serde_json::from_value(dora).unwrap();
        }),
        Reason::CoAuthor
    );
}

#[test]
fn attack_08_a_contributor_who_is_not_known_keeps_everything_from_being_approved() {
    let mut facts = approved();
    facts.pull_request.commits[0].author =
        serde_json::from_value(json!({"email": "x@evil.example"})).unwrap();
    let answer = assert_state(&facts, Error);
    let why = find(&answer, "known-contributors").missing.clone().unwrap();
    assert!(why.contains("author of commit aaaaaaaa"), "{why}");
    assert!(!why.contains("evil"), "an address is personal: {why}");
    facts.pull_request.commits[0].author = CommitIdentity::default();
    assert_state(&facts, Error);

    let mut unknown_pusher = approved();
    unknown_pusher.pull_request.pusher = None;
    assert_state(&unknown_pusher, Error);
    let mut stranger = approved();
    stranger.pull_request.author = account("bob");
    assert_state(&stranger, Error);
}

#[test]
fn attack_08_or_one_more_person_is_needed() {
    for distinct in [true, false] {
        let mut facts = approved();
        policy(&mut facts).unknown_identity = UnknownIdentity::ExtraApproval;
        policy(&mut facts).distinct = distinct;
        facts.pull_request.commits[0].author =
            serde_json::from_value(json!({"email": "x@evil.example"})).unwrap();
        let answer = assert_state(&facts, Pending);
        assert_eq!(find(&answer, "unknown-contributor").state, Pending);
        // Somebody whom no rule asks is no help.
        facts.reviews.push(approval("olga"));
        assert_state(&facts, Pending);
        facts.reviews.push(approval("emil"));
        let answer = assert_state(&facts, Approved);
        assert_eq!(find(&answer, "unknown-contributor").counted.len(), 1);
    }
}

#[test]
fn attack_08_a_spoofed_co_author_cannot_take_an_objection_away() {
    let mut facts = approved();
    facts.reviews.push(rejection("emil"));
    facts.pull_request.commits[0].co_authors =
        serde_json::from_value(json!([{"email": "emil@example.com"}])).unwrap();
    assert_state(&facts, Rejected);
}

#[test]
fn attack_08_an_address_of_two_members_excludes_both() {
    let mut facts = approved();
    let shared = "shared@example.com".parse::<crate::ident::Email>().unwrap();
    for name in ["ana", "dora"] {
        facts
            .people
            .people
            .get_mut(name)
            .unwrap()
            .emails
            .insert(shared.clone());
    }
    facts.pull_request.commits[0].author =
        serde_json::from_value(json!({"email": "shared@example.com"})).unwrap();
    let answer = assert_state(&facts, Pending);
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::CommitAuthor);
}

#[test]
fn attack_09_who_left_the_team_or_is_suspended_no_longer_counts() {
    let membership = |change: fn(&mut Membership)| {
        let mut facts = approved();
        change(
            facts
                .people
                .teams
                .get_mut("platform")
                .unwrap()
                .members
                .get_mut("dora")
                .unwrap(),
        );
        why_not(&assert_state(&facts, Pending), "platform", "dora")
    };
    assert_eq!(
        membership(|one| one.until = Some(now())),
        Reason::MembershipInactive
    );
    assert_eq!(
        membership(|one| one.from = Some(hours_ago(-1))),
        Reason::MembershipInactive
    );
    assert_eq!(membership(|one| one.roles.clear()), Reason::NotAnApprover);

    let mut gone = approved();
    gone.people
        .teams
        .get_mut("platform")
        .unwrap()
        .members
        .remove("dora");
    assert_eq!(
        why_not(&assert_state(&gone, Pending), "platform", "dora"),
        Reason::NotAsked
    );
    let mut at_forge = approved();
    at_forge.people.teams.get_mut("platform").unwrap().forge_members = Some([account("emil")].into());
    assert_eq!(
        why_not(&assert_state(&at_forge, Pending), "platform", "dora"),
        Reason::NotInForgeTeam
    );
    let mut suspended = approved();
    suspended
        .accounts
        .iter_mut()
        .find(|one| one.id == account("dora"))
        .unwrap()
        .suspended = true;
    assert_eq!(
        why_not(&assert_state(&suspended, Pending), "platform", "dora"),
        Reason::Suspended
    );
    let mut unread = approved();
    unread.accounts.retain(|one| one.id != account("dora"));
    assert_eq!(
        why_not(&assert_state(&unread, Pending), "platform", "dora"),
        Reason::UnreadableAccount
    );
}

#[test]
fn attack_09_the_answer_says_until_when_it_holds() {
    let mut facts = approved();
    assert_eq!(decide(&facts).valid_until, Some(hours_ago(1 - 14 * 24)));
    let soon = hours_ago(-2);
    facts
        .people
        .teams
        .get_mut("platform")
        .unwrap()
        .members
        .get_mut("dora")
        .unwrap()
        .until = Some(soon);
    assert_eq!(decide(&facts).valid_until, Some(soon));
    facts.at = soon;
    assert_state(&facts, Pending);
}

#[test]
fn attack_10_a_dismissed_approval_does_not_fall_back_on_an_older_one() {
    let mut facts = approved();
    let mut newer = approval("dora");
    newer.id += 1;
    newer.submitted_at = facts.at;
    newer.dismissal = Some(Dismissal::default());
    facts.reviews.push(newer);
    let answer = assert_state(&facts, Pending);
    assert_eq!(why_not(&answer, "platform", "dora"), Reason::Dismissed);
}

#[test]
fn attack_11_a_rejection_is_lifted_by_who_rejected_or_by_a_dismisser_with_a_reason() {
    let reason = json!("discussed with emil");
    for (dismissers, dismissal, lifted) in [
        (None, json!({"by": account("fay"), "reason": reason}), false),
        (
            Some("authority"),
            json!({"by": account("fay"), "reason": reason}),
            true,
        ),
        (Some("authority"), json!({"by": account("fay")}), false),
        (
            Some("authority"),
            json!({"by": account("cleo"), "reason": reason}),
            false,
        ),
        (Some("authority"), json!({"reason": reason}), false),
        (
            Some("authority"),
            json!({"by": account("bob"), "reason": reason}),
            false,
        ),
        // The author is in the team, and judges in their own case.
        (
            Some("payments"),
            json!({"by": account("ana"), "reason": reason}),
            false,
        ),
        (
            Some("nobody-knows"),
            json!({"by": account("fay"), "reason": reason}),
            false,
        ),
        (None, json!({"by": account("emil")}), true),
    ] {
        for verdict in [ForgeVerdict::ChangesRequested, ForgeVerdict::Dismissed] {
            let mut facts = approved();
            policy(&mut facts).dismissers = dismissers.map(|team| team.parse().unwrap());
            let mut review = review("emil", verdict);
            review.dismissal = Some(serde_json::from_value(dismissal.clone()).unwrap());
            facts.reviews.push(review);
            assert_state(&facts, if lifted { Approved } else { Rejected });
        }
    }
}

#[test]
fn attack_11_a_rejection_outlives_a_push_and_ends_with_the_persons_approval() {
    let mut facts = approved();
    let mut old = rejection("emil");
    old.commit = Some(revision('d'));
    old.submitted_at = hours_ago(10_000);
    facts.reviews.push(old);
    let answer = assert_state(&facts, Rejected);
    assert_eq!(why_not(&answer, "platform", "emil"), Reason::ChangesRequested);
    facts.reviews.push(approval("emil"));
    assert_state(&facts, Approved);
}

#[test]
fn attack_12_comments_and_edited_reviews_are_no_approvals() {
    let mut facts = approved();
    facts.reviews[1].verdict = ForgeVerdict::Commented;
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "dora"),
        Reason::Comment
    );
    let mut facts = approved();
    facts.reviews[1].edited_at = Some(facts.at);
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "dora"),
        Reason::Edited
    );
}

#[test]
fn attack_12_a_comment_does_not_take_an_approval_away() {
    let mut facts = approved();
    let mut comment = review("dora", ForgeVerdict::Commented);
    comment.submitted_at = facts.at;
    comment.id += 1;
    facts.reviews.push(comment);
    assert_state(&facts, Approved);
}

#[test]
fn attack_13_facts_have_no_place_for_labels() {
    let mut written = serde_json::to_value(approved()).unwrap();
    written["pullRequest"]["labels"] = json!(["approved", "hotfix"]);
    let error = serde_json::from_value::<Facts>(written).unwrap_err().to_string();
    assert!(error.contains("unknown field `labels`"), "{error}");
}

#[test]
fn attack_14_what_governs_needs_policy_owners_and_comes_alone() {
    let governing = json!([{"head": {"path": "teams/platform.yaml", "governs": true}}]);
    let mut facts = approved();
    facts.documents = serde_json::from_value(governing).unwrap();
    facts.change.services = serde_json::from_value(json!({"payments/db": "payments"})).unwrap();
    assert_eq!(
        find(&assert_state(&facts, Pending), "policy-owners").state,
        Pending
    );
    facts.reviews.push(approval("fay"));
    assert_state(&facts, Approved);

    let mut emergency = facts.clone();
    emergency.change.emergency = true;
    assert_eq!(
        find(&assert_state(&emergency, Error), "no-emergency").state,
        Error
    );
    let mut mixed = facts.clone();
    mixed.documents.extend(approved().documents);
    assert_eq!(find(&assert_state(&mixed, Error), "no-mixture").state, Error);
    let mut nobody = facts.clone();
    nobody.roles.policy_owners.clear();
    assert_state(&nobody, Error);
    // What governed before counts as well as what will.
    facts.documents = serde_json::from_value(json!([{
        "base": {"path": "teams/platform.yaml", "governs": true}, "head": {"path": "notes.yaml"},
    }]))
    .unwrap();
    facts.reviews.retain(|review| review.account != account("fay"));
    assert_state(&facts, Pending);
}

#[test]
fn attack_15_a_team_or_policy_that_cannot_be_read_closes_the_gate() {
    let mut unreadable = approved();
    unreadable
        .people
        .unreadable
        .insert("platform".parse().unwrap(), "line 3: not a list".parse().unwrap());
    let answer = assert_state(&unreadable, Error);
    assert!(
        find(&answer, "platform")
            .missing
            .as_ref()
            .unwrap()
            .contains("line 3")
    );
    let mut missing = approved();
    missing.people.teams.remove("platform");
    assert_state(&missing, Error);
    let mut empty = approved();
    empty.people.teams.get_mut("platform").unwrap().members.clear();
    assert_state(&empty, Error);
    let mut no_rules = approved();
    policy(&mut no_rules).rules.clear();
    assert_state(&no_rules, Error);
}

#[test]
fn attack_16_a_move_needs_the_owners_of_both_places() {
    let mut facts = approved();
    facts.documents = serde_json::from_value(json!([{
        "base": {"path": "a.yaml", "services": {"payments/db": "payments"}, "pathOwners": ["platform"]},
        "head": {"path": "b.yaml", "services": {"shop/db": "authority"}},
    }]))
    .unwrap();
    let answer = assert_state(&facts, Pending);
    assert_eq!(find(&answer, "authority").state, Pending);
    facts.reviews.push(approval("fay"));
    // The rule of the policy asks one person of each of the three owners, and one of the platform beside them.
    facts.reviews.push(approval("emil"));
    assert_state(&facts, Approved);
}

#[test]
fn attack_17_what_the_content_claims_needs_the_owner_of_what_it_claims() {
    let mut facts = approved();
    facts.documents[0].head = serde_json::from_value(json!({
        "path": "services/db.yaml", "services": {"payments/db": "payments", "shop/till": "authority"},
    }))
    .unwrap();
    assert_eq!(find(&assert_state(&facts, Pending), "authority").state, Pending);
}

#[test]
fn attack_17_content_without_owner_needs_the_owners_of_the_catalogue() {
    let mut facts = approved();
    facts
        .documents
        .push(serde_json::from_value(json!({"head": {"path": "stray.yaml"}})).unwrap());
    assert_eq!(find(&assert_state(&facts, Pending), "authority").state, Pending);
    facts.roles.catalog_owners.clear();
    assert_state(&facts, Error);
}

#[test]
fn attack_18_another_base_voids_approvals() {
    let mut facts = approved();
    facts.pull_request.base.retargeted_at = Some(facts.at);
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "dora"),
        Reason::Retargeted
    );
    let mut facts = approved();
    let context = facts.context();
    for review in &mut facts.reviews {
        review.context = Some(context.clone());
    }
    facts.pull_request.base.branch = "release".parse().unwrap();
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "dora"),
        Reason::Retargeted
    );
}

#[test]
fn attack_20_a_merge_commit_on_top_voids_approvals() {
    let mut facts = approved();
    push(&mut facts);
    facts.pull_request.head.tree = revision('e');
    policy(&mut facts).same_tree = true;
    assert_state(&facts, Pending);
}

#[test]
fn attack_30_a_review_of_the_future_does_not_count() {
    let mut facts = approved();
    facts.reviews[1].submitted_at = hours_ago(-1);
    assert_eq!(
        why_not(&assert_state(&facts, Pending), "platform", "dora"),
        Reason::InTheFuture
    );
}

#[test]
fn attack_34_facts_have_no_place_for_an_exemption() {
    let mut written = serde_json::to_value(facts()).unwrap();
    written["change"]["manual"] = json!(true);
    assert!(serde_json::from_value::<Facts>(written).is_err());
}

#[test]
fn attack_40_a_list_that_was_cut_off_closes_the_gate() {
    let mut facts = approved();
    facts.pull_request.truncated = true;
    assert_eq!(find(&assert_state(&facts, Error), "complete-facts").state, Error);
}

#[test]
fn attack_44_a_valid_signature_of_a_key_without_right_is_none() {
    let mut facts = approved();
    policy(&mut facts).attestation = Attestation::Signed;
    let statement = facts.statement().digest();
    let sign = |facts: &mut Facts, evidence: &dyn Fn(&str) -> Evidence| {
        facts.reviews[0].evidence = evidence("ben");
        facts.reviews[1].evidence = evidence("dora");
    };
    let signed = |key: &str, digest: &crate::ident::Digest| Evidence::Signed {
        key: super::scene::digest(key),
        digest: digest.clone(),
    };
    sign(&mut facts, &|name| signed(&format!("{name} laptop"), &statement));
    assert_state(&facts, Approved);
    sign(&mut facts, &|_| signed("emil laptop", &statement));
    assert_state(&facts, Pending);
    sign(&mut facts, &|_| signed("the forge's own key", &statement));
    let answer = assert_state(&facts, Pending);
    let weak = Reason::AttestationTooWeak {
        needed: Attestation::Signed,
        given: Attestation::Forge,
    };
    assert_eq!(why_not(&answer, "platform", "dora"), weak);
    // A key that has lapsed.
    sign(&mut facts, &|name| signed(&format!("{name} laptop"), &statement));
    facts.people.people.get_mut("dora").unwrap().keys[0].until = Some(facts.at);
    assert_state(&facts, Pending);
}

#[test]
fn attack_48_an_override_needs_two_people_of_the_emergency_approvers_and_lifts_no_policy() {
    let mut facts = facts();
    facts.reviews = vec![approval("fay"), approval("ben")];
    assert_eq!(decide_override(&facts).state, Pending);
    facts.reviews.push(approval("gus"));
    assert_eq!(decide_override(&facts).state, Approved);
    assert_eq!(decide_override(&facts).valid_until, Some(hours_ago(1 - 4)));

    let mut of_an_approver = facts.clone();
    of_an_approver.pull_request.author = account("gus");
    assert_eq!(decide_override(&of_an_approver).state, Pending);
    let mut late = facts.clone();
    late.reviews[0].submitted_at = hours_ago(4);
    assert_eq!(decide_override(&late).state, Pending);
    let mut governing = facts.clone();
    governing.documents[0].head.as_mut().unwrap().governs = true;
    assert_eq!(decide_override(&governing).state, Error);
    let mut without_role = facts.clone();
    let membership = without_role
        .people
        .teams
        .get_mut("authority")
        .unwrap()
        .members
        .get_mut("gus")
        .unwrap();
    membership.roles = [TeamRole::Approver].into();
    assert_eq!(decide_override(&without_role).state, Pending);
    facts.roles.emergency_approvers.clear();
    assert_eq!(decide_override(&facts).state, Error);
}

#[test]
fn attack_49_the_answer_carries_the_digest_of_everything_it_was_taken_from() {
    let facts = approved();
    let answer = decide(&facts);
    let saved = serde_json::to_string(&facts).unwrap();
    let replayed = decide(&serde_json::from_str(&saved).unwrap());
    assert_eq!(
        serde_json::to_string(&replayed).unwrap(),
        serde_json::to_string(&answer).unwrap()
    );
    let mut rewritten = facts.clone();
    rewritten.reviews[0].submitted_at = hours_ago(2);
    assert_ne!(decide(&rewritten).inputs, answer.inputs);
}

#[test]
fn attack_52_and_53_answer_and_signature_name_what_they_are_for() {
    let facts = approved();
    let answer = decide(&facts);
    assert_eq!((answer.pull_request, answer.head.clone()), (7, revision('a')));
    assert_eq!(
        (answer.base.as_str(), answer.policies.clone()),
        ("main", facts.policies_digest())
    );
    let of = |change: fn(&mut Facts)| {
        let mut other = approved();
        change(&mut other);
        other.statement().digest()
    };
    let digests = std::collections::BTreeSet::from([
        facts.statement().digest(),
        of(|facts| facts.pull_request.number = 8),
        of(|facts| facts.pull_request.head.sha = revision('d')),
        of(|facts| facts.pull_request.base.branch = "release".parse().unwrap()),
        of(|facts| facts.policies[0].policy.distinct = false),
        of(|facts| facts.change.digest = Some(digest("plan"))),
        of(|facts| facts.pull_request.repository = "other".parse().unwrap()),
    ]);
    assert_eq!(digests.len(), 7);
}

#[test]
fn attack_03_a_push_between_two_reads_hides_no_author() {
    // The commits were read before the push, head and reviews after it.
    let mut facts = approved();
    facts.pull_request.commits = vec![serde_json::from_value(commit('e', "ana")).unwrap()];
    let answer = assert_state(&facts, RequirementState::Error);
    assert!(
        find(&answer, "complete-commits")
            .missing
            .as_ref()
            .unwrap()
            .contains("head commit")
    );
    facts.pull_request.commits.clear();
    assert_state(&facts, RequirementState::Error);
    facts.pull_request.commits = vec![
        serde_json::from_value(commit('e', "ana")).unwrap(),
        serde_json::from_value(commit('a', "ana")).unwrap(),
    ];
    assert_state(&facts, RequirementState::Approved);
}

#[test]
fn attack_16_owners_of_affected_services_are_asked_without_documents_too() {
    let mut facts = with_rules(json!([{"name": "platform", "count": 1, "teams": ["platform"]}]));
    facts.documents.clear();
    facts.reviews = vec![approval("dora")];
    assert_state(&facts, RequirementState::Approved);
    facts.change.services = serde_json::from_value(json!({"payments/db": "payments"})).unwrap();
    assert_state(&facts, RequirementState::Pending);
    facts.reviews.push(approval("ben"));
    assert_state(&facts, RequirementState::Approved);
}
