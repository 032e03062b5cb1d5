//! A blast radius for graphviz.

use super::Answer;
use super::picture::{Fate, Picture, facts, reason, summary};
use gitsm_core::catalog::DependencyStrength;
use std::fmt::Write as _;

/// Writes the answer in the language of graphviz.
pub(super) fn write(answer: &Answer<'_>) -> String {
    let picture = Picture::of(answer);
    // Writing to a string does not fail.
    let mut out = String::from("digraph \"blast radius\" {\n  rankdir=LR;\n");
    let _ = writeln!(
        out,
        "  label={};",
        quoted(&format!("{}\nEstate: {}", summary(answer), answer.source))
    );
    out.push_str("  labelloc=t;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for spot in &picture.spots {
        let (fill, ink) = match spot.fate {
            Fate::Failed => ("#a32020", "#ffffff"),
            Fate::Down => ("#e0701a", "#000000"),
            Fate::Degraded => ("#f2c744", "#000000"),
        };
        let facts = facts(answer.graph, spot.id);
        let label = format!("{}\n{}; {facts}", spot.id.short(), spot.fate.word());
        let _ = writeln!(
            out,
            "  {} [label={}, fillcolor=\"{fill}\", fontcolor=\"{ink}\"];",
            quoted(&spot.id.to_string()),
            quoted(&label)
        );
    }
    for line in &picture.lines {
        let style = match line.cause.strength {
            DependencyStrength::Hard => "solid",
            DependencyStrength::Soft => "dashed",
        };
        let label = line
            .cause
            .group
            .as_ref()
            .map_or_else(String::new, |group| group.group.to_string());
        let _ = writeln!(
            out,
            "  {} -> {} [style={style}, label={}, tooltip={}];",
            quoted(&line.from.to_string()),
            quoted(&line.to.to_string()),
            quoted(&label),
            quoted(&reason(line.cause))
        );
    }
    out.push_str("}\n");
    out
}

/// A quoted string of graphviz, in which only the quote, the backslash and the end of a line are special.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_ends_a_string_early() {
        assert_eq!(quoted("a \"b\" \\ c\nd\te"), r#""a \"b\" \\ c\nd e""#);
    }
}
