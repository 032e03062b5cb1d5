//! The format `email`: one RFC 5322 address as Go's `net/mail` reads it, with or without a display name.

/// Whether `text` is one address: `ann@example.org` or `Ann Lee <ann@example.org>`.
pub(super) fn is_email(text: &str) -> bool {
    let start = skip_comments(text);
    let Some(start) = start else { return false };
    if let Some(rest) = address(start) {
        return is_end(rest);
    }
    let Some(rest) = display_name(start) else {
        return false;
    };
    let rest = rest.trim_start_matches(BLANK).strip_prefix('<').and_then(address);
    rest.and_then(|rest| rest.strip_prefix('>')).is_some_and(is_end)
}

const BLANK: [char; 2] = [' ', '\t'];

fn is_end(rest: &str) -> bool {
    skip_comments(rest) == Some("")
}

/// Skips blanks and `(comments)`, which nest; `None` when a comment does not end.
fn skip_comments(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches(BLANK);
    while rest.starts_with('(') {
        let mut depth = 0_usize;
        let mut escaped = false;
        let end = rest.char_indices().find_map(|(at, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at + 1)
        });
        rest = rest[end?..].trim_start_matches(BLANK);
    }
    Some(rest)
}

/// The rest after `local@domain`.
fn address(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(BLANK);
    let rest = match text.strip_prefix('"') {
        Some(quoted) if !quoted.starts_with('"') => quoted_string(quoted)?,
        Some(_) => return None,
        None => dot_atom(text)?,
    };
    let rest = rest
        .trim_start_matches(BLANK)
        .strip_prefix('@')?
        .trim_start_matches(BLANK);
    match rest.strip_prefix('[') {
        Some(literal) => {
            let (address, rest) = literal.split_once(']')?;
            let address = address.strip_prefix("IPv6:").unwrap_or(address);
            address.parse::<std::net::IpAddr>().ok().map(|_| rest)
        }
        None => dot_atom(rest),
    }
}

/// The rest after the words before an address.
fn display_name(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = skip_comments(rest)?;
        if rest.starts_with('<') {
            return Some(rest);
        }
        let after = match rest.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => rest.trim_start_matches(|c| c == '.' || is_atom_character(c)),
        };
        if after.len() == rest.len() {
            return None;
        }
        rest = after;
    }
}

/// The rest after a quoted string whose opening quote is already taken.
fn quoted_string(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            ' '.. | '\t' if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(&text[at + 1..]),
            ' '.. | '\t' if c != '\u{7f}' => {}
            _ => return None,
        }
    }
    None
}

/// The rest after atoms joined by single dots.
fn dot_atom(text: &str) -> Option<&str> {
    let end = text
        .find(|c| c != '.' && !is_atom_character(c))
        .unwrap_or(text.len());
    let (atom, rest) = text.split_at(end);
    atom.split('.').all(|part| !part.is_empty()).then_some(rest)
}

fn is_atom_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn reads_one_address() {
        for good in [
            "ann@example.org",
            "a.b+c@host",
            "\"a b\"@example.org",
            "Ann Lee <ann@example.org>",
            "\"Lee, Ann\" <ann@example.org>",
            "<ann@example.org>",
            "ann@example.org (home (not work))",
            "ann@[10.0.0.1]",
            "änn@bücher.example",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ann",
            "ann@",
            "@example.org",
            "a..b@c",
            ".a@c",
            "a@b c@d",
            "Ann <ann@example.org",
            "\"\"@c",
            "a@[x]",
            "a@b, c@d",
            "a@b (",
            "Ann",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
