//! Changes from their first sight to their end.

use super::fixture::{Story, command, instant};
use crate::catalog::ServiceHealth;
use crate::change::{
    Causation, ChangeOutcome, ChangePhase, ChangePhaseRequest, CommandRole, Guard, IncidentFact, Mark,
    MergeBy, PullRequestState, Reason, ReviewFacts, ReviewRequirement, RolloutState, decide,
};
use crate::vocabulary::{BackoutKind, ChangeType, Priority};

fn merged_review(story: &mut Story, by: &str, at: &str) {
    story.facts.review = Some(ReviewFacts {
        name: "review-1".parse().unwrap(),
        merged_at: Some(instant(at)),
        reviewers: [by.parse().unwrap()].into(),
    });
}

/// What happens to a change in a case.
type Alteration = fn(&mut Story);

#[test]
fn a_normal_change_goes_from_draft_to_closed() {
    let mut story = Story::of(ChangeType::Normal);
    assert_eq!(story.at("01 09:00"), ["Draft"]);
    assert_eq!(story.reasons(), [Reason::PullRequestIsDraft]);
    story.pull_request(PullRequestState::Open);
    assert_eq!(story.at("01 09:10"), ["Assessing"]);
    assert_eq!(story.reasons(), [Reason::RiskUnknown, Reason::ConflictsUnknown]);
    story.assess();
    assert_eq!(story.at("01 09:20"), ["AwaitingApproval"]);
    assert!(story.does("requestApproval"));
    story.review(3, "Approved", "01 10:00");
    assert_eq!(story.at("01 10:05"), ["Approved", "Scheduled"]);
    assert_eq!(story.facts.record.scheduled_start, Some(instant("06 20:00")));
    assert_eq!(
        story.last.as_ref().unwrap().next_transition,
        Some(instant("06 20:00"))
    );
    assert_eq!(story.at("06 19:59"), [""; 0]);
    assert_eq!(story.at("06 20:00"), ["Implementing"]);
    assert!(story.does("merge"), "{:?}", story.actions());
    story.pull_request(PullRequestState::Merged);
    story.rollout(RolloutState::Healthy);
    assert_eq!(story.at("06 20:30"), ["Validating"]);
    assert_eq!(story.facts.record.soak_until, Some(instant("06 21:30")));
    assert_eq!(
        story.last.as_ref().unwrap().next_transition,
        Some(instant("06 21:30"))
    );
    assert_eq!(story.at("06 21:30"), ["Review", "Closed"]);
    let last = story.last.unwrap();
    assert_eq!(last.outcome, Some(ChangeOutcome::Successful));
    assert_eq!(last.next_transition, None);
    assert_eq!(last.record.closed_at, Some(instant("06 21:30")));
}

#[test]
fn a_standard_change_waits_until_its_pull_request_was_read() {
    // It could change policies, which no model stands in for.
    let mut story = Story::of(ChangeType::Standard);
    story.assess();
    let approvals = story.facts.approvals.take();
    story.at("01 09:00");
    assert_eq!(story.reasons(), [Reason::ApprovalError]);
    assert_ne!(story.facts.phase, Some(ChangePhase::Scheduled));
    story.facts.approvals = approvals;
    story.at("01 09:01");
    assert_eq!(story.facts.phase, Some(ChangePhase::Scheduled));
}

#[test]
fn a_standard_change_asks_nobody() {
    let mut story = Story::of(ChangeType::Standard);
    story.assess();
    assert_eq!(
        story.at("01 09:00"),
        ["Draft", "Assessing", "Approved", "Scheduled"]
    );
    assert!(!story.does("requestApproval"));
    assert_eq!(story.at("06 20:00"), ["Implementing"]);
}

#[test]
fn no_model_stands_in_for_the_owners_of_policies_that_might_change() {
    for unclear in ["truncated", "another commit"] {
        let mut story = Story::scheduled(ChangeType::Standard);
        let request = &mut story.facts.approvals.as_mut().unwrap().pull_request;
        if unclear == "truncated" {
            request.truncated = true;
        } else {
            super::fixture::push(request, &"c".repeat(40));
        }
        assert_eq!(story.at("06 20:00"), [""; 0], "{unclear}");
        assert_eq!(story.reasons(), [Reason::ApprovalError], "{unclear}");
    }
}

#[test]
fn a_normal_change_waits_for_people_whatever_the_window_says() {
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    assert_eq!(story.at("06 20:10"), ["Draft", "Assessing", "AwaitingApproval"]);
    // The author, who pushed, and the implementer do not count.
    story.review(1, "Approved", "06 20:11");
    story.review(2, "Approved", "06 20:11");
    assert_eq!(story.at("06 20:15"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::ApprovalPending]);
    story.facts.approvals = None;
    assert_eq!(story.at("06 20:20"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::ApprovalError]);
}

#[test]
fn what_changes_after_approval_is_approved_again() {
    let changes: [(&str, Alteration, &[&str]); 6] = [
        (
            "payload",
            |story| story.push('c'),
            &["AwaitingApproval", "Assessing", "AwaitingApproval"],
        ),
        (
            "plan",
            |story| story.facts.change.plan.as_mut().unwrap().duration = "50m".parse().unwrap(),
            &["AwaitingApproval", "Assessing", "AwaitingApproval"],
        ),
        (
            "services",
            |story| {
                story
                    .facts
                    .change
                    .services
                    .insert("payments/api".parse().unwrap());
            },
            &["AwaitingApproval", "Assessing", "AwaitingApproval"],
        ),
        (
            "spec",
            |story| story.facts.change.spec_hash = crate::digest::sha256(b"other"),
            &["AwaitingApproval", "Assessing", "AwaitingApproval"],
        ),
        (
            "model",
            |story| story.facts.change.model = "other".parse().unwrap(),
            &["Assessing", "AwaitingApproval"],
        ),
        (
            "environment",
            |story| story.facts.change.environment = "staging".parse().unwrap(),
            &["Assessing", "AwaitingApproval"],
        ),
    ];
    for (what, change, path) in changes {
        let mut story = Story::scheduled(ChangeType::Normal);
        change(&mut story);
        assert_eq!(story.at("02 09:00"), path, "{what}");
        assert_eq!(story.reasons(), [Reason::ApprovalPending], "{what}");
        // In the window nothing happens before somebody has approved what it is now.
        assert_eq!(story.at("06 20:00"), [""; 0], "{what}");
        story.review(4, "Approved", "06 20:01");
        assert_eq!(story.at("06 20:02").first(), Some(&"Approved"), "{what}");
    }
}

#[test]
fn a_rebase_that_changes_nothing_is_no_new_content() {
    let mut story = Story::scheduled(ChangeType::Standard);
    let digest = story.facts.content.clone().unwrap().diff_digest;
    story.push('c');
    story.facts.content.as_mut().unwrap().diff_digest = digest;
    assert_eq!(story.at("02 09:00"), [""; 0]);
}

#[test]
fn an_approval_that_lapses_is_asked_for_again() {
    let mut story = Story::scheduled(ChangeType::Normal);
    for window in &mut story.facts.windows.windows {
        window.lead_time = "5m".parse().unwrap();
    }
    // Two weeks after the review, at 08:30.
    assert_eq!(story.at("06 19:00"), [""; 0]);
    story.facts.approvals.as_mut().unwrap().policies[0].policy.max_age = "24h".parse().unwrap();
    assert_eq!(story.at("06 20:00"), ["AwaitingApproval"]);
    let reasons = &story.chain[0].reasons;
    assert_eq!(reasons[0].reason, Reason::ApprovalLapsed);
    assert_eq!(story.reasons(), [Reason::ApprovalPending]);
}

#[test]
fn a_missed_window_needs_approval_again_and_nothing_runs_later_by_itself() {
    let mut story = Story::scheduled(ChangeType::Normal);
    assert_eq!(story.at("07 00:00"), ["Expired", "AwaitingApproval"]);
    assert!(story.does("voidApprovals"));
    assert_eq!(story.reasons(), [Reason::ApprovalPending]);
    assert_eq!(story.at("13 20:00"), [""; 0]);
    story.review(3, "Approved", "13 20:01");
    assert_eq!(story.at("13 20:02"), ["Approved", "Scheduled", "Implementing"]);
}

#[test]
fn a_standard_change_that_missed_its_window_needs_a_new_plan() {
    let mut story = Story::of(ChangeType::Standard);
    story.assess();
    story.at("01 09:00");
    assert_eq!(story.at("07 00:00"), ["Expired", "AwaitingApproval"]);
    assert_eq!(story.at("13 20:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::PlanMustBeRenewed]);
    // Putting it aside and taking it up again is no way around that.
    for request in [ChangePhaseRequest::OnHold, ChangePhaseRequest::Resume] {
        story.facts.command = Some(command(request, "ana", &[CommandRole::Requester], "13 20:01"));
        assert_eq!(story.at("13 20:02").len(), 1);
    }
    assert_eq!(story.phase(), Some(ChangePhase::Assessing));
    assert_eq!(story.reasons(), [Reason::PlanMustBeRenewed]);
    story.facts.change.plan.as_mut().unwrap().not_after = Some(instant("13 23:00"));
    assert_eq!(story.at("13 20:03"), ["Approved", "Scheduled", "Implementing"]);
}

#[test]
fn a_plan_for_a_time_that_is_over_is_not_approved() {
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    story.review(3, "Approved", "01 08:30");
    story.facts.change.plan.as_mut().unwrap().not_after = Some(instant("01 08:00"));
    story.at("01 09:00");
    assert_eq!(story.phase(), Some(ChangePhase::AwaitingApproval));
    assert_eq!(story.reasons(), [Reason::PlanInPast]);
}

#[test]
fn the_latest_start_is_allowed_itself() {
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    story.review(3, "Approved", "01 08:30");
    let plan = story.facts.change.plan.as_mut().unwrap();
    plan.start = Some(instant("06 21:00"));
    plan.not_after = Some(instant("06 21:30"));
    assert_eq!(story.at("01 09:00").last(), Some(&"Scheduled"));
    assert_eq!(story.at("06 20:59"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::WaitingForStart]);
    let waiting = story.facts.clone();
    assert_eq!(
        decide(&waiting, instant("06 21:30")).phase,
        ChangePhase::Implementing
    );
    let next = decide(&waiting, instant("06 20:59")).next_transition;
    assert_eq!(next, Some(instant("06 21:00")));
    assert_eq!(
        decide(&waiting, instant("2027-02-06T21:30:00.000000001Z")).phase,
        ChangePhase::Expired
    );
}

#[test]
fn a_refusal_lasts_until_the_content_changes() {
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    story.review(4, "Approved", "01 08:00");
    story.review(3, "ChangesRequested", "01 08:30");
    assert_eq!(
        story.at("01 09:00"),
        ["Draft", "Assessing", "AwaitingApproval", "Rejected"]
    );
    assert_eq!(story.at("01 10:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::WaitingForAuthor]);
    story.push('c');
    assert_eq!(story.at("01 11:00"), ["Draft", "Assessing", "AwaitingApproval"]);
    // The rejection stands until who rejected looks again.
    assert_eq!(story.reasons(), [Reason::RejectedByApprover]);
    story.review(3, "ChangesRequested", "01 11:30");
    assert_eq!(story.at("01 11:31"), ["Rejected"]);
    story.push('d');
    story.at("01 12:00");
    story.review(3, "Approved", "01 12:30");
    assert_eq!(story.at("01 12:31"), ["Approved", "Scheduled"]);
}

#[test]
fn a_refusal_that_is_taken_back_is_none() {
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    story.review(3, "ChangesRequested", "01 08:30");
    story.at("01 09:00");
    assert_eq!(story.phase(), Some(ChangePhase::Rejected));
    story.review(3, "Approved", "01 09:30");
    assert_eq!(
        story.at("01 09:31"),
        ["Draft", "Assessing", "AwaitingApproval", "Approved", "Scheduled"]
    );
}

#[test]
fn what_is_set_aside_is_assessed_and_approved_anew() {
    let mut story = Story::scheduled(ChangeType::Normal);
    story.facts.command = Some(command(
        ChangePhaseRequest::OnHold,
        "bo",
        &[CommandRole::ServiceOwner],
        "02 09:00",
    ));
    assert_eq!(story.at("02 09:01"), ["OnHold"]);
    assert!(story.does("voidApprovals"));
    assert!(story.facts.record.answer.as_ref().unwrap().obeyed);
    // The words still stand in the manifest and are not obeyed twice.
    story.facts.command = Some(command(
        ChangePhaseRequest::Resume,
        "ana",
        &[CommandRole::Requester],
        "03 09:00",
    ));
    assert_eq!(story.at("03 09:01"), ["Assessing", "AwaitingApproval"]);
    assert_eq!(story.at("06 20:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::ApprovalPending]);
}

#[test]
fn commands_are_answered_once_with_a_reason() {
    use ChangePhaseRequest as To;
    use CommandRole as Role;
    let cases: [(To, &[Role], bool, &str); 7] = [
        (To::OnHold, &[Role::Implementer], false, "may not ask"),
        (To::OnHold, &[Role::ChangeAuthority], true, ""),
        (To::Cancel, &[Role::ChangeAuthority], false, "may not ask"),
        (To::Cancel, &[Role::Requester], true, ""),
        (
            To::BackOut,
            &[Role::Implementer],
            false,
            "not possible while the change is Scheduled",
        ),
        (To::Implement, &[Role::Implementer], false, "OutsideWindow"),
        (To::Resume, &[Role::Requester], false, "not possible"),
    ];
    for (to, roles, obeyed, words) in cases {
        let mut story = Story::scheduled(ChangeType::Normal);
        story.facts.command = Some(command(to, "bo", roles, "02 09:00"));
        let moved = story.at("02 09:01");
        assert_eq!(!moved.is_empty(), obeyed, "{to} {roles:?}: {moved:?}");
        let answers: Vec<_> = story.chain.iter().filter_map(|one| one.answer.clone()).collect();
        assert_eq!(answers.len(), 1, "{to}");
        assert_eq!(answers[0].obeyed, obeyed);
        assert!(answers[0].message.contains(words), "{to}: {}", answers[0].message);
        assert_eq!(story.at("02 09:02"), [""; 0]);
        assert!(story.last.unwrap().answer.is_none());
    }
}

#[test]
fn a_start_by_hand_is_asked_for_while_the_gate_is_open() {
    let mut story = Story::scheduled(ChangeType::Normal);
    story.facts.model.as_mut().unwrap().definition.manual_start = true;
    let implement = |at| {
        command(
            ChangePhaseRequest::Implement,
            "ravi",
            &[CommandRole::Implementer],
            at,
        )
    };
    story.facts.command = Some(implement("06 19:00"));
    assert_eq!(story.at("06 19:01"), [""; 0]);
    assert!(!story.facts.record.answer.as_ref().unwrap().obeyed);
    // What was asked for too early does not start when the window opens.
    assert_eq!(story.at("06 20:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::ManualStartNeeded]);
    story.facts.command = Some(implement("06 20:01"));
    assert_eq!(story.at("06 20:02"), ["Implementing"]);
    assert_eq!(story.chain[0].guard, Some(Guard::StartedByHand));
}

#[test]
fn where_people_merge_the_gate_waits_for_them() {
    let mut story = Story::scheduled(ChangeType::Normal);
    story.facts.merge = MergeBy::Manual;
    assert_eq!(story.at("06 20:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::MergeNeeded]);
    story.pull_request(PullRequestState::Merged);
    assert_eq!(story.at("06 20:01"), ["Implementing"]);
    assert!(story.does("apply") && !story.does("merge"));
}

#[test]
fn what_was_merged_while_closed_waits_for_the_opening() {
    let mut story = Story::scheduled(ChangeType::Normal);
    story.pull_request(PullRequestState::Merged);
    assert_eq!(story.at("03 12:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::OutsideWindow]);
    assert_eq!(story.at("06 20:00"), ["Implementing"]);
}

#[test]
fn a_merge_that_failed_is_not_repeated_after_the_closing() {
    let mut story = Story::implementing(ChangeType::Normal);
    story.pull_request(PullRequestState::Open);
    story.at("06 20:05");
    assert!(story.does("merge"));
    story.at("07 00:00");
    assert!(!story.does("merge"));
    assert!(story.reasons().contains(&Reason::OutsideWindow));
    // Nothing had gone in, so nothing is there to take back.
    story.facts.command = Some(command(
        ChangePhaseRequest::BackOut,
        "ravi",
        &[CommandRole::Implementer],
        "07 00:01",
    ));
    assert_eq!(story.at("07 00:02")[..2], ["BackedOut", "Review"]);
}

#[test]
fn an_emergency_asks_its_approvers_at_once() {
    let mut story = Story::of(ChangeType::Emergency);
    story.pull_request(PullRequestState::Open);
    story.facts.services[0].error_budget = crate::change::ErrorBudget::Exhausted;
    assert_eq!(story.at("06 20:00"), ["Draft", "AwaitingApproval"]);
    story.review(4, "Approved", "06 20:01");
    story.facts.conflicts = Some(Vec::new());
    assert_eq!(story.at("06 20:02"), ["Approved", "Scheduled", "Implementing"]);
    // Eight hours of time as it passes.
    assert_eq!(story.facts.record.review_due, Some(instant("07 04:02")));
    story.rollout(RolloutState::Healthy);
    story.pull_request(PullRequestState::Merged);
    assert_eq!(story.at("06 22:00"), ["Validating"]);
    assert_eq!(story.at("06 23:30"), ["Review"]);
    assert_eq!(story.reasons(), [Reason::ReviewPending]);
    assert!(story.does("createReview") && !story.does("requestLateApproval"));
    merged_review(&mut story, "bo", "07 00:00");
    assert_eq!(story.at("07 00:01"), ["Closed"]);
}

#[test]
fn an_override_lets_an_emergency_in_and_people_approve_later() {
    let mut story = Story::of(ChangeType::Emergency);
    story.pull_request(PullRequestState::Open);
    story.override_from("03 02:00", "03 06:00");
    assert_eq!(story.at("03 02:30"), ["Draft", "Implementing"]);
    assert_eq!(story.chain[1].guard, Some(Guard::EmergencyWithOverride));
    assert!(story.does("merge"));
    story.pull_request(PullRequestState::Merged);
    story.rollout(RolloutState::Healthy);
    assert_eq!(story.at("03 03:00"), ["Validating"]);
    assert_eq!(story.at("03 05:00"), ["Review"]);
    assert_eq!(
        story.reasons(),
        [Reason::ReviewPending, Reason::LateApprovalPending]
    );
    assert!(story.does("requestLateApproval"));
    assert_eq!(
        story.last.as_ref().unwrap().next_transition,
        Some(instant("03 10:30"))
    );
    // Eight hours after the start the team loses its standard models.
    assert_eq!(story.at("03 10:30"), [""; 0]);
    assert!(story.reasons().contains(&Reason::ReviewOverdue));
    assert!(story.does("blockStandardModels") && story.does("escalate"));
    merged_review(&mut story, "bo", "03 11:00");
    assert_eq!(story.at("03 11:01"), [""; 0]);
    assert_eq!(
        story.reasons(),
        [Reason::LateApprovalPending, Reason::ReviewOverdue]
    );
    story.review(3, "Approved", "03 11:30");
    assert_eq!(story.at("03 11:31"), ["Closed"]);
    assert!(!story.does("blockStandardModels"));
}

#[test]
fn an_override_that_comes_while_people_are_asked_stands_in_for_them_until_it_ends() {
    let mut story = Story::of(ChangeType::Emergency);
    story.pull_request(PullRequestState::Open);
    assert_eq!(story.at("03 02:00"), ["Draft", "AwaitingApproval"]);
    story.override_from("03 02:10", "03 06:00");
    assert_eq!(story.at("03 02:10"), ["Approved", "Scheduled", "Implementing"]);
    // It is of no use to another type.
    let mut story = Story::of(ChangeType::Normal);
    story.assess();
    story.override_from("03 02:10", "03 06:00");
    story.at("03 02:10");
    assert_eq!(story.phase(), Some(ChangePhase::AwaitingApproval));
    // Approved by people, it may start under it.
    story.review(3, "Approved", "03 02:11");
    assert_eq!(story.at("03 02:12"), ["Approved", "Scheduled", "Implementing"]);
    assert!(story.facts.record.has(Mark::UsedOverride));
}

#[test]
fn what_nobody_asked_for_enters_at_its_review() {
    let mut story = Story::of(ChangeType::Emergency);
    story.facts.change.unauthorized = true;
    story.facts.model = None;
    assert_eq!(story.at("03 02:30"), ["Review"]);
    assert_eq!(story.reasons(), [Reason::ReviewPending]);
    assert_eq!(
        story.facts.record.outcome,
        Some(ChangeOutcome::SuccessfulWithIssues)
    );
    assert!(story.does("createReview"));
    merged_review(&mut story, "bo", "04 00:00");
    assert_eq!(story.at("04 00:00"), ["Closed"]);
}

#[test]
fn other_content_than_the_approved_one_goes_no_further() {
    let mut story = Story::implementing(ChangeType::Normal);
    story.rollout(RolloutState::Healthy);
    let found = &mut story.facts.rollout.as_mut().unwrap().implemented;
    let found = found.as_mut().unwrap();
    found.head_sha = "dddddddddddddddddddddddddddddddddddddddd".parse().unwrap();
    found.diff_digest = None;
    assert_eq!(story.at("06 20:30"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::UnauthorizedContent]);
    assert!(story.does("reportUnauthorizedContent"));
    // Brought right, it goes on, and it is not forgotten.
    story.rollout(RolloutState::Healthy);
    assert_eq!(story.at("06 20:35"), ["Validating"]);
    assert_eq!(story.at("06 21:35"), ["Review"]);
    assert_eq!(
        story.facts.record.outcome,
        Some(ChangeOutcome::SuccessfulWithIssues)
    );
}

#[test]
fn a_failed_rollout_is_taken_back_where_there_is_a_way() {
    for (backout, path, outcome) in [
        (
            Some(BackoutKind::GitRevert),
            &["BackedOut"][..],
            ChangeOutcome::BackedOut,
        ),
        (None, &["Validating", "Review"], ChangeOutcome::Unsuccessful),
        (
            Some(BackoutKind::None),
            &["Validating", "Review"],
            ChangeOutcome::Unsuccessful,
        ),
    ] {
        let mut story = Story::scheduled(ChangeType::Standard);
        story.facts.change.backout = backout;
        story.at("06 20:00");
        story.pull_request(PullRequestState::Merged);
        story.rollout(RolloutState::Failed);
        assert_eq!(story.at("06 20:20"), path, "{backout:?}");
        if outcome == ChangeOutcome::BackedOut {
            assert!(story.does("backOut"));
            assert_eq!(story.reasons(), [Reason::BackoutRunning]);
            let rollout = story.facts.rollout.as_mut().unwrap();
            rollout.previous_sha = Some("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee".parse().unwrap());
            rollout.backed_out_to = story.facts.content.clone().map(|content| content.head_sha);
            assert_eq!(
                story.at("06 20:30"),
                [""; 0],
                "another commit than before is back"
            );
            let rollout = story.facts.rollout.as_mut().unwrap();
            rollout.backed_out_to = rollout.previous_sha.clone();
            assert_eq!(story.at("06 20:40"), ["Review"]);
        }
        assert_eq!(story.facts.record.outcome, Some(outcome), "{backout:?}");
        assert_eq!(story.reasons(), [Reason::ReviewPending], "{backout:?}");
    }
}

#[test]
fn the_outcome_is_as_bad_as_what_is_known() {
    let incident = |priority, caused| IncidentFact {
        id: "payments/inc-1".parse().unwrap(),
        priority,
        major: false,
        open: false,
        caused,
    };
    let cases: [(&str, Alteration, Option<IncidentFact>, ChangeOutcome); 6] = [
        ("nothing", |_| (), None, ChangeOutcome::Successful),
        (
            "ruled out",
            |_| (),
            Some(incident(Priority::P1, Causation::Dismissed)),
            ChangeOutcome::Successful,
        ),
        (
            "small incident",
            |_| (),
            Some(incident(Priority::P3, Causation::Confirmed)),
            ChangeOutcome::SuccessfulWithIssues,
        ),
        (
            "large incident",
            |_| (),
            Some(incident(Priority::P2, Causation::Confirmed)),
            ChangeOutcome::Unsuccessful,
        ),
        (
            "degraded",
            |story| story.facts.services[0].health = ServiceHealth::Degraded,
            None,
            ChangeOutcome::SuccessfulWithIssues,
        ),
        (
            "down",
            |story| story.facts.services[0].health = ServiceHealth::Down,
            None,
            ChangeOutcome::Unsuccessful,
        ),
    ];
    for (what, change, incident, outcome) in cases {
        let mut story = Story::implementing(ChangeType::Normal);
        story.rollout(RolloutState::Healthy);
        story.at("06 20:30");
        change(&mut story);
        story.facts.incidents.extend(incident);
        story.at("06 21:30");
        assert_eq!(story.facts.record.outcome, Some(outcome), "{what}");
    }
    // Too late is an issue too.
    let mut story = Story::implementing(ChangeType::Normal);
    story.at("06 20:46");
    assert!(story.reasons().contains(&Reason::Overrun));
    story.rollout(RolloutState::Healthy);
    story.at("06 20:50");
    story.at("06 21:50");
    assert_eq!(
        story.facts.record.outcome,
        Some(ChangeOutcome::SuccessfulWithIssues)
    );
}

#[test]
fn a_review_is_done_by_somebody_who_did_not_implement() {
    let mut story = Story::implementing(ChangeType::Normal);
    story.facts.model.as_mut().unwrap().definition.review = ReviewRequirement::Required;
    story.rollout(RolloutState::Healthy);
    story.at("06 20:30");
    assert_eq!(story.at("06 21:30"), ["Review"]);
    assert_eq!(story.reasons(), [Reason::ReviewPending]);
    merged_review(&mut story, "ravi", "07 09:00");
    assert_eq!(story.at("07 08:00"), [""; 0], "it is not merged yet");
    assert_eq!(
        story.last.as_ref().unwrap().next_transition,
        Some(instant("07 09:00"))
    );
    assert_eq!(story.at("07 09:00"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::ReviewerIsImplementer]);
    merged_review(&mut story, "bo", "07 09:00");
    story.facts.incidents.push(IncidentFact {
        id: "payments/inc-1".parse().unwrap(),
        priority: Priority::P3,
        major: false,
        open: true,
        caused: Causation::Suspected,
    });
    assert_eq!(story.at("07 09:01"), [""; 0]);
    assert_eq!(story.reasons(), [Reason::IncidentUndecided]);
    story.facts.incidents[0].caused = Causation::Confirmed;
    assert_eq!(story.at("07 09:02"), ["Closed"]);
    assert_eq!(
        story.facts.record.outcome,
        Some(ChangeOutcome::SuccessfulWithIssues)
    );
}

#[test]
fn a_closed_pull_request_cancels_what_has_not_gone_in() {
    for phase in ChangePhase::ALL {
        let mut story = Story::scheduled(ChangeType::Normal);
        story.facts.phase = Some(*phase);
        story.pull_request(PullRequestState::Closed);
        let decision = decide(&story.facts, instant("02 09:00"));
        let can = crate::phase::can_move(ChangePhase::TRANSITIONS, phase, &ChangePhase::Cancelled);
        assert_eq!(decision.phase == ChangePhase::Cancelled, can, "{phase}");
        if can && *phase != ChangePhase::Cancelled {
            assert_eq!(decision.outcome, Some(ChangeOutcome::Cancelled));
        }
    }
}

#[test]
fn a_clock_before_the_last_decision_moves_nothing() {
    let mut story = Story::scheduled(ChangeType::Normal);
    story.facts.record.phase_since = Some(instant("06 21:00"));
    let decision = decide(&story.facts, instant("06 20:30"));
    assert_eq!(decision.phase, ChangePhase::Scheduled);
    assert_eq!(decision.reasons[0].reason, Reason::ClockBehind);
    assert_eq!(decision.next_transition, Some(instant("06 21:00")));
    assert!(decision.actions.is_empty());
}
