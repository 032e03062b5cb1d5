//! Regular expressions in RE2 syntax, as Go's `regexp` reads them: schema patterns and CEL's `matches`.

use regex::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::iter::Peekable;
use std::str::Chars;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Largest count in a repetition, as in Go.
const MAX_REPEAT: u32 = 1_000;
/// Most memory for one compiled pattern, in bytes.
const MAX_COMPILED: usize = 4 << 20;
/// Most memory for a compiled pattern that is kept for the next one who asks, in bytes.
const MAX_KEPT: usize = 64 << 10;
/// How many compiled patterns are kept. They are forgotten all at once when there are more.
const KEPT: usize = 256;

/// Small patterns that were compiled before: the same few stand in schemas over and over, each schema is judged and
/// compiled several times, and compiling one costs as much as the rest of its field.
static KNOWN: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

/// Why a pattern is not a regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {0}")]
pub struct Re2Error(String);

/// Compiles a pattern in RE2 syntax.
///
/// The `regex` crate reads a close relative of that syntax. What differs is rewritten before: perl classes and
/// word boundaries are ASCII, `[` and `&&` in a class are literal, so is `{` where no repetition follows, `\Q…\E`
/// quotes, and escapes that Go does not know are refused.
///
/// # Errors
///
/// The pattern is malformed, uses what RE2 does not have, or compiles to more than 4 MiB.
pub fn re2(pattern: &str) -> Result<Regex, Re2Error> {
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known().get(pattern) {
        return Ok(regex.clone());
    }
    let translated = Translator {
        rest: pattern.chars().peekable(),
        output: String::new(),
    }
    .translate()?;
    if pattern.len() <= MAX_KEPT
        && let Ok(regex) = RegexBuilder::new(&translated).size_limit(MAX_KEPT).build()
    {
        let mut known = known();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        return Ok(regex);
    }
    let compiled = RegexBuilder::new(&translated).size_limit(MAX_COMPILED).build();
    compiled.map_err(|error| {
        // The first lines of a syntax error draw the pattern; the cause comes last.
        let text = error.to_string();
        let cause = text.lines().last().unwrap_or_default();
        Re2Error(format!("{}: `{pattern}`", cause.trim_start_matches("error: ")))
    })
}

struct Translator<'p> {
    rest: Peekable<Chars<'p>>,
    output: String,
}

/// What an escape in a pattern stands for.
enum Escape {
    /// One character.
    Literal(char),
    /// An ASCII class: whether it is negated, and its ranges.
    Class(bool, &'static str),
    /// Something that both syntaxes write alike.
    Verbatim(String),
    /// `\Q`
    Quote,
}

const DIGIT: &str = "0-9";
const SPACE: &str = "\\t\\n\\x0C\\r ";
const WORD: &str = "0-9A-Za-z_";

impl Translator<'_> {
    fn translate(mut self) -> Result<String, Re2Error> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => self.escape_outside()?,
                '[' => self.class()?,
                '(' => self.group()?,
                '{' => self.brace()?,
                '}' => self.output.push_str("\\}"),
                _ => self.output.push(c),
            }
        }
        Ok(self.output)
    }

    fn escape_outside(&mut self) -> Result<(), Re2Error> {
        match self.rest.peek() {
            Some('b' | 'B') => {
                let boundary = self.rest.next().unwrap_or('b');
                self.push_format(format_args!("(?-u:\\{boundary})"));
                return Ok(());
            }
            Some('A' | 'z') => {
                self.output.push('\\');
                self.output.extend(self.rest.next());
                return Ok(());
            }
            _ => {}
        }
        match self.escape()? {
            Escape::Literal(c) => self.push_literal(c),
            Escape::Class(negated, ranges) => {
                let not = if negated { "^" } else { "" };
                self.push_format(format_args!("(?-i:[{not}{ranges}])"));
            }
            Escape::Verbatim(text) => self.output.push_str(&text),
            Escape::Quote => {
                while let Some(c) = self.rest.next() {
                    if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
                        break;
                    }
                    self.push_literal(c);
                }
            }
        }
        Ok(())
    }

    fn push_format(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.output.write_fmt(text);
    }

    fn push_literal(&mut self, c: char) {
        self.output.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// Reads an escape after its backslash.
    fn escape(&mut self) -> Result<Escape, Re2Error> {
        let Some(c) = self.rest.next() else {
            return Err(Re2Error("trailing backslash at end of expression".to_owned()));
        };
        Ok(match c {
            'd' | 'D' => Escape::Class(c == 'D', DIGIT),
            's' | 'S' => Escape::Class(c == 'S', SPACE),
            'w' | 'W' => Escape::Class(c == 'W', WORD),
            'p' | 'P' => self.property(c == 'P')?,
            'x' => self.hexadecimal()?,
            'Q' => Escape::Quote,
            'a' => Escape::Literal('\u{7}'),
            'f' => Escape::Literal('\u{c}'),
            'n' => Escape::Literal('\n'),
            'r' => Escape::Literal('\r'),
            't' => Escape::Literal('\t'),
            'v' => Escape::Literal('\u{b}'),
            '0' => self.octal(0),
            '1'..='7' if self.rest.peek().is_some_and(|next| next.is_digit(8)) => {
                self.octal(c.to_digit(8).unwrap_or_default())
            }
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Escape::Literal(c),
            _ => return Err(Re2Error(format!("invalid escape sequence: `\\{c}`"))),
        })
    }

    fn octal(&mut self, first: u32) -> Escape {
        let mut code = first;
        for _ in 0..2 {
            match self
                .rest
                .next_if(|next| next.is_digit(8))
                .and_then(|digit| digit.to_digit(8))
            {
                Some(digit) => code = code * 8 + digit,
                None => break,
            }
        }
        Escape::Literal(char::from_u32(code).unwrap_or_default())
    }

    fn hexadecimal(&mut self) -> Result<Escape, Re2Error> {
        let digits: String = if self.rest.next_if_eq(&'{').is_some() {
            self.rest.by_ref().take_while(|c| *c != '}').take(8).collect()
        } else {
            self.rest.by_ref().take(2).collect()
        };
        let code = u32::from_str_radix(&digits, 16)
            .ok()
            .filter(|_| !digits.starts_with('+'));
        let character = code.and_then(char::from_u32);
        character
            .map(Escape::Literal)
            .ok_or_else(|| Re2Error(format!("invalid escape sequence: `\\x{digits}`")))
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`.
    fn property(&mut self, mut negated: bool) -> Result<Escape, Re2Error> {
        let name: String = match self.rest.next() {
            Some('{') => self.rest.by_ref().take_while(|c| *c != '}').collect(),
            Some(letter) => letter.to_string(),
            None => String::new(),
        };
        let name = match name.strip_prefix('^') {
            Some(name) => {
                negated = !negated;
                name
            }
            None => &name,
        };
        // `\p{name=value}` and the like are not RE2.
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Re2Error(format!(
                "invalid character class range: `\\p{{{name}}}`"
            )));
        }
        let kind = if negated { 'P' } else { 'p' };
        Ok(Escape::Verbatim(format!("\\{kind}{{{name}}}")))
    }

    /// Copies `(`, and after `(?` refuses what RE2 does not have.
    fn group(&mut self) -> Result<(), Re2Error> {
        self.output.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        let mut head: String = self.rest.next_if_eq(&'P').into_iter().collect();
        if self.rest.next_if_eq(&'<').is_some() {
            head.push('<');
            if self.rest.peek().is_some_and(|c| matches!(c, '=' | '!')) {
                return Err(Re2Error("invalid or unsupported Perl syntax: `(?<`".to_owned()));
            }
        } else {
            while let Some(flag) = self.rest.next_if(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-')) {
                head.push(flag);
            }
            if head.starts_with('P') || !self.rest.peek().is_some_and(|c| matches!(c, ':' | ')')) {
                return Err(Re2Error("invalid or unsupported Perl syntax: `(?`".to_owned()));
            }
        }
        self.output.push('?');
        self.output.push_str(&head);
        Ok(())
    }

    /// Copies a repetition, or quotes a brace that does not begin one.
    fn brace(&mut self) -> Result<(), Re2Error> {
        let body: String = self.rest.clone().take_while(|c| *c != '}').take(16).collect();
        let closed = self.rest.clone().nth(body.chars().count()) == Some('}');
        let (least, most) = body
            .split_once(',')
            .map_or((body.as_str(), None), |(least, most)| (least, Some(most)));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let repeats = closed && digits(least) && most.is_none_or(|most| most.is_empty() || digits(most));
        if !repeats {
            self.output.push_str("\\{");
            return Ok(());
        }
        let count = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        if count(least) > MAX_REPEAT || most.is_some_and(|most| !most.is_empty() && count(most) > MAX_REPEAT)
        {
            return Err(Re2Error(format!("invalid repeat count: `{{{body}}}`")));
        }
        self.push_format(format_args!("{{{body}}}"));
        self.rest.by_ref().take(body.chars().count() + 1).for_each(drop);
        Ok(())
    }

    /// Rewrites a bracketed class after its opening bracket.
    fn class(&mut self) -> Result<(), Re2Error> {
        self.output.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.output.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.rest.next() else {
                return Err(Re2Error("missing closing ]".to_owned()));
            };
            match c {
                ']' if !first => break,
                '[' if self.rest.peek() == Some(&':') => self.posix_class(),
                '\\' => match self.escape()? {
                    Escape::Literal(c) => self.class_range(c)?,
                    Escape::Class(false, ranges) => self.output.push_str(ranges),
                    Escape::Class(true, ranges) => self.push_format(format_args!("[^{ranges}]")),
                    Escape::Verbatim(text) => self.output.push_str(&text),
                    Escape::Quote => return Err(Re2Error("invalid escape sequence: `\\Q`".to_owned())),
                },
                _ => self.class_range(c)?,
            }
            first = false;
        }
        self.output.push(']');
        Ok(())
    }

    /// Copies `[:name:]`, or quotes the bracket when that is not what follows.
    fn posix_class(&mut self) {
        let body: String = self
            .rest
            .clone()
            .skip(1)
            .take_while(|c| *c != ']')
            .take(12)
            .collect();
        let name = body
            .strip_suffix(':')
            .map(|name| name.strip_prefix('^').unwrap_or(name));
        if name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())) {
            self.push_format(format_args!("[:{body}]"));
            self.rest.by_ref().take(body.chars().count() + 2).for_each(drop);
        } else {
            self.output.push_str("\\[");
        }
    }

    /// Copies a character of a class, or a range that begins with it.
    fn class_range(&mut self, low: char) -> Result<(), Re2Error> {
        self.push_class_character(low);
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || matches!(ahead.next(), None | Some(']')) {
            return Ok(());
        }
        self.rest.next();
        let high = match self.rest.next() {
            Some('\\') => match self.escape()? {
                Escape::Literal(high) => high,
                _ => return Err(Re2Error("invalid character class range".to_owned())),
            },
            Some(high) => high,
            None => return Err(Re2Error("missing closing ]".to_owned())),
        };
        self.output.push('-');
        self.push_class_character(high);
        Ok(())
    }

    fn push_class_character(&mut self, c: char) {
        if matches!(c, '[' | ']' | '&' | '~' | '-' | '^' | '\\') {
            self.output.push('\\');
        }
        self.output.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        re2(pattern)
            .unwrap_or_else(|error| panic!("{pattern}: {error}"))
            .is_match(text)
    }

    #[test]
    fn reads_what_go_reads() {
        for (pattern, good, bad) in [
            (r"^\d+$", "12", "١٢"),
            (r"^\w+$", "a_1", "é"),
            (r"^[\w\-.]+$", "a-b.c", "a b"),
            (r"^[^\s]+$", "ab", "a b"),
            (r"^[\D]+$", "ab", "a1"),
            (r"^a{b}$", "a{b}", "ab"),
            (r"^{.*}$", "{x}", "x"),
            (r"^a{2,3}$", "aaa", "a"),
            (r"^[a[b]+$", "a[b", "a]"),
            (r"^[a&&b]+$", "&", "c"),
            (r"^[]a]+$", "]a", "b"),
            (r"^[+--]+$", "+,-", "."),
            (r"^[a-]+$", "a-", "b"),
            (r"^[[:alpha:]]+$", "ab", "é"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^\_\/\<$", "_/<", "_"),
            (r"^\x41\x{42}\101\0$", "ABA\0", "AB"),
            (r"\bend\b", "the end.", "ending"),
            (r"^\p{Lu}\pN\p{^L}$", "A1!", "a1!"),
            (r"^(?i)abc$", "ABC", "ABD"),
            (r"^(?P<x>a)(?<y>b)$", "ab", "a"),
            (r"^.$", "é", "éé"),
        ] {
            assert!(matches(pattern, good), "{pattern} {good}");
            assert!(!matches(pattern, bad), "{pattern} {bad}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for pattern in [
            "+",
            "(",
            "[",
            "[a",
            r"\",
            r"\1",
            r"\y",
            r"\C",
            r"a(?=b)",
            r"(?x)a",
            r"(?<=a)b",
            "a{1001}",
            r"[z-a]",
            r"\p{Greek=x}",
            r"\x{110000}",
            r"\pZz\p",
        ] {
            assert!(re2(pattern).is_err(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(pattern in "[\\[\\]a^&{}(?P<>\\\\Qdwx:|*+,0-9-]{0,12}|\\PC{0,12}") {
            let _ = re2(&pattern);
        }
    }
}
