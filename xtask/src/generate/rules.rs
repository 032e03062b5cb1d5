//! `docs/reference/rules.md`: every built-in rule of the validator.

use super::markdown::{NOTICE, cell};
use gitsm_api::publish::GeneratedFile;
use gitsm_check::config::is_protected;
use gitsm_check::rules::{self, RuleMeta};
// Writing to a string does not fail.
use std::fmt::Write as _;

/// The groups of rules: what their ids start with, and what they look at.
const GROUPS: [(&str, &str); 5] = [
    ("GS1", "The text and the tree of files"),
    ("GS2", "One object against its kind"),
    ("GS3", "References between objects"),
    ("GS4", "What the objects mean together"),
    (
        "GS5",
        "The estate's own policies, and comments that accept findings",
    ),
];

/// The reference of all rules.
pub(super) fn file() -> GeneratedFile {
    let mut text = format!(
        "{NOTICE}\n# Rules of `gitsm validate`\n\n\
         `gitsm explain GS301` prints the same text. The level is the one without configuration; `levels` in \
         `gitsm.yaml` changes it where the rule allows that.\n"
    );
    for (group, about) in GROUPS {
        let _ = write!(
            text,
            "\n## {group}xx: {about}\n\n| rule | name | level | finds |\n|---|---|---|---|\n"
        );
        for rule in members(group) {
            let (id, name, level) = (rule.id, rule.name, rule.level.as_str());
            let anchor = format!("{}-{name}", id.to_ascii_lowercase());
            let _ = writeln!(
                text,
                "| [{id}](#{anchor}) | {name} | {level} | {} |",
                cell(rule.summary)
            );
        }
        members(group).for_each(|rule| text += &section(rule));
    }
    GeneratedFile {
        path: "docs/reference/rules.md".to_owned(),
        content: text,
    }
}

fn members(group: &str) -> impl Iterator<Item = &'static RuleMeta> {
    rules::all()
        .iter()
        .copied()
        .filter(move |rule| rule.id.starts_with(group))
}

fn section(rule: &RuleMeta) -> String {
    let settable = if is_protected(rule.id, rule.level) {
        "; neither `gitsm.yaml` nor a comment can lower it"
    } else {
        ""
    };
    let mut text = format!(
        "\n### {} {}\n\n{}. Level: {}{settable}.\n\n{}\n",
        rule.id,
        rule.name,
        rule.summary,
        rule.level.as_str(),
        rule.explanation.trim()
    );
    for (title, example) in [("Wrong", rule.bad), ("Right", rule.good)] {
        if !example.is_empty() {
            let _ = write!(text, "\n{title}:\n\n```yaml\n{}\n```\n", example.trim_end());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_in_one_group() {
        let content = file().content;
        for rule in rules::all() {
            let heading = format!("\n### {} {}\n", rule.id, rule.name);
            assert_eq!(content.matches(&heading).count(), 1, "{}", rule.id);
        }
    }
}
