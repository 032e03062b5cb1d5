//! Where each person stands: what their reviews say, seen from one policy.

use super::facts::{Dismissal, Evidence, Facts, ForgeVerdict, Review};
use super::identity::{Contributors, Identities};
use super::people::SigningKey;
use super::policy::ApprovalPolicy;
use super::pool::Pools;
use super::verdict::{Reason, Who};
use super::vocabulary::Attestation;
use crate::ident::{Digest, MemberId};
use crate::time::Instant;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// How far the clock of the forge may be ahead of the decision's.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(30);

/// An approval that is valid for a policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Approval<'f> {
    pub(super) review: &'f Review,
    pub(super) attestation: Attestation,
    pub(super) expires_at: Instant,
}

/// What one person's reviews come to.
#[derive(Debug, Default)]
pub(super) struct Standing<'f> {
    /// The valid approval that lasts longest.
    pub(super) approval: Option<Approval<'f>>,
    /// Valid approvals.
    pub(super) approvals: Vec<Approval<'f>>,
    /// A rejection that nobody lifted.
    pub(super) rejection: Option<&'f Review>,
    /// The last review that did not count, and why.
    pub(super) void: Option<(&'f Review, Reason)>,
}

/// Everything that is the same for all policies.
#[derive(Debug)]
pub(super) struct Scene<'f> {
    pub(super) facts: &'f Facts,
    pub(super) identities: Identities<'f>,
    pub(super) contributors: Contributors<'f>,
    pub(super) pools: Pools<'f>,
    policies: Digest,
    statement: Digest,
    /// Reviews by person, oldest first; the worse later of two at one instant.
    reviews: BTreeMap<&'f MemberId, Vec<&'f Review>>,
    /// Reviews of accounts that belong to nobody.
    pub(super) strangers: Vec<(Who, u64, Reason)>,
}

impl<'f> Scene<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        let identities = Identities::new(facts);
        let mut reviews: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut strangers = BTreeMap::new();
        for review in &facts.reviews {
            let mut known = false;
            for member in identities.members(review.account) {
                reviews.entry(member).or_default().push(review);
                known = true;
            }
            if !known && review.verdict != ForgeVerdict::Commented {
                let reason = identities
                    .person(review.account)
                    .err()
                    .unwrap_or(Reason::UnknownIdentity);
                strangers.insert(
                    review.account,
                    (identities.who(review.account), review.id, reason),
                );
            }
        }
        for list in reviews.values_mut() {
            list.sort_by_key(|review| (review.submitted_at, severity(review.verdict), review.id));
        }
        Self {
            facts,
            contributors: Contributors::new(facts, &identities),
            pools: Pools::new(&facts.people, facts.at, identities.accounts_of()),
            policies: facts.policies_digest(),
            statement: facts.statement().digest(),
            reviews,
            strangers: strangers.into_values().collect(),
            identities,
        }
    }

    /// Where everybody stands who reviewed.
    pub(super) fn standings(&self, policy: &ApprovalPolicy) -> BTreeMap<&'f MemberId, Standing<'f>> {
        let people = self.reviews.iter();
        people
            .map(|(member, reviews)| (*member, self.standing(member, reviews, policy)))
            .collect()
    }

    fn standing(
        &self,
        member: &'f MemberId,
        reviews: &[&'f Review],
        policy: &ApprovalPolicy,
    ) -> Standing<'f> {
        let mut standing = Standing::default();
        for review in reviews {
            match review.verdict {
                ForgeVerdict::Commented => {
                    standing.void.get_or_insert((review, Reason::Comment));
                }
                ForgeVerdict::Approved => self.approved(&mut standing, member, review, policy),
                ForgeVerdict::ChangesRequested | ForgeVerdict::Dismissed => {
                    if !self.identities.is_powerless(review.account) {
                        self.rejected(&mut standing, member, review, policy);
                    }
                }
            }
        }
        standing.approval = standing
            .approvals
            .iter()
            .copied()
            .max_by_key(|approval| (approval.expires_at, approval.review.id));
        standing
    }

    fn approved(
        &self,
        standing: &mut Standing<'f>,
        member: &'f MemberId,
        review: &'f Review,
        policy: &ApprovalPolicy,
    ) {
        // What is not known to be this person's word, as given, changes nothing: it lifts no rejection either.
        if let Some(reason) = self.not_theirs(review) {
            standing.void = Some((review, reason));
            return;
        }
        standing.rejection = None;
        if review.dismissal.is_some() {
            // It does not fall back on an older approval.
            standing.approvals.clear();
            standing.void = Some((review, Reason::Dismissed));
            return;
        }
        match self.valid(member, review, policy) {
            Ok(approval) => standing.approvals.push(approval),
            Err(reason) => standing.void = Some((review, reason)),
        }
    }

    fn rejected(
        &self,
        standing: &mut Standing<'f>,
        member: &'f MemberId,
        review: &'f Review,
        policy: &ApprovalPolicy,
    ) {
        if let Some(approval) = standing.approvals.pop() {
            standing.void = Some((approval.review, Reason::Superseded { by: review.id }));
        }
        standing.approvals.clear();
        let lifted = review
            .dismissal
            .as_ref()
            .is_some_and(|dismissal| self.may_lift(dismissal, member, policy));
        if lifted {
            standing.rejection = None;
            standing.void = Some((review, Reason::Dismissed));
        } else {
            standing.rejection = Some(review);
        }
    }

    /// Why a review cannot be taken as the word of the person.
    fn not_theirs(&self, review: &Review) -> Option<Reason> {
        if let Err(reason) = self.identities.person(review.account) {
            return Some(reason);
        }
        if review.edited_at.is_some() {
            return Some(Reason::Edited);
        }
        (review.submitted_at > self.facts.at.plus(CLOCK_TOLERANCE)).then_some(Reason::InTheFuture)
    }

    /// A rejection is lifted by who rejected, and by somebody of the policy's dismissers who had no part in the
    /// content and says why.
    fn may_lift(&self, dismissal: &Dismissal, rejecter: &MemberId, policy: &ApprovalPolicy) -> bool {
        let Some(Ok(by)) = dismissal.by.map(|account| self.identities.person(account)) else {
            return false;
        };
        if by == rejecter {
            return true;
        }
        let Some(team) = &policy.dismissers else {
            return false;
        };
        let pool = self.pools.team(team, None).unwrap_or_default();
        dismissal.reason.is_some()
            && self.contributors.exclusion(by, &policy.separation).is_none()
            && pool.get(by).is_some_and(|seat| seat.is_active())
    }

    fn valid(
        &self,
        member: &MemberId,
        review: &'f Review,
        policy: &ApprovalPolicy,
    ) -> Result<Approval<'f>, Reason> {
        self.is_for_this_content(review, policy)?;
        let at = self.facts.at;
        let mut expires_at = review.submitted_at.plus(policy.max_age.to_signed());
        if expires_at <= at {
            return Err(Reason::TooOld {
                expired_at: expires_at,
            });
        }
        let (attestation, key) = self.attestation(member, &review.evidence);
        if attestation < policy.attestation {
            return Err(Reason::AttestationTooWeak {
                needed: policy.attestation,
                given: attestation,
            });
        }
        // A key that lapses matters only where the forge's word is not enough.
        if policy.attestation > Attestation::Forge
            && let Some(until) = key.and_then(|key| key.until)
        {
            expires_at = expires_at.min(until);
        }
        Ok(Approval {
            review,
            attestation,
            expires_at,
        })
    }

    fn is_for_this_content(&self, review: &Review, policy: &ApprovalPolicy) -> Result<(), Reason> {
        let request = &self.facts.pull_request;
        let reviewed = review.commit.as_ref().ok_or(Reason::NoCommit)?;
        let context = review.context.as_ref();
        let retargeted = request
            .base
            .retargeted_at
            .is_some_and(|at| review.submitted_at <= at)
            || context.is_some_and(|context| context.base_branch != request.base.branch);
        if retargeted {
            return Err(Reason::Retargeted);
        }
        if *reviewed != request.head.sha {
            let same = context.is_some_and(|context| {
                policy.same_tree && context.tree == request.head.tree && context.base_tip == request.base.tip
            });
            if !same {
                return Err(Reason::StaleCommit {
                    reviewed: reviewed.clone(),
                });
            }
        }
        match context {
            Some(context) if context.policies != self.policies => Err(Reason::PoliciesChanged),
            Some(context) if context.change != self.facts.change.digest => Err(Reason::ChangeAltered),
            _ => Ok(()),
        }
    }

    /// How strong the evidence is: a signature counts with a key of the person, over this very content.
    fn attestation(&self, member: &MemberId, evidence: &Evidence) -> (Attestation, Option<&'f SigningKey>) {
        let (key, digest, touched) = match evidence {
            Evidence::None => return (Attestation::Forge, None),
            Evidence::Signed { key, digest } => (key, digest, false),
            Evidence::Hardware { key, digest } => (key, digest, true),
        };
        let keys = self
            .facts
            .people
            .people
            .get(member)
            .map(|person| person.keys.as_slice());
        let at = self.facts.at;
        let key = keys
            .unwrap_or_default()
            .iter()
            .find(|known| known.fingerprint == *key && known.until.is_none_or(|until| at < until));
        match key {
            Some(key) if *digest == self.statement => {
                let level = if touched && key.hardware {
                    Attestation::Hardware
                } else {
                    Attestation::Signed
                };
                (level, Some(key))
            }
            _ => (Attestation::Forge, None),
        }
    }

    /// Whom a person represents under a policy, until when.
    pub(super) fn represented(
        &self,
        person: &MemberId,
        policy: &'f ApprovalPolicy,
    ) -> impl Iterator<Item = (&'f MemberId, Instant)> {
        let at = self.facts.at;
        let live = policy
            .delegations
            .iter()
            .filter(move |delegation| at < delegation.until && delegation.from != delegation.to);
        let theirs: BTreeSet<_> = live
            .filter(|delegation| delegation.to == *person)
            .map(|delegation| (&delegation.from, delegation.until))
            .collect();
        theirs.into_iter()
    }
}

/// Of two verdicts at one instant the worse is taken as the later.
fn severity(verdict: ForgeVerdict) -> u8 {
    match verdict {
        ForgeVerdict::Commented => 0,
        ForgeVerdict::Approved => 1,
        ForgeVerdict::Dismissed => 2,
        ForgeVerdict::ChangesRequested => 3,
    }
}
