//! How much may be deleted without asking people.

use crate::ident::GitRevision;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest part of an inventory that is deleted without asking, in percent.
pub const MAX_PERCENT: usize = 20;
/// The most objects that are deleted without asking.
pub const MAX_OBJECTS: usize = 50;
/// As many objects are deleted without asking whatever part of the inventory they are: in a small estate one file is
/// a large part.
pub const FREE_OBJECTS: usize = 3;

/// Why nothing is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Blocked {
    /// The commit has no object at all: a moved folder, a wrong path, an emptied branch.
    Empty {
        /// How many objects would go.
        would_go: usize,
    },
    /// More would go than may.
    TooMany {
        /// How many objects would go.
        would_go: usize,
        /// Of how many.
        of: usize,
    },
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { would_go } => {
                write!(
                    f,
                    "the commit has no objects, and all {would_go} would be deleted"
                )
            }
            Self::TooMany { would_go, of } => write!(
                f,
                "{would_go} of {of} objects would be deleted, more than {MAX_OBJECTS} or {MAX_PERCENT} %"
            ),
        }
    }
}

/// Whether as many listed objects may be deleted as a commit does not have any more. `allowed` is the commit for which
/// people have said that it is meant.
///
/// # Errors
/// [`Blocked`] where it is more than may go without that.
pub fn judge(
    listed: usize,
    wanted: usize,
    would_go: usize,
    revision: &GitRevision,
    allowed: Option<&GitRevision>,
) -> Result<(), Blocked> {
    if would_go == 0 || allowed == Some(revision) {
        return Ok(());
    }
    if wanted == 0 {
        return Err(Blocked::Empty { would_go });
    }
    let is_large_part = would_go > FREE_OBJECTS && would_go * 100 > listed * MAX_PERCENT;
    if would_go > MAX_OBJECTS || is_large_part {
        return Err(Blocked::TooMany { would_go, of: listed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_these() {
        let revision: GitRevision = "a".repeat(40).parse().unwrap();
        let other: GitRevision = "b".repeat(40).parse().unwrap();
        let judge = |listed, wanted, would_go, allowed| judge(listed, wanted, would_go, &revision, allowed);
        for (listed, wanted, would_go) in [(10, 10, 0), (4, 1, 3), (100, 80, 20), (1_000, 950, 50), (0, 0, 0)]
        {
            assert_eq!(
                judge(listed, wanted, would_go, None),
                Ok(()),
                "{would_go} of {listed}"
            );
        }
        for (listed, wanted, would_go) in [(10, 6, 4), (100, 79, 21), (1_000, 949, 51)] {
            let blocked = judge(listed, wanted, would_go, Some(&other)).unwrap_err();
            assert_eq!(blocked, Blocked::TooMany { would_go, of: listed });
            assert_eq!(judge(listed, wanted, would_go, Some(&revision)), Ok(()));
        }
        assert_eq!(judge(2, 0, 2, None), Err(Blocked::Empty { would_go: 2 }));
        assert_eq!(judge(2, 0, 2, Some(&revision)), Ok(()));
    }
}
