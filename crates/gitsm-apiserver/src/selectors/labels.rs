//! Label selectors: `a=b,c!=d,e in (x,y),!f,g>4`.

use crate::error::ApiError;
use gitsm_schema::values::{go_quote, names};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// A parsed label selector; matches where all its requirements do. The empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// `=`, `==`, `in`: the label is there with one of these values.
    In(BTreeSet<String>),
    /// `!=`, `notin`: the label is absent or has another value.
    NotIn(BTreeSet<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

impl LabelSelector {
    /// Reads the query parameter.
    ///
    /// # Errors
    /// 400 in upstream's words.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        Parser::new(text).selector().map_err(ApiError::bad_request)
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object with these labels matches; [`Meta::labels`](crate::object::Meta) has them.
    pub fn matches<T: Borrow<str> + Ord>(&self, labels: Option<&BTreeMap<T, T>>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.and_then(|labels| labels.get(requirement.key.as_str()));
            requirement.test.holds(value.map(Borrow::borrow))
        })
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::In(values) => value.is_some_and(|value| values.contains(value)),
            Self::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Greater(bound) => number().is_some_and(|number| number > *bound),
            Self::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    End,
    Close,
    Comma,
    Not,
    Equals,
    NotEquals,
    Greater,
    Less,
    In,
    NotIn,
    Open,
    Word,
}

/// What the keyword `in` may mean where the parser stands: upstream lets it also be a key or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Operators,
    Words,
}

struct Parser {
    tokens: Vec<(Token, String)>,
    position: usize,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn new(text: &str) -> Self {
        Self {
            tokens: tokens(text.as_bytes()),
            position: 0,
        }
    }

    fn look(&self, reading: Reading) -> (Token, &str) {
        let (token, text) = match self.tokens.get(self.position) {
            Some((token, text)) => (*token, text.as_str()),
            None => (Token::End, ""),
        };
        match (reading, token) {
            (Reading::Words, Token::In | Token::NotIn) => (Token::Word, text),
            _ => (token, text),
        }
    }

    fn take(&mut self, reading: Reading) -> (Token, String) {
        let (token, text) = self.look(reading);
        let taken = (token, text.to_owned());
        self.position += 1;
        taken
    }

    fn selector(mut self) -> Parsed<LabelSelector> {
        let mut requirements = Vec::new();
        loop {
            let (token, text) = self.look(Reading::Words);
            match token {
                Token::Word | Token::Not => {
                    let requirement = self
                        .requirement()
                        .map_err(|error| format!("unable to parse requirement: {error}"))?;
                    requirements.push(requirement);
                    let (token, text) = self.take(Reading::Words);
                    match token {
                        Token::End => break,
                        Token::Comma => {
                            let (token, text) = self.look(Reading::Words);
                            if !matches!(token, Token::Word | Token::Not) {
                                return Err(format!("found '{text}', expected: identifier after ','"));
                            }
                        }
                        _ => return Err(format!("found '{text}', expected: ',' or 'end of string'")),
                    }
                }
                Token::End => break,
                _ => {
                    return Err(format!(
                        "found '{text}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
        }
        Ok(LabelSelector { requirements })
    }

    fn requirement(&mut self) -> Parsed<Requirement> {
        let (mut token, mut key) = self.take(Reading::Words);
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.take(Reading::Words);
        }
        if token != Token::Word {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let wrong = names::qualified_name(&key);
        if !wrong.is_empty() {
            return Err(invalid("<nil>", &key, &wrong.join("; ")));
        }
        if negated {
            return Ok(Requirement {
                key,
                test: Test::Absent,
            });
        }
        if matches!(self.look(Reading::Words).0, Token::End | Token::Comma) {
            return Ok(Requirement {
                key,
                test: Test::Exists,
            });
        }
        let (operator, text) = self.take(Reading::Operators);
        let values = match operator {
            Token::In | Token::NotIn => self.values()?,
            Token::Equals | Token::NotEquals | Token::Greater | Token::Less => self.exact_value()?,
            _ => return Err(format!("found '{text}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        let test = compile(&key, operator, values)?;
        Ok(Requirement { key, test })
    }

    fn values(&mut self) -> Parsed<BTreeSet<String>> {
        let (token, text) = self.take(Reading::Words);
        if token != Token::Open {
            return Err(format!("found '{text}' expected: '('"));
        }
        let (token, text) = self.look(Reading::Words);
        match token {
            Token::Word | Token::Comma => {
                let first = text.to_owned();
                let values = self.words()?;
                // Upstream names the first token here, not the one that is in the way.
                if self.take(Reading::Words).0 != Token::Close {
                    return Err(format!("found '{first}', expected: ')'"));
                }
                Ok(values)
            }
            Token::Close => {
                self.position += 1;
                Ok(BTreeSet::from([String::new()]))
            }
            _ => Err(format!("found '{text}', expected: ',', ')' or identifier")),
        }
    }

    /// Values up to the closing parenthesis; nothing between two commas is the empty value.
    fn words(&mut self) -> Parsed<BTreeSet<String>> {
        let mut values = BTreeSet::new();
        loop {
            let (token, text) = self.take(Reading::Words);
            match token {
                Token::Word => {
                    values.insert(text);
                    let (next, text) = self.look(Reading::Words);
                    match next {
                        Token::Comma => {}
                        Token::Close => return Ok(values),
                        _ => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                Token::Comma => {
                    let next = self.look(Reading::Words).0;
                    if values.is_empty() || matches!(next, Token::Comma | Token::Close) {
                        values.insert(String::new());
                    }
                    if next == Token::Close {
                        return Ok(values);
                    }
                }
                _ => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }

    fn exact_value(&mut self) -> Parsed<BTreeSet<String>> {
        if matches!(self.look(Reading::Words).0, Token::End | Token::Comma) {
            return Ok(BTreeSet::from([String::new()]));
        }
        let (token, text) = self.take(Reading::Words);
        if token == Token::Word {
            Ok(BTreeSet::from([text]))
        } else {
            Err(format!("found '{text}', expected: identifier"))
        }
    }
}

/// Checks the values and makes the test of them.
fn compile(key: &str, operator: Token, values: BTreeSet<String>) -> Parsed<Test> {
    let mut errors: Vec<String> = Vec::new();
    let mut number = 0;
    if matches!(operator, Token::Greater | Token::Less) {
        for (index, value) in values.iter().enumerate() {
            match value.parse::<i64>() {
                Ok(parsed) => number = parsed,
                Err(_) => errors.push(invalid(
                    &format!("values[{index}]"),
                    value,
                    "for 'Gt', 'Lt' operators, the value must be an integer",
                )),
            }
        }
    }
    for (index, value) in values.iter().enumerate() {
        let wrong = names::label_value(value);
        if !wrong.is_empty() {
            errors.push(invalid(
                &format!("values[{index}][{key}]"),
                value,
                &wrong.join("; "),
            ));
        }
    }
    match errors.as_slice() {
        [] => {}
        [one] => return Err(one.clone()),
        many => return Err(format!("[{}]", many.join(", "))),
    }
    Ok(match operator {
        Token::NotIn | Token::NotEquals => Test::NotIn(values),
        Token::Greater => Test::Greater(number),
        Token::Less => Test::Less(number),
        _ => Test::In(values),
    })
}

fn invalid(field: &str, value: &str, why: &str) -> String {
    format!("{field}: Invalid value: {}: {why}", go_quote(value))
}

/// Upstream's lexer: symbols are cut greedily, everything else up to a symbol or blank is one word. A NUL byte
/// ends a word and, where a word or symbol should begin, the whole text, since upstream takes it for the end.
fn tokens(text: &[u8]) -> Vec<(Token, String)> {
    let symbol = |byte: u8| b"=!(),><".contains(&byte);
    let blank = |byte: u8| b" \t\r\n".contains(&byte);
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        while let [first, after @ ..] = rest
            && blank(*first)
        {
            rest = after;
        }
        let length = match rest {
            [] | [0, ..] => {
                found.push((Token::End, String::new()));
                return found;
            }
            [b'=' | b'!', b'=', ..] => 2,
            [first, ..] if symbol(*first) => 1,
            _ => rest
                .iter()
                .position(|byte| *byte == 0 || symbol(*byte) || blank(*byte))
                .unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(length);
        rest = after.strip_prefix(b"\0").unwrap_or(after);
        let token = match word {
            b")" => Token::Close,
            b"," => Token::Comma,
            b"!" => Token::Not,
            b"=" | b"==" => Token::Equals,
            b"!=" => Token::NotEquals,
            b">" => Token::Greater,
            b"<" => Token::Less,
            b"(" => Token::Open,
            b"in" => Token::In,
            b"notin" => Token::NotIn,
            _ => Token::Word,
        };
        found.push((token, String::from_utf8_lossy(word).into_owned()));
    }
}
