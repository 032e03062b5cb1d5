//! The format `hostname`: RFC 1034 names, widened by letters and symbols of any script.

use regex::Regex;
use std::sync::LazyLock;

/// Whether `text` is a host name: one label with at most one dash after its first character, or dot-separated
/// labels that end in a top-level domain of two letters or more.
pub(super) fn is_hostname(text: &str) -> bool {
    if text.len() > 255 || text.split('.').any(|label| label.len() > 63) {
        return false;
    }
    match text.rsplit_once('.') {
        None => is_single_label(text),
        Some((labels, top)) => {
            let letters = top.chars().filter(|c| is_letter(*c)).count();
            letters >= 2 && letters == top.chars().count() && labels.split('.').all(is_label)
        }
    }
}

fn is_single_label(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next().is_some_and(is_word);
    let rest = characters.as_str();
    first && rest.strip_prefix('-').unwrap_or(rest).chars().all(is_word)
}

fn is_label(label: &str) -> bool {
    label.chars().next().is_some_and(is_word)
        && label.chars().next_back().is_some_and(is_word)
        && label.chars().all(|c| c == '-' || is_word(c))
}

/// A letter, an ASCII digit or a symbol.
fn is_word(c: char) -> bool {
    static LETTER_OR_SYMBOL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{S}]$").ok());
    c.is_ascii_alphanumeric() || matches_class(&LETTER_OR_SYMBOL, c)
}

fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
    c.is_ascii_alphabetic() || !c.is_ascii() && matches_class(&LETTER, c)
}

fn matches_class(class: &LazyLock<Option<Regex>>, c: char) -> bool {
    class
        .as_ref()
        .is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::is_hostname;

    #[test]
    fn follows_the_pattern() {
        let long = format!("{}.example.org", "a".repeat(63));
        for good in [
            "localhost",
            "a-b",
            "a-",
            "1.example",
            "www.bücher.example",
            "☃.net",
            "a--b.example",
            &long,
        ] {
            assert!(is_hostname(good), "{good}");
        }
        let too_long = format!("{}.example.org", "a".repeat(64));
        for bad in [
            "",
            "a-b-c",
            "-a",
            "a.",
            "a.b",
            "a..example",
            "a-.example",
            "a_b.example",
            "a.ex1",
            &too_long,
        ] {
            assert!(!is_hostname(bad), "{bad}");
        }
    }
}
