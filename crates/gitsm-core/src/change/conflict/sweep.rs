//! Pairs of overlapping spans without looking at every pair.

use super::facts::Span;
use std::collections::{BTreeMap, BTreeSet};

/// One change in one bucket: everything in a bucket collides where it overlaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) span: Span,
    /// Number of the change.
    pub(super) change: u32,
    /// Number of what the change touches.
    pub(super) item: u32,
    /// Steps from the item to what the bucket stands for; 0 for the item itself.
    pub(super) steps: u32,
}

/// Gives every overlapping pair of one bucket to `pair`, the later start second. Entries that both only lie within
/// what the bucket stands for do not collide there. Costs the sorting and the pairs: an entry that is over is looked
/// at once, one that goes on is a pair.
pub(super) fn sweep(bucket: &mut [Entry], mut pair: impl FnMut(&Entry, &Entry)) {
    bucket.sort_unstable();
    let mut itself: Vec<&Entry> = Vec::new();
    let mut within: Vec<&Entry> = Vec::new();
    for entry in bucket.iter().filter(|entry| !entry.span.is_empty()) {
        let from = entry.span.from;
        itself.retain(|earlier| earlier.span.until > from);
        for earlier in itself.iter().filter(|earlier| earlier.change != entry.change) {
            pair(earlier, entry);
        }
        if entry.steps == 0 {
            within.retain(|earlier| earlier.span.until > from);
            for earlier in within.iter().filter(|earlier| earlier.change != entry.change) {
                pair(earlier, entry);
            }
            itself.push(entry);
        } else {
            within.push(entry);
        }
    }
}

/// One change that takes down members of one redundancy group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupEntry {
    pub(super) span: Span,
    pub(super) change: u32,
    /// Members, sorted.
    pub(super) lost: Vec<u32>,
}

/// Gives every pair of changes during which the group falls, with the first instant of that. The members lost to all
/// changes at an instant count together; a pair of which one loses all that the other loses is not one.
pub(super) fn sweep_group(
    entries: &mut [GroupEntry],
    up: u32,
    needed: u32,
    mut pair: impl FnMut(&GroupEntry, &GroupEntry, Span),
) {
    // One change alone fells no group together with another.
    if entries.len() < 2 {
        return;
    }
    entries.sort_unstable();
    let mut active: Vec<&GroupEntry> = Vec::new();
    let mut lost: BTreeMap<u32, u32> = BTreeMap::new();
    let mut told: BTreeSet<(u32, u32)> = BTreeSet::new();
    let mut entries = entries.iter().filter(|entry| !entry.span.is_empty()).peekable();
    let mut fallen = false;
    while let Some(first) = entries.next() {
        let now = first.span.from;
        active.retain(|entry| {
            let stays = entry.span.until > now;
            if !stays {
                for member in &entry.lost {
                    if let Some(count) = lost.get_mut(member) {
                        *count = count.saturating_sub(1);
                    }
                }
            }
            stays
        });
        lost.retain(|_, count| *count > 0);
        let still = |lost: &BTreeMap<u32, u32>| {
            let lost = u32::try_from(lost.len()).unwrap_or(u32::MAX);
            up.saturating_sub(lost) < needed
        };
        fallen = fallen && still(&lost);
        // Everything that starts at this instant.
        let before = active.len();
        let mut next = Some(first);
        while let Some(entry) = next {
            for member in &entry.lost {
                let count = lost.entry(*member).or_insert(0_u32);
                *count = count.saturating_add(1);
            }
            active.push(entry);
            next = entries.next_if(|entry| entry.span.from == now);
        }
        if !still(&lost) {
            continue;
        }
        // Pairs of earlier changes were told when the group fell.
        let unseen = if fallen { before } else { 0 };
        fallen = true;
        for (at, later) in active.iter().enumerate().skip(unseen) {
            for earlier in active.iter().take(at) {
                let names = (earlier.change.min(later.change), earlier.change.max(later.change));
                if earlier.change != later.change
                    && !holds(&earlier.lost, &later.lost)
                    && !holds(&later.lost, &earlier.lost)
                    && told.insert(names)
                {
                    let until = earlier.span.until.min(later.span.until);
                    pair(earlier, later, Span { from: now, until });
                }
            }
        }
    }
}

/// Whether all of `part` is in `whole`; both sorted.
fn holds(whole: &[u32], part: &[u32]) -> bool {
    part.iter().all(|one| whole.binary_search(one).is_ok())
}
