//! Suspected changes as the status of an incident lists them.

use super::columns::with_tail;
use crate::v1alpha1::incident::SuspectedChange;
use gitsm_core::Text;
use gitsm_core::incident::suspect::{MOST_SUSPECTS, Suspect};

/// The changes that may have caused an incident, in the order given, the most suspected first.
pub fn suspected_changes(suspects: &[Suspect]) -> Vec<SuspectedChange> {
    suspects
        .iter()
        .take(MOST_SUSPECTS)
        .map(|suspect| SuspectedChange {
            name: suspect.change.name.clone(),
            namespace: Some(suspect.change.namespace.clone()),
            score: suspect.score,
            why: Some(suspect.why.clone()),
        })
        .collect()
}

/// The most suspected change and its score: `chg/cart-2-9(87)`. Absent where none is suspected.
pub fn suspect_column(suspects: &[Suspect]) -> Option<Text<100>> {
    let first = suspects.first()?;
    Some(with_tail(
        &first.change.to_string(),
        &format!("({})", first.score.get()),
    ))
}
