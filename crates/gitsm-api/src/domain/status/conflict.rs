//! Conflicts as the status of a change lists them.

use super::columns::with_tail;
use crate::v1alpha1::change_status::Conflict;
use gitsm_core::Text;
use gitsm_core::change::ConflictEffect;
use gitsm_core::change::conflict;
use gitsm_core::ident::MemberId;

/// Conflicts that a status holds.
const MOST_CONFLICTS: usize = 50;

/// One conflict, with the member of the change authority who waived it. What collides is in the message only.
pub fn conflict(conflict: &conflict::Conflict, waived_by: Option<&MemberId>) -> Conflict {
    Conflict {
        r#type: conflict.r#type,
        effect: conflict.effect,
        with: conflict.with.as_ref().map(|with| Text::clip(with.to_string())),
        message: Text::clip(&conflict.message),
        waived_by: waived_by.cloned(),
    }
}

/// The conflicts of a change, those that hold it back first: blocking, then waived, then advisory ones; otherwise in
/// the order given.
pub fn conflicts<'c>(
    found: impl IntoIterator<Item = (&'c conflict::Conflict, Option<&'c MemberId>)>,
) -> Vec<Conflict> {
    let mut conflicts: Vec<_> = found
        .into_iter()
        .map(|(found, waived_by)| conflict(found, waived_by))
        .collect();
    conflicts.sort_by_key(|conflict| (conflict.effect, conflict.waived_by.is_some()));
    conflicts.truncate(MOST_CONFLICTS);
    conflicts
}

/// The worst conflict and how many there are: `SamePerson(1)`. Waived ones do not count, and where one blocks, only
/// those that block do. Absent where nothing is left. `conflicts` are in the order of [`conflicts`].
pub fn conflict_column(conflicts: &[Conflict]) -> Option<Text<40>> {
    let mut standing = conflicts.iter().filter(|conflict| conflict.waived_by.is_none());
    let worst = standing
        .clone()
        .find(|conflict| conflict.effect == ConflictEffect::Blocking);
    let worst = worst.or_else(|| standing.next())?;
    let alike = conflicts
        .iter()
        .filter(|other| other.waived_by.is_none() && other.effect == worst.effect);
    Some(with_tail(worst.r#type.as_str(), &format!("({})", alike.count())))
}
