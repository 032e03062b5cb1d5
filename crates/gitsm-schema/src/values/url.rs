//! `url()`: URLs as Go's `net/url` reads them, which is also what the format `uri` means.

use super::ip::parse_address;
use super::quote::go_quote;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// An absolute URL or an absolute path, as `url()` accepts it.
///
/// Two URLs are equal when they print the same.
#[derive(Debug, Clone, Default)]
pub struct Url {
    scheme: String,
    opaque: String,
    user: Option<User>,
    host: String,
    /// `scheme:/path` has no host, not an empty one.
    omit_host: bool,
    path: Vec<u8>,
    /// The path as written, where it differs from the default escaping of `path`.
    raw_path: Option<String>,
    force_query: bool,
    raw_query: String,
    fragment: Vec<u8>,
}

#[derive(Debug, Clone)]
struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// Why a text is not a URL, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parse {}: {reason}", go_quote(.text))]
pub struct UrlError {
    text: String,
    reason: String,
}

/// Which part of a URL is escaped; each has its own set of characters that need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    UserPassword,
    Host,
    Zone,
    Query,
    Fragment,
}

impl Url {
    /// Reads an absolute URL or an absolute path.
    ///
    /// # Errors
    ///
    /// As [`Url::check_request_uri`], and a fragment that is not well escaped.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        Self::check_request_uri(text)?;
        // Go's ParseRequestURI takes the fragment for a part of the path or query, so upstream parses twice.
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = parse(before, false).map_err(|reason| UrlError {
            text: before.to_owned(),
            reason,
        })?;
        url.fragment = unescape(fragment, Part::Fragment).map_err(|reason| UrlError {
            text: text.to_owned(),
            reason,
        })?;
        Ok(url)
    }

    /// Whether `text` is an absolute URL or an absolute path: `isURL()` and the format `uri`.
    ///
    /// # Errors
    ///
    /// A relative reference, control characters, or a malformed host, port, user or escape.
    pub fn check_request_uri(text: &str) -> Result<(), UrlError> {
        match parse(text, true) {
            Ok(_) => Ok(()),
            Err(reason) => Err(UrlError {
                text: text.to_owned(),
                reason,
            }),
        }
    }

    /// The scheme in lower case; empty for a path.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Host and port, with brackets around IPv6 addresses.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host without port and brackets.
    pub fn hostname(&self) -> &str {
        let host = self.split_port().0;
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
    }

    /// The port; empty when there is none.
    pub fn port(&self) -> &str {
        self.split_port().1
    }

    /// The path with all characters escaped that need it; as written where that is a valid way to write it.
    pub fn escaped_path(&self) -> String {
        if let Some(raw) = &self.raw_path
            && is_validly_escaped_path(raw)
        {
            return raw.clone();
        }
        if self.path == b"*" {
            return "*".to_owned();
        }
        escape(&self.path, Part::Path)
    }

    /// The query parameters: each key with its values in order. Malformed parameters are left out.
    pub fn query(&self) -> BTreeMap<String, Vec<String>> {
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let text =
            |part| unescape(part, Part::Query).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        for parameter in self
            .raw_query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
        {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if !parameter.contains(';')
                && let (Ok(key), Ok(value)) = (text(key), text(value))
            {
                query.entry(key).or_default().push(value);
            }
        }
        query
    }

    fn split_port(&self) -> (&str, &str) {
        match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (&self.host, ""),
        }
    }

    fn set_path(&mut self, path: &str) -> Result<(), String> {
        self.path = unescape(path, Part::Path)?;
        self.raw_path = (escape(&self.path, Part::Path) != path).then(|| path.to_owned());
        Ok(())
    }
}

fn parse(text: &str, via_request: bool) -> Result<Url, String> {
    let refused = |reason: &str| Err(reason.to_owned());
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return refused("net/url: invalid control character in URL");
    }
    if text.is_empty() && via_request {
        return refused("empty url");
    }
    let mut url = Url::default();
    if text == "*" {
        url.path = b"*".to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = rest
        .split_once('?')
        .map_or((rest, None), |(rest, query)| (rest, Some(query)));
    url.force_query = query == Some("");
    query.unwrap_or_default().clone_into(&mut url.raw_query);
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            rest.clone_into(&mut url.opaque);
            return Ok(url);
        }
        if via_request {
            return refused("invalid URI for request");
        }
        if rest
            .split('/')
            .next()
            .is_some_and(|segment| segment.contains(':'))
        {
            return refused("first path segment in URL cannot contain colon");
        }
    }
    let has_authority = !url.scheme.is_empty() || !via_request && !rest.starts_with("///");
    if let Some(after) = rest.strip_prefix("//").filter(|_| has_authority) {
        let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        url.set_authority(authority)?;
        rest = path;
    } else if !url.scheme.is_empty() && rest.starts_with('/') {
        url.omit_host = true;
    }
    url.set_path(rest)?;
    Ok(url)
}

/// Splits `scheme:` off; the scheme is empty when there is none.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

impl Url {
    fn set_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(user, host)| (Some(user), host));
        self.host = parse_host(host)?;
        let Some(user) = user else { return Ok(()) };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
        if !user.bytes().all(allowed) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = user
            .split_once(':')
            .map_or((user, None), |(name, word)| (name, Some(word)));
        self.user = Some(User {
            name: unescape(name, Part::UserPassword)?,
            password: password
                .map(|password| unescape(password, Part::UserPassword))
                .transpose()?,
        });
        Ok(())
    }
}

/// Reads host and port. Brackets must hold an IPv6 address, and only there may colons repeat (as of Go 1.26).
fn parse_host(host: &str) -> Result<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if let Some(open) = host.rfind('[') {
        if open > 0 {
            return Err("invalid IP-literal".to_owned());
        }
        let close = host.rfind(']').ok_or("missing ']' in host")?;
        let port = &host[close + 1..];
        check_optional_port(port)?;
        let literal = &host[1..close];
        // RFC 6874: the percent sign before a zone is itself escaped.
        let (address, zone) = literal.split_at(literal.find("%25").unwrap_or(literal.len()));
        let address = text(unescape(address, Part::Host)?) + &text(unescape(zone, Part::Zone)?);
        let (parsed, _) = parse_address(&address).map_err(|error| format!("invalid host: {error}"))?;
        if parsed.is_ipv4() {
            return Err("invalid IP-literal".to_owned());
        }
        return Ok(format!("[{address}]{}", text(unescape(port, Part::Host)?)));
    }
    if let Some(colon) = host.find(':') {
        check_optional_port(&host[colon..])?;
    }
    Ok(text(unescape(host, Part::Host)?))
}

fn check_optional_port(port: &str) -> Result<(), String> {
    let valid = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if valid {
        Ok(())
    } else {
        Err(format!("invalid port {} after host", go_quote(port)))
    }
}

/// Whether a byte must be escaped in `part`.
fn needs_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    match part {
        Part::Host | Part::Zone => !b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Part::Path => !b"$&+,/:;=@".contains(&byte),
        Part::UserPassword => !b"$&+,;=".contains(&byte),
        Part::Query => true,
        Part::Fragment => !b"$&+,/:;=?@!()*".contains(&byte),
    }
}

fn escape(bytes: &[u8], part: Part) -> String {
    let mut escaped = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b' ' if part == Part::Query => escaped.push('+'),
            _ if needs_escape(byte, part) => {
                // Writing to a `String` cannot fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
            _ => escaped.push(char::from(byte)),
        }
    }
    escaped
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'%' => {
                let escape = || {
                    let digits = String::from_utf8_lossy(&after[..after.len().min(2)]).into_owned();
                    format!("%{digits}")
                };
                let refused = || format!("invalid URL escape {}", go_quote(&escape()));
                let value = match after {
                    [high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
                    _ => None,
                };
                let value = value.ok_or_else(refused)?;
                let allowed = match part {
                    // In hosts only bytes beyond ASCII may be escaped, and the percent sign of a zone.
                    Part::Host => value >= 0x80 || value == b'%',
                    Part::Zone => value == b'%' || value == b' ' || !needs_escape(value, Part::Host),
                    _ => true,
                };
                if !allowed {
                    return Err(refused());
                }
                bytes.push(value);
                rest = &after[2..];
            }
            b'+' if part == Part::Query => bytes.push(b' '),
            0..0x80 if matches!(part, Part::Host | Part::Zone) && needs_escape(*byte, part) => {
                let character = go_quote(&char::from(*byte).to_string());
                return Err(format!("invalid character {character} in host name"));
            }
            _ => bytes.push(*byte),
        }
    }
    Ok(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Whether a path as written needs no further escaping.
fn is_validly_escaped_path(raw: &str) -> bool {
    raw.bytes()
        .all(|byte| b"!$&'()*+,;=:@[]%".contains(&byte) || !needs_escape(byte, Part::Path))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            let has_host = !self.host.is_empty() || self.user.is_some();
            let empty_host = !self.scheme.is_empty() && !self.omit_host && !self.path.is_empty();
            if has_host || empty_host {
                f.write_str("//")?;
            }
            if let Some(user) = &self.user {
                f.write_str(&escape(&user.name, Part::UserPassword))?;
                if let Some(password) = &user.password {
                    write!(f, ":{}", escape(password, Part::UserPassword))?;
                }
                f.write_str("@")?;
            }
            f.write_str(&escape(self.host.as_bytes(), Part::Host))?;
            f.write_str(&self.escaped_path())?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if self.force_query || !self.raw_query.is_empty() {
            write!(f, "?{}", self.raw_query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", escape(&self.fragment, Part::Fragment))?;
        }
        Ok(())
    }
}

impl PartialEq for Url {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Url {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn takes_a_url_apart() {
        let full = url("HTTPS://me:se%20cret@[fd00::1]:8443/a/b%2Fc?x=1&y=2&x=3+4&z#part");
        assert_eq!(full.scheme(), "https");
        assert_eq!(full.host(), "[fd00::1]:8443");
        assert_eq!(full.hostname(), "fd00::1");
        assert_eq!(full.port(), "8443");
        assert_eq!(full.escaped_path(), "/a/b%2Fc");
        let expected = [("x", vec!["1", "3 4"]), ("y", vec!["2"]), ("z", vec![""])];
        let expected =
            expected.map(|(key, values)| (key.to_owned(), values.into_iter().map(str::to_owned).collect()));
        assert_eq!(full.query(), BTreeMap::from(expected));
        assert_eq!(
            full.to_string(),
            "https://me:se%20cret@[fd00::1]:8443/a/b%2Fc?x=1&y=2&x=3+4&z#part"
        );
    }

    #[test]
    fn accepts_paths_and_opaque_urls() {
        assert_eq!(url("/a path").escaped_path(), "/a%20path");
        assert_eq!(url("/plain").host(), "");
        assert_eq!(url("mailto:a@example.org").escaped_path(), "");
        assert_eq!(url("http://example.org").escaped_path(), "");
        assert_eq!(url("http://example.org/?").to_string(), "http://example.org/?");
        assert_eq!(url("file:/etc/hosts").to_string(), "file:/etc/hosts");
        assert_eq!(url("file:///etc/hosts").to_string(), "file:///etc/hosts");
        assert!(url("http://example.org/?a;b=1&%zz=2").query().is_empty());
        assert_eq!(url("/a'(b)"), url("/a'(b)"));
        assert_ne!(url("/a"), url("/b"));
    }

    #[test]
    fn says_why_it_refuses() {
        for (text, reason) in [
            ("", "empty url"),
            ("a/b", "invalid URI for request"),
            (":x", "missing protocol scheme"),
            ("http://a:b/", "invalid port \":b\" after host"),
            ("http://a:1:2/", "invalid port \":1:2\" after host"),
            ("http://[::1/", "missing ']' in host"),
            ("http://x[::1]/", "invalid IP-literal"),
            ("http://[10.0.0.1]/", "invalid IP-literal"),
            ("http://a b/", "invalid character \" \" in host name"),
            ("http://a%41/", "invalid URL escape \"%41\""),
            ("/a%zz", "invalid URL escape \"%zz\""),
            ("/a%2", "invalid URL escape \"%2\""),
            ("http://u ser@h/", "net/url: invalid userinfo"),
            ("/a\u{7f}", "net/url: invalid control character in URL"),
        ] {
            let expected = format!("parse {}: {reason}", go_quote(text));
            assert_eq!(Url::check_request_uri(text).unwrap_err().to_string(), expected);
        }
        assert!(
            Url::check_request_uri("//[").is_ok(),
            "a path when it comes from a request"
        );
        assert!(Url::parse("//[").is_err());
        assert!(Url::parse("/a#%zz").is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_prints_a_url(text in "(https?:/{0,3})?[a-z:@/?#%\\[\\] 0-9é]{0,20}") {
            if let Ok(read) = Url::parse(&text) {
                let _ = (read.hostname(), read.port(), read.query());
                prop_assert_eq!(&Url::parse(&read.to_string()).map(|again| again.to_string()), &Ok(read.to_string()));
            }
        }
    }
}
