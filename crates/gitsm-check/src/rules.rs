//! The built-in rules: one file per rule, each with a stable id, a default level and its own documentation,
//! from which `gitsm explain` and the rule reference are made.
//!
//! | group | what it looks at |
//! |---|---|
//! | GS1xx | the text and the tree of files |
//! | GS2xx | one object against its kind |
//! | GS3xx | references between objects |
//! | GS4xx | what the objects mean together |
//! | GS5xx | the estate's own policies, and comments that accept findings |

pub(crate) mod gs101;
pub(crate) mod gs102;
pub(crate) mod gs103;
pub(crate) mod gs104;
pub(crate) mod gs105;
pub(crate) mod gs106;
pub(crate) mod gs107;
pub(crate) mod gs108;
pub(crate) mod gs110;
pub(crate) mod gs111;
pub(crate) mod gs112;
pub(crate) mod gs113;
pub(crate) mod gs114;
pub(crate) mod gs115;
pub(crate) mod gs201;
pub(crate) mod gs202;
pub(crate) mod gs203;
pub(crate) mod gs204;
pub(crate) mod gs205;
pub(crate) mod gs206;
pub(crate) mod gs207;
pub(crate) mod gs208;
pub(crate) mod gs209;
pub(crate) mod gs210;
pub(crate) mod gs211;
pub(crate) mod gs301;
pub(crate) mod gs302;
pub(crate) mod gs303;
pub(crate) mod gs304;
pub(crate) mod gs305;
pub(crate) mod gs402;
pub(crate) mod gs403;
pub(crate) mod gs404;
pub(crate) mod gs405;
pub(crate) mod gs406;
pub(crate) mod gs407;
pub(crate) mod gs408;
pub(crate) mod gs409;
pub(crate) mod gs410;
pub(crate) mod gs501;
pub(crate) mod gs502;
pub(crate) mod gs503;

use crate::diagnostic::{Finding, Level};
use crate::engine::KindSet;
use crate::engine::index::Index;
use crate::engine::judge::Subject;
use crate::engine::rulebook::Rulebook;

/// What is known about a rule without running it.
#[derive(Debug, Clone, Copy)]
pub struct RuleMeta {
    /// `GS301`.
    pub id: &'static str,
    /// `dangling-reference`: a short name in kebab case.
    pub name: &'static str,
    /// The level without configuration.
    pub level: Level,
    /// One line: what the rule finds.
    pub summary: &'static str,
    /// Why it matters, in a few sentences of Markdown.
    pub explanation: &'static str,
    /// A file of manifests in which this rule and no other finds fault, as a test holds; empty where the manifests
    /// of one file cannot show it, which the explanation then says.
    pub bad: &'static str,
    /// The same, mended: no rule finds anything.
    pub good: &'static str,
}

/// All built-in rules, in the order of their ids.
static ALL: &[&RuleMeta] = &[
    &gs101::META,
    &gs102::META,
    &gs103::META,
    &gs104::META,
    &gs105::META,
    &gs106::META,
    &gs107::META,
    &gs108::META,
    &gs110::META,
    &gs111::META,
    &gs112::META,
    &gs113::META,
    &gs114::META,
    &gs115::META,
    &gs201::META,
    &gs202::META,
    &gs203::META,
    &gs204::META,
    &gs205::META,
    &gs206::META,
    &gs207::META,
    &gs208::META,
    &gs209::META,
    &gs210::META,
    &gs211::META,
    &gs301::META,
    &gs302::META,
    &gs303::META,
    &gs304::META,
    &gs305::META,
    &gs402::META,
    &gs403::META,
    &gs404::META,
    &gs405::META,
    &gs406::META,
    &gs407::META,
    &gs408::META,
    &gs409::META,
    &gs410::META,
    &gs501::META,
    &gs502::META,
    &gs503::META,
];

/// All built-in rules, in the order of their ids.
pub fn all() -> &'static [&'static RuleMeta] {
    ALL
}

/// The rule with this id or name, without regard to case.
pub fn find(id_or_name: &str) -> Option<&'static RuleMeta> {
    all()
        .iter()
        .copied()
        .find(|rule| rule.id.eq_ignore_ascii_case(id_or_name) || rule.name.eq_ignore_ascii_case(id_or_name))
}

/// Runs the rules about one object that passed its schema.
pub(crate) fn check_object(subject: &Subject<'_>, kinds: &KindSet, findings: &mut Vec<Finding>) {
    gs211::check(subject, findings);
    match subject.info.map(|info| info.kind) {
        Some("ITService") => gs410::check(subject, findings),
        Some("RequestTemplate") => gs407::check(subject, findings),
        Some("ApprovalPolicy" | "ChangeModel" | "SLAPolicy") => gs409::check(subject, kinds, findings),
        Some("RecordPolicy") => gs408::check(subject, kinds, findings),
        _ => {}
    }
}

/// Runs the rules about the estate as a whole.
pub(crate) fn check_estate(
    index: &Index,
    rulebook: &Rulebook,
    at: jiff::Timestamp,
    findings: &mut Vec<Finding>,
) {
    gs301::check(index, findings);
    gs302::check(index, findings);
    gs303::check(index, findings);
    gs304::check(index, findings);
    gs305::check(index, findings);
    gs402::check(index, findings);
    gs403::check(index, findings);
    gs404::check(index, findings);
    gs405::check(index, findings);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::{self, Options};
    use crate::input::MemoryInput;
    use crate::yaml::Limits;

    #[test]
    fn ids_and_names_are_unique_and_in_order() {
        assert!(all().is_sorted_by(|a, b| a.id < b.id));
        let mut names: Vec<_> = all().iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn a_rule_is_found_by_id_and_by_name() {
        assert_eq!(find("gs301").map(|rule| rule.name), Some("dangling-reference"));
        assert_eq!(find("Dangling-Reference").map(|rule| rule.id), Some("GS301"));
        assert!(find("GS000").is_none());
    }

    /// Rule and level of every finding about one file of these manifests.
    fn findings(manifests: &str) -> Vec<(String, Level, String)> {
        let options = Options {
            at: "2027-01-01T00:00:00Z".parse().unwrap(),
            limits: Limits::default(),
            jobs: 1,
            list_judged: false,
            only: Vec::new(),
            policies: Vec::new(),
        };
        let input = MemoryInput::new().with("a.yaml", manifests);
        let report = engine::run(&input, &Config::default(), &KindSet::new(), &options).unwrap();
        report
            .findings
            .into_iter()
            .map(|finding| (finding.rule.code().to_owned(), finding.level, finding.message))
            .collect()
    }

    #[test]
    fn every_bad_example_breaks_its_rule_and_no_other() {
        for rule in all().iter().filter(|rule| !rule.bad.is_empty()) {
            let mut found = findings(rule.bad);
            found.retain(|(_, level, _)| *level >= Level::Warning);
            assert!(!found.is_empty(), "{} finds nothing in its bad example", rule.id);
            assert!(
                found
                    .iter()
                    .all(|(code, level, _)| code == rule.id && *level == rule.level),
                "{}: {found:#?}",
                rule.id
            );
        }
    }

    #[test]
    fn every_good_example_is_clean() {
        for rule in all() {
            assert_eq!(findings(rule.good), [], "{}", rule.id);
        }
    }

    #[test]
    fn examples_are_absent_only_where_manifests_alone_cannot_show_the_rule() {
        let without: Vec<_> = all()
            .iter()
            .filter(|rule| rule.bad.is_empty())
            .map(|rule| rule.id)
            .collect();
        assert_eq!(
            without,
            ["GS110", "GS111", "GS113", "GS114", "GS115", "GS206", "GS210"]
        );
        assert!(
            all()
                .iter()
                .all(|rule| rule.bad.is_empty() == rule.good.is_empty())
        );
        for rule in all().iter().filter(|rule| rule.bad.is_empty()) {
            assert!(
                rule.explanation.contains("There is no example here"),
                "{} does not say why it has no example",
                rule.id
            );
        }
    }
}
