//! Inline comments that accept a finding: `# gitsm: allow GS404 the window is for a service of next year`.
//!
//! A comment on a line of its own covers the next line that holds anything else; a comment behind a value
//! covers its own line. A comment before the first key of a document covers the whole document. Errors of the
//! protected groups and policies that do not set `allowSuppression` cannot be allowed
//! (see [`crate::config::is_protected`]).

use crate::diagnostic::Position;
use std::ops::RangeInclusive;

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowComment {
    /// Where its `#` is.
    pub(crate) at: Position,
    /// The lines on which findings are accepted.
    pub(crate) covers: RangeInclusive<u32>,
    /// The rule as written, for example `GS404` or `GS501/two-approvers/quorum`.
    pub(crate) rule: String,
    /// The reason; empty when none was given, which is itself a finding.
    pub(crate) reason: String,
}

const MARKER: &str = "gitsm: allow";

/// Finds the comments of a text. `documents` are the first and last lines of its documents.
pub(crate) fn find(text: &str, documents: &[RangeInclusive<u32>]) -> Vec<AllowComment> {
    if memchr::memmem::find(text.as_bytes(), MARKER.as_bytes()).is_none() {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut line_start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let offset = line_start;
        line_start += line.len();
        let Some((before, rest)) = split_comment(line) else {
            continue;
        };
        let number = counted_from_one(index);
        let at = Position {
            line: number,
            column: counted_from_one(before.chars().count()),
            offset: u32::try_from(offset + before.len()).unwrap_or(u32::MAX),
        };
        let mut words = rest.split_whitespace();
        let Some(rule) = words.next() else { continue };
        let reason = words.collect::<Vec<_>>().join(" ");
        let covers = if before.trim().is_empty() {
            covered_below(&lines, index, documents)
        } else {
            number..=number
        };
        found.push(AllowComment {
            at,
            covers,
            rule: rule.to_owned(),
            reason,
        });
    }
    found
}

/// The text before the comment and the words after the marker.
fn split_comment(line: &str) -> Option<(&str, &str)> {
    let marker = line.find(MARKER)?;
    let (head, rest) = (&line[..marker], &line[marker + MARKER.len()..]);
    let hash = head.rfind('#')?;
    // Only blanks may stand between the hash and the marker, and a hash inside a word is no comment.
    let starts_comment = hash == 0 || head[..hash].ends_with([' ', '\t']);
    if !starts_comment || !head[hash + 1..].trim().is_empty() || !rest.starts_with([' ', '\t']) {
        return None;
    }
    Some((&head[..hash], rest))
}

fn covered_below(lines: &[&str], comment: usize, documents: &[RangeInclusive<u32>]) -> RangeInclusive<u32> {
    let number = counted_from_one(comment);
    let next = lines[comment + 1..].iter().position(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let Some(next) = next.map(|offset| counted_from_one(comment + 1 + offset)) else {
        return number..=number;
    };
    documents
        .iter()
        .find(|document| {
            *document.start() >= number && (*document.start()..=*document.start() + 1).contains(&next)
        })
        .cloned()
        .unwrap_or(next..=next)
}

fn counted_from_one(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_covers_its_line_the_next_or_the_document() {
        let text = "# gitsm: allow GS402 planned\nkind: A\nspec:\n  # gitsm: allow GS404 next year\n\n  selector: x\n  b: 1  # gitsm: allow GS301 why\n";
        let found = find(text, &[2..=7]);
        let covers: Vec<_> = found
            .iter()
            .map(|comment| (comment.rule.as_str(), comment.covers.clone()))
            .collect();
        assert_eq!(covers, [("GS402", 2..=7), ("GS404", 6..=6), ("GS301", 7..=7)]);
        assert_eq!(found[1].reason, "next year");
        let places: Vec<_> = found
            .iter()
            .map(|comment| {
                (
                    comment.at.line,
                    comment.at.column,
                    &text[comment.at.offset as usize..][..2],
                )
            })
            .collect();
        assert_eq!(places, [(1, 1, "# "), (4, 3, "# "), (7, 9, "# ")]);
    }

    #[test]
    fn text_that_only_looks_like_a_comment_is_none() {
        assert_eq!(find("url: http://x#gitsm: allow GS301 y\n", &[1..=1]), []);
        assert_eq!(find("# see gitsm: allow GS301\n", &[]), []);
        assert_eq!(find("# gitsm: allowance GS301\n", &[]), []);
    }
}
