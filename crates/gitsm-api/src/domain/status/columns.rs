//! Short texts for printed columns.

use gitsm_core::Text;

/// `head` and `tail` in one text; where both are too long together, `head` is cut, since the tail holds the number.
pub(super) fn with_tail<const MAX: usize>(head: &str, tail: &str) -> Text<MAX> {
    let room = MAX.saturating_sub(tail.chars().count());
    if head.chars().nth(room).is_none() {
        return Text::clip(format!("{head}{tail}"));
    }
    let kept: String = head.chars().take(room.saturating_sub(1)).collect();
    Text::clip(format!("{kept}…{tail}"))
}

/// The first names and how many there are beside: `payments-db +2`. Absent where there is none.
pub fn names_column<'n, const MAX: usize>(
    names: impl IntoIterator<Item = &'n str>,
    shown: usize,
) -> Option<Text<MAX>> {
    let mut names = names.into_iter();
    let first: Vec<_> = names.by_ref().take(shown.max(1)).collect();
    let more = names.count();
    let tail = if more == 0 {
        String::new()
    } else {
        format!(" +{more}")
    };
    (!first.is_empty()).then(|| with_tail(&first.join(", "), &tail))
}
