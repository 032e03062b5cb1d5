//! From the wire types of `PriorityMatrix` to the domain types of decisions.

use crate::estate::Estate;
use crate::v1alpha1::{PriorityMatrixSpec, ServiceCatalog};
use gitsm_core::incident::{ByLevel, PriorityMatrix};
use gitsm_core::vocabulary::Level;

/// Why a `PriorityMatrix` cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("spec.rows has not exactly one row for impact {0}; write one for each of High, Medium and Low")]
pub struct RowError(pub Level);

impl TryFrom<&PriorityMatrixSpec> for PriorityMatrix {
    type Error = RowError;

    fn try_from(spec: &PriorityMatrixSpec) -> Result<Self, Self::Error> {
        let row = |impact: Level| {
            let mut rows = spec.rows.iter().filter(|row| row.impact == impact);
            match (rows.next(), rows.next()) {
                (Some(row), None) => Ok(ByLevel::new(
                    row.high_urgency,
                    row.medium_urgency,
                    row.low_urgency,
                )),
                _ => Err(RowError(impact)),
            }
        };
        Ok(Self {
            priorities: ByLevel::new(row(Level::High)?, row(Level::Medium)?, row(Level::Low)?),
            derive_impact: spec.derive_impact,
        })
    }
}

impl Estate {
    /// The matrix of a catalogue; the built-in one where there is no catalogue, it names none, or the one it names is
    /// not there or cannot be used. Priorities are needed in every case, and the validator reports the others.
    pub fn priority_matrix_of(&self, catalog: Option<&ServiceCatalog>) -> PriorityMatrix {
        catalog
            .and_then(|catalog| catalog.spec.priority_matrix.as_ref())
            .and_then(|name| self.priority_matrices.named(name.as_str()))
            .and_then(|matrix| PriorityMatrix::try_from(&matrix.spec).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_core::vocabulary::Priority;
    use serde_json::json;

    #[test]
    fn rows_are_found_by_their_impact() {
        let row = |impact: &str, priority: &str| json!({"impact": impact, "highUrgency": priority, "mediumUrgency": "P4", "lowUrgency": "P5"});
        let spec = |rows: serde_json::Value| -> PriorityMatrixSpec {
            serde_json::from_value(json!({ "rows": rows })).unwrap()
        };
        let matrix = PriorityMatrix::try_from(&spec(json!([
            row("Low", "P3"),
            row("High", "P1"),
            row("Medium", "P2")
        ])));
        let matrix = matrix.unwrap();
        assert_eq!(matrix.priority(Level::High, Level::High), Priority::P1);
        assert_eq!(matrix.priority(Level::Low, Level::High), Priority::P3);
        assert!(matrix.derive_impact);
        let twice = spec(json!([row("Low", "P3"), row("Low", "P3"), row("High", "P1")]));
        assert_eq!(PriorityMatrix::try_from(&twice), Err(RowError(Level::Medium)));
    }
}
