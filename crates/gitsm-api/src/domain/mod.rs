//! From wire types to the domain types that decisions take: one file per kind.
//!
//! The wire types say what a manifest may hold; the domain types of gitsm-core say what a decision needs, with
//! references resolved and defaults filled in. Conversions of single objects are functions of the object;
//! conversions that need other objects are methods of [`Estate`](crate::estate::Estate).

pub mod agenda;
pub mod approval_policy;
pub mod business_calendar;
pub mod change;
pub mod change_model;
pub mod change_window;
pub mod configuration_item;
pub mod incident;
pub mod it_service;
#[cfg(test)]
mod laws;
pub mod priority_matrix;
pub mod problem;
pub mod records;
pub mod risk_facts;
pub mod risk_policy;
pub mod selectors;
pub mod service_catalog;
pub mod sla_policy;
pub mod status;
pub mod team;
pub mod window_override;
