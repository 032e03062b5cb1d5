//! Moves between phases, written once: as a table that decisions ask and CRDs enforce.

use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Display;

/// From each phase, the phases it may move to. A phase that is not listed is final.
pub type Transitions<P> = &'static [(P, &'static [P])];

/// Whether `from` may move to `to`. Staying is no move and always allowed.
pub fn can_move<P: PartialEq>(transitions: Transitions<P>, from: &P, to: &P) -> bool {
    from == to
        || transitions
            .iter()
            .any(|(source, targets)| source == from && targets.contains(to))
}

/// One row of a state machine as it is shown to people: who makes the move, and what must hold for it.
///
/// A pair of phases has several rows where a person and the controller may both make the move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Move<P> {
    /// Phase before.
    pub from: P,
    /// Phase after.
    pub to: P,
    /// Who makes it. Example: `the assignee or the commander`.
    pub actor: Cow<'static, str>,
    /// What must hold, as a sentence.
    pub guard: Cow<'static, str>,
}

/// Where rows and table differ, one sentence for each pair of phases that only one of them has. Rows that tell the
/// truth give none.
pub fn differences<P: Copy + PartialEq + Display>(rows: &[Move<P>], table: Transitions<P>) -> Vec<String> {
    let listed: Vec<(P, P)> = table
        .iter()
        .flat_map(|(from, targets)| targets.iter().map(move |to| (*from, *to)))
        .collect();
    let invented = rows
        .iter()
        .filter(|row| !listed.contains(&(row.from, row.to)))
        .map(|row| format!("{} -> {} has a row and is not in the table", row.from, row.to));
    let missing = listed
        .iter()
        .filter(|(from, to)| !rows.iter().any(|row| (row.from, row.to) == (*from, *to)))
        .map(|(from, to)| format!("{from} -> {to} is in the table and has no row"));
    invented.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Transitions<char> = &[('a', &['b', 'c']), ('b', &['c'])];

    #[test]
    fn rows_and_table_are_compared_both_ways() {
        let row = |from, to| Move {
            from,
            to,
            actor: "anybody".into(),
            guard: "Nothing.".into(),
        };
        let rows = [row('a', 'b'), row('a', 'c'), row('b', 'c'), row('a', 'b')];
        assert_eq!(differences(&rows, TABLE), Vec::<String>::new());
        assert_eq!(
            differences(&[row('a', 'b'), row('b', 'c'), row('c', 'a')], TABLE),
            [
                "c -> a has a row and is not in the table",
                "a -> c is in the table and has no row",
            ]
        );
    }
}
