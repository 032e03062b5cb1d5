//! What Go's `encoding/json` says about text that is no JSON. Only asked when a body was refused already.

/// The words for the first fault in `text`; `None` where Go finds none.
pub(crate) fn complaint(text: &[u8]) -> Option<String> {
    let mut scanner = Scanner { text, at: 0 };
    let fault = match scanner.document() {
        Ok(()) => return None,
        Err(fault) => fault,
    };
    Some(match fault {
        Fault::End => "unexpected end of JSON input".to_owned(),
        Fault::Deep => "exceeded max depth".to_owned(),
        Fault::Byte(context) => {
            let byte = text.get(scanner.at).copied().unwrap_or_default();
            format!("invalid character {} {context}", quoted(byte))
        }
    })
}

/// A byte as Go's `strconv.Quote` shows it, in single quotes.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0x20..=0x7e | 0xa1..=0xac | 0xae.. => format!("'{}'", char::from(byte)),
        other => format!(r"'\x{other:02x}'"),
    }
}

enum Fault {
    End,
    Deep,
    Byte(&'static str),
}

/// How deep Go follows.
const MAX_DEPTH: usize = 10_000;
const VALUE: &str = "looking for beginning of value";

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Result<u8, Fault> {
        self.text.get(self.at).copied().ok_or(Fault::End)
    }

    fn space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn token(&mut self) -> Result<u8, Fault> {
        self.space();
        self.peek()
    }

    fn document(&mut self) -> Result<(), Fault> {
        self.value()?;
        self.space();
        if self.at < self.text.len() {
            return Err(Fault::Byte("after top-level value"));
        }
        Ok(())
    }

    /// A value with all in it, without recursion.
    fn value(&mut self) -> Result<(), Fault> {
        // The closing brackets that are owed.
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.token()? {
                b'{' => {
                    self.at += 1;
                    if self.token()? == b'}' {
                        self.at += 1;
                    } else {
                        open.push(b'}');
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if self.token()? == b']' {
                        self.at += 1;
                    } else {
                        open.push(b']');
                        if open.len() > MAX_DEPTH {
                            return Err(Fault::Deep);
                        }
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.literal([
                    "true",
                    "in literal true (expecting 'r')",
                    "in literal true (expecting 'u')",
                    "in literal true (expecting 'e')",
                    "",
                ])?,
                b'f' => self.literal([
                    "false",
                    "in literal false (expecting 'a')",
                    "in literal false (expecting 'l')",
                    "in literal false (expecting 's')",
                    "in literal false (expecting 'e')",
                ])?,
                b'n' => self.literal([
                    "null",
                    "in literal null (expecting 'u')",
                    "in literal null (expecting 'l')",
                    "in literal null (expecting 'l')",
                    "",
                ])?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => return Err(Fault::Byte(VALUE)),
            }
            if !self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// After a value: closes what ends here; whether another value follows.
    fn close(&mut self, open: &mut Vec<u8>) -> Result<bool, Fault> {
        while let Some(closing) = open.last().copied() {
            let found = self.token()?;
            if found == closing {
                self.at += 1;
                open.pop();
            } else if found != b',' {
                let context = if closing == b'}' {
                    "after object key:value pair"
                } else {
                    "after array element"
                };
                return Err(Fault::Byte(context));
            } else {
                self.at += 1;
                if closing == b'}' {
                    self.key()?;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn key(&mut self) -> Result<(), Fault> {
        if self.token()? != b'"' {
            return Err(Fault::Byte("looking for beginning of object key string"));
        }
        self.string()?;
        if self.token()? != b':' {
            return Err(Fault::Byte("after object key"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                0..0x20 => return Err(Fault::Byte("in string literal")),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek()?.is_ascii_hexdigit() {
                        return Err(Fault::Byte("in \\u hexadecimal character escape"));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(Fault::Byte("in string escape code")),
        }
        Ok(())
    }

    /// A word, with the context of a fault at each of its letters but the first.
    fn literal(&mut self, [word, contexts @ ..]: [&'static str; 5]) -> Result<(), Fault> {
        self.at += 1;
        for (letter, context) in word.bytes().skip(1).zip(contexts) {
            if self.peek()? != letter {
                return Err(Fault::Byte(context));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return Err(Fault::Byte("in numeric literal")),
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.needs_digit("after decimal point in numeric literal")?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            self.needs_digit("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn needs_digit(&mut self, context: &'static str) -> Result<(), Fault> {
        if !self.peek()?.is_ascii_digit() {
            return Err(Fault::Byte(context));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn faults_are_worded_as_go_words_them() {
        for (text, expected) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\":", "unexpected end of JSON input"),
            (
                "{]",
                "invalid character ']' looking for beginning of object key string",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 \"b\"}",
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("tru", "unexpected end of JSON input"),
            ("trux", "invalid character 'x' in literal true (expecting 'e')"),
            ("01", "invalid character '1' after top-level value"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            ("1ex", "invalid character 'x' in exponent of numeric literal"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            (
                "\"\\u00g\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("kind: x", "invalid character 'k' looking for beginning of value"),
        ] {
            assert_eq!(complaint(text.as_bytes()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(
            complaint(b" {\"a\": [1, {\"b\": null}, \"x\\n\", -1.5e3, true]} "),
            None
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_reader(text in "[\\[\\]{}:,\"a1e.\\\\ntrfu+-]{0,12}") {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(complaint(text.as_bytes()).is_none(), is_json, "{}", text);
        }
    }
}
