//! A blast radius as a tree with reasons.

use super::Answer;
use super::picture::{branches, facts, places, reason, summary};
use crate::wrap::after;
use gitsm_core::catalog::{GraphIssue, NodeId};
use std::fmt::Write as _;

/// Writes the answer for a terminal.
pub(super) fn write(answer: &Answer<'_>) -> String {
    // Writing to a string does not fail.
    let mut out = String::new();
    let _ = writeln!(out, "{}", after("", &summary(answer)));
    tree(answer, &mut out);
    if !answer.radius.redundancy_lost.is_empty() {
        out.push_str("\nRedundancy that is lost; the next failure may take the service down:\n");
        for group in &answer.radius.redundancy_lost {
            let place = group
                .environment
                .as_ref()
                .map_or_else(String::new, |environment| format!(" in {environment}"));
            let lost: Vec<_> = group.lost.iter().map(NodeId::short).collect();
            let _ = writeln!(
                out,
                "  {}{place}: {} has {} of {} up and needs {}; lost {}",
                group.node.short(),
                group.group,
                group.up,
                group.members,
                group.needed,
                lost.join(", ")
            );
        }
    }
    let absent = absent(answer);
    if !answer.issues.is_empty() || !absent.is_empty() {
        out.push_str("\nWhat makes the answer less certain:\n");
        for message in answer
            .issues
            .iter()
            .map(|issue| GraphIssue::message(issue))
            .chain(absent)
        {
            let _ = writeln!(out, "{}", after("  ", &message));
        }
    }
    out.push_str(&answer.source.line());
    out
}

/// What is said to fail where it is not.
fn absent(answer: &Answer<'_>) -> Vec<String> {
    let Some(environment) = &answer.radius.environment else {
        return Vec::new();
    };
    let elsewhere = answer.radius.failed.iter().filter(|id| {
        let node = answer.graph.node(id);
        node.is_some_and(|node| !node.is_in(environment))
    });
    elsewhere
        .map(|id| {
            format!(
                "{} does not run in {environment}; what needs it there is hit all the same",
                id.short()
            )
        })
        .collect()
}

/// Each failure with what it takes along. Not by recursion: a chain can be longer than a stack.
fn tree(answer: &Answer<'_>, out: &mut String) {
    let branches = branches(answer);
    for failed in &answer.radius.failed {
        let facts = facts(answer.graph, failed);
        let _ = writeln!(out, "\n{} ({facts}) fails", failed.short());
        let mut open = vec![(String::new(), branches.get(failed).map_or(&[][..], Vec::as_slice))];
        while let Some((indent, rest)) = open.pop() {
            let Some(((fate, impact), rest)) = rest.split_first() else {
                continue;
            };
            let (stem, below) = if rest.is_empty() {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            };
            let _ = writeln!(
                out,
                "{indent}{stem}{} ({}) is {}{}: {}",
                impact.node.short(),
                super::picture::facts(answer.graph, &impact.node),
                fate.word(),
                places(answer, impact),
                reason(&impact.cause)
            );
            let inner = format!("{indent}{below}");
            open.push((indent, rest));
            let children = branches.get(&impact.node).map_or(&[][..], Vec::as_slice);
            open.push((inner, children));
        }
    }
}
