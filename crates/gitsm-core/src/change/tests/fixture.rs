//! Facts to start from, and a story to tell with them.

use crate::approval;
use crate::change::{
    ChangePhase, ChangePhaseRequest, Command, CommandRole, Content, Decision, Facts, PullRequest,
    PullRequestState, Reason, Rollout, RolloutState, settle,
};
use crate::time::Instant;
use crate::vocabulary::ChangeType;
use crate::window::{Interval, Override};
use serde_json::json;

/// A normal change to a database: draft, nothing assessed, two windows ahead.
pub(super) fn base() -> Facts {
    serde_json::from_str(include_str!("base.json")).unwrap()
}

pub(super) fn instant(text: &str) -> Instant {
    let text = match text.len() {
        // A day of February and a time.
        8 => format!("2027-02-{}T{}:00Z", &text[..2], &text[3..]),
        _ => text.to_owned(),
    };
    text.parse().unwrap()
}

/// A command of somebody.
pub(super) fn command(to: ChangePhaseRequest, by: &str, roles: &[CommandRole], at: &str) -> Command {
    Command {
        to,
        by: by.parse().unwrap(),
        reason: "because".parse().unwrap(),
        given_at: instant(at),
        roles: roles.iter().copied().collect(),
    }
}

/// Puts a commit of the same people on top.
pub(super) fn push(request: &mut approval::PullRequest, sha: &str) {
    request.head.sha = sha.parse().unwrap();
    let mut commit = request.commits[0].clone();
    commit.sha = request.head.sha.clone();
    request.commits.push(commit);
}

/// What happens to a change, step by step.
pub(super) struct Story {
    pub(super) facts: Facts,
    /// The last decision that moved nothing.
    pub(super) last: Option<Decision>,
    /// The last decisions, in order.
    pub(super) chain: Vec<Decision>,
}

impl Story {
    pub(super) fn of(change_type: ChangeType) -> Self {
        let mut facts = base();
        facts.model.as_mut().unwrap().definition.change_type = change_type;
        Self {
            facts,
            last: None,
            chain: Vec::new(),
        }
    }

    /// The pull request is ready and what CI computes is there.
    pub(super) fn assess(&mut self) {
        self.pull_request(PullRequestState::Open);
        self.facts.conflicts = Some(Vec::new());
        self.facts.risk = Some(serde_json::from_value(json!({"facts": {}})).unwrap());
    }

    pub(super) fn pull_request(&mut self, state: PullRequestState) {
        self.facts.pull_request = Some(PullRequest { state });
    }

    /// Somebody with this account reviews the head.
    pub(super) fn review(&mut self, account: u64, verdict: &str, at: &str) {
        let approvals = self.facts.approvals.as_mut().unwrap();
        let review = json!({
            "id": approvals.reviews.len() + 1,
            "account": account,
            "verdict": verdict,
            "commit": approvals.pull_request.head.sha,
            "submittedAt": instant(at),
        });
        approvals.reviews.push(serde_json::from_value(review).unwrap());
    }

    /// Another commit is pushed, with another difference.
    pub(super) fn push(&mut self, digit: char) {
        let sha: String = std::iter::repeat_n(digit, 40).collect();
        let digest: String = std::iter::repeat_n(digit, 64).collect();
        push(&mut self.facts.approvals.as_mut().unwrap().pull_request, &sha);
        self.facts.content = Some(Content {
            head_sha: sha.parse().unwrap(),
            diff_digest: Some(format!("sha256:{digest}").parse().unwrap()),
        });
    }

    pub(super) fn override_from(&mut self, from: &str, until: &str) {
        self.facts.overrides.push(Override {
            id: "payments/now".parse().unwrap(),
            window: "payments/saturday".parse().unwrap(),
            change: self.facts.change.id.clone(),
            during: Interval::new(instant(from), instant(until)).unwrap(),
        });
    }

    pub(super) fn rollout(&mut self, state: RolloutState) {
        self.facts.rollout = Some(Rollout {
            state,
            implemented: self.facts.content.clone(),
            finished_at: None,
            previous_sha: None,
            backed_out_to: None,
        });
    }

    /// Decides until nothing moves, and gives the phases that were entered.
    pub(super) fn at(&mut self, now: &str) -> Vec<&'static str> {
        self.facts.now = instant(now);
        self.chain = settle(&self.facts, self.facts.now);
        let last = self.chain.last().unwrap().clone();
        assert!(!last.moves(), "no end at {now}: {last:?}");
        self.facts.phase = Some(last.phase);
        self.facts.record = last.record.clone();
        self.last = Some(last);
        let moves = self.chain.iter().filter(|decision| decision.moves());
        moves.map(|decision| decision.phase.as_str()).collect()
    }

    /// What it waits for.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        let reasons = self.last.as_ref().unwrap().reasons.iter();
        reasons.map(|reason| reason.reason).collect()
    }

    pub(super) fn phase(&self) -> Option<ChangePhase> {
        self.facts.phase
    }

    /// The names of the actions of the last chain, in order.
    pub(super) fn actions(&self) -> Vec<String> {
        let actions = self.chain.iter().flat_map(|decision| &decision.actions);
        actions
            .map(|action| {
                let action = serde_json::to_value(action).unwrap();
                action["action"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    pub(super) fn does(&self, action: &str) -> bool {
        self.actions().iter().any(|one| one == action)
    }

    /// A story that is in line for its window on 6 February.
    pub(super) fn scheduled(change_type: ChangeType) -> Self {
        let mut story = Self::of(change_type);
        story.assess();
        story.review(3, "Approved", "01 08:30");
        assert_eq!(story.at("01 09:00").last(), Some(&"Scheduled"));
        story
    }

    /// A story whose change went in on 6 February.
    pub(super) fn implementing(change_type: ChangeType) -> Self {
        let mut story = Self::scheduled(change_type);
        assert_eq!(story.at("06 20:00"), ["Implementing"]);
        story.pull_request(PullRequestState::Merged);
        story
    }
}
