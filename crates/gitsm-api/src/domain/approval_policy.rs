//! From the wire types of `ApprovalPolicy` to the domain types of decisions.

use super::selectors::{Reach, change_selector};
use crate::estate::Estate;
use crate::v1alpha1::ServiceCatalog;
use crate::v1alpha1::approval_policy as wire;
use gitsm_core::approval as domain;
use gitsm_core::ident::{ApprovalPolicyName, TeamName};
use std::num::NonZeroU32;

/// The team whose approvers hold the role `SecurityOwner`.
pub const SECURITY_TEAM: &str = "security";

/// What a policy asks for.
pub fn approval_policy(spec: &wire::ApprovalPolicySpec) -> domain::ApprovalPolicy {
    let separation = &spec.separation;
    domain::ApprovalPolicy {
        selector: spec
            .selector
            .as_ref()
            .map(|selector| change_selector(selector, Reach::Everywhere)),
        rules: spec.rules.iter().map(rule).collect(),
        mode: spec.mode,
        separation: domain::Separation {
            author_cannot_approve: separation.author_cannot_approve,
            last_pusher_cannot_approve: separation.last_pusher_cannot_approve,
            implementer_cannot_approve: separation.implementer_cannot_approve,
            requester_cannot_approve: separation.requester_cannot_approve,
            distinct_teams: separation.distinct_teams,
        },
        distinct: spec.distinct,
        attestation: spec.attestation,
        max_age: spec.max_age,
        same_tree: spec.same_tree,
        unknown_identity: spec.unknown_identity,
        dismissers: spec.dismissers.clone(),
        delegations: spec
            .delegations
            .iter()
            .map(|delegation| domain::Delegation {
                from: delegation.from.clone(),
                to: delegation.to.clone(),
                until: delegation.until,
                reason: delegation.reason.clone(),
            })
            .collect(),
    }
}

fn rule(rule: &wire::ApprovalRule) -> domain::ApprovalRule {
    domain::ApprovalRule {
        name: rule.name.clone(),
        // The schema refuses zero; what got past it asks for somebody all the same.
        count: NonZeroU32::new(rule.count).unwrap_or(NonZeroU32::MIN),
        teams: rule.teams.iter().cloned().collect(),
        members: rule.members.iter().cloned().collect(),
        roles: rule.roles.iter().copied().collect(),
        when: rule.when.clone(),
        within_hours: rule.within_hours,
        on_timeout: rule.on_timeout,
    }
}

impl Estate {
    /// A policy by its name.
    pub fn approval_policy(&self, name: &ApprovalPolicyName) -> Option<domain::NamedPolicy> {
        let policy = self.approval_policies.named(name.as_str())?;
        Some(domain::NamedPolicy {
            name: name.clone(),
            policy: approval_policy(&policy.spec),
        })
    }

    /// Who holds the roles of some catalogues. Where a catalogue names no policy owners or emergency approvers, its
    /// owner's are meant.
    pub fn catalogue_roles<'c>(
        &self,
        catalogs: impl IntoIterator<Item = &'c ServiceCatalog>,
    ) -> domain::CatalogueRoles {
        let mut roles = domain::CatalogueRoles::default();
        for catalog in catalogs {
            let (owner, policy) = (&catalog.spec.owner, &catalog.spec.change_policy);
            let or_owner = |team: &Option<TeamName>| team.as_ref().unwrap_or(owner).clone();
            roles.catalog_owners.insert(owner.clone());
            roles.policy_owners.insert(or_owner(&policy.policy_owners));
            roles
                .emergency_approvers
                .insert(or_owner(&policy.emergency_approvers));
            roles.change_authority.extend(policy.change_authority.clone());
        }
        let security = self.teams.named(SECURITY_TEAM).is_some();
        roles
            .security_owners
            .extend(security.then(|| SECURITY_TEAM.parse().ok()).flatten());
        roles
    }

    /// The rules of every policy that nobody, or too few people, can meet.
    pub fn unmeetable_policies(
        &self,
        at: gitsm_core::time::Instant,
    ) -> Vec<(ApprovalPolicyName, Vec<domain::Unmeetable>)> {
        let directory = self.directory();
        let roles = self.catalogue_roles(self.catalogs.values());
        let policies = self.approval_policies.iter();
        let judged = policies.filter_map(|(_, name, policy)| {
            let found = domain::unmeetable(&approval_policy(&policy.spec), &directory, &roles, at);
            Some((name.parse().ok()?, found))
        });
        judged.filter(|(_, found)| !found.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_manifest_leaves_out_is_filled_in() {
        let spec: wire::ApprovalPolicySpec = serde_json::from_value(
            json!({"rules": [{"name": "owner", "count": 2, "roles": ["ServiceOwner"]}]}),
        )
        .unwrap();
        let policy = approval_policy(&spec);
        // The defaults of the wire type and those of the domain are the same.
        let rules = policy.rules.clone();
        assert_eq!(policy, domain::ApprovalPolicy::new(rules));
        assert_eq!(policy.rules[0].count.get(), 2);
    }

    #[test]
    fn a_catalogue_that_names_nobody_means_its_owner() {
        let catalog: ServiceCatalog = serde_json::from_value(json!({
            "apiVersion": "gitsm.dev/v1alpha1", "kind": "ServiceCatalog", "metadata": {"name": "acme"},
            "spec": {"title": "Acme", "owner": "boss", "services": {"all": true},
                "changePolicy": {"defaultWhenNoWindow": "Closed", "policyOwners": "law"}},
        }))
        .unwrap();
        let roles = Estate::default().catalogue_roles([&catalog]);
        let expected: domain::CatalogueRoles = serde_json::from_value(json!({
            "catalogOwners": ["boss"], "policyOwners": ["law"], "emergencyApprovers": ["boss"],
        }))
        .unwrap();
        assert_eq!(roles, expected);
    }
}
