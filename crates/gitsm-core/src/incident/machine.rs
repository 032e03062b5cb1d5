//! State machines as data: who may make a move, and what must hold for it.

use crate::phase::Move;

/// A role or condition of a state machine, in words.
pub(super) trait InWords: Copy + PartialEq + 'static {
    /// The role as it stands in "made by ...", or the condition as a clause without a full stop.
    fn words(self) -> &'static str;
}

/// One move: the phases, the roles of which one suffices, and the conditions that must all hold.
pub(super) struct Rule<P: 'static, A: 'static, G: 'static> {
    pub(super) from: P,
    pub(super) to: P,
    pub(super) actors: &'static [A],
    pub(super) guards: &'static [G],
}

/// The rules as they are shown to people. What is shown is what is enforced: there is no second text.
pub(super) fn rows<P: Copy, A: InWords, G: InWords>(rules: &[Rule<P, A, G>]) -> Vec<Move<P>> {
    rules
        .iter()
        .map(|rule| Move {
            from: rule.from,
            to: rule.to,
            actor: listed(rule.actors, ", ", " or ").into(),
            guard: if rule.guards.is_empty() {
                "Always possible.".into()
            } else {
                sentence(&listed(rule.guards, ", ", " and ")).into()
            },
        })
        .collect()
}

/// Words joined for a sentence: `a, b or c`.
pub(super) fn listed<W: InWords>(items: &[W], between: &str, last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.words().to_owned(),
        [first @ .., end] => {
            let first: Vec<_> = first.iter().map(|item| item.words()).collect();
            format!("{}{last}{}", first.join(between), end.words())
        }
    }
}

/// A clause as a sentence: a capital first, a full stop last.
pub(super) fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    match characters.next() {
        None => String::new(),
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
    }
}
