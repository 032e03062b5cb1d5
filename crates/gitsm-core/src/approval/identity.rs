//! Whose account that is, and who had a part in the content.

use super::facts::{AccountId, CommitIdentity, Facts};
use super::policy::Separation;
use super::verdict::{Reason, Who};
use crate::Text;
use crate::ident::{ForgeLogin, GitRevision, MemberId};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts and addresses, joined with people.
#[derive(Debug)]
pub(super) struct Identities<'f> {
    accounts: BTreeMap<AccountId, AccountState<'f>>,
    by_account: BTreeMap<AccountId, BTreeSet<&'f MemberId>>,
    by_email: BTreeMap<String, BTreeSet<&'f MemberId>>,
}

#[derive(Debug)]
struct AccountState<'f> {
    login: &'f Text<100>,
    bot: bool,
    suspended: bool,
}

impl<'f> Identities<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        let mut accounts: BTreeMap<AccountId, AccountState<'f>> = BTreeMap::new();
        for account in &facts.accounts {
            let bot = account.bot || account.login.ends_with("[bot]");
            // An account that is listed twice has the worse of both.
            accounts
                .entry(account.id)
                .and_modify(|known| {
                    known.bot |= bot;
                    known.suspended |= account.suspended;
                })
                .or_insert(AccountState {
                    login: &account.login,
                    bot,
                    suspended: account.suspended,
                });
        }
        let mut by_account: BTreeMap<AccountId, BTreeSet<&'f MemberId>> = BTreeMap::new();
        let mut by_email: BTreeMap<String, BTreeSet<&'f MemberId>> = BTreeMap::new();
        for (member, person) in &facts.people.people {
            for account in &person.accounts {
                by_account.entry(*account).or_default().insert(member);
            }
            for email in &person.emails {
                let email = email.as_str().to_ascii_lowercase();
                by_email.entry(email).or_default().insert(member);
            }
        }
        for (account, state) in &accounts {
            if by_account.contains_key(account) {
                continue;
            }
            let is_login = |login: &ForgeLogin| login.as_str().eq_ignore_ascii_case(state.login);
            let people = facts.people.people.iter();
            let owners: BTreeSet<_> = people
                .filter(|(_, person)| person.accounts.is_empty() && person.logins.iter().any(is_login))
                .map(|(member, _)| member)
                .collect();
            if !owners.is_empty() {
                by_account.insert(*account, owners);
            }
        }
        Self {
            accounts,
            by_account,
            by_email,
        }
    }

    /// The members an account belongs to. More than one is a mistake in the teams: such an account entitles nobody
    /// and excludes them all.
    pub(super) fn members(&self, account: AccountId) -> impl Iterator<Item = &'f MemberId> {
        self.by_account.get(&account).into_iter().flatten().copied()
    }

    /// The accounts of every member.
    pub(super) fn accounts_of(&self) -> BTreeMap<&'f MemberId, BTreeSet<AccountId>> {
        let mut accounts: BTreeMap<&MemberId, BTreeSet<AccountId>> = BTreeMap::new();
        for (account, members) in &self.by_account {
            for member in members {
                accounts.entry(member).or_default().insert(*account);
            }
        }
        accounts
    }

    /// The only member an account belongs to, if it may act at all.
    pub(super) fn person(&self, account: AccountId) -> Result<&'f MemberId, Reason> {
        let Some(state) = self.accounts.get(&account) else {
            return Err(Reason::UnreadableAccount);
        };
        if state.bot {
            return Err(Reason::Bot);
        }
        let mut members = self.members(account);
        match (members.next(), members.next()) {
            (Some(_), None) if state.suspended => Err(Reason::Suspended),
            (Some(member), None) => Ok(member),
            _ => Err(Reason::UnknownIdentity),
        }
    }

    /// Whether an account is suspended or that of a program: then its rejections do not count either.
    pub(super) fn is_powerless(&self, account: AccountId) -> bool {
        self.accounts
            .get(&account)
            .is_some_and(|state| state.bot || state.suspended)
    }

    /// The account for people.
    pub(super) fn who(&self, account: AccountId) -> Who {
        match self.accounts.get(&account) {
            Some(state) => Who::Login(state.login.clone()),
            None => Who::Account(account),
        }
    }

    fn is_bot(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_some_and(|state| state.bot)
    }
}

/// The part that somebody had in the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Author,
    CommitAuthor,
    Committer,
    CoAuthor,
    EarlierPusher,
    Pusher,
    Requester,
    Implementer,
}

impl Part {
    /// Whether it excludes from approving.
    fn excludes(self, separation: &Separation) -> bool {
        match self {
            Self::Author => true,
            Self::CommitAuthor | Self::Committer | Self::CoAuthor | Self::EarlierPusher => {
                separation.author_cannot_approve
            }
            Self::Pusher => separation.last_pusher_cannot_approve,
            Self::Requester => separation.requester_cannot_approve,
            Self::Implementer => separation.implementer_cannot_approve,
        }
    }

    fn reason(self) -> Reason {
        match self {
            Self::Author => Reason::Author,
            Self::CommitAuthor => Reason::CommitAuthor,
            Self::Committer => Reason::Committer,
            Self::CoAuthor => Reason::CoAuthor,
            Self::EarlierPusher | Self::Pusher => Reason::Pusher,
            Self::Requester => Reason::Requester,
            Self::Implementer => Reason::Implementer,
        }
    }
}

/// Who had a part in the content.
#[derive(Debug, Default)]
pub(super) struct Contributors<'f> {
    parts: BTreeMap<&'f MemberId, BTreeSet<Part>>,
    unknown: BTreeSet<(Part, String)>,
    /// The people who are the author of the pull request, or had it opened.
    pub(super) authors: BTreeSet<&'f MemberId>,
}

impl<'f> Contributors<'f> {
    pub(super) fn new(facts: &'f Facts, identities: &Identities<'f>) -> Self {
        let mut all = Self::default();
        let request = &facts.pull_request;
        for author in [Some(request.author), request.triggered_by].into_iter().flatten() {
            all.account(identities, Part::Author, author, || {
                "the author of the pull request".to_owned()
            });
            all.authors.extend(identities.members(author));
        }
        match request.pusher {
            Some(pusher) => all.account(identities, Part::Pusher, pusher, || {
                "the account that pushed the head commit".to_owned()
            }),
            None => all.unknown(Part::Pusher, "the account that pushed the head commit".to_owned()),
        }
        for pusher in &request.other_pushers {
            all.account(identities, Part::EarlierPusher, *pusher, || {
                format!("account {pusher}, which pushed to it")
            });
        }
        for commit in &request.commits {
            all.named(
                identities,
                Part::CommitAuthor,
                &commit.author,
                "author",
                &commit.sha,
            );
            all.named(
                identities,
                Part::Committer,
                &commit.committer,
                "committer",
                &commit.sha,
            );
            for co_author in &commit.co_authors {
                all.named(identities, Part::CoAuthor, co_author, "a co-author", &commit.sha);
            }
        }
        for (part, member) in [
            (Part::Requester, &facts.change.requester),
            (Part::Implementer, &facts.change.implementer),
        ] {
            if let Some(member) = member {
                all.parts.entry(member).or_default().insert(part);
            }
        }
        all
    }

    /// Why a member may not approve, if so.
    pub(super) fn exclusion(&self, member: &MemberId, separation: &Separation) -> Option<Reason> {
        let parts = self.parts.get(member)?;
        parts
            .iter()
            .find(|part| part.excludes(separation))
            .map(|part| part.reason())
    }

    /// Contributors who are not known, in words; only those whose part excludes from approving.
    pub(super) fn unknown_to(&self, separation: &Separation) -> BTreeSet<&str> {
        let counted = self.unknown.iter().filter(|(part, _)| part.excludes(separation));
        counted.map(|(_, words)| words.as_str()).collect()
    }

    fn unknown(&mut self, part: Part, words: String) {
        self.unknown.insert((part, words));
    }

    fn account(
        &mut self,
        identities: &Identities<'f>,
        part: Part,
        account: AccountId,
        words: impl FnOnce() -> String,
    ) {
        let mut known = false;
        for member in identities.members(account) {
            self.parts.entry(member).or_default().insert(part);
            known = true;
        }
        if !known && !identities.is_bot(account) {
            self.unknown(part, words());
        }
    }

    /// Account and address may name different people: both had a part, as far as anybody can tell.
    fn named(
        &mut self,
        identities: &Identities<'f>,
        part: Part,
        identity: &CommitIdentity,
        what: &str,
        commit: &GitRevision,
    ) {
        let by_account = identity.account.into_iter().flat_map(|id| identities.members(id));
        let email = identity.email.as_ref().map(|email| email.to_ascii_lowercase());
        let by_email = email.and_then(|email| identities.by_email.get(&email));
        let members: BTreeSet<_> = by_account
            .chain(by_email.into_iter().flatten().copied())
            .collect();
        if members.is_empty() && !identity.account.is_some_and(|id| identities.is_bot(id)) {
            let commit = super::sentences::short(commit);
            self.unknown(part, format!("{what} of commit {commit}"));
        }
        for member in members {
            self.parts.entry(member).or_default().insert(part);
        }
    }
}
