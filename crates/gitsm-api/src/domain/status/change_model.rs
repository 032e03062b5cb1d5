//! How a change model does, as its status shows it.

use crate::v1alpha1::ChangeModelStatus;
use gitsm_core::risk::Standing;

/// The results of a model.
pub fn change_model_status(standing: &Standing) -> ChangeModelStatus {
    ChangeModelStatus {
        runs: Some(standing.runs),
        success_percent: standing.success_percent,
        last_used_at: standing.last_used_at,
        suspended: standing.suspended,
        ..ChangeModelStatus::default()
    }
}
