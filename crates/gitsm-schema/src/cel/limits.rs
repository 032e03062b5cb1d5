//! Bounds that hold before an expression is parsed, and the stack that parsing and checking run on.
//!
//! The parser and the checker recurse over the expression. Its length, its bracket depth and the number of its
//! tokens are bounded first, and both run on a thread whose stack is large enough for the deepest expression
//! these bounds allow, whatever the stack of the caller.

use super::error::{CompileError, Phase};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;

/// The deepest nesting of brackets.
pub const MAX_NESTING: usize = 48;

/// The most operators and selections; each can add one level to the tree.
pub const MAX_OPERATORS: usize = 2048;

/// The most operators of a chain such as `a + b + c`; the bound of the API server.
pub(crate) const MAX_CHAIN: usize = 249;

/// The deepest compiled expression, after chains of one operator are made flat.
///
/// Evaluation recurses at most this deep, which fits a 2 MiB stack in unoptimised builds.
pub const MAX_DEPTH: usize = 128;

/// The stack of the thread that parses and checks.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Judges the size of an expression by its text.
pub(crate) fn check_source(source: &str) -> Result<(), CompileError> {
    let refuse = |message: String| Err(CompileError::whole(Phase::Parse, message));
    if source.len() > MAX_LENGTH {
        return refuse(format!(
            "expression is {} bytes long; at most {MAX_LENGTH} are accepted",
            source.len()
        ));
    }
    let mut nesting = 0_usize;
    let mut operators = 0_usize;
    let mut rest = source.as_bytes();
    let mut previous = b' ';
    while let [byte, tail @ ..] = rest {
        rest = match byte {
            b'"' | b'\'' => after_quoted(rest, matches!(previous, b'r' | b'R')),
            b'/' if tail.first() == Some(&b'/') => after_line(tail),
            _ => tail,
        };
        match byte {
            b'(' | b'[' | b'{' => (nesting, operators) = (nesting + 1, operators + 1),
            b')' | b']' | b'}' => nesting = nesting.saturating_sub(1),
            b'+' | b'-' | b'*' | b'/' | b'%' | b'.' | b'?' | b'<' | b'>' | b'=' | b'!' | b'&' | b'|' => {
                operators += 1;
            }
            b'n' if previous == b'i' => operators += 1,
            _ => {}
        }
        if nesting > MAX_NESTING {
            return refuse("max recursion depth exceeded".to_owned());
        }
        previous = *byte;
    }
    if operators > MAX_OPERATORS {
        return refuse(format!(
            "expression has {operators} operators; at most {MAX_OPERATORS} are accepted"
        ));
    }
    Ok(())
}

/// What follows the string literal that `text` starts with.
fn after_quoted(text: &[u8], is_raw: bool) -> &[u8] {
    let quote = text[0];
    let width = if text.starts_with(&[quote; 3]) { 3 } else { 1 };
    let end = [quote; 3];
    let mut rest = &text[width..];
    while let [byte, tail @ ..] = rest {
        if rest.starts_with(&end[..width]) {
            return &rest[width..];
        }
        rest = if *byte == b'\\' && !is_raw {
            tail.get(1..).unwrap_or_default()
        } else {
            tail
        };
    }
    rest
}

/// What follows the line that `text` is in.
fn after_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == b'\n');
    end.map_or(&[], |end| &text[end..])
}

thread_local! {
    /// Whether this thread was started by [`on_large_stack`].
    static HAS_LARGE_STACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` on a thread with a large stack; on this one, if it is such a thread already.
///
/// Every expression is compiled on such a thread. Whoever compiles many calls this once around all of them, so
/// that not each starts a thread of its own.
///
/// # Errors
///
/// No thread could be started, or `work` panicked (the parser is not of this crate).
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, CompileError> {
    let refused = || CompileError::whole(Phase::Parse, "the expression cannot be parsed");
    if HAS_LARGE_STACK.get() {
        return catch_unwind(AssertUnwindSafe(work)).map_err(|_| refused());
    }
    thread::scope(|scope| {
        let spawned = thread::Builder::new()
            .name("cel-compile".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                HAS_LARGE_STACK.set(true);
                work()
            });
        let joined = spawned.map(thread::ScopedJoinHandle::join);
        match joined {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) => Err(refused()),
            Err(error) => Err(CompileError::whole(
                Phase::Unsupported,
                format!("no thread to compile on: {error}"),
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_length_are_bounded_before_parsing() {
        assert!(check_source("self.a == '((((' && self.b[0] > 1").is_ok());
        assert!(check_source("r'\\' == '\"' // ' (((").is_ok());
        let hidden = format!("r'\\' + {}", "[".repeat(MAX_NESTING + 1));
        assert!(
            check_source(&hidden).is_err(),
            "a raw string ends at its first quote"
        );
        let hidden = format!("1 // '\n{}", "[".repeat(MAX_NESTING + 1));
        assert!(
            check_source(&hidden).is_err(),
            "a quote in a comment opens nothing"
        );
        assert!(check_source(&"[".repeat(MAX_NESTING)).is_ok());
        assert!(check_source(&"[".repeat(MAX_NESTING + 1)).is_err());
        assert!(check_source(&"a".repeat(MAX_LENGTH + 1)).is_err());
        assert!(check_source(&vec!["1"; MAX_OPERATORS + 2].join("+")).is_err());
        assert!(check_source(&vec!["a"; MAX_OPERATORS + 2].join(" in ")).is_err());
    }

    #[test]
    fn a_panic_of_the_work_is_an_error() {
        assert!(on_large_stack(|| -> u8 { panic!("on purpose") }).is_err());
        let inside = on_large_stack(|| on_large_stack(|| -> u8 { panic!("on purpose") }).is_err());
        assert_eq!(inside, Ok(true), "the outer work goes on");
    }
}
