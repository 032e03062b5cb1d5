//! The blast radius as the status of a record pins it.

use super::service_reference;
use crate::v1alpha1::shared::{BlastRadius, ServiceReference};
use gitsm_core::catalog;
use gitsm_core::ident::{GitRevision, ServiceId};

/// Services that one list of a status holds.
const MOST_SERVICES: usize = 100;

/// A blast radius, with the revision of the catalogue that it was computed from. Configuration items and the ways are
/// left out: they can be computed again from that revision.
pub fn blast_radius(radius: &catalog::BlastRadius, catalog_revision: Option<GitRevision>) -> BlastRadius {
    let (down, more_down) = cut(radius.down_services());
    let (degraded, more_degraded) = cut(radius.degraded_services());
    BlastRadius {
        catalog_revision,
        down,
        degraded,
        max_tier: radius.max_tier,
        count: radius.count,
        truncated: more_down || more_degraded,
    }
}

/// As many services as fit, the first ones, and whether there are more.
fn cut<'s>(mut services: impl Iterator<Item = &'s ServiceId>) -> (Vec<ServiceReference>, bool) {
    let kept = services
        .by_ref()
        .take(MOST_SERVICES)
        .map(service_reference)
        .collect();
    (kept, services.next().is_some())
}
