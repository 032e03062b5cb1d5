//! From decisions to the status of objects, in the shape and within the bounds of the wire types.
//!
//! Lists are cut where the schema bounds them, with what matters most kept; texts are cut by
//! [`Text::clip`](gitsm_core::Text::clip), so that the API server never refuses what gitsm found. Functions that give
//! a whole status leave `observedGeneration`, `sourceRevision` and `conditions` to whoever writes it: no decision
//! knows them.

pub mod approvals;
pub mod blast_radius;
pub mod business_calendar;
pub mod change_model;
pub mod change_window;
pub mod columns;
pub mod conflict;
pub mod risk;
pub mod suspect;
#[cfg(test)]
mod tests;

use crate::v1alpha1::shared::ServiceReference;
use gitsm_core::ident::ServiceId;

/// A service as a status names it: always with its namespace.
pub(super) fn service_reference(id: &ServiceId) -> ServiceReference {
    ServiceReference {
        name: id.name.clone(),
        namespace: Some(id.namespace.clone()),
    }
}

/// A length that a status shows.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
