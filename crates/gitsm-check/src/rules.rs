//! The registry of built-in rules: one file per rule, each with a stable id, a default level and its own
//! documentation, from which `gitsm explain` and the rule reference are made.

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

use crate::diagnostic::Level;

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
    /// A manifest (fragment) that the rule finds fault with.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
}

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

/// The registry, in the order of ids.
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
];
