//! Moves between phases, written once: as a table that decisions ask and CRDs enforce.

/// From each phase, the phases it may move to. A phase that is not listed is final.
pub type Transitions<P> = &'static [(P, &'static [P])];

/// Whether `from` may move to `to`. Staying is no move and always allowed.
pub fn can_move<P: PartialEq>(transitions: Transitions<P>, from: &P, to: &P) -> bool {
    from == to
        || transitions
            .iter()
            .any(|(source, targets)| source == from && targets.contains(to))
}
