//! Why an apply was refused.

use crate::managers::ManagerId;
use crate::path::{PathElement, path_to_string};
use std::collections::BTreeMap;
use std::fmt;

/// A field that the applied object changes and another manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Who owns it.
    pub manager: ManagerId,
    /// Where it is.
    pub path: Vec<PathElement>,
}

impl Conflict {
    /// The `message` of the cause in the API server's answer, such as `conflict with "m" using v1`.
    pub fn message(&self) -> String {
        format!("conflict with {}", self.manager)
    }

    /// The `field` of the cause, such as `.spec.title`.
    pub fn field(&self) -> String {
        path_to_string(&self.path)
    }
}

/// All conflicts of one apply, sorted by manager and path. Shown, they are the message of the API server's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflicts(Vec<Conflict>);

impl Conflicts {
    pub(crate) fn push(&mut self, conflict: Conflict) {
        self.0.push(conflict);
    }

    /// The conflicts that `keep` says yes to.
    pub(crate) fn filtered(&self, keep: impl Fn(&Conflict) -> bool) -> Self {
        Self(self.0.iter().filter(|conflict| keep(conflict)).cloned().collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The single conflicts, in the order of the causes of the answer.
    pub fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.0.iter()
    }
}

impl fmt::Display for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [conflict] = self.0.as_slice() {
            return write!(
                f,
                "Apply failed with 1 conflict: {}: {}",
                conflict.message(),
                conflict.field()
            );
        }
        let mut by_manager: BTreeMap<&ManagerId, Vec<String>> = BTreeMap::new();
        for conflict in &self.0 {
            by_manager
                .entry(&conflict.manager)
                .or_default()
                .push(conflict.field());
        }
        write!(f, "Apply failed with {} conflicts: ", self.0.len())?;
        for (index, (manager, fields)) in by_manager.into_iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}conflicts with {manager}:")?;
            for field in fields {
                write!(f, "\n- {field}")?;
            }
        }
        Ok(())
    }
}

/// Why an object could not be applied. Shown, an error is the message of the API server's answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// Others own fields that the applied object changes: 409 `Conflict`, with a cause `FieldManagerConflict` each.
    #[error("{0}")]
    Conflicts(Conflicts),
    /// The request itself is wrong: 400 `BadRequest`.
    #[error("{0}")]
    BadRequest(String),
    /// The objects do not fit the schema, or the version of a manager is gone: 500 without a reason, as the API
    /// server answers it.
    #[error("{0}")]
    Failed(String),
}
