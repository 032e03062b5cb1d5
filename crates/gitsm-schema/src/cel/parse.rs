//! The parser's front: source text to tree, with places.

use super::error::{CompileError, Issue, Phase};
use cel::IdedExpr;
use cel::common::ast::SourceInfo;
use cel::parser::Parser;

/// A parsed expression. Macros are left as the calls they are written as.
pub(super) struct Parsed {
    pub(super) root: IdedExpr,
    places: SourceInfo,
}

impl Parsed {
    /// Line and column of a node, counted from one, in characters.
    pub(super) fn position(&self, id: u64) -> (usize, usize) {
        let start = self.places.offset_for(id).map_or(0, |(start, _)| start as usize);
        let before = self.places.source.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        (line, column)
    }
}

/// Parses an expression whose size was judged before.
pub(super) fn parse(source: &str) -> Result<Parsed, CompileError> {
    // An environment of the crate without macros: the checker compiles macros itself.
    let parser: Parser = cel::Env::default().parser();
    let parsed = parser
        .enable_optional_syntax(true)
        .enable_ident_escape_syntax(true)
        .parse_with_source_info(source);
    match parsed {
        Ok((root, places)) => Ok(Parsed { root, places }),
        Err(errors) => {
            let issues = errors.errors.into_iter().map(|error| Issue {
                message: error.msg,
                line: usize::try_from(error.pos.0).unwrap_or(1),
                column: usize::try_from(error.pos.1).unwrap_or(1),
            });
            Err(CompileError {
                phase: Phase::Parse,
                issues: issues.collect(),
            })
        }
    }
}
